//! Wirewright: the service as its generator prints it, and a channel.

use tokio::net::TcpListener;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::{Http2Settings, TcpIncoming};
use wirewright::{Channel, Endpoint, Interceptor, Method, MethodDescriptor, Request, Response, Server};

use crate::floor::WINDOW_BYTES;
use crate::load::{Caller, echo};
use crate::{Echo, Failure, HANDED, MANY, MESSAGES, PATH, PING_PONG, STREAMED_BYTES, handed_over};

const UNARY: Method<Echo, Echo> = Method::unary(PATH);
const MANY_TIMES: Method<Echo, Echo> = Method::server_streaming(MANY);
const HANDED_OVER: Method<Echo, Echo> = Method::server_streaming(HANDED);
const BACK_AND_FORTH: Method<Echo, Echo> = Method::bidi_streaming(PING_PONG);

/// Answers with what it was asked.
#[derive(Debug)]
pub struct Echoes;

impl Service for Echoes {
    const NAME: &'static str = "bench.Echoes";
    const METHODS: &'static [MethodDescriptor] =
        &[UNARY.describe(), MANY_TIMES.describe(), HANDED_OVER.describe(), BACK_AND_FORTH.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Unary" => {
                async {
                    let (request, mut call) = call.unary(&UNARY).await?;
                    let reply = call.run(async { Ok(Response::new(request.into_inner())) }).await;
                    call.reply(reply).await
                }
                .await
            }
            "Many" => {
                async {
                    let (request, mut replies, mut call) = call.server_streaming(&MANY_TIMES).await?;
                    let end = call.run(async {
                        for _ in 0..MESSAGES {
                            replies.send(request.get_ref().clone()).await?;
                        }
                        Ok(())
                    });
                    let end = end.await;
                    call.close(replies, end).await
                }
                .await
            }
            "Handed" => {
                async {
                    let (request, mut replies, mut call) = call.server_streaming(&HANDED_OVER).await?;
                    let end = call.run(async {
                        let mut messages = handed_over(request.into_inner());
                        while let Some(message) = messages.recv().await {
                            replies.send(message).await?;
                        }
                        Ok(())
                    });
                    let end = end.await;
                    call.close(replies, end).await
                }
                .await
            }
            "PingPong" => {
                async {
                    let (mut requests, mut replies, mut call) = call.bidi_streaming(&BACK_AND_FORTH).await?;
                    let end = call.run(async {
                        while let Some(message) = requests.get_mut().message().await? {
                            replies.send(message).await?;
                        }
                        Ok(())
                    });
                    let end = end.await;
                    call.close(replies, end).await
                }
                .await
            }
            _ => call.unimplemented().await,
        }
    }
}

/// Serves on a listener, with the windows of the others: a server of ours has smaller ones unless told otherwise,
/// and large messages would measure how long a client waits for them.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let incoming = TcpIncoming::new(listener);
    let http2 = Http2Settings::server().stream_window(WINDOW_BYTES);
    let server = Server::builder().http2(http2).add_service(Echoes);
    Ok(server.serve_until(incoming, std::future::pending()).await?)
}

/// Makes calls on one channel.
#[derive(Clone, Debug)]
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

/// Sends one message there and waits for the one that comes back, on one stream.
#[derive(Clone, Debug)]
pub struct PingPong(pub Client);

impl Caller for PingPong {
    async fn call(&self) -> Result<(), Failure> {
        let (mut sender, mut replies) =
            self.0.channel.bidi_streaming(&BACK_AND_FORTH, Request::new(())).await?;
        for _ in 0..MESSAGES {
            sender.send(echo(STREAMED_BYTES)).await?;
            replies.message().await?.ok_or("the server has stopped early")?;
        }
        sender.finish().await?;
        match replies.message().await? {
            None => Ok(()),
            Some(_) => Err("a message too many".into()),
        }
    }
}
