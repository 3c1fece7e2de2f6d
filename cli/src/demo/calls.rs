//! The four calls, one of each kind, and what is worth knowing about them.
//!
//! In: a channel. Out: nothing: that the calls were made is all, because what is printed is read from the wire.
//!
//! Must not know: that anybody listens in.

use std::time::Duration;

use wirewright::inspect::protobuf::Fields;
use wirewright::{Channel, Request, Status};

use super::helloworld::{GREETER_SAY_HELLO, GreeterClient, HelloReply, HelloRequest};
use super::routeguide::{
    Feature, Point, ROUTE_GUIDE_LIST_FEATURES, ROUTE_GUIDE_RECORD_ROUTE, ROUTE_GUIDE_ROUTE_CHAT, Rectangle,
    RouteGuideClient, RouteNote, RouteSummary,
};
use crate::failure::Failure;

/// Makes all calls, one after the other.
pub(super) async fn make_all(channel: &Channel) -> Result<(), Failure> {
    let [unary, server_streaming, client_streaming, bidi] = &CALLS;
    say_hello(channel).await.map_err(|status| unary.failed(status))?;
    list_features(channel).await.map_err(|status| server_streaming.failed(status))?;
    record_route(channel).await.map_err(|status| client_streaming.failed(status))?;
    route_chat(channel).await.map_err(|status| bidi.failed(status))
}

/// Unary: like a function.
async fn say_hello(channel: &Channel) -> Result<(), Status> {
    let greeter = GreeterClient::new(channel.clone());
    greeter.say_hello(HelloRequest { name: "world".to_owned() }).await?;
    Ok(())
}

/// Server streaming: replies are read one by one, while the server may still be looking for more.
async fn list_features(channel: &Channel) -> Result<(), Status> {
    let guide = RouteGuideClient::new(channel.clone());
    let area = Rectangle { lo: Some(SOUTH_WEST), hi: Some(NORTH_EAST) };
    let mut features = guide.list_features(area).await?;
    while features.message().await?.is_some() {}
    Ok(())
}

/// Client streaming: `finish` says that all is sent, and waits for the reply.
async fn record_route(channel: &Channel) -> Result<(), Status> {
    let guide = RouteGuideClient::new(channel.clone());
    let mut route = guide.record_route(Request::new(())).await?;
    for point in [LIGHT, NOWHERE, WEIR] {
        // A call that has ended takes no more; why it has, `finish` tells.
        if route.send(point).await.is_err() {
            break;
        }
    }
    route.finish().await?;
    Ok(())
}

/// Bidirectional streaming: this client waits for the answer before it says more, but need not.
async fn route_chat(channel: &Channel) -> Result<(), Status> {
    let guide = RouteGuideClient::new(channel.clone());
    let (mut notes, mut answers) = guide.route_chat(Request::new(())).await?;
    for (location, message) in [(LIGHT, "Fog today"), (WEIR, "Eels at dawn")] {
        notes.send(RouteNote { location: Some(location), message: message.to_owned() }).await?;
        answers.message().await?;
    }
    notes.finish().await?;
    while answers.message().await?.is_some() {}
    Ok(())
}

/// One of the four calls, for whoever prints it.
pub(super) struct Call {
    /// The full path of its method.
    pub(super) path: &'static str,
    /// Its kind, as gRPC's documents call it.
    pub(super) kind: &'static str,
    /// What is special about the kind.
    pub(super) shape: &'static str,
    /// Tells a message of the client.
    pub(super) request: fn(&[u8]) -> String,
    /// Tells a message of the server.
    pub(super) reply: fn(&[u8]) -> String,
}

impl Call {
    fn failed(&self, status: Status) -> Failure {
        Failure::Call { path: self.path, status }
    }
}

/// The four calls, in the order in which they are made.
pub(super) const CALLS: [Call; 4] = [
    Call {
        path: GREETER_SAY_HELLO.path(),
        kind: "Unary",
        shape: "one message there, one back",
        request: tell::<HelloRequest>,
        reply: tell::<HelloReply>,
    },
    Call {
        path: ROUTE_GUIDE_LIST_FEATURES.path(),
        kind: "Server streaming",
        shape: "one message there, many back",
        request: tell::<Rectangle>,
        reply: tell::<Feature>,
    },
    Call {
        path: ROUTE_GUIDE_RECORD_ROUTE.path(),
        kind: "Client streaming",
        shape: "many messages there, one back",
        request: tell::<Point>,
        reply: tell::<RouteSummary>,
    },
    Call {
        path: ROUTE_GUIDE_ROUTE_CHAT.path(),
        kind: "Bidirectional streaming",
        shape: "both talk when they like",
        request: tell::<RouteNote>,
        reply: tell::<RouteNote>,
    },
];

/// The bytes of a message in words: by its `.proto` or, if they do not fit it, as far as the wire tells.
fn tell<M: Tell>(bytes: &[u8]) -> String {
    M::decode(bytes).map_or_else(|_| Fields::read(bytes).to_string(), |message| message.tell())
}

/// A message in words, on one line.
trait Tell: prost::Message + Default {
    /// The type's name and the fields' names and values; a point is told by its two numbers, for want of room.
    fn tell(&self) -> String;
}

impl Tell for HelloRequest {
    fn tell(&self) -> String {
        format!("{self:?}")
    }
}

impl Tell for HelloReply {
    fn tell(&self) -> String {
        format!("{self:?}")
    }
}

impl Tell for RouteSummary {
    fn tell(&self) -> String {
        format!("{self:?}")
    }
}

impl Tell for Point {
    fn tell(&self) -> String {
        format!("{self:?}")
    }
}

impl Tell for Rectangle {
    fn tell(&self) -> String {
        format!("Rectangle {{ lo: {}, hi: {} }}", place(self.lo), place(self.hi))
    }
}

impl Tell for Feature {
    fn tell(&self) -> String {
        format!("Feature {{ name: {:?}, location: {} }}", self.name, place(self.location))
    }
}

impl Tell for RouteNote {
    fn tell(&self) -> String {
        format!("RouteNote {{ location: {}, message: {:?} }}", place(self.location), self.message)
    }
}

fn place(point: Option<Point>) -> String {
    point.map_or("none".to_owned(), |point| format!("({}, {})", point.latitude, point.longitude))
}

/// More than any machine needs for one call to itself, so that the demo ends whatever happens.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The corner of an area in which the services know three places.
const SOUTH_WEST: Point = Point { latitude: 401_000_000, longitude: -741_000_000 };

/// The other corner.
const NORTH_EAST: Point = Point { latitude: 403_000_000, longitude: -740_000_000 };

/// Lantern Point Light, which the services know.
const LIGHT: Point = Point { latitude: 402_530_558, longitude: -740_909_392 };

/// A point where nothing is known.
const NOWHERE: Point = Point { latitude: 402_000_000, longitude: -740_700_000 };

/// Three Rivers Weir, which the services know.
const WEIR: Point = Point { latitude: 401_663_055, longitude: -740_560_713 };
