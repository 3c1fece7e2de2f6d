//! `cacheable_unary`: a call that GET may carry, answered by a cache the second time.
//!
//! In: a tester. Out: whether the same call, made twice through a caching proxy, gave the same answer twice, although
//! the server puts the time into each.
//!
//! ```text
//!   GET /Service/Method?<message in base64url>            POST, over the tester's channel
//!   client ------------------------------------> proxy ------------------------------> server
//!          <------------------------------------ [kept] <-----------------------------
//!             one message, as any response                 cache-control: max-age=60, public
//! ```
//!
//! Source: gRPC `doc/interop-test-descriptions.md`, "cacheable_unary". PROTOCOL-HTTP2 has POST alone since, so GET is
//! no part of the library: client and proxy of this case speak it over `h2`, and the library makes the call that the
//! server sees.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use wirewright::wire::{MessageDecoder, encode_message};

use super::tester::{Outcome, Tester, equal, unexpected};
use crate::protocol::grpc::testing::{Payload, SimpleRequest, SimpleResponse};

/// Makes one call twice, and another.
pub(super) async fn cacheable_unary(tester: &Tester) -> Outcome {
    let proxy = Proxy::start(tester.clone()).await.map_err(|error| format!("the proxy: {error}"))?;
    // The time keeps what an earlier run has left in a cache from answering this one.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let (one, another) = (request(now), request(now.wrapping_add(1)));
    let first = proxy.get(&one).await?;
    let second = proxy.get(&one).await?;
    let third = proxy.get(&another).await?;
    equal("the payload of the second call", &second.payload, &first.payload)?;
    if third.payload == first.payload {
        return Err("another request was given the same response, so it tells nothing".to_owned());
    }
    Ok(())
}

fn request(now: u128) -> SimpleRequest {
    let payload = Payload { body: now.to_string().into_bytes(), ..Payload::default() };
    SimpleRequest { payload: Some(payload), ..SimpleRequest::default() }
}

/// A caching proxy, for as long as the case takes.
struct Proxy {
    address: SocketAddr,
    /// Dropped with the case, and with it what serves.
    _serving: tokio::task::JoinSet<()>,
}

/// What the proxy asks, and what it has been told.
struct Cache {
    upstream: Tester,
    kept: Mutex<HashMap<String, (Instant, SimpleResponse)>>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Proxy {
    async fn start(upstream: Tester) -> Result<Proxy, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let cache = Arc::new(Cache { upstream, kept: Mutex::default() });
        let mut serving = tokio::task::JoinSet::new();
        serving.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A connection that breaks is the client's failure, which tells of it.
                let _ = cache.serve(socket).await;
            }
        });
        Ok(Proxy { address, _serving: serving })
    }

    /// Makes a call by GET, on a connection of its own.
    async fn get(&self, message: &SimpleRequest) -> Result<SimpleResponse, String> {
        self.exchange(message).await.map_err(|error| format!("GET: {error}"))
    }

    async fn exchange(&self, message: &SimpleRequest) -> Result<SimpleResponse, Failure> {
        let socket = TcpStream::connect(self.address).await?;
        let (mut requests, connection) = h2::client::handshake(socket).await?;
        let mut driving = tokio::task::JoinSet::new();
        driving.spawn(async { drop(connection.await) });
        let query = URL_SAFE_NO_PAD.encode(message.encode_to_vec());
        let head = Request::builder()
            .method(Method::GET)
            .version(Version::HTTP_2)
            .uri(format!("http://{}{PATH}?{query}", self.address))
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            // As the description wants it: a cache in front of a real service goes by the user.
            .header("x-user-ip", "1.2.3.4")
            .body(())?;
        let (response, _) = requests.send_request(head, true)?;
        let mut stream = response.await?.into_body();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = stream.data().await {
            let chunk = chunk?;
            stream.flow_control().release_capacity(chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        let trailers = stream.trailers().await?.unwrap_or_default();
        let said = |name| trailers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("nothing");
        if said("grpc-status") != "0" {
            return Err(format!("status {}: {}", said("grpc-status"), said("grpc-message")).into());
        }
        let mut decoder = MessageDecoder::new(usize::MAX);
        decoder.push(bytes.freeze());
        Ok(SimpleResponse::decode(decoder.next()?.ok_or("no whole message")?.bytes)?)
    }
}

impl Cache {
    async fn serve(&self, socket: TcpStream) -> Result<(), Failure> {
        let mut connection = h2::server::handshake(socket).await?;
        // One call after another is all that the case makes.
        while let Some(accepted) = connection.accept().await {
            let (request, mut respond) = accepted?;
            let end = self.find(request.uri().query().unwrap_or_default()).await;
            answer(&mut respond, end)?;
        }
        Ok(())
    }

    /// The response for this query: the one that was kept, or a new one.
    async fn find(&self, query: &str) -> Result<SimpleResponse, String> {
        let now = Instant::now();
        if let Some((until, kept)) = self.lock().get(query)
            && now < *until
        {
            return Ok(kept.clone());
        }
        let message = URL_SAFE_NO_PAD.decode(query).map_err(|error| error.to_string())?;
        let message = SimpleRequest::decode(&*message).map_err(|error| error.to_string())?;
        let response = self.upstream.client.cacheable_unary_call(message).await.map_err(unexpected)?;
        let age = response.metadata().get("cache-control").and_then(freshness);
        let response = response.into_inner();
        if let Some(until) = age.and_then(|age| now.checked_add(age)) {
            self.lock().insert(query.to_owned(), (until, response.clone()));
        }
        Ok(response)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, SimpleResponse)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a response may be kept for everybody: the `max-age` of one that is `public` (RFC 9111, section 5.2.2).
fn freshness(control: &str) -> Option<Duration> {
    let mut directives = control.split(',').map(str::trim);
    let age = directives.clone().find_map(|directive| directive.strip_prefix("max-age="))?;
    directives.any(|directive| directive == "public").then_some(())?;
    age.parse().ok().map(Duration::from_secs)
}

/// Answers as a gRPC server does.
fn answer(respond: &mut SendResponse<Bytes>, end: Result<SimpleResponse, String>) -> Result<(), Failure> {
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut trailers = HeaderMap::new();
    let mut stream = respond.send_response(head, false)?;
    match end {
        Ok(response) => {
            let mut bytes = BytesMut::new();
            encode_message(&response, usize::MAX, &mut bytes)?;
            stream.send_data(bytes.freeze(), false)?;
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
        }
        Err(why) => {
            trailers.insert("grpc-status", HeaderValue::from_static("2"));
            trailers.insert("grpc-message", HeaderValue::from_str(&why)?);
        }
    }
    Ok(stream.send_trailers(trailers)?)
}

/// The method that the case calls.
const PATH: &str = "/grpc.testing.TestService/CacheableUnaryCall";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_may_be_kept_as_long_as_it_says() {
        let fresh = |control| freshness(control).map(|age| age.as_secs());
        assert_eq!(fresh("max-age=60, public"), Some(60));
        assert_eq!(fresh("public,max-age=5"), Some(5));
        assert_eq!(fresh("max-age=60"), None);
        assert_eq!(fresh("public"), None);
        assert_eq!(fresh("public, max-age=soon"), None);
    }
}
