//! `TransportError`: how a stream or a connection broke, and the status that this means.
//!
//! In: what an engine reports. Out: a [`Status`], in one place for all engines. Source: PROTOCOL-HTTP2,
//! "Errors"; the table of reset codes is `wire::tables`.
//!
//! ```text
//!   what happened                                   status
//!   the peer reset the stream, code c               the table's row for c
//!   we reset it                                     CANCELLED
//!   the engine reset it: the peer broke HTTP/2      INTERNAL
//!   the connection went away, in whatever manner    UNAVAILABLE
//! ```
//!
//! Must not know: which engine it was.

use std::io;
use std::sync::Arc;

use crate::status::Status;
use crate::wire::tables;

/// How a stream or its connection ended before its time.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The stream was reset (RST_STREAM).
    #[error("stream reset with {} {by}", tables::reason_name(*reason))]
    Reset {
        /// The HTTP/2 error code.
        reason: u32,
        /// Who reset it.
        by: Initiator,
    },
    /// The connection was given up (GOAWAY).
    #[error("connection ended with GOAWAY {} {by}{}", tables::reason_name(*reason), said(explanation))]
    GoAway {
        /// The HTTP/2 error code.
        reason: u32,
        /// Who ended it.
        by: Initiator,
        /// The debug text that came along; may be empty.
        explanation: String,
    },
    /// The socket failed.
    #[error("connection broken: {0}")]
    Io(Arc<io::Error>),
    /// The connection ended in good order while the stream was open.
    #[error("connection closed")]
    Closed,
    /// HTTP/2 could not begin, because the peer speaks something else.
    #[error("{explanation} ({error})")]
    NotHttp2 {
        /// What the peer seems to speak.
        explanation: &'static str,
        /// What the engine said.
        error: String,
    },
    /// The connection could not be made secure.
    #[error("{0}")]
    Tls(String),
    /// The engine refused what it was asked for.
    #[error("not possible: {0}")]
    Refused(String),
}

/// Who ended a stream or a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// The peer, with a frame.
    Peer,
    /// This side's application or call room.
    Application,
    /// This side's HTTP/2 engine, because the peer broke a rule or a limit.
    Engine,
}

impl std::fmt::Display for Initiator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Initiator::Peer => "by the peer",
            Initiator::Application => "by this side",
            Initiator::Engine => "by this side's HTTP/2 engine",
        })
    }
}

impl From<TransportError> for Status {
    fn from(error: TransportError) -> Status {
        let text = error.to_string();
        let status = match &error {
            TransportError::Reset { reason, by: Initiator::Peer } => {
                Status::new(tables::code_from_reason(*reason), text)
            }
            TransportError::Reset { by: Initiator::Application, .. } => Status::cancelled(text),
            TransportError::Reset { by: Initiator::Engine, .. } => Status::internal(text),
            TransportError::Refused(_) => Status::internal(text),
            TransportError::GoAway { .. }
            | TransportError::Io(_)
            | TransportError::Closed
            | TransportError::Tls(_)
            | TransportError::NotHttp2 { .. } => Status::unavailable(text),
        };
        status.with_source(error)
    }
}

fn said(explanation: &str) -> String {
    if explanation.is_empty() { String::new() } else { format!(": {}", explanation.escape_debug()) }
}
