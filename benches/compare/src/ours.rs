//! Wirewright: the service as its generator prints it, and a channel.

use std::time::Duration;

use tokio::net::TcpListener;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::{Http2Settings, TcpIncoming};
use wirewright::{Channel, Endpoint, Interceptor, Method, MethodDescriptor, Request, Response, Server};
use wirewright::{Status, on_start};

use crate::floor::WINDOW_BYTES;
use crate::load::{Caller, echo};
use crate::{Echo, Failure, HANDED, MANY, PATH, PING_PONG, UPLOAD, handed_over, messages};

const UNARY: Method<Echo, Echo> = Method::unary(PATH);
const MANY_TIMES: Method<Echo, Echo> = Method::server_streaming(MANY);
const HANDED_OVER: Method<Echo, Echo> = Method::server_streaming(HANDED);
const UPLOADED: Method<Echo, Echo> = Method::client_streaming(UPLOAD);
const BACK_AND_FORTH: Method<Echo, Echo> = Method::bidi_streaming(PING_PONG);

/// Answers with what it was asked.
#[derive(Debug)]
pub struct Echoes;

impl Service for Echoes {
    const NAME: &'static str = "bench.Echoes";
    const METHODS: &'static [MethodDescriptor] = &[
        UNARY.describe(),
        MANY_TIMES.describe(),
        HANDED_OVER.describe(),
        UPLOADED.describe(),
        BACK_AND_FORTH.describe(),
    ];

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
                        for _ in 0..messages(request.get_ref().payload.len()) {
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
            "Upload" => {
                async {
                    let (mut requests, mut call) = call.client_streaming(&UPLOADED).await?;
                    let reply = call.run(async {
                        let mut last = Echo::default();
                        while let Some(message) = requests.get_mut().message().await? {
                            last = message;
                        }
                        Ok(Response::new(last))
                    });
                    let reply = reply.await;
                    call.reply(reply).await
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
/// and large messages would measure how long a client waits for them; and with room for as many streams as the
/// comparison has in flight, where most of the others have no limit.
pub async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let server = Server::builder().http2(http2()).max_connections(CONNECTIONS).add_service(Echoes);
    Ok(server.serve_until(TcpIncoming::new(listener), std::future::pending()).await?)
}

/// The same with what a server in production has switched on: an interceptor that reads the metadata of each call,
/// and limits for messages and for streams.
pub async fn serve_armed(listener: TcpListener) -> Result<(), Failure> {
    let server = Server::builder()
        .intercept(on_start(|_, metadata| {
            metadata.get("x-caller").map(drop).ok_or_else(|| Status::unauthenticated("who calls?"))
        }))
        .max_receive_message_size(LIMIT_BYTES)
        .max_send_message_size(LIMIT_BYTES)
        .http2(http2())
        .add_service(Echoes);
    Ok(server.serve_until(TcpIncoming::new(listener), std::future::pending()).await?)
}

/// The settings of every server of ours here.
pub fn http2() -> Http2Settings {
    Http2Settings::server().stream_window(WINDOW_BYTES).max_concurrent_streams(STREAMS)
}

/// Makes calls on one channel.
#[derive(Debug)]
pub struct Client<I = ()> {
    channel: Channel<I>,
    size: usize,
}

impl<I> Clone for Client<I> {
    fn clone(&self) -> Self {
        Client { channel: self.channel.clone(), size: self.size }
    }
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    pub async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let channel = Endpoint::new(format!("127.0.0.1:{port}").as_str())?.connect().await?;
        Ok(Client::over(channel, size))
    }

    /// A client on a channel.
    pub fn over(channel: Channel, size: usize) -> Client {
        Client { channel, size }
    }

    /// A client of the armed server: a deadline for each call, metadata from an interceptor, limits for messages.
    pub async fn connect_armed(port: u16, size: usize) -> Result<Client<impl Interceptor>, Failure> {
        let endpoint = Endpoint::new(format!("127.0.0.1:{port}").as_str())?
            .timeout(DEADLINE)
            .max_receive_message_size(LIMIT_BYTES)
            .max_send_message_size(LIMIT_BYTES);
        let name = on_start(|_, metadata| {
            let named = metadata.insert("x-caller", "bench");
            named.map(drop).map_err(|error| Status::internal(error.to_string()))
        });
        Ok(Client { channel: endpoint.connect().await?.intercept(name), size })
    }
}

impl<I: Interceptor> Caller for Client<I> {
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
        for _ in 0..messages(self.0.size) {
            sender.send(echo(self.0.size)).await?;
            replies.message().await?.ok_or("the server has stopped early")?;
        }
        sender.finish().await?;
        match replies.message().await? {
            None => Ok(()),
            Some(_) => Err("a message too many".into()),
        }
    }
}

/// Sends one message after another, always ready with the next, and waits for the one answer.
#[derive(Clone, Debug)]
pub struct Uploads(pub Client);

impl Caller for Uploads {
    async fn call(&self) -> Result<(), Failure> {
        let size = self.0.size;
        let mut upload = self.0.channel.client_streaming(&UPLOADED, Request::new(())).await?;
        for _ in 0..messages(size) {
            upload.send(echo(size)).await?;
        }
        let reply = upload.finish().await?;
        if reply.get_ref().payload.len() != size { Err("another message came back".into()) } else { Ok(()) }
    }
}

/// A limit that no message of the comparison reaches.
const LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// More than the comparison opens, which is more than a server of ours has by default.
const CONNECTIONS: usize = 50_000;

/// A limit that the comparison's callers just reach.
const STREAMS: u32 = 1000;

/// A deadline that no call of the comparison misses, but whose timer is set.
const DEADLINE: Duration = Duration::from_secs(10);
