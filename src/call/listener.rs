//! `Listener`: is told what happens to a call and leaves no bytes, or none that say why.
//!
//! In: moments of a call. Out: a word for each, with the connection and stream where they are known:
//!
//! ```text
//!   retry      another attempt follows one that failed
//!   deadline   the deadline passed here
//!   reset      the stream broke: who ended it, and with which code
//!   cancel     whoever made the call, or the handler's task, let go of it
//!   blocked    bytes wait for the peer's window
//! ```
//!
//! Without the feature `tap` none of this is compiled; with it, a call that nobody listens to asks once at each of
//! these moments whether there is anybody.
//!
//! Must not know: who listens, or what is done with the words.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::clock::now;
use super::info::CallInfo;
use crate::code::Code;
use crate::status::Status;
use crate::transport::{Initiator, TransportError};
use crate::wire::tables::reason_name;

/// Is told what happens to calls.
pub(crate) trait Listener: fmt::Debug + Send + Sync {
    /// Something happened to the call with this connection and stream, if it has them yet.
    fn note(
        &self,
        conn: Option<u32>,
        stream: Option<u32>,
        what: &'static str,
        details: &[(&str, &dyn fmt::Display)],
    );
}

/// Another attempt follows, after a pause.
#[cfg(feature = "client")]
pub(super) fn retry(listener: &dyn Listener, info: &CallInfo, end: &Status, wait: Duration) {
    let (conn, stream) = info.line();
    let details: [(&str, &dyn fmt::Display); 4] = [
        ("path", &info.path()),
        ("after", &end.code().name()),
        ("why", &end.message()),
        ("wait_us", &wait.as_micros()),
    ];
    listener.note(conn, stream, "retry", &details);
}

/// The call failed. Of a status that the peer sent nothing is said: its bytes are on record.
pub(super) fn failed(listener: &dyn Listener, info: &CallInfo, end: &Status) {
    let (conn, stream) = info.line();
    let has_passed = info.deadline().is_some_and(|deadline| deadline.remaining(now()).is_zero());
    let broken = end.source().and_then(|source| source.downcast_ref::<TransportError>());
    if end.code() == Code::DeadlineExceeded && has_passed {
        listener.note(conn, stream, "deadline", &[("path", &info.path())]);
    } else if let Some(error) = broken {
        let by = match error.initiator() {
            Some(Initiator::Peer) => "peer",
            Some(Initiator::Application) => "application",
            Some(Initiator::Engine) => "engine",
            None => "network",
        };
        let code = error.reason().map_or("none", reason_name);
        let details: [(&str, &dyn fmt::Display); 4] =
            [("path", &info.path()), ("by", &by), ("code", &code), ("why", &end.message())];
        listener.note(conn, stream, "reset", &details);
    }
}

/// The call was let go of before it ended.
pub(super) fn dropped(listener: &dyn Listener, info: &CallInfo) {
    let (conn, stream) = info.line();
    listener.note(conn, stream, "cancel", &[("path", &info.path())]);
}

/// Bytes wait for the peer's window.
#[cfg(feature = "client")]
pub(super) fn blocked(listener: &dyn Listener, info: &CallInfo, waiting: usize) {
    let (conn, stream) = info.line();
    listener.note(conn, stream, "blocked", &[("path", &info.path()), ("bytes", &waiting)]);
}
