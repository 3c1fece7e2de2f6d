//! connectrpc: the service and the client that its generator prints (build.rs), speaking gRPC.
//!
//! It is built without JSON and without compression, which the others have not either. Its server's windows are set to
//! the 1 MiB that all servers of the comparison have; every other setting is at its default.

use std::sync::Arc;

use compare::Failure;
use compare::floor::WINDOW_BYTES;
use compare::load::Caller;
use connectrpc::client::{ClientConfig, Http2Connection, SharedHttp2Connection};
use connectrpc::{Protocol, RequestContext, Response, Router, Server};
use connectrpc::{ServiceRequest, ServiceResult, ServiceStream, StreamMessage};
use futures::StreamExt;
use tokio::net::TcpListener;

#[allow(missing_docs, clippy::all, unused, refining_impl_trait, reason = "printed by connectrpc's generator")]
mod generated {
    connectrpc::include_generated!();
}
use generated::bench::{Echo, Echoes, EchoesClient};

/// Answers with what it was asked.
struct Service;

#[allow(refining_impl_trait, reason = "what the trait promises is written shorter where it is known")]
impl Echoes for Service {
    async fn unary(&self, _: RequestContext, request: ServiceRequest<'_, Echo>) -> ServiceResult<Echo> {
        Response::ok(request.to_owned_message())
    }

    async fn ping_pong(
        &self,
        _: RequestContext,
        requests: ServiceStream<StreamMessage<Echo>>,
    ) -> ServiceResult<ServiceStream<Echo>> {
        Response::stream_ok(requests.map(|message| message.map(|message| message.to_owned_message())))
    }
}

/// Serves on a listener.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let router = Router::new().add_service(Arc::new(Service));
    let server = Server::from_listener(listener)
        .with_http2_initial_stream_window_size(WINDOW_BYTES)
        .with_http2_initial_connection_window_size(WINDOW_BYTES);
    server.serve(router).await
}

/// Makes calls on one connection.
#[derive(Clone)]
pub struct Client {
    inner: EchoesClient<SharedHttp2Connection>,
    size: usize,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let server: http::Uri = format!("http://127.0.0.1:{port}").parse()?;
        // As many calls may wait for the connection as its documentation advises.
        let connection = Http2Connection::connect_plaintext(server.clone()).await?.shared(1024);
        let config = ClientConfig::new(server).with_protocol(Protocol::Grpc);
        Ok(Client { inner: EchoesClient::new(connection, config), size })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        let reply = self.inner.unary(Echo { payload: vec![b'x'; self.size], ..Default::default() }).await?;
        if reply.view().payload.len() != self.size { Err("another message came back".into()) } else { Ok(()) }
    }
}
