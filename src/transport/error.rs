//! `TransportError`: how a stream or a connection broke, and the status that this means.
//!
//! In: what an engine or a network reports. Out: one value that says what happened, in which phase, with whom, and
//! whether a handler can have seen the call; and a [`Status`], in one place for all engines. Source:
//! PROTOCOL-HTTP2, "Errors"; the table of reset codes is `wire::tables`.
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

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::peer::Address;
use crate::policy::retry::Fate;
use crate::status::Status;
use crate::wire::tables;

/// How a stream or its connection ended before its time.
///
/// It is the [`source`](std::error::Error::source) of the status of every call that ended this way.
#[derive(Clone)]
pub struct TransportError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    cause: Cause,
    phase: Phase,
    fate: Fate,
    peer: Option<Address>,
}

/// What happened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
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
    /// The peer said nothing for so long after it was asked with a PING.
    #[error("connection dead: no answer to a PING within {0:?}")]
    Silent(Duration),
    /// This side has used up the numbers that streams of one connection can have.
    #[error("connection used up: no stream numbers are left")]
    UsedUp,
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
    /// What answered does not speak gRPC: a proxy, or a web server.
    #[error("{explanation}")]
    NotGrpc {
        /// Its HTTP status.
        http_status: u16,
        /// What it said, in one line.
        explanation: String,
    },
    /// What came cannot be read, or came in an order that a call does not have.
    #[error("{0}")]
    Undecodable(String),
    /// The engine refused what it was asked for.
    #[error("not possible: {0}")]
    Refused(String),
}

/// How far a connection or a call had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up the name of the server.
    Resolve,
    /// Reaching it.
    Connect,
    /// Making the connection secure.
    Tls,
    /// Beginning HTTP/2, until the peer's SETTINGS.
    Handshake,
    /// Carrying a call.
    Stream,
    /// Reading what was carried.
    Decode,
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

impl TransportError {
    /// What happened.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// When it happened.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// How far the call had come: whether any of it was sent, and whether it is safe to make it again.
    pub fn fate(&self) -> Fate {
        self.0.fate
    }

    /// The other end, where it is known.
    pub fn peer(&self) -> Option<&Address> {
        self.0.peer.as_ref()
    }

    /// The HTTP/2 error code of the RST_STREAM or GOAWAY.
    pub fn reason(&self) -> Option<u32> {
        match self.0.cause {
            Cause::Reset { reason, .. } | Cause::GoAway { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Who ended it, if it was ended with a frame.
    pub fn initiator(&self) -> Option<Initiator> {
        match self.0.cause {
            Cause::Reset { by, .. } | Cause::GoAway { by, .. } => Some(by),
            _ => None,
        }
    }

    /// The HTTP status of an answer that is not gRPC, such as 503 of a proxy without a server.
    pub fn http_status(&self) -> Option<u16> {
        match self.0.cause {
            Cause::NotGrpc { http_status, .. } => Some(http_status),
            _ => None,
        }
    }

    /// An answer came, and cannot be read.
    pub(crate) fn undecodable(cause: Cause) -> TransportError {
        TransportError(Box::new(Inner { cause, phase: Phase::Decode, fate: Fate::Committed, peer: None }))
    }

    /// The number of the operating system's error, such as 111 for a refused connection on Linux.
    pub fn os_error(&self) -> Option<i32> {
        match &self.0.cause {
            Cause::Io(error) => error.raw_os_error(),
            _ => None,
        }
    }

    pub(crate) fn with_phase(mut self, phase: Phase) -> Self {
        self.0.phase = phase;
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_fate(mut self, fate: Fate) -> Self {
        self.0.fate = fate;
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_peer(mut self, peer: Address) -> Self {
        self.0.peer = Some(peer);
        self
    }
}

/// An error while a call is carried, of which a handler may have seen something.
impl From<Cause> for TransportError {
    fn from(cause: Cause) -> TransportError {
        TransportError(Box::new(Inner { cause, phase: Phase::Stream, fate: Fate::Unknown, peer: None }))
    }
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> TransportError {
        Cause::Io(Arc::new(error)).into()
    }
}

/// What happened; and to a call, with whom it was made, and what became of it.
impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)?;
        match (self.0.phase, &self.0.peer) {
            (Phase::Stream, Some(peer)) => write!(f, " (call to {peer}; {})", became(self.0.fate)),
            _ => Ok(()),
        }
    }
}

fn became(fate: Fate) -> &'static str {
    match fate {
        Fate::NeverSent => "nothing of it was sent, so it is safe to retry",
        Fate::Refused => "no handler has seen it, so it is safe to retry",
        Fate::Unknown => "it was sent, and a handler may have seen it",
        Fate::Committed => "its answer had begun",
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, phase, fate, peer } = &*self.0;
        let mut out = f.debug_struct("TransportError");
        out.field("cause", cause).field("phase", phase).field("fate", fate).field("peer", peer).finish()
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Io(error) => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Resolve => "resolve",
            Phase::Connect => "connect",
            Phase::Tls => "tls",
            Phase::Handshake => "handshake",
            Phase::Stream => "stream",
            Phase::Decode => "decode",
        })
    }
}

impl fmt::Display for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let status = match error.cause() {
            Cause::Reset { reason, by: Initiator::Peer } => {
                Status::new(tables::code_from_reason(*reason), text)
            }
            Cause::Reset { by: Initiator::Application, .. } => Status::cancelled(text),
            Cause::Reset { by: Initiator::Engine, .. } | Cause::Refused(_) | Cause::Undecodable(_) => {
                Status::internal(text)
            }
            Cause::NotGrpc { http_status, .. } => Status::new(tables::code_from_http(*http_status), text),
            Cause::GoAway { .. }
            | Cause::Io(_)
            | Cause::Closed
            | Cause::Silent(_)
            | Cause::UsedUp
            | Cause::Tls(_)
            | Cause::NotHttp2 { .. } => Status::unavailable(text),
        };
        status.with_source(error)
    }
}

fn said(explanation: &str) -> String {
    if explanation.is_empty() { String::new() } else { format!(": {}", explanation.escape_debug()) }
}
