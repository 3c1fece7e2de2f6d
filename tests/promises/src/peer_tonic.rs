//! tonic: the service and the client that its generator prints (build.rs), with every default but for windows.

use std::future::pending;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::{Buf, BufMut};
use tokio_stream::{Stream, StreamExt};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};
use wirewright::RawMessage;

use crate::Failure;
use crate::caller::{AFTERMATH, Caller, End, STUCK, stuck};
use crate::load::{Heard, Wish, empty, filler};
use crate::meters::{ACCEPTED, Gate, Handler};

#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, reason = "printed by tonic's generator")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/promises.Load.rs"));
}
use generated::load_client::LoadClient;
use generated::load_server::Load;
pub(crate) use generated::load_server::LoadServer;

/// Bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawCodec;

impl Codec for RawCodec {
    type Encode = RawMessage;
    type Decode = RawMessage;
    type Encoder = RawCodec;
    type Decoder = RawCodec;

    fn encoder(&mut self) -> RawCodec {
        RawCodec
    }

    fn decoder(&mut self) -> RawCodec {
        RawCodec
    }
}

impl Encoder for RawCodec {
    type Item = RawMessage;
    type Error = Status;

    fn encode(&mut self, message: RawMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message.0);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = RawMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<RawMessage>, Status> {
        let length = buffer.remaining();
        Ok(Some(RawMessage(buffer.copy_to_bytes(length))))
    }
}

/// Answers as [`load`](crate::load) says.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    pub(crate) gate: Gate,
}

type Replies = std::pin::Pin<Box<dyn Stream<Item = Result<RawMessage, Status>> + Send>>;

#[tonic::async_trait]
impl Load for Answers {
    async fn echo(&self, request: Request<RawMessage>) -> Result<Response<RawMessage>, Status> {
        let _handler = Handler::begin();
        Ok(Response::new(request.into_inner()))
    }

    type FlowStream = Replies;

    async fn flow(&self, request: Request<RawMessage>) -> Result<Response<Replies>, Status> {
        let handler = Handler::begin();
        let wish = Wish::read(request.get_ref());
        let reply = wish.reply();
        let count = if wish.count == u32::MAX { usize::MAX } else { wish.count as usize };
        let replies = std::iter::repeat_n(reply, count).map(move |reply| {
            let _lives_as_long = &handler;
            Ok(reply)
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }

    async fn early(&self, _requests: Request<Streaming<RawMessage>>) -> Result<Response<RawMessage>, Status> {
        let _handler = Handler::begin();
        Ok(Response::new(empty()))
    }

    async fn hold(&self, requests: Request<Streaming<RawMessage>>) -> Result<Response<RawMessage>, Status> {
        let _handler = Handler::begin();
        self.gate.opened().await;
        let (mut requests, mut heard) = (requests.into_inner(), Heard::default());
        while let Some(message) = requests.message().await? {
            heard.add(&message);
        }
        Ok(Response::new(heard.message()))
    }

    type DeafStream = Replies;

    async fn deaf(&self, requests: Request<Streaming<RawMessage>>) -> Result<Response<Replies>, Status> {
        drop(requests);
        let replies = tokio_stream::once(Ok(empty())).chain(tokio_stream::pending());
        Ok(Response::new(Box::pin(replies)))
    }
}

/// TCP connections, counted.
pub(crate) fn counted(
    listener: tokio::net::TcpListener,
) -> impl Stream<Item = std::io::Result<tokio::net::TcpStream>> {
    TcpIncoming::from(listener).with_nodelay(Some(true)).map(|accepted| {
        ACCEPTED.fetch_add(1, Relaxed);
        accepted
    })
}

/// Makes calls on one channel.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    inner: LoadClient<Channel>,
}

impl Caller for Client {
    type Replies = Streaming<RawMessage>;

    async fn connect(port: u16, window: Option<u32>) -> Result<Client, Failure> {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?
            .initial_stream_window_size(window)
            .initial_connection_window_size(window);
        Ok(Client { inner: LoadClient::new(endpoint.connect().await?) })
    }

    // A call wants the client for itself, so concurrent calls clone it, as its documentation advises.

    async fn echo(&self, message: RawMessage, timeout: Option<Duration>) -> Result<RawMessage, End> {
        let mut request = Request::new(message);
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        Ok(self.inner.clone().echo(request).await.map_err(end)?.into_inner())
    }

    async fn flow(&self, wish: Wish) -> Result<Streaming<RawMessage>, End> {
        Ok(self.inner.clone().flow(Request::new(wish.message())).await.map_err(end)?.into_inner())
    }

    async fn next(replies: &mut Streaming<RawMessage>) -> Result<Option<RawMessage>, End> {
        replies.message().await.map_err(end)
    }

    async fn early(&self, messages: usize) -> Result<(), End> {
        let requests = tokio_stream::iter(std::iter::repeat_n(filler(16 * 1024), messages));
        self.inner.clone().early(Request::new(requests)).await.map(|_| ()).map_err(end)
    }

    async fn deaf(&self, messages: usize) -> Result<(), End> {
        let (sender, requests) = tokio::sync::mpsc::channel(1);
        let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
        let mut replies = self.inner.clone().deaf(Request::new(requests)).await.map_err(end)?.into_inner();
        replies.message().await.map_err(end)?;
        for sent in 0..messages {
            match tokio::time::timeout(STUCK, sender.send(empty())).await {
                Ok(Ok(())) => tokio::task::yield_now().await,
                Ok(Err(_)) => break,
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
        let requests = tokio_stream::iter(std::iter::repeat(filler(1024)));
        match self.inner.clone().hold(Request::new(requests)).await {
            Ok(_) => pending().await,
            Err(status) => end(status),
        }
    }
}

fn end(status: Status) -> End {
    End { code: status.code() as u32, text: status.message().to_owned() }
}
