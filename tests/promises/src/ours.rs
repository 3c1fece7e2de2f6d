//! Wirewright: the service as its generator prints it, and a channel.

use std::future::pending;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpStream;
use wirewright::policy::keepalive::KeepaliveConfig;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::{Http2Settings, Incoming, TcpIncoming};
use wirewright::{
    Channel, Endpoint, Interceptor, Method, MethodDescriptor, PeerInfo, RawMessage, Request, Response,
    Sender, Status, Streaming,
};

use crate::Failure;
use crate::caller::{AFTERMATH, Caller, End, STUCK, stuck};
use crate::load::{Heard, Tree, Wish, burn, empty, filler};
use crate::meters::{ACCEPTED, Gate, Handler};

pub(crate) const ECHO: Method<RawMessage, RawMessage> = Method::unary("/promises.Load/Echo");
const FLOW: Method<RawMessage, RawMessage> = Method::server_streaming("/promises.Load/Flow");
const EARLY: Method<RawMessage, RawMessage> = Method::client_streaming("/promises.Load/Early");
const HOLD: Method<RawMessage, RawMessage> = Method::client_streaming("/promises.Load/Hold");
const DEAF: Method<RawMessage, RawMessage> = Method::bidi_streaming("/promises.Load/Deaf");
pub(crate) const SLEEP: Method<RawMessage, RawMessage> = Method::unary("/promises.Load/Sleep");
pub(crate) const WORK: Method<RawMessage, RawMessage> = Method::unary("/promises.Load/Work");
const TREE: Method<Tree, ()> = Method::unary("/promises.Load/Tree");

/// Answers as [`load`](crate::load) says.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) gate: Gate,
}

impl Load {
    async fn flow(wish: Wish, replies: &mut Sender<RawMessage>) -> Result<(), Status> {
        let _handler = Handler::begin();
        let reply = wish.reply();
        let mut sent = 0;
        while wish.count == u32::MAX || sent < wish.count {
            replies.send(reply.clone()).await?;
            sent += 1;
        }
        Ok(())
    }

    async fn hold(&self, mut requests: Streaming<RawMessage>) -> Result<Response<RawMessage>, Status> {
        let _handler = Handler::begin();
        self.gate.opened().await;
        let mut heard = Heard::default();
        while let Some(message) = requests.message().await? {
            heard.add(&message);
        }
        Ok(Response::new(heard.message()))
    }

    async fn deaf(requests: Streaming<RawMessage>, replies: &mut Sender<RawMessage>) -> Result<(), Status> {
        let _handler = Handler::begin();
        drop(requests);
        replies.send(empty()).await?;
        pending().await
    }
}

impl Service for Load {
    const NAME: &'static str = "promises.Load";
    const METHODS: &'static [MethodDescriptor] = &[
        ECHO.describe(),
        FLOW.describe(),
        EARLY.describe(),
        HOLD.describe(),
        DEAF.describe(),
        SLEEP.describe(),
        WORK.describe(),
        TREE.describe(),
    ];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Echo" => {
                let (request, mut call) = call.unary(&ECHO).await?;
                let reply = call.run(async {
                    let _handler = Handler::begin();
                    Ok(Response::new(request.into_inner()))
                });
                let reply = reply.await;
                call.reply(reply).await
            }
            "Flow" => {
                let (request, mut replies, mut call) = call.server_streaming(&FLOW).await?;
                let wish = Wish::read(request.get_ref());
                let end = call.run(Load::flow(wish, &mut replies)).await;
                call.close(replies, end).await
            }
            "Early" => {
                let (_requests, mut call) = call.client_streaming(&EARLY).await?;
                let reply = call.run(async {
                    let _handler = Handler::begin();
                    Ok(Response::new(empty()))
                });
                let reply = reply.await;
                call.reply(reply).await
            }
            "Hold" => {
                let (requests, mut call) = call.client_streaming(&HOLD).await?;
                let reply = call.run(self.hold(requests.into_inner())).await;
                call.reply(reply).await
            }
            "Deaf" => {
                let (requests, mut replies, mut call) = call.bidi_streaming(&DEAF).await?;
                let end = call.run(Load::deaf(requests.into_inner(), &mut replies)).await;
                call.close(replies, end).await
            }
            "Sleep" => {
                let (request, mut call) = call.unary(&SLEEP).await?;
                let due = request.deadline().map(|deadline| deadline.instant());
                let reply = call.run(async move {
                    let _handler = Handler::until(due);
                    pending().await
                });
                let reply = reply.await;
                call.reply(reply).await
            }
            "Work" => {
                let (request, mut call) = call.unary(&WORK).await?;
                let reply = call.run(async {
                    let _handler = Handler::begin();
                    burn(WORK_TIME);
                    Ok(Response::new(request.into_inner()))
                });
                let reply = reply.await;
                call.reply(reply).await
            }
            "Tree" => {
                let (tree, mut call) = call.unary(&TREE).await?;
                let reply = call.run(async {
                    drop(tree);
                    Ok(Response::new(()))
                });
                let reply = reply.await;
                call.reply(reply).await
            }
            _ => call.unimplemented().await,
        }
    }
}

