//! `ServerEvent`: what a server tells of things that belong to no call.
//!
//! In: what went wrong around connections. Out: a value for whoever watches. A server goes on after all of them.
//!
//! Must not know: who watches, or what is done with it.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::peer::PeerInfo;
use crate::transport::TransportError;

/// Something that happened outside any call; the server goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The listener failed to accept. Connections that stand are not affected.
    AcceptFailed {
        /// What the system said.
        error: io::Error,
        /// How long the listener rests before it tries again.
        rest: Duration,
    },
    /// A connection broke, or never became one.
    ConnectionFailed {
        /// Who was at the other end.
        peer: PeerInfo,
        /// What happened.
        error: TransportError,
    },
    /// A connection was closed with its calls, because its client passed a limit.
    ConnectionGivenUp {
        /// Who was at the other end.
        peer: PeerInfo,
        /// Which limit.
        why: GivenUp,
    },
    /// A peer connected and did not begin HTTP/2 in time.
    HandshakeTimedOut {
        /// Who was at the other end.
        peer: PeerInfo,
        /// How long it was given.
        after: Duration,
    },
}

/// Why a server closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GivenUp {
    /// The client did not answer a PING.
    Silent,
    /// It began something, and did not go on.
    Unfinished,
    /// It took nothing, or nearly nothing, of what was sent to it.
    TakesNothing,
    /// It broke HTTP/2 on one stream after another.
    Unruly,
    /// The connection was too old, and the grace of its calls is over.
    Old,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GivenUp::Silent => "it did not answer a PING",
            GivenUp::Unfinished => "it began something and did not go on",
            GivenUp::TakesNothing => "it takes nothing of what is sent to it",
            GivenUp::Unruly => "it broke HTTP/2 on more streams than is suffered",
            GivenUp::Old => "it has passed the age of a connection and the grace after it",
        })
    }
}

impl fmt::Display for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerEvent::AcceptFailed { error, rest } => {
                write!(f, "cannot accept a connection: {error}; trying again in {rest:?}")
            }
            ServerEvent::ConnectionFailed { peer, error } => {
                write!(f, "connection from {peer} failed: {error}")
            }
            ServerEvent::ConnectionGivenUp { peer, why } => {
                write!(f, "connection from {peer} closed: {why}")
            }
            ServerEvent::HandshakeTimedOut { peer, after } => {
                write!(f, "connection from {peer} did not begin HTTP/2 within {after:?}")
            }
        }
    }
}
