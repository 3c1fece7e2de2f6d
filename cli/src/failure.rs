//! `Failure`: why a command could not be done, and with which code the process ends.
//!
//! In: errors of the library and of the system. Out: one line for whoever typed the command: what was tried, with
//! what, and what went wrong; a hint at what to do next; an exit code.
//!
//! ```text
//!   1         it could not be done
//!   2         the command line makes no sense
//!   64 + n    a call ended with gRPC's status n, as grpcurl has it: NOT_FOUND is 69
//! ```
//!
//! Must not know: how it is printed.

use std::io;

use wirewright::services::reflection::InvalidDescriptors;
use wirewright::{Code, ConnectError, InvalidTarget, ServeError, Status};

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The system gave no event loop; it may be out of file descriptors.
    #[error("cannot start: {0}; the system may be out of file descriptors (see `ulimit -n`)")]
    Runtime(io::Error),
    /// A recording cannot be read, or holds nothing of what was asked for.
    #[error("{0}")]
    Recording(String),
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
    /// What was given is no target.
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
    /// Anything else that could not be done.
    #[error("{what}")]
    Cannot {
        /// What was tried, with what, and what went wrong.
        what: String,
        /// What to do next; may be empty.
        hint: String,
        /// How the process ends.
        exit: u8,
    },
    /// All has been said already.
    #[error("")]
    Said {
        /// How the process ends.
        exit: u8,
    },
}

impl Failure {
    /// Something could not be done.
    pub(crate) fn cannot(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Cannot { what: what.into(), hint: hint.into(), exit: COULD_NOT }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::Cannot { what: what.into(), hint: hint.into(), exit: NO_SENSE }
    }

    /// A call ended badly, of which everything has been printed.
    pub(crate) fn ended(code: Code) -> Failure {
        Failure::Said { exit: exit_of(code) }
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            Failure::Cannot { exit, .. } | Failure::Said { exit } => *exit,
            _ => COULD_NOT,
        }
    }

    /// What to do next; may be empty.
    pub(crate) fn hint(&self) -> &str {
        if let Failure::Cannot { hint, .. } = self { hint } else { "" }
    }
}

/// The exit code for the end of a call.
pub(crate) fn exit_of(code: Code) -> u8 {
    STATUS_BASE.saturating_add(u8::try_from(code.as_u32()).unwrap_or(u8::MAX))
}

/// It could not be done.
const COULD_NOT: u8 = 1;

/// The command line makes no sense.
const NO_SENSE: u8 = 2;

/// grpcurl adds the number of the status to it, so that no status is taken for a success.
const STATUS_BASE: u8 = 64;
