//! Turns `.proto` services into Rust for `wirewright`, without protoc.
//!
//! In `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), wirewright_codegen::Error> {
//!     wirewright_codegen::compile(&["proto/helloworld.proto"], &["proto"])
//! }
//! ```
//!
//! and in the crate, under a module of your choice:
//!
//! ```text
//! pub mod helloworld {
//!     include!(concat!(env!("OUT_DIR"), "/helloworld.rs"));
//! }
//! ```
//!
//! The module then holds the messages, which prost-build prints, and for every service a trait to implement
//! (`Greeter`), a server to mount (`GreeterServer`), a client to call with (`GreeterClient`) and a constant per method
//! (`GREETER_SAY_HELLO`). If one of these names is taken in the package, all names of the service are made of
//! `GreeterService` instead.
//!
//! [`configure`] gives a [`Builder`] for options. [`Builder::compile_fds`] and [`Builder::compile_descriptor_set`] start
//! from descriptors, and the program `protoc-gen-wirewright` does the same for protoc and buf; all of them print the
//! same text. proto2 and proto3 are supported, `optional` too; editions are not, and say so.
//!
//! # How it is built
//!
//! ```text
//! .proto -- descriptors --+
//! descriptor set ---------+--> check --> lower --> printer (service, client) --+--> files
//! protoc, buf -- plugin --+        |               messages (prost-build) -----+
//!                                  +-- refuses what Rust has no answer to
//! ```

mod builder;
mod check;
mod client;
mod descriptors;
mod docs;
mod error;
mod files;
mod layout;
mod locations;
mod lower;
mod messages;
mod model;
mod names;
pub mod plugin;
mod printer;
mod service;
mod sources;

use std::path::Path;

pub use builder::Builder;
pub use error::Error;
pub use files::GeneratedFile;

/// Reads `.proto` files and writes what they become into Cargo's `OUT_DIR`.
///
/// `includes` are the folders in which `import` looks; each file must lie in one of them. For anything more, see
/// [`configure`].
///
/// # Errors
///
/// See [`Builder::compile`].
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
    configure().compile(protos, includes)
}

/// A [`Builder`] with the defaults of each option.
#[must_use]
pub fn configure() -> Builder {
    Builder::new()
}
