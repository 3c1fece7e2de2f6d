//! Permits: how many handlers are at work, on a connection and in all; and what calls were in vain.
//!
//! In: two limits. Out: a [`Permit`] for each call that may have a handler, held until the handler's future is gone. As
//! it is what a call keeps of its connection, it also carries back what its client did wrong ([`Offences`]).
//!
//! Streams bound what a client has open; permits bound what it makes the server do. The two differ where a client
//! resets its calls: the stream is free at once, the handler only when it was dropped.
//!
//! Must not know: streams, handlers, or what becomes of a call that gets none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::policy::conduct::Offence;

/// A number of permits.
#[derive(Debug)]
pub(super) struct Permits {
    free: AtomicUsize,
    /// How many wait, so that who returns a permit mostly has nobody to tell.
    waiting: AtomicUsize,
    returned: Notify,
    /// Those of the server, for the permits of a connection.
    above: Option<Arc<Permits>>,
    /// What the calls of a connection were in vain for, since its task last looked.
    offences: Offences,
}

/// Counts that calls add to and their connection takes.
#[derive(Debug, Default)]
pub(super) struct Offences(AtomicU64);

impl Offences {
    /// One more.
    pub(super) fn note(&self, offence: Offence) {
        // Counts only: whoever reads them reads nothing else that they would have to be in order with.
        self.0.fetch_add(1 << shift(offence), Ordering::Relaxed);
    }

    /// What has come since this was last asked; `None`, for the price of a look, if nothing has.
    pub(super) fn take(&self) -> Option<[(Offence, u32); 3]> {
        if self.0.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let counts = self.0.swap(0, Ordering::Relaxed);
        let count = |offence| (offence, ((counts >> shift(offence)) & COUNT_MASK) as u32);
        Some([Offence::TakenBack, Offence::Refused, Offence::Broken].map(count))
    }
}

/// Where in the word a count begins. Each has 21 bits: no connection can be two million calls ahead of its own task.
fn shift(offence: Offence) -> u32 {
    match offence {
        Offence::TakenBack => 0,
        Offence::Refused => 21,
        Offence::Broken => 42,
    }
}

const COUNT_MASK: u64 = (1 << 21) - 1;

/// The right to have one handler at work.
#[derive(Debug)]
pub(super) struct Permit(Arc<Permits>);

impl Permits {
    /// The permits of a server.
    pub(super) fn of_server(handlers: usize) -> Arc<Permits> {
        Arc::new(Permits::new(handlers, None))
    }

    /// The permits of one of its connections.
    pub(super) fn of_connection(self: &Arc<Self>, handlers: usize) -> Arc<Permits> {
        Arc::new(Permits::new(handlers, Some(self.clone())))
    }

    fn new(handlers: usize, above: Option<Arc<Permits>>) -> Permits {
        let (free, waiting) = (AtomicUsize::new(handlers), AtomicUsize::new(0));
        Permits { free, waiting, returned: Notify::new(), above, offences: Offences::default() }
    }

    /// What the calls that hold these permits were in vain for.
    pub(super) fn offences(&self) -> &Offences {
        &self.offences
    }

    /// A permit, if one is free here and above.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<Permit> {
        if !self.decrease() {
            return None;
        }
        if self.above.as_ref().is_some_and(|above| !above.decrease()) {
            // Nobody is told: who waits here waits for the same permit above.
            self.free.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        Some(Permit(self.clone()))
    }

    /// Waits for a permit.
    ///
    /// Dropping the future loses none.
    pub(super) async fn take(self: &Arc<Self>) -> Permit {
        let higher = self.above.as_ref().unwrap_or(self);
        let _waiting = (Waiting::new(self), Waiting::new(higher));
        loop {
            // Listening begins before looking, so that what is returned in between is heard of.
            let (here, above) = (self.returned.notified(), higher.returned.notified());
            if let Some(permit) = self.try_take() {
                return permit;
            }
            tokio::select! {
                () = here => {}
                () = above => {}
            }
        }
    }

    fn decrease(&self) -> bool {
        let one_less = |free: usize| free.checked_sub(1);
        self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }

    /// Returns one, and tells those who wait: all of them look again, and each that finds none waits on. They are
    /// few, one for a connection at the most.
    fn increase(&self) {
        self.free.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.returned.notify_waiters();
        }
    }
}

impl Permit {
    /// The call that holds it was in vain, and why.
    pub(super) fn note(&self, offence: Offence) {
        self.0.offences.note(offence);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        for permits in [Some(&self.0), self.0.above.as_ref()].into_iter().flatten() {
            permits.increase();
        }
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a Permits);

impl<'a> Waiting<'a> {
    fn new(permits: &'a Permits) -> Self {
        permits.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(permits)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_end_where_either_limit_does() {
        let server = Permits::of_server(3);
        let (one, other) = (server.of_connection(2), server.of_connection(2));
        let first = one.try_take().unwrap();
        let _second = one.try_take().unwrap();
        assert!(one.try_take().is_none(), "the connection's own limit");
        let _third = other.try_take().unwrap();
        assert!(other.try_take().is_none(), "the server's limit");
        drop(first);
        assert!(other.try_take().is_some());
    }

    #[test]
    fn offences_are_counted_each_by_itself_and_taken_once() {
        let permits = Permits::of_server(2);
        let connection = permits.of_connection(2);
        let permit = connection.try_take().unwrap();
        assert_eq!(connection.offences().take(), None);
        permit.note(Offence::Broken);
        permit.note(Offence::TakenBack);
        permit.note(Offence::Broken);
        permit.note(Offence::Refused);
        let taken = connection.offences().take();
        let want = [(Offence::TakenBack, 1), (Offence::Refused, 1), (Offence::Broken, 2)];
        assert_eq!(taken, Some(want));
        assert_eq!(connection.offences().take(), None);
        assert_eq!(permits.offences().take(), None, "they are the connection's own");
    }

    #[tokio::test]
    async fn who_waits_hears_of_a_permit_of_another_connection() {
        let server = Permits::of_server(1);
        let (one, other) = (server.of_connection(1), server.of_connection(1));
        let held = one.try_take().unwrap();
        let waiting = tokio::spawn(async move { other.take().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
        assert!(one.try_take().is_some());
    }
}
