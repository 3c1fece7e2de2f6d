//! Admission: turns calls away that would wait for too long.
//!
//! In: a call, before anything is done for it. Out: a place in the line for its task, or none. The line is as long as
//! [`policy::overload`](crate::policy::overload) lets it be.
//!
//! ```text
//!   connection --enter--> [ Place | Place | .. ]  --first turn of the call's task--> handler
//!        \--no place: RESOURCE_EXHAUSTED, now
//! ```
//!
//! Must not know: what a call is, or what becomes of one that gets no place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::call::now;
use crate::policy::overload::Overload;

/// The line of a server.
#[derive(Debug)]
pub(super) struct Admission {
    waiting: AtomicUsize,
    overload: Mutex<Overload>,
}

/// A place in the line, until its holder has its turn or is dropped.
#[derive(Debug)]
pub(super) struct Place {
    line: Arc<Admission>,
    since: Instant,
    /// How many were before it.
    before: usize,
}

impl Admission {
    /// A line in which nobody is to wait longer than this.
    pub(super) fn new(target: Duration) -> Arc<Admission> {
        let overload = Mutex::new(Overload::new(target, now()));
        Arc::new(Admission { waiting: AtomicUsize::new(0), overload })
    }

    /// A place, if the line is not too long. It is boxed, because the task of every call has room for one, and few
    /// servers have a line.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Box<Place>> {
        // A call more or less in a race is of no account, so no ordering is needed.
        let waiting = self.waiting.load(Ordering::Relaxed);
        if !self.overload.lock().unwrap_or_else(PoisonError::into_inner).admits(waiting) {
            return None;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Some(Box::new(Place { line: self.clone(), since: now(), before: waiting }))
    }
}

impl Place {
    /// Its holder has its turn.
    #[expect(clippy::boxed_local, reason = "it is handed over as it is held")]
    pub(super) fn leave(self: Box<Self>) {
        let now = now();
        let mut overload = self.line.overload.lock().unwrap_or_else(PoisonError::into_inner);
        overload.on_turn(now, now.saturating_duration_since(self.since), self.before);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
