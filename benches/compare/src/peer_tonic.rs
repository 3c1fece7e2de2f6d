//! tonic: the service and the client that its generator prints (build.rs), with every default.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::Stream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::load::{Caller, echo};
use crate::{Echo, Failure, handed_over, messages};

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
    type ManyStream = Repeat;
    type HandedStream = Handed;
    type PingPongStream = Back;

    async fn unary(&self, request: Request<Echo>) -> Result<Response<Echo>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn many(&self, request: Request<Echo>) -> Result<Response<Repeat>, Status> {
        let message = request.into_inner();
        let count = messages(message.payload.len());
        Ok(Response::new(Repeat(message, count)))
    }

    async fn handed(&self, request: Request<Echo>) -> Result<Response<Handed>, Status> {
        Ok(Response::new(Handed(handed_over(request.into_inner()))))
    }

    async fn upload(&self, request: Request<Streaming<Echo>>) -> Result<Response<Echo>, Status> {
        let (mut messages, mut last) = (request.into_inner(), Echo::default());
        while let Some(message) = messages.message().await? {
            last = message;
        }
        Ok(Response::new(last))
    }

    async fn ping_pong(&self, request: Request<Streaming<Echo>>) -> Result<Response<Back>, Status> {
        Ok(Response::new(Back(request.into_inner())))
    }
}

/// A stream that is always ready.
struct Repeat(Echo, usize);

impl Stream for Repeat {
    type Item = Result<Echo, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match self.1 {
            0 => None,
            _ => {
                self.1 -= 1;
                Some(Ok(self.0.clone()))
            }
        })
    }
}

/// A stream of what another task hands over.
struct Handed(mpsc::Receiver<Echo>);

impl Stream for Handed {
    type Item = Result<Echo, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|message| message.map(Ok))
    }
}

/// A stream of what comes.
struct Back(Streaming<Echo>);

impl Stream for Back {
    type Item = Result<Echo, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

/// Serves on a listener.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    serve_with(Server::builder(), listener).await
}

/// The same with a server that has been told something, such as TLS.
pub async fn serve_with(mut server: Server, listener: TcpListener) -> Result<(), Failure> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(server.add_service(EchoesServer::new(Service)).serve_with_incoming(incoming).await?)
}

/// Makes calls on one channel.
#[derive(Clone, Debug)]
pub struct Client {
    inner: EchoesClient<Channel>,
    size: usize,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.connect().await?;
        Ok(Client::over(channel, size))
    }

    /// A client on a channel.
    pub fn over(channel: Channel, size: usize) -> Client {
        Client { inner: EchoesClient::new(channel), size }
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

/// Sends one message there and waits for the one that comes back, on one stream.
#[derive(Clone, Debug)]
pub struct PingPong(pub Client);

impl Caller for PingPong {
    async fn call(&self) -> Result<(), Failure> {
        let (sender, pings) = mpsc::channel(1);
        let replies = self.0.inner.clone().ping_pong(Pings(pings)).await?;
        let mut replies = replies.into_inner();
        for _ in 0..messages(self.0.size) {
            sender.send(echo(self.0.size)).await?;
            replies.message().await?.ok_or("the server has stopped early")?;
        }
        drop(sender);
        match replies.message().await? {
            None => Ok(()),
            Some(_) => Err("a message too many".into()),
        }
    }
}

/// What a caller sends: tonic takes a stream, and a channel is the usual one.
struct Pings(mpsc::Receiver<Echo>);

impl Stream for Pings {
    type Item = Echo;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Echo>> {
        self.0.poll_recv(cx)
    }
}

/// Sends one message after another, always ready with the next, and waits for the one answer.
#[derive(Clone, Debug)]
pub struct Upload(pub Client);

impl Caller for Upload {
    async fn call(&self) -> Result<(), Failure> {
        let size = self.0.size;
        let reply = self.0.inner.clone().upload(Always(size, messages(size))).await?;
        if reply.get_ref().payload.len() != size { Err("another message came back".into()) } else { Ok(()) }
    }
}

/// A stream of new messages of a size, so many of them.
struct Always(usize, usize);

impl Stream for Always {
    type Item = Echo;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Echo>> {
        Poll::Ready(match self.1 {
            0 => None,
            _ => {
                self.1 -= 1;
                Some(echo(self.0))
            }
        })
    }
}
