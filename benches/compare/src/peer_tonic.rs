//! tonic: the service and the client that its generator prints (build.rs), with every default.

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::load::{Caller, echo};
use crate::{Echo, Failure};

#[allow(missing_docs, reason = "printed by tonic's generator")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/bench.Echoes.rs"));
}
use generated::echoes_client::EchoesClient;
use generated::echoes_server::{Echoes, EchoesServer};

/// Answers with what it was asked.
struct Service;

#[tonic::async_trait]
impl Echoes for Service {
    async fn unary(&self, request: Request<Echo>) -> Result<Response<Echo>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// Serves on a listener.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(Server::builder().add_service(EchoesServer::new(Service)).serve_with_incoming(incoming).await?)
}

/// Makes calls on one channel.
#[derive(Clone)]
pub struct Client {
    inner: EchoesClient<Channel>,
    size: usize,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.connect().await?;
        Ok(Client { inner: EchoesClient::new(channel), size })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        // A call wants the client for itself, so concurrent calls clone it, as its documentation advises.
        let reply = self.inner.clone().unary(Request::new(echo(self.size))).await?;
        if reply.get_ref().payload.len() != self.size {
            Err("another message came back".into())
        } else {
            Ok(())
        }
    }
}
