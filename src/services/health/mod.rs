//! `grpc.health.v1`: whether a server can take calls, for those who decide where calls go.
//!
//! In: statuses that the application sets through a [`HealthReporter`]. Out: answers to `Check`, `List` and `Watch`.
//! Source: gRPC `health-checking.md`, gRFC A17 (what clients do with `Watch`) and A90 (`List`).
//!
//! ```text
//!   application --set--> [ board: service -> status ] --> Check   one status, or NOT_FOUND
//!                             |    ^                 --> List    all of them, at most 100
//!                         changes  | drain            --> Watch   the status now, then each change
//!                             v    |
//!                          watchers  server
//! ```
//!
//! ```no_run
//! # async fn f(greeter: impl wirewright::server::Service) -> Result<(), wirewright::ServeError> {
//! use wirewright::Server;
//! use wirewright::services::health::HealthReporter;
//!
//! let health = HealthReporter::new();
//! let server = Server::builder().add_service(greeter).add_service(health.service());
//! health.serving("helloworld.Greeter");
//! // As soon as the server is told to stop, everything is NOT_SERVING.
//! server.serve(([127, 0, 0, 1], 50051).into()).await
//! # }
//! ```
//!
//! Must not know: how anybody finds out whether a service is well.

mod board;
mod reporter;
mod service;

/// Messages, client and server of `grpc.health.v1`, as the generator prints them.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod v1 {
    include!("../generated/grpc.health.v1.rs");

    /// The descriptors of this package, for reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../generated/grpc.health.v1.bin");
}

pub use reporter::HealthReporter;
pub use service::HealthService;
pub use v1::health_check_response::ServingStatus;
