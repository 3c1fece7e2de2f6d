//! Permits: how many handlers are at work, on a connection and in all.
//!
//! In: two limits. Out: a [`Permit`] for each call that may have a handler, held until the handler's future is gone.
//!
//! Streams bound what a client has open; permits bound what it makes the server do. The two differ where a client
//! resets its calls: the stream is free at once, the handler only when it was dropped.
//!
//! Must not know: streams, handlers, or what becomes of a call that gets none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A number of permits.
#[derive(Debug)]
pub(super) struct Permits {
    free: AtomicUsize,
    /// How many wait, so that who returns a permit mostly has nobody to tell.
    waiting: AtomicUsize,
    returned: Notify,
    /// Those of the server, for the permits of a connection.
    above: Option<Arc<Permits>>,
}

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
        Permits { free, waiting, returned: Notify::new(), above }
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
