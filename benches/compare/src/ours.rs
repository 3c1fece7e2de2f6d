//! Wirewright: the service as its generator prints it, and a channel.

use tokio::net::TcpListener;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::TcpIncoming;
use wirewright::{Channel, Endpoint, Interceptor, Method, MethodDescriptor, Request, Response, Server};

use crate::load::{Caller, echo};
use crate::{Echo, Failure, PATH};

const UNARY: Method<Echo, Echo> = Method::unary(PATH);

/// Answers with what it was asked.
#[derive(Debug)]
pub struct Echoes;

impl Service for Echoes {
    const NAME: &'static str = "bench.Echoes";
    const METHODS: &'static [MethodDescriptor] = &[UNARY.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Unary" => {
                let (request, mut call) = call.unary(&UNARY).await?;
                let reply = call.run(async { Ok(Response::new(request.into_inner())) }).await;
                call.reply(reply).await
            }
            _ => call.unimplemented().await,
        }
    }
}

/// Serves on a listener.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let incoming = TcpIncoming::new(listener);
    Ok(Server::builder().add_service(Echoes).serve_until(incoming, std::future::pending()).await?)
}

/// Makes calls on one channel.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    size: usize,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let channel = Endpoint::new(format!("127.0.0.1:{port}").as_str())?.connect().await?;
        Ok(Client { channel, size })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        let reply = self.channel.unary(&UNARY, Request::new(echo(self.size))).await?;
        if reply.get_ref().payload.len() != self.size {
            Err("another message came back".into())
        } else {
            Ok(())
        }
    }
}
