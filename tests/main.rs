//! The integration tests of the library: one binary, a module for each subject.

#![allow(unreachable_pub, missing_docs, reason = "a test binary exports nothing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

mod bad_requests;
mod bad_responses;
mod cancellation;
#[cfg(feature = "gzip")]
mod compression;
mod conduct;
mod connectivity;
#[cfg(feature = "tls-ring")]
mod credentials;
mod crowd;
mod cuts;
mod deadlines;
mod early_end;
mod engine;
mod errors;
mod fallback;
mod h2_facts;
mod healing;
#[cfg(feature = "health")]
mod health;
mod interceptors;
mod lessons;
mod limits;
mod metadata;
mod on_the_wire;
#[cfg(feature = "recording")]
mod recordings;
#[cfg(feature = "reflection")]
mod reflection;
mod retries;
mod scenarios;
mod send_bounds;
mod server_limits;
mod shutdown;
mod sockets;
mod streaming;
#[cfg(feature = "tap")]
mod tap;
#[cfg(feature = "tls-ring")]
mod tls;
#[cfg(feature = "tls-ring")]
mod tls_files;
#[cfg(feature = "tls-ring")]
mod tls_peers;
mod unary;
mod wrong_doors;
