//! gRPC for Rust, built by hand from the wire up.

#[cfg(feature = "transport")]
mod call;
#[cfg(feature = "client")]
pub mod client;
mod code;
mod deadline;
#[cfg(feature = "inspect")]
pub mod inspect;
mod message;
pub mod metadata;
mod method;
mod peer;
pub mod policy;
mod request;
mod response;
#[cfg(feature = "server")]
pub mod server;
mod status;
#[cfg(feature = "transport")]
pub mod transport;
pub mod wire;

#[cfg(feature = "zstd")]
pub use call::Zstd;
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
pub use request::{IntoRequest, Request};
pub use response::Response;
#[cfg(feature = "server")]
pub use server::{ServeError, Server, ServerBuilder, ServerEvent};
pub use status::{Origin, Status};

/// The handshake between generated code and this library.
///
/// Generated code names the constant of the generation it was printed for. If that line does not compile,
/// `wirewright` and `wirewright-codegen` are of different generations: use the same version of both.
pub mod generated {
    /// The first generation of generated code.
    pub const V1: () = ();
}
