//! gRPC for Rust, built by hand from the wire up.

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
mod status;
pub mod wire;

pub use code::Code;
pub use deadline::Deadline;
pub use message::{DecodeError, Message, RawMessage};
pub use metadata::{InvalidMetadata, Metadata};
pub use method::{Idempotency, Method, MethodDescriptor, MethodKind};
pub use peer::{Address, PeerInfo};
pub use request::{IntoRequest, Request};
pub use response::Response;
pub use status::{Origin, Status};

/// The handshake between generated code and this library.
///
/// Generated code names the constant of the generation it was printed for. If that line does not compile,
/// `wirewright` and `wirewright-codegen` are of different generations: use the same version of both.
pub mod generated {
    /// The first generation of generated code.
    pub const V1: () = ();
}
