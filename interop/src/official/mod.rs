//! The interoperability client and server that every gRPC implementation has.
//!
//! In: the flags that all of them take. Out: a client that makes the calls of one test case, or of all, and says
//! whether the server answered as it must; a server that answers any of those clients.
//!
//! ```text
//!   interop-client --test_case=ping_pong ---->  interop-server of grpc-go, grpc-java, grpc-c++, ours
//!   interop-client of any of these       ---->  interop-server
//! ```
//!
//! Source: gRPC `doc/interop-test-descriptions.md`.

mod cacheable;
mod call_cases;
mod case;
mod client;
mod compressed_cases;
mod flags;
mod server;
mod service;
mod soak;
mod status_cases;
mod stream_cases;
mod tester;

pub(crate) use call_cases::{large_request, large_response, large_unary};
pub use client::run_client;
pub(crate) use flags::{client_flags, flags};
pub use server::run_server;
pub(crate) use service::Answers;
pub(crate) use tester::{Outcome, Tester, failed};
