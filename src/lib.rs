//! gRPC for Rust, built by hand from the wire up.
//!
//! A gRPC call is one HTTP/2 stream with four moments: the request head leaves, messages go both ways, the response
//! head arrives, and trailers say how it ended. Everything here is arranged around them: [`wire`] turns bytes into
//! those four things and back, the two halves of a call ([`Sender`], [`Streaming`]) live through them, an
//! [`Interceptor`] is a function at each, and a [`Status`] is the last one if it went wrong.
//!
//! # A first call
//!
//! Applications mostly use what `wirewright-codegen` prints from a `.proto` file; the README has a whole program. This
//! is the same without a generator: a method as a typed constant, a service that answers it, and both ends in one
//! process.
//!
#![cfg_attr(all(feature = "client", feature = "server"), doc = "```")]
#![cfg_attr(not(all(feature = "client", feature = "server")), doc = "```ignore")]
//! use wirewright::server::{Ended, ServerCall, Service};
//! use wirewright::transport::pipe;
//! use wirewright::{Endpoint, Interceptor, Method, MethodDescriptor, Request, Response, Server, Status};
//!
//! // A string is a message with one string field: google.protobuf.StringValue.
//! const GREET: Method<String, String> = Method::unary("/demo.Greeter/Greet");
//!
//! struct Greeter;
//!
//! impl Service for Greeter {
//!     const NAME: &'static str = "demo.Greeter";
//!     const METHODS: &'static [MethodDescriptor] = &[GREET.describe()];
//!
//!     async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
//!         match call.method() {
//!             "Greet" => {
//!                 let (request, mut call) = call.unary(&GREET).await?;
//!                 let reply = call.run(greet(request)).await;
//!                 call.reply(reply).await
//!             }
//!             _ => call.unimplemented().await,
//!         }
//!     }
//! }
//!
//! async fn greet(request: Request<String>) -> Result<Response<String>, Status> {
//!     Ok(Response::new(format!("Hello {}", request.get_ref())))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (connector, incoming) = pipe();
//! tokio::spawn(Server::builder().add_service(Greeter).serve_until(incoming, std::future::pending()));
//!
//! let channel = Endpoint::new("in.memory:1")?.connector(connector).connect().await?;
//! let reply = channel.unary(&GREET, Request::new("world".to_owned())).await?;
//! assert_eq!(reply.get_ref(), "Hello world");
//! # Ok(())
//! # }
//! ```
//!
//! # The floors
//!
//! ```text
//!  floor 4   client | server        the two houses, mirror twins: channels; routers and the end of a server
//!  floor 3   call, tap              one call, from head to trailers, the same types on both sides; an ear on it
//!  floor 2   transport              HTTP/2 streams and their halves; one folder of it names h2
//!  floor 1   wire | policy | inspect <- recording
//!                                   bytes; decisions; explanations, kept. Pure: no sockets, no clock, no tasks
//!  floor 0   words                  Code, Status, Metadata, Request, Response, Message, Method, Deadline
//! ```
//!
//! Imports go down, and rooms on one floor are strangers; a test holds the crate to it. What stands at the root of the
//! crate is what applications name. The rooms are public where there is more to use:
//!
//! | to | see |
//! |---|---|
//! | learn what a call is, byte by byte | [`wire`] |
//! | make calls | [`Endpoint`], then [`Channel`] |
//! | answer calls | [`Server::builder`], then [`ServerBuilder`] |
//! | send and receive streams | [`Sender`], [`Streaming`], [`Upload`] |
//! | fail well | [`Status`], [`Code`] |
//! | say something beside the message | [`Metadata`], [`Request`], [`Response`] |
//! | say who makes a call | [`Credentials`], [`Channel::credentials`] |
//! | watch or refuse every call | [`Interceptor`], [`on_start`] |
//! | bring another network, or test without one | [`transport::Connector`], [`transport::Incoming`], [`transport::pipe`] |
//! | compress messages | [`Compressor`], [`Endpoint::compression`], [`ServerBuilder::compression`] |
//! | make calls again that failed | [`RetryPolicy`], [`Endpoint::retry`] |
//! | set windows and limits | [`transport::Http2Settings`] |
//! | forward messages unread | [`RawMessage`] |
//! | see how waiting is decided | [`policy`] |
//! | have recorded bytes explained | the room `inspect`, behind the feature of that name |
//! | record what crosses a connection | `Tap`, behind the feature `tap`, and the room `recording` |
//!
//! # Features
//!
//! * `client` and `server` (both by default): the two houses. Either brings floors 2 and 3, with h2 and tokio.
//! * `gzip` and `zstd`: compressors to give to an endpoint or a server; without one nothing is compressed.
//! * `tls`: rustls under HTTP/2, with a crypto provider of your own; `tls-ring` and `tls-aws-lc` bring one along, and
//!   `tls-native-roots` the system's root certificates.
//! * `health` and `reflection`: the standard services, to be mounted like any other.
//! * `inspect`: the room that explains recorded bytes. It needs nothing else, and no other crate.
//! * `recording`: the room that reads and writes recordings, with `inspect`; `tap` listens in on connections as well.
//! * None of them: floors 0 and 1, with neither h2 nor tokio in the tree.
//!
//! A feature adds API and never changes behaviour.
//!
//! # What holds everywhere
//!
//! * Everything async runs on tokio. Every future is `Send`.
//! * Dropping is cancelling: a call that is dropped before its end resets its stream, and the handler at the other end
//!   is dropped.
//! * There is no `unsafe`, and lints keep what a peer sends away from `unwrap`, `panic` and indexing.

