//! The interoperability server of tonic.
//!
//! In: requests that say how they want to be answered. Out: that answer. tonic does not tell a handler whether a
//! message came compressed, and compresses all messages of a stream or none.

use std::net::{Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::layer::layer_fn;

use crate::echo::Echo;
use crate::flags::{ServerFlags, read};
use crate::protocol::test_service_server::{TestService, TestServiceServer};
use crate::protocol::{
    EchoStatus, Empty, Payload, SimpleRequest, SimpleResponse, StreamingInputCallRequest,
    StreamingInputCallResponse, StreamingOutputCallRequest, StreamingOutputCallResponse,
};

struct Answers;

type Reply = Result<StreamingOutputCallResponse, Status>;
type Replies = Pin<Box<dyn Stream<Item = Reply> + Send>>;

#[tonic::async_trait]
impl TestService for Answers {
    async fn empty_call(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn unary_call(&self, request: Request<SimpleRequest>) -> Result<Response<SimpleResponse>, Status> {
        let request = request.into_inner();
        end(request.response_status)?;
        let mut response = Response::new(SimpleResponse {
            payload: Some(payload(request.response_size)),
            server_id: if request.fill_server_id {
                format!("tonic/{}", std::process::id())
            } else {
                String::new()
            },
            ..SimpleResponse::default()
        });
        if !request.response_compressed.is_some_and(|wanted| wanted.value) {
            response.disable_compression();
        }
        Ok(response)
    }

    async fn cacheable_unary_call(
        &self,
        _request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        // The time tells a response that a cache has kept from one that was made anew.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let payload = Payload { body: now.to_string().into_bytes(), ..Payload::default() };
        let mut response = Response::new(SimpleResponse { payload: Some(payload), ..SimpleResponse::default() });
        let control = MetadataValue::from_static("max-age=60, public");
        response.metadata_mut().insert("cache-control", control);
        Ok(response)
    }

    type StreamingOutputCallStream = Replies;

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<Response<Replies>, Status> {
        let requests = tokio_stream::once(Ok(request.into_inner()));
        Ok(Response::new(replies(requests)))
    }

    async fn streaming_input_call(
        &self,
        requests: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let mut requests = requests.into_inner();
        let mut aggregated_payload_size = 0;
        while let Some(request) = requests.message().await? {
            aggregated_payload_size += request.payload.map_or(0, |payload| payload.body.len() as i32);
        }
        Ok(Response::new(StreamingInputCallResponse { aggregated_payload_size }))
    }

    type FullDuplexCallStream = Replies;

    async fn full_duplex_call(
        &self,
        requests: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Replies>, Status> {
        Ok(Response::new(replies(requests.into_inner())))
    }

    type HalfDuplexCallStream = Replies;

    async fn half_duplex_call(
        &self,
        requests: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Replies>, Status> {
        let requests: Vec<_> = requests.into_inner().collect().await;
        Ok(Response::new(replies(tokio_stream::iter(requests))))
    }

    async fn unimplemented_call(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("no server has this method"))
    }
}

/// The responses that these requests want, made by a task of their own.
fn replies<S>(requests: S) -> Replies
where
    S: Stream<Item = Result<StreamingOutputCallRequest, Status>> + Send + Unpin + 'static,
{
    // One response waits to be sent while the next one is made.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        if let Err(status) = answer(requests, &sender).await {
            let _nobody_listens = sender.send(Err(status)).await;
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

async fn answer<S>(mut requests: S, replies: &mpsc::Sender<Reply>) -> Result<(), Status>
where
    S: Stream<Item = Result<StreamingOutputCallRequest, Status>> + Unpin,
{
    while let Some(request) = requests.next().await {
        let request = request?;
        end(request.response_status)?;
        for parameters in request.response_parameters {
            let interval = u64::try_from(parameters.interval_us).unwrap_or_default();
            tokio::time::sleep(Duration::from_micros(interval)).await;
            let response = StreamingOutputCallResponse {
                payload: Some(payload(parameters.size)),
                ..StreamingOutputCallResponse::default()
            };
            if replies.send(Ok(response)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The end that a request wants, if it wants one other than OK.
fn end(status: Option<EchoStatus>) -> Result<(), Status> {
    match status {
        Some(status) if status.code != 0 => Err(Status::new(Code::from(status.code), status.message)),
        _ => Ok(()),
    }
}

fn payload(size: i32) -> Payload {
    Payload { body: vec![0; usize::try_from(size).unwrap_or_default()], ..Payload::default() }
}

/// Answers until the program is ended.
pub(crate) async fn serve(flags: &ServerFlags) -> Result<(), String> {
    let mut server = Server::builder();
    if flags.use_tls {
        let identity = Identity::from_pem(read(flags.certificate.as_ref())?, read(flags.key.as_ref())?);
        let tls = ServerTlsConfig::new().identity(identity);
        server = server.tls_config(tls).map_err(|error| error.to_string())?;
    }
    let service = TestServiceServer::new(Answers)
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, flags.port));
    println!("tonic listening on {address}");
    let server = server.layer(layer_fn(Echo::around)).add_service(service);
    server.serve(address).await.map_err(|error| error.to_string())
}
