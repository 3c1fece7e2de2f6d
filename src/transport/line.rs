//! `Line`: what the calls of one client connection share with the task that moves its bytes.
//!
//! In: how many streams the server allows, what went over the wire, how it all ended. Out: a [`Slot`] for each call,
//! in the order in which they asked; and for a call that broke, what to make of it.
//!
//! ```text
//!   call --slot()--> [ . . . . ]  free: at once         the task --set_limit(n)-->  SETTINGS came
//!                    [ x x x x ]  taken: wait in line            --close()------->  GOAWAY, or the end:
//!                      |                                                            those in line go elsewhere
//!                      +-- dropped with the stream: the next in line has it
//! ```
//!
//! An engine would queue streams beyond the server's limit too, but a stream that waits there has a number and looks
//! as if it had been sent. In our own line a call that waits has not begun: if the connection goes away it moves to
//! the next one, and if its deadline passes it just leaves.
//!
//! Must not know: the engine, or what a call is.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use super::error::TransportError;
use super::gather::Traffic;
use crate::peer::Address;

/// The shared block of one connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) peer: Address,
    pub(super) traffic: Arc<Traffic>,
    /// Why the task gave the connection up, if it was its own decision.
    epitaph: OnceLock<TransportError>,
    slots: Semaphore,
    /// How many streams the server allows.
    limit: AtomicUsize,
    /// Slots that were taken away while they were in use: so many are not given back.
    debt: AtomicUsize,
    /// Calls that have a slot or wait for one.
    calls: AtomicUsize,
    /// Streams that may still begin before the connection is used up.
    left: AtomicUsize,
    queue: Mutex<Queue>,
}

/// Those who wait for a slot.
#[derive(Default)]
struct Queue {
    length: usize,
    /// Asks the engine whether streams can begin at all. It is here only while somebody waits, because whoever can
    /// ask keeps the connection open.
    is_open: Option<Box<dyn FnMut() -> bool + Send>>,
}

/// The right to have one stream, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) line: Arc<Line>,
}

impl Line {
    pub(super) fn new(peer: Address, traffic: Arc<Traffic>, streams: usize) -> Line {
        Line {
            peer,
            traffic,
            epitaph: OnceLock::new(),
            slots: Semaphore::new(0),
            limit: AtomicUsize::new(0),
            debt: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            left: AtomicUsize::new(streams),
            queue: Mutex::default(),
        }
    }

    /// A slot, if one is free and nobody waits.
    pub(super) fn try_slot(self: &Arc<Self>) -> Option<Slot> {
        self.slots.try_acquire().ok()?.forget();
        Some(self.taken())
    }

    /// Waits for a slot; `None` if the connection takes no new streams any more, which `is_open` tells.
    ///
    /// Slots are given in the order in which they were asked for. Dropping the future leaves the line.
    pub(super) async fn slot(
        self: &Arc<Self>,
        is_open: impl FnMut() -> bool + Send + 'static,
    ) -> Option<Slot> {
        let waiting = Waiting::new(self, is_open);
        self.slots.acquire().await.ok()?.forget();
        let slot = self.taken();
        drop(waiting);
        Some(slot)
    }

    /// A permit has become a slot.
    fn taken(self: &Arc<Self>) -> Slot {
        self.calls.fetch_add(1, Ordering::AcqRel);
        if self.left.fetch_sub(1, Ordering::AcqRel) <= 1 {
            self.close();
        }
        Slot { line: self.clone() }
    }

    /// The peer has said something: if that was GOAWAY, those who wait are told to go elsewhere.
    pub(super) fn recheck(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_open.as_mut().is_some_and(|is_open| !is_open()) {
            queue.is_open = None;
            self.close();
        }
    }

    /// The server allows so many streams now. Only the connection's task says so.
    pub(super) fn set_limit(&self, limit: usize) {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        let before = self.limit.swap(limit, Ordering::AcqRel);
        if limit > before {
            let more = limit.saturating_sub(before);
            let paid = self.pay(more);
            self.slots.add_permits(more.saturating_sub(paid));
        } else if limit < before {
            let fewer = before.saturating_sub(limit);
            let free = self.slots.forget_permits(fewer);
            self.debt.fetch_add(fewer.saturating_sub(free), Ordering::AcqRel);
        }
    }

    /// No stream begins here any more; those who wait in line are told.
    pub(super) fn close(&self) {
        self.slots.close();
    }

    /// Whether no stream begins here any more.
    pub(super) fn is_closed(&self) -> bool {
        self.slots.is_closed()
    }

    /// The task gives the connection up, for this reason.
    pub(super) fn bury(&self, why: TransportError) {
        // The first reason is the true one.
        let _ = self.epitaph.set(why);
        self.close();
    }

    /// Why the task gave the connection up, if it did.
    pub(super) fn epitaph(&self) -> Option<&TransportError> {
        self.epitaph.get()
    }

