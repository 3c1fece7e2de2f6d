//! The client of the `grpc` crate: a call by hand, on what its generator's code stands on.
//!
//! Its generated code wants Google's protobuf, built from C; a message of prost's goes through its public traits
//! `SendMessage` and `RecvMessage` instead, so that the messages are the same as everybody's. It has no server. Windows
//! cannot be set, and every setting is at its default.

use bytes::{Buf, Bytes};
use compare::load::{Caller, echo};
use compare::{Echo, Failure, PATH};
use grpc::client::{CallOptions, Channel, ChannelOptions, Invoke, RecvStream, ResponseStreamItem};
use grpc::client::{SendOptions, SendStream};
use grpc::core::{RecvMessage, RequestHeaders, SendMessage};
use grpc::credentials::LocalChannelCredentials;
use prost::Message;

/// A message on its way.
struct Sent(Echo);

impl SendMessage for Sent {
    fn encode(&self) -> Result<Box<dyn Buf + Send + Sync>, String> {
        Ok(Box::new(Bytes::from(self.0.encode_to_vec())))
    }
}

/// A message that comes.
#[derive(Default)]
struct Received(Echo);

impl RecvMessage for Received {
    fn decode(&mut self, data: &mut dyn Buf) -> Result<(), String> {
        self.0 = Echo::decode(data).map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// Makes calls on one channel.
#[derive(Clone)]
struct Client {
    channel: Channel,
    size: usize,
}

impl Client {
    /// A client of the server at this port, for messages with a payload of this size.
    async fn connect(port: u16, size: usize) -> Result<Client, Failure> {
        let target = format!("dns:///127.0.0.1:{port}");
        let channel = Channel::new(target, LocalChannelCredentials::new_arc(), ChannelOptions::default());
        Ok(Client { channel, size })
    }
}

impl Caller for Client {
    async fn call(&self) -> Result<(), Failure> {
        let head = RequestHeaders::new().with_method_name(PATH);
        let (mut sender, mut replies) = self.channel.invoke(head, CallOptions::new()).await;
        let last = SendOptions::new().with_final_msg(true);
        sender.send(&Sent(echo(self.size)), last).await.map_err(|()| "the message was not taken")?;
        let mut reply = Received::default();
        loop {
            match replies.recv(&mut reply).await {
                ResponseStreamItem::Headers(_) | ResponseStreamItem::Message => {}
                ResponseStreamItem::Trailers(trailers) => {
                    trailers.into_status().map_err(|status| format!("{status:?}"))?;
                    break;
                }
                ResponseStreamItem::StreamClosed => return Err("a call without an end".into()),
            }
        }
        if reply.0.payload.len() != self.size { Err("another message came back".into()) } else { Ok(()) }
    }
}

fn main() -> Result<(), Failure> {
    compare::peer::run(async |_| Err("the grpc crate has no server".into()), Client::connect)
}
