//! An ear on the demo's one connection, and the log of what it hears.
//!
//! In: what a [`Tap`] tells. Out: an [`EventLog`] of every chunk of bytes, with direction and time. This is all that it
//! takes to listen in; the channel and the socket do not notice.
//!
//! ```text
//!   channel --- HTTP/2 --- Tap --- socket
//!                           |
//!                        EventLog    chunk, direction, time
//! ```
//!
//! Must not know: what the bytes mean.

use std::sync::{Arc, Mutex, PoisonError};

use wirewright::Tap;
use wirewright::inspect::EventLog;
use wirewright::recording::Line;

/// Remembers what one connection carries; its clones share the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder {
    log: Arc<Mutex<EventLog>>,
}

impl Recorder {
    /// The ear to be given to an endpoint.
    pub(super) fn tap(&self) -> Tap {
        let log = self.log.clone();
        Tap::new(move |line| {
            if let Line::Bytes(chunk) = line {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.record(chunk.direction, chunk.at, chunk.bytes);
            }
            Ok(())
        })
    }

    /// What was recorded so far.
    pub(super) fn log(&self) -> EventLog {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
