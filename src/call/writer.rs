//! The client's writer: from the outbox of a call to the stream of its present attempt.
//!
//! In: the call's outbox, or one message that is all of its request. Out: frames on a sending half, of which it is the
//! one poller, so that the application may send from any task. What it takes it keeps ([`Replay`]) until it is told
//! that the attempt under way is the last.
//!
//! Must not know: message types, or how the call ended. Whoever reads the response knows that.

use std::task::{Context, Poll};

use bytes::Bytes;

use super::halves::CallHalves;
use super::interceptor::Interceptor;
use super::outbox::Phase;
use super::replay::Replay;
use crate::transport::SendHalf;

/// Writes one request.
pub(super) struct Writer {
    send: SendHalf,
    /// Taken, and not handed over yet.
    bytes: Bytes,
    /// Whether nothing is to be taken any more.
    finished: bool,
    /// What was taken so far, and how many pieces of it this attempt has begun to send.
    replay: Replay,
    replayed: usize,
    /// Whether there will be no other attempt.
    is_last: bool,
    state: State,
    /// How much was waiting for the peer's window when that was noted last; 0 if nothing waits.
    #[cfg(feature = "tap")]
    noted: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Writing,
    /// All is written, or the stream is broken: the reading half knows which.
    Over,
    /// The application wants no more of this call.
    GivenUp,
}

impl Writer {
    /// Writes what comes into the outbox.
    pub(super) fn new(send: SendHalf, replay: Replay) -> Writer {
        let bytes = Bytes::new();
        Writer {
            send,
            bytes,
            finished: false,
            replay,
            replayed: 0,
            is_last: false,
            state: State::Writing,
            #[cfg(feature = "tap")]
            noted: 0,
        }
    }

    /// Writes one message, and the end of the request.
    pub(super) fn of_one(send: SendHalf, message: Bytes) -> Writer {
        Writer { finished: true, ..Writer::new(send, Replay::of(message)) }
    }

    /// Begins anew on the stream of another attempt.
    pub(super) fn restart(&mut self, send: SendHalf) {
        self.send = send;
        self.bytes = Bytes::new();
        self.replayed = 0;
        self.state = State::Writing;
    }

    /// The attempt under way is the last: what it has sent need not be kept.
    pub(super) fn commit(&mut self) {
        self.is_last = true;
    }

    /// Whether more was sent than can be kept.
    pub(super) fn is_forgetful(&self) -> bool {
        self.replay.is_forgotten()
    }

    /// Whether what was sent can be sent again.
    pub(super) fn can_restart(&self) -> bool {
        self.state != State::GivenUp && !self.replay.is_forgotten()
    }

    /// Gives the call up: the stream is reset.
    pub(super) fn cancel(&mut self) {
        self.send.cancel();
        self.state = State::GivenUp;
    }

    /// Ready when this half is over.
    pub(super) fn poll<I: Interceptor>(&mut self, cx: &mut Context<'_>, call: &CallHalves<I>) -> Poll<()> {
        while self.state == State::Writing {
            let is_replayed = self.replayed >= self.replay.len();
            if self.is_last && is_replayed {
                self.replay.forget();
                self.replayed = 0;
            }
            if !self.bytes.is_empty() || (self.finished && is_replayed) {
                let end = self.finished && is_replayed;
                match self.send.poll_send(cx, &mut self.bytes, end) {
                    Poll::Ready(Ok(())) if end => self.state = State::Over,
                    Poll::Ready(Ok(())) => {
                        self.go_on();
                        if is_replayed {
                            call.outbox.handed_over();
                        }
                    }
                    Poll::Ready(Err(_)) => self.state = State::Over,
                    // An abandoned call must not wait for a window that may never open.
                    Poll::Pending if call.outbox.is_given_up() => self.cancel(),
                    Poll::Pending => {
                        #[cfg(feature = "tap")]
                        self.note_blocked(call);
                        call.outbox.watch(cx);
                        return Poll::Pending;
                    }
                }
            } else if let Some(piece) = self.replay.piece(self.replayed) {
                self.bytes = piece;
                self.replayed = self.replayed.saturating_add(1);
            } else if self.poll_take(cx, call).is_pending() {
                if self.send.poll_broken(cx).is_pending() {
                    return Poll::Pending;
                }
                self.state = State::Over;
            }
        }
        Poll::Ready(())
    }

    /// Bytes were handed over: what waits next is noted anew.
    fn go_on(&mut self) {
        #[cfg(feature = "tap")]
        {
            self.noted = 0;
        }
    }

    /// Notes that bytes wait for the peer's window, once for each number of them.
    #[cfg(feature = "tap")]
    fn note_blocked<I: Interceptor>(&mut self, call: &CallHalves<I>) {
        if std::mem::replace(&mut self.noted, self.bytes.len()) != self.bytes.len() {
            call.blocked(self.bytes.len());
        }
    }

    /// Ready when there is something to write, or there will be nothing more.
    fn poll_take<I: Interceptor>(&mut self, cx: &mut Context<'_>, call: &CallHalves<I>) -> Poll<()> {
        call.outbox.poll_take(cx).map(|taken| match taken.phase {
            Phase::Open | Phase::Finished => {
                self.finished = taken.phase == Phase::Finished;
                self.replay.keep(&taken.bytes);
                self.replayed = self.replay.len();
                self.bytes = taken.bytes;
            }
            Phase::Abandoned => self.cancel(),
            Phase::Closed => self.state = State::GivenUp,
        })
    }
}
