//! Programs that the suites of other gRPC implementations talk to.
//!
//! Nobody who wrote this library wrote the suites, which is why passing them means something. What is here only
//! translates: a suite's instruction into a call on the library's public API, and what the call gave into the
//! suite's report. A failure that this crate could hide would be worth nothing, so it corrects nothing and
//! retries nothing.
//!
//! ```text
//!   conformance    the client and the server under test of connectrpc's conformance suite
//!   official       the interoperability client and server that every gRPC implementation has
//!   negative       the cases of a server that misbehaves on the level of HTTP/2
//!   strict         the server that h2spec tests
//! ```

pub mod conformance;
pub mod negative;
pub mod official;
pub mod strict;

/// Messages and services of the suites, as generated from `proto/`.
#[allow(missing_docs, reason = "the suites' own comments are all the documentation that their messages have")]
pub mod protocol {
    include!(concat!(env!("OUT_DIR"), "/protocols.rs"));
}
