//! `Failure`: why a command could not be done.
//!
//! In: errors of the library and of the system. Out: one line for whoever typed the command: what was tried, with
//! what, what went wrong, and what to do next.
//!
//! Must not know: how it is printed, or with which exit code.

use std::io;

use wirewright::services::reflection::InvalidDescriptors;
use wirewright::{ConnectError, InvalidTarget, ServeError, Status};

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The system gave no event loop; it may be out of file descriptors.
    #[error("cannot start: {0}; the system may be out of file descriptors (see `ulimit -n`)")]
    Runtime(io::Error),
    /// Standard output takes no more.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// The name to listen on stands for no address.
    #[error("cannot listen on {given}: {error}; check the name, or write an address such as 127.0.0.1:50051")]
    Address {
        /// What was given.
        given: String,
        /// What the system made of it.
        error: io::Error,
    },
    /// The server could not be started; the library says with what, and what to do.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The demo's own descriptors cannot be served.
    #[error(transparent)]
    Descriptors(#[from] InvalidDescriptors),
    /// The demo's own server could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The demo's own server has an address that is no target.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// A call of the demo ended badly.
    #[error("the call to {path} ended with {status}")]
    Call {
        /// Which method was called.
        path: &'static str,
        /// How the call ended.
        status: Status,
    },
    /// What was recorded is not what a connection of the demo looks like.
    #[error("the recorded bytes hold no call to {path}")]
    Missing {
        /// Which method was called.
        path: &'static str,
    },
}
