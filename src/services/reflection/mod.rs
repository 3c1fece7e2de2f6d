//! `grpc.reflection`: what can be called on a server, for tools that have no `.proto` files.
//!
//! In: descriptor sets, as a compiler or `wirewright-codegen` writes them. Out: answers about files, symbols and
//! extensions. Source: gRPC `server-reflection.md`, gRFC A15. Both versions, `v1` and `v1alpha`, are answered from one
//! index; they differ in their names alone.
//!
//! ```text
//!   sets --> [ index: name, symbol, (message, number) -> file ] --> session, one for each stream
//!                                                                    a file and its imports, each once
//! ```
//!
//! Files are answered byte for byte as they came: whoever decodes and encodes them again loses custom options.
//!
//! ```no_run
//! # async fn f(greeter: impl wirewright::server::Service, set: &'static [u8]) -> Result<(), Box<dyn std::error::Error>> {
//! use wirewright::Server;
//! use wirewright::services::reflection::Reflection;
//!
//! let reflection = Reflection::builder().file_descriptor_set(set).build()?;
//! let server = Server::builder()
//!     .add_service(greeter)
//!     .add_service(reflection.v1())
//!     .add_service(reflection.v1alpha());
//! server.serve(([127, 0, 0, 1], 50051).into()).await?;
//! # Ok(()) }
//! ```
//!
//! Must not know: which services a server really has. It answers what it was given.

mod builder;
mod declared;
mod index;
mod service;
mod session;

/// Messages, client and server of `grpc.reflection.v1`, as the generator prints them.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod v1 {
    include!("../generated/grpc.reflection.v1.rs");

    /// The descriptors of this package.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../generated/grpc.reflection.v1.bin");
}

/// Client and server of `grpc.reflection.v1alpha`, whose messages are those of [`v1`].
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod v1alpha {
    include!("../generated/grpc.reflection.v1alpha.rs");

    /// The descriptors of this package.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../generated/grpc.reflection.v1alpha.bin");
}

pub use builder::{InvalidDescriptors, ReflectionBuilder};
pub use service::Reflection;
