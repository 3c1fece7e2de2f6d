//! The floor: the least code over h2 that answers, or asks, correctly.
//!
//! In: a stream. Out: the request's own bytes with a head before and trailers behind. It parses no head, decodes
//! no message and knows no deadline, so whatever a gRPC library adds to its cost is that library's own.
//!
//! It does keep the rules that keep a connection alive: windows are given back, the status is looked at, and the
//! sockets have TCP_NODELAY. It is written as h2's own examples are, but for the windows: h2's default of 64 KiB for
//! a whole connection is less than a hundred messages of 1 KiB, and the floor must not be what others wait for.

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::load::Caller;
use crate::{Failure, PATH, messages};

/// Answers every stream of every connection.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(serve_connection(socket));
    }
}

/// Answers every stream of one connection.
pub async fn serve_connection(io: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Failure> {
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
    let mut connection = builder.handshake(io).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        tokio::spawn(answer(request, respond));
    }
    Ok(())
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) -> Result<(), Failure> {
    let bytes = read(request.into_body()).await?.0;
    let mut head = Response::new(());
    head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(bytes, false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)?;
    Ok(())
}

/// All bytes of a stream, and its trailers.
async fn read(mut stream: h2::RecvStream) -> Result<(Bytes, Option<HeaderMap>), Failure> {
    let mut bytes = Bytes::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk?;
        stream.flow_control().release_capacity(chunk.len())?;
        if bytes.is_empty() {
            bytes = chunk;
        } else {
            let mut joined = BytesMut::from(bytes);
            joined.extend_from_slice(&chunk);
            bytes = joined.freeze();
        }
    }
    Ok((bytes, stream.trailers().await?))
}

/// Makes calls on one connection.
#[derive(Clone)]
pub struct Client {
    requests: SendRequest<Bytes>,
    uri: http::Uri,
    message: Bytes,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        Client::over(socket, size).await
    }

    /// A client of whoever is at the other end.
    pub async fn over(
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        size: usize,
    ) -> Result<Client, Failure> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
        builder.data_frame_budget(SMALL_FRAMES_BYTES);
        let (requests, connection) = builder.handshake(io).await?;
        tokio::spawn(connection);
        let uri = format!("http://127.0.0.1{PATH}").parse()?;
        Ok(Client { requests, uri, message: message(size) })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        let mut head = Request::new(());
        *head.method_mut() = Method::POST;
        *head.version_mut() = Version::HTTP_2;
        *head.uri_mut() = self.uri.clone();
        head.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut stream) = requests.send_request(head, false)?;
        stream.send_data(self.message.clone(), true)?;
        let (bytes, trailers) = read(response.await?.into_body()).await?;
        let status = trailers.as_ref().and_then(|trailers| trailers.get("grpc-status"));
        if bytes.len() != self.message.len() || status.is_none_or(|status| status != "0") {
            return Err("the call failed".into());
        }
        Ok(())
    }
}

impl Client {
    /// Opens a stream and sends nothing on it but its head.
    pub async fn open(
        &self,
        path: &str,
    ) -> Result<(h2::client::ResponseFuture, h2::SendStream<Bytes>), Failure> {
        let mut requests = self.requests.clone().ready().await?;
        Ok(requests.send_request(self.head(path)?, false)?)
    }

    fn head(&self, path: &str) -> Result<Request<()>, Failure> {
        let uri = format!("http://127.0.0.1{path}");
        let head = Request::post(uri).version(Version::HTTP_2).header(header::TE, "trailers");
        Ok(head.header(header::CONTENT_TYPE, "application/grpc").body(())?)
    }
}

/// Has a server stream, and takes in what comes without looking at it.
#[derive(Clone)]
pub struct Drain {
    client: Client,
    path: String,
    messages: usize,
}

impl Drain {
    /// Of the method with this path, on the server at this port, for payloads of this size.
    pub async fn connect(port: u16, path: &str, size: usize) -> Result<Drain, Failure> {
        let client = Client::connect(port, size).await?;
        Ok(Drain { client, path: path.to_owned(), messages: messages(size) })
    }
}

impl Caller for Drain {
    async fn call(&self) -> Result<(), Failure> {
        let (response, mut stream) = self.client.open(&self.path).await?;
        stream.send_data(self.client.message.clone(), true)?;
        let (mut bytes, mut body) = (0, response.await?.into_body());
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            bytes += chunk.len();
        }
        if bytes != self.messages * self.client.message.len() {
            return Err("not all messages came".into());
        }
        Ok(())
    }
}

/// A message with its prefix, as it is on the wire.
fn message(size: usize) -> Bytes {
    let echo = prost::Message::encode_to_vec(&crate::load::echo(size));
    let mut bytes = BytesMut::with_capacity(echo.len() + 5);
    bytes.put_u8(0);
    bytes.put_u32(echo.len() as u32);
    bytes.put_slice(&echo);
    bytes.freeze()
}

/// The window of a stream, and of the connection: what tonic's server has.
pub const WINDOW_BYTES: u32 = 1024 * 1024;

/// What unread frames of small messages may cost before h2 takes their sender for an attacker: as much as a full
/// window of the smallest, of 5 bytes, each of which h2 counts as 256 less its length. A client that is kept from its
/// core for a moment is not attacked.
const SMALL_FRAMES_BYTES: usize = WINDOW_BYTES as usize / 5 * 251;