// A build without one of the houses has links to what it leaves out; they are shown as text. The documentation that
// is published has everything, and is checked.
#![cfg_attr(not(all(feature = "client", feature = "server")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(
    all(feature = "transport", not(all(feature = "client", feature = "server"))),
    allow(unused, unused_macros, reason = "the rooms below serve both houses, and one of them is not here")
)]

// Generated code calls this crate by its name, also where it is part of it.
#[cfg(any(feature = "health", feature = "reflection"))]
extern crate self as wirewright;

#[cfg(feature = "transport")]
mod call;
#[cfg(feature = "client")]
pub mod client;
mod code;
mod deadline;
pub mod error_details;
#[cfg(feature = "inspect")]
pub mod inspect;
mod message;
pub mod metadata;
mod method;
mod peer;
pub mod policy;
#[cfg(feature = "recording")]
pub mod recording;
mod request;
mod response;
#[cfg(feature = "server")]
pub mod server;
#[cfg(any(feature = "health", feature = "reflection"))]
pub mod services;
mod status;
#[cfg(feature = "tap")]
mod tap;
#[cfg(feature = "transport")]
pub mod transport;
pub mod wire;

#[cfg(feature = "zstd")]
pub use call::Zstd;
#[cfg(feature = "client")]
pub use call::{Authenticated, Credentials};
#[cfg(feature = "transport")]
pub use call::{
    CallInfo, Closed, Compressor, DecompressError, Direction, Interceptor, OnStart, Sender, Side, Stack,
    Streaming, on_start,
};
#[cfg(feature = "gzip")]
pub use call::{Deflate, Gzip};
#[cfg(feature = "client")]
pub use client::{Channel, ConnectError, Endpoint, InvalidTarget, Target, Upload};
pub use code::Code;
pub use deadline::Deadline;
pub use message::{DecodeError, Message, RawMessage};
pub use metadata::{InvalidMetadata, Metadata};
pub use method::{Idempotency, Method, MethodDescriptor, MethodKind};
pub use peer::{Address, PeerInfo};
#[cfg(feature = "client")]
pub use policy::connectivity::ConnectivityState;
pub use policy::retry::RetryPolicy;
pub use request::{IntoRequest, Request};
pub use response::Response;
#[cfg(feature = "server")]
pub use server::{ServeError, Server, ServerBuilder, ServerEvent};
pub use status::{Origin, Status};
#[cfg(feature = "tap")]
pub use tap::Tap;

/// The handshake between generated code and this library.
///
/// Generated code names the constant of the generation it was printed for. If that line does not compile,
/// `wirewright` and `wirewright-codegen` are of different generations: use the same version of both.
pub mod generated {
    /// The first generation of generated code.
    pub const V1: () = ();
}
