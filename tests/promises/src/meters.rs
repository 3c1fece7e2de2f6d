//! What a server process counts: connections, handlers, how late handlers were dropped.
//!
//! In: guards that live as long as what they count. Out: one line of `name=number` for whoever asks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Connections accepted in the life of the process.
pub(crate) static ACCEPTED: AtomicU64 = AtomicU64::new(0);
static HANDLERS: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static STARTED: AtomicU64 = AtomicU64::new(0);
/// Microseconds after its deadline that the latest handler was dropped.
static LATEST: AtomicU64 = AtomicU64::new(0);
/// Handlers that were dropped more than [`LATE`] after their deadline.
static LATE_DROPS: AtomicU64 = AtomicU64::new(0);

/// A handler that runs.
#[derive(Debug)]
pub(crate) struct Handler {
    deadline: Option<Instant>,
}

impl Handler {
    pub(crate) fn begin() -> Handler {
        Handler::until(None)
    }

    /// A handler that is to be gone by then.
    pub(crate) fn until(deadline: Option<Instant>) -> Handler {
        STARTED.fetch_add(1, Relaxed);
        PEAK.fetch_max(HANDLERS.fetch_add(1, Relaxed) + 1, Relaxed);
        Handler { deadline }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        HANDLERS.fetch_sub(1, Relaxed);
        if let Some(deadline) = self.deadline {
            let late = Instant::now().saturating_duration_since(deadline);
            LATEST.fetch_max(late.as_micros() as u64, Relaxed);
            if late > LATE {
                LATE_DROPS.fetch_add(1, Relaxed);
            }
        }
    }
}

/// Begins a new peak and a new latest.
pub(crate) fn reset() {
    PEAK.store(HANDLERS.load(Relaxed), Relaxed);
    LATEST.store(0, Relaxed);
    LATE_DROPS.store(0, Relaxed);
}

/// Everything, as one line.
pub(crate) fn report() -> String {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let of = |counter: &AtomicU64| counter.load(Relaxed);
    format!(
        "accepted={} handlers={} peak={} started={} tasks={tasks} latest_us={} late={}",
        of(&ACCEPTED),
        of(&HANDLERS),
        of(&PEAK),
        of(&STARTED),
        of(&LATEST),
        of(&LATE_DROPS),
    )
}

/// Opens when readers that have been holding back may read.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    open: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate { open: watch::Sender::new(false) }
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    pub(crate) async fn opened(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

/// What promise P11 allows.
pub(crate) const LATE: Duration = Duration::from_millis(10);