    /// How many calls have a stream or wait for one.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Acquire)
    }

    /// Pays back up to so much of the debt; returns how much.
    fn pay(&self, most: usize) -> usize {
        let pay = |debt: usize| (debt > 0).then(|| debt.saturating_sub(most));
        let before = self.debt.fetch_update(Ordering::AcqRel, Ordering::Acquire, pay);
        before.map_or(0, |debt| debt.min(most))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.line.calls.fetch_sub(1, Ordering::AcqRel);
        if self.line.pay(1) == 0 {
            self.line.slots.add_permits(1);
        }
    }
}

/// One call that waits, until it is dropped.
struct Waiting<'a>(&'a Line);

impl<'a> Waiting<'a> {
    fn new(line: &'a Line, is_open: impl FnMut() -> bool + Send + 'static) -> Self {
        let mut queue = line.queue.lock().unwrap_or_else(PoisonError::into_inner);
        line.calls.fetch_add(1, Ordering::AcqRel);
        queue.length = queue.length.saturating_add(1);
        if queue.is_open.is_none() {
            queue.is_open = Some(Box::new(is_open));
        }
        Waiting(line)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
        queue.length = queue.length.saturating_sub(1);
        let last = if queue.length == 0 { queue.is_open.take() } else { None };
        // What it holds may wake the connection's task, so not under the lock.
        drop(queue);
        drop(last);
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn line(limit: usize) -> Arc<Line> {
        let line = Arc::new(Line::new(Address::Memory, Arc::default(), 1000));
        line.set_limit(limit);
        line
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn now(line: &Arc<Line>) -> Option<Slot> {
        match poll(pin!(line.slot(|| true))) {
            Poll::Ready(slot) => slot,
            Poll::Pending => None,
        }
    }

    #[test]
    fn slots_go_to_those_who_asked_first() {
        let line = line(1);
        let held = now(&line).unwrap();
        let (mut first, mut second) = (pin!(line.slot(|| true)), pin!(line.slot(|| true)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(line.calls(), 3);
        drop(held);
        assert!(poll(second.as_mut()).is_pending());
        let Poll::Ready(Some(next)) = poll(first.as_mut()) else { panic!("the first waits on") };
        drop(next);
        assert!(poll(second.as_mut()).is_ready());
        assert_eq!(line.calls(), 0);
    }

    #[test]
    fn who_leaves_the_line_takes_nothing_along() {
        let line = line(1);
        let held = now(&line).unwrap();
        {
            let mut waiting = Box::pin(line.slot(|| true));
            assert!(poll(waiting.as_mut()).is_pending());
            drop(held);
        }
        assert_eq!(line.calls(), 0);
        assert!(now(&line).is_some());
    }

    #[test]
    fn a_limit_that_falls_is_reached_as_streams_end() {
        let line = line(3);
        let mut held: Vec<_> = (0..3).map(|_| now(&line).unwrap()).collect();
        line.set_limit(1);
        held.pop();
        held.pop();
        assert!(now(&line).is_none(), "one is still open");
        held.pop();
        let only = now(&line).unwrap();
        assert!(now(&line).is_none());
        line.set_limit(2);
        assert!(now(&line).is_some());
        drop(only);
    }

    #[test]
    fn a_limit_that_falls_and_rises_again_owes_nothing() {
        let line = line(4);
        let held: Vec<_> = (0..4).map(|_| now(&line).unwrap()).collect();
        line.set_limit(1);
        line.set_limit(4);
        drop(held);
        let all: Vec<_> = (0..4).filter_map(|_| now(&line)).collect();
        assert_eq!(all.len(), 4);
        assert!(now(&line).is_none());
    }

    #[test]
    fn a_connection_that_is_used_up_takes_no_more() {
        let line = Arc::new(Line::new(Address::Memory, Arc::default(), 2));
        line.set_limit(5);
        let held = (now(&line).unwrap(), now(&line).unwrap());
        assert!(line.is_closed());
        assert!(now(&line).is_none());
        drop(held);
        assert!(now(&line).is_none());
    }

    #[test]
    fn those_who_wait_are_told_of_a_goaway() {
        let line = line(0);
        let open = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let is_open = open.clone();
        {
            let mut waiting = pin!(line.slot(move || is_open.load(Ordering::Acquire)));
            assert!(poll(waiting.as_mut()).is_pending());
            line.recheck();
            assert!(poll(waiting.as_mut()).is_pending());
            open.store(false, Ordering::Release);
            line.recheck();
            assert!(matches!(poll(waiting.as_mut()), Poll::Ready(None)));
        }
        assert_eq!(Arc::strong_count(&open), 1, "nobody waits, so nobody asks");
    }

    #[test]
    fn those_who_wait_are_told_when_the_connection_takes_no_more() {
        let line = line(0);
        let mut waiting = pin!(line.slot(|| true));
        assert!(poll(waiting.as_mut()).is_pending());
        line.close();
        assert!(matches!(poll(waiting.as_mut()), Poll::Ready(None)));
        assert_eq!(line.calls(), 0);
    }
}
