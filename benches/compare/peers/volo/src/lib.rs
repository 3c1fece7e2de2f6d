//! volo-grpc: the service and the client, written down as its generator prints them.
//!
//! The generator itself is not built: it stands on more than two hundred crates. What it prints for a service is an
//! enum of methods for each direction and one function that looks the path up; both are here, for the two methods that
//! the comparison calls. Like its messages, `bytes` fields share the buffer that they came in ([`pilota::Bytes`]).
//!
//! Every setting is at its default, but for the deadline of a call that its clients have. Its server has windows of
//! 1 MiB without being told.

use std::net::SocketAddr;

use compare::load::Caller;
use compare::{Failure, PATH, PING_PONG};
use pilota::pb::encoding::{DecodeContext, EncodeLengthContext, WireType, bytes, skip_field};
use pilota::pb::{DecodeError, Message};
use pilota::{Bytes, LinkedBytes};
use tokio::net::TcpListener;
use volo::Service;
use volo::net::incoming::DefaultIncoming;
use volo::service::BoxCloneService;
use volo_grpc::body::BoxBody;
use volo_grpc::codec::compression::CompressionEncoding;
use volo_grpc::codec::decode::Kind;
use volo_grpc::codegen::Frame;
use volo_grpc::codegen::futures::{StreamExt, TryStreamExt, future, stream};
use volo_grpc::context::{ClientContext, ServerContext};
use volo_grpc::server::{NamedService, Server, ServiceBuilder};
use volo_grpc::{BoxStream, Code, RecvEntryMessage, RecvStream, Request, Response, SendEntryMessage, Status};

/// The message of every call, in both directions.
#[derive(Clone, Debug, Default)]
struct Echo {
    payload: Bytes,
}

impl Message for Echo {
    fn encoded_len(&self, context: &mut EncodeLengthContext) -> usize {
        bytes::encoded_len(context, 1, &self.payload)
    }

    fn encode_raw(&self, buffer: &mut LinkedBytes) {
        bytes::encode(1, &self.payload, buffer);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut Bytes,
        context: &mut DecodeContext,
        _: bool,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => bytes::merge(wire_type, &mut self.payload, buffer, context),
            _ => skip_field(wire_type, tag, buffer, context),
        }
    }
}

/// Messages that are sent: the one of a unary call is a stream of one.
struct Sent(BoxStream<'static, Result<Echo, Status>>);

impl SendEntryMessage for Sent {
    fn into_body(
        self,
        compression: Option<CompressionEncoding>,
    ) -> BoxStream<'static, Result<Frame<Bytes>, Status>> {
        volo_grpc::codec::encode::encode(self.0, compression)
    }
}

/// Messages that come, by the method that they are of.
enum Received {
    Unary(RecvStream<Echo>),
    PingPong(RecvStream<Echo>),
}

impl RecvEntryMessage for Received {
    fn from_body(
        method: Option<&str>,
        body: BoxBody,
        kind: Kind,
        compression: Option<CompressionEncoding>,
    ) -> Result<Self, Status> {
        match method {
            Some(PATH) => Ok(Received::Unary(RecvStream::new(body, kind, compression))),
            Some(PING_PONG) => Ok(Received::PingPong(RecvStream::new(body, kind, compression))),
            _ => Err(Status::new(Code::Unimplemented, "Method not found.")),
        }
    }
}

/// Answers with what it was asked.
#[derive(Clone)]
struct Echoes;

impl NamedService for Echoes {
    const NAME: &'static str = "bench.Echoes";
}

impl Service<ServerContext, Request<Received>> for Echoes {
    type Response = Response<Sent>;
    type Error = Status;

    async fn call(
        &self,
        _: &mut ServerContext,
        request: Request<Received>,
    ) -> Result<Response<Sent>, Status> {
        let (mut metadata, _, messages) = request.into_parts();
        match messages {
            Received::Unary(mut messages) => {
                let missing = || Status::new(Code::Internal, "Missing request message.");
                let message = messages.try_next().await?.ok_or_else(missing)?;
                if let Some(trailers) = messages.trailers().await? {
                    metadata.merge(trailers);
                }
                Ok(Response::new(Sent(stream::once(future::ok(message)).boxed())))
            }
            Received::PingPong(messages) => Ok(Response::new(Sent(messages.boxed()))),
        }
    }
}

/// Serves on a listener.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let service = ServiceBuilder::new(Echoes).build::<Received, Sent>();
    Server::new().add_service(service).run(DefaultIncoming::from(listener)).await
}

/// Makes calls on one channel.
#[derive(Clone)]
pub struct Client {
    inner: Inner,
    size: usize,
}

type Inner = volo_grpc::Client<BoxCloneService<ClientContext, Request<Sent>, Response<Received>, Status>>;

/// Hands over what volo has put together around its transport.
struct Make;

impl<S> volo::client::MkClient<volo_grpc::Client<S>> for Make {
    type Target = volo_grpc::Client<S>;

    fn mk_client(&self, service: volo_grpc::Client<S>) -> volo_grpc::Client<S> {
        service
    }
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let builder = volo_grpc::client::ClientBuilder::new(Make, "bench.Echoes");
        let builder = builder.address(SocketAddr::from(([127, 0, 0, 1], port))).rpc_timeout(None);
        Ok(Client { inner: builder.build(), size })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        let echo = Echo { payload: vec![b'x'; self.size].into() };
        let request = Request::new(Sent(stream::once(future::ready(Ok(echo))).boxed()));
        let mut context = self.inner.make_cx(PATH);
        let reply = Service::call(&self.inner, &mut context, request).await?;
        let (_, _, Received::Unary(mut messages)) = reply.into_parts() else {
            return Err("an answer to another call".into());
        };
        let message = messages.try_next().await?.ok_or("an answer without its message")?;
        messages.trailers().await?;
        if message.payload.len() != self.size { Err("another message came back".into()) } else { Ok(()) }
    }
}