/// TCP connections, counted.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) TcpIncoming);

impl Incoming for Counted {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, PeerInfo)> {
        let accepted = self.0.accept().await?;
        ACCEPTED.fetch_add(1, Relaxed);
        Ok(accepted)
    }
}

/// Makes calls on one channel.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) channel: Channel,
}

impl Caller for Client {
    type Replies = Streaming<RawMessage>;

    async fn connect(port: u16, window: Option<u32>) -> Result<Client, Failure> {
        let mut endpoint = Endpoint::new(format!("127.0.0.1:{port}").as_str())?;
        if let Some(window) = window {
            let settings = Http2Settings::client().stream_window(window).connection_window(window);
            endpoint = endpoint.http2(settings);
        }
        Ok(Client { channel: endpoint.connect().await? })
    }

    async fn echo(&self, message: RawMessage, timeout: Option<Duration>) -> Result<RawMessage, End> {
        let mut request = Request::new(message);
        if let Some(timeout) = timeout {
            request = request.with_timeout(timeout);
        }
        Ok(self.channel.unary(&ECHO, request).await.map_err(end)?.into_inner())
    }

    async fn flow(&self, wish: Wish) -> Result<Streaming<RawMessage>, End> {
        self.channel.server_streaming(&FLOW, Request::new(wish.message())).await.map_err(end)
    }

    async fn next(replies: &mut Streaming<RawMessage>) -> Result<Option<RawMessage>, End> {
        replies.message().await.map_err(end)
    }

    async fn early(&self, messages: usize) -> Result<(), End> {
        let mut upload = self.channel.client_streaming(&EARLY, Request::new(())).await.map_err(end)?;
        let message = filler(16 * 1024);
        for _ in 0..messages {
            // The answer is there already: `finish` tells it.
            if upload.send(message.clone()).await.is_err() {
                break;
            }
        }
        upload.finish().await.map(|_| ()).map_err(end)
    }

    async fn deaf(&self, messages: usize) -> Result<(), End> {
        let (mut requests, mut replies) =
            self.channel.bidi_streaming(&DEAF, Request::new(())).await.map_err(end)?;
        replies.message().await.map_err(end)?;
        for sent in 0..messages {
            // One frame a message: what is on its way goes before the next is sent.
            let sending = async { requests.send(empty()).await.is_ok() && requests.flush().await.is_ok() };
            match tokio::time::timeout(STUCK, sending).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(_) => return Err(stuck(sent)),
            }
        }
        match tokio::time::timeout(AFTERMATH, replies.message()).await {
            Err(_still_there) => Ok(()),
            Ok(Err(status)) => Err(end(status)),
            Ok(Ok(_)) => Err(End { code: 0, text: "the call ended by itself".to_owned() }),
        }
    }

    async fn hold(&self) -> End {
        let upload = self.channel.client_streaming::<RawMessage, RawMessage>(&HOLD, Request::new(())).await;
        let mut upload = match upload {
            Ok(upload) => upload,
            Err(status) => return end(status),
        };
        let message = filler(1024);
        while upload.send(message.clone()).await.is_ok() {}
        match upload.finish().await {
            Ok(_) => End { code: 0, text: "the call ended by itself".to_owned() },
            Err(status) => end(status),
        }
    }
}

/// How a call of ours ended.
pub(crate) fn end(status: Status) -> End {
    End { code: status.code() as u32, text: status.message().to_owned() }
}

/// The keepalive of P9, on either side: asked after 10 s, given up 3 s later.
pub(crate) fn keepalive() -> KeepaliveConfig {
    KeepaliveConfig {
        timeout: Duration::from_secs(3),
        without_calls: true,
        ..KeepaliveConfig::new(Duration::from_secs(10))
    }
}

/// What Work costs: a thousand calls a second are what one core can do.
const WORK_TIME: Duration = Duration::from_millis(1);
