//! `Turns`: reads a connection in turns, so that a peer who never pauses leaves the thread to others.
//!
//! In: an [`Io`] with bytes to be read. Out: as many of them as the [turn](crate::policy::turn) goes; then the task is
//! woken at once, and waits behind all that are ready to run. Whoever is made to rest is not read at all.
//!
//! ```text
//!   engine  poll_read  poll_read  poll_read -> Pending       the engine has nothing more to do ..
//!           8 KiB      8 KiB      turn is over               .. and its task comes again, as the last in line
//! ```
//!
//! Must not know: what is read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::ReadBuf;

use super::io::Io;
use crate::policy::turn::Turn;

/// What all connections of a server share that take turns.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    clock: fn() -> Instant,
    /// How many of them use their turns up.
    busy: Arc<AtomicUsize>,
}

impl Pace {
    pub(crate) fn new(clock: fn() -> Instant) -> Pace {
        Pace { clock, busy: Arc::default() }
    }
}

/// The turns of one connection.
#[derive(Debug)]
pub(super) struct Turns {
    turn: Turn,
    pace: Pace,
    /// Whether nothing is to be read for now.
    is_resting: bool,
}

impl Turns {
    pub(super) fn new(pace: &Pace) -> Turns {
        Turns { turn: Turn::new(), pace: pace.clone(), is_resting: false }
    }

    /// Reads nothing, or reads again.
    pub(super) fn rest(&mut self, is_resting: bool) {
        self.is_resting = is_resting;
    }

    /// Reads, as far as this turn goes.
    pub(super) fn poll_read<T: Io>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_resting {
            return Poll::Pending;
        }
        let room = self.turn.room();
        if room == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.turn.wants_time() {
            self.turn.on_time((self.pace.clock)());
        }
        let came = if room >= buf.remaining() {
            let before = buf.filled().len();
            ready!(Pin::new(io).poll_read(cx, buf))?;
            buf.filled().len().saturating_sub(before)
        } else {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
            ready!(Pin::new(io).poll_read(cx, &mut part))?;
            let came = part.filled().len();
            buf.advance(came);
            came
        };
        self.turn.on_read(came);
        Poll::Ready(Ok(()))
    }

    /// The task has nothing more to do for now, or its turn is over.
    pub(super) fn on_end(&mut self) {
        let Turns { turn, pace, .. } = self;
        let was_busy = turn.is_busy();
        let now = turn.is_timed().then(|| (pace.clock)());
        // One more or less in a race is of no account, so no ordering is needed.
        turn.on_end(now, pace.busy.load(Ordering::Relaxed));
        match (was_busy, turn.is_busy()) {
            (false, true) => pace.busy.fetch_add(1, Ordering::Relaxed),
            (true, false) => pace.busy.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }
}

/// Who is gone is not busy.
impl Drop for Turns {
    fn drop(&mut self) {
        if self.turn.is_busy() {
            self.pace.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an engine reads that reads as much as it can until it must wait.
    fn read_until_pending(turns: &mut Turns, io: &mut impl Io, cx: &mut Context<'_>) -> usize {
        let (mut bytes, mut read) = ([0; 8 * 1024], 0);
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match turns.poll_read(io, cx, &mut buf) {
                Poll::Ready(result) => {
                    assert!(result.is_ok());
                    assert!(buf.filled().iter().all(|byte| *byte == 7));
                    read += buf.filled().len();
                }
                Poll::Pending => {
                    turns.on_end();
                    return read;
                }
            }
        }
    }

    #[test]
    fn a_peer_that_never_pauses_is_read_in_turns_and_one_that_rests_not_at_all() {
        let mut endless = tokio::io::join(tokio::io::repeat(7), tokio::io::sink());
        let pace = Pace::new(Instant::now);
        let mut turns = Turns::new(&pace);
        let woken = Arc::new(Woken::default());
        let waker = woken.clone().into();
        let mut cx = Context::from_waker(&waker);
        for turn in 1..100 {
            let read = read_until_pending(&mut turns, &mut endless, &mut cx);
            assert!((1..=64 * 1024).contains(&read), "{read} bytes in one turn");
            assert_eq!(woken.0.load(Ordering::Relaxed), turn, "its next turn comes by itself");
        }
        assert_eq!(pace.busy.load(Ordering::Relaxed), 1);
        turns.rest(true);
        assert_eq!(read_until_pending(&mut turns, &mut endless, &mut cx), 0);
        assert_eq!(woken.0.load(Ordering::Relaxed), 99, "who makes it rest wakes it");
        turns.rest(false);
        assert!(read_until_pending(&mut turns, &mut endless, &mut cx) > 0);
        assert_eq!(pace.busy.load(Ordering::Relaxed), 1);
        drop(turns);
        assert_eq!(pace.busy.load(Ordering::Relaxed), 0);
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
