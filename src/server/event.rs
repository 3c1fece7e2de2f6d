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
    /// A peer connected and did not begin HTTP/2 in time.
    HandshakeTimedOut {
        /// Who was at the other end.
        peer: PeerInfo,
        /// How long it was given.
        after: Duration,
    },
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
            ServerEvent::HandshakeTimedOut { peer, after } => {
                write!(f, "connection from {peer} did not begin HTTP/2 within {after:?}")
            }
        }
    }
}
