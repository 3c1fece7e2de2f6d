//! `Outbox`: encoded messages on their way from a `Sender` to the wire.
//!
//! In: messages, each encoded straight into one buffer. Out: that buffer, whole, to whoever walks to the wire.
//! It is here for two reasons. A stream half has one poller, so the application's task may not poll it while a
//! writer does; and messages that pile up while nobody walks travel together in one frame, which is some ten
//! times cheaper than a frame each.
//!
//! ```text
//!   Sender::send --encode--> [ buffer ] --take--> writer --poll_send--> wire
//!        ^                       |                   |
//!        +-- waits above         +-- wakes           +-- wakes the sender when the buffer is taken,
//!            the mark, which         the writer          and again when all of it is handed over
//!            doubles as it goes
//!
//!   Open --finish--> Finished      the sender is done: the writer ends this half
//!   Open --abandon-> Abandoned     the sender was dropped or refused: the writer resets the stream
//!   any  --close---> Closed        the wire is gone: the sender learns it from its next send
//! ```
//!
//! There are two wakers, each stored under the lock by the one who finds nothing to do, and taken by the other
//! side in the same critical section that changes the state. So no wake-up is lost, and a burst of messages
//! wakes the writer once.
//!
//! Must not know: message types, HTTP/2, or why the wire is gone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use crate::metadata::Metadata;
use crate::status::Status;
use crate::wire::Encoding;

/// Bytes between one sender and one writer.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    buffer: BytesMut,
    /// A server's response head, to be sent before the buffer.
    head: Option<Head>,
    phase: Phase,
    /// How many bytes the writer took and has not handed over yet: all of what it took last, or none.
    writing: usize,
    /// How often the writer has taken something, up to [`DOUBLINGS`].
    takes: u32,
    /// Why an outgoing message was refused, for whoever reports the end of the call.
    refusal: Option<Status>,
    sender: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Open,
    Finished,
    Abandoned,
    Closed,
}

/// The wire is gone, and the end of the call says why.
#[derive(Debug)]
pub(crate) struct Gone;

/// A server's response head, as far as the sender decides it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) metadata: Metadata,
    pub(crate) encoding: Encoding,
}

/// What a writer takes out.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) head: Option<Head>,
    pub(crate) bytes: Bytes,
    pub(crate) phase: Phase,
}

impl Outbox {
    /// Ready when the buffer is below the high-water mark, and the writer holds no large message.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Open if state.has_room() => Poll::Ready(Ok(())),
            Phase::Open => {
                state.sender = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(Err(Gone)),
        }
    }

    /// Has a head leave before what is pushed next.
    pub(crate) fn put_head(&self, head: Head) -> Result<(), Gone> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Gone);
        }
        state.head = Some(head);
        Ok(())
    }

    /// Appends what `encode` writes, wakes the writer, and says whether there is room for more: only the sender fills
    /// the buffer, so that need not be asked again.
    ///
    /// If `encode` refuses, the call is abandoned and the refusal kept for its end.
    #[inline]
    pub(crate) fn push(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), Status>,
    ) -> Result<bool, Gone> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Gone);
        }
        if let Err(refusal) = encode(&mut state.buffer) {
            drop(state);
            self.refuse(refusal);
            return Err(Gone);
        }
        let has_room = state.has_room();
        wake(state.writer.take(), state);
        Ok(has_room)
    }

    /// Has the head leave that was put here, though there is no message yet.
    pub(crate) fn push_head(&self, head: Head) -> Result<bool, Gone> {
        self.put_head(head)?;
        self.push(|_| Ok(()))
    }

    /// Ready when everything pushed so far has been handed over.
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Open if state.buffer.is_empty() && state.head.is_none() && state.writing == 0 => {
                Poll::Ready(Ok(()))
            }
            Phase::Open => {
                state.sender = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(Err(Gone)),
        }
    }

    /// The sender is done.
    pub(crate) fn finish(&self) -> Result<(), Gone> {
        if self.leave_open(Phase::Finished) { Ok(()) } else { Err(Gone) }
    }

    /// The sender has given up.
    pub(crate) fn abandon(&self) {
        self.leave_open(Phase::Abandoned);
    }

    /// An outgoing message was refused, so the call ends with this status.
    pub(crate) fn refuse(&self, refusal: Status) {
        self.lock().refusal.get_or_insert(refusal);
        self.abandon();
    }

    /// Why an outgoing message was refused, if one was.
    pub(crate) fn take_refusal(&self) -> Option<Status> {
        self.lock().refusal.take()
    }

    /// The wire is gone.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let (sender, writer) = (state.sender.take(), state.writer.take());
        drop(state);
        sender.into_iter().chain(writer).for_each(Waker::wake);
    }

    /// Everything that waits, now; empty if nothing does.
    pub(crate) fn take(&self) -> Taken {
        take(self.lock())
    }

    /// Everything that waits; pending until there is something or the sender has left.
    #[cfg(feature = "client")]
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        if state.phase == Phase::Open && state.buffer.is_empty() {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(take(state))
    }

    /// Whether nobody wants the rest of the request any more.
    #[cfg(feature = "client")]
    pub(crate) fn is_given_up(&self) -> bool {
        matches!(self.lock().phase, Phase::Abandoned | Phase::Closed)
    }

    /// Wakes this task too when the sender leaves, while the writer waits for the wire.
    #[cfg(feature = "client")]
    pub(crate) fn watch(&self, cx: &Context<'_>) {
        self.lock().writer = Some(cx.waker().clone());
    }

    /// The writer has handed over all that it took.
    pub(crate) fn handed_over(&self) {
        let mut state = self.lock();
        state.writing = 0;
        wake(state.sender.take(), state);
    }

    fn leave_open(&self, phase: Phase) -> bool {
        let mut state = self.lock();
        let open = state.phase == Phase::Open;
        if open {
            state.phase = phase;
            wake(state.writer.take(), state);
        }
        open
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in an encoder leaves whole messages or a torn last one; the call that panicked is answered
        // with an error either way, so the state is fit to be looked at.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self) -> bool {
        let high_water = HIGH_WATER_BYTES >> DOUBLINGS.saturating_sub(self.takes);
        self.buffer.len() < high_water && self.writing < LARGE_BYTES
    }
}

fn take(mut state: MutexGuard<'_, State>) -> Taken {
    let (bytes, head, phase) = (state.buffer.split().freeze(), state.head.take(), state.phase);
    state.writing = state.writing.saturating_add(bytes.len());
    if !bytes.is_empty() {
        state.takes = state.takes.saturating_add(1).min(DOUBLINGS);
    }
    if !bytes.is_empty() && state.has_room() {
        wake(state.sender.take(), state);
    }
    Taken { head, bytes, phase }
}

/// Wakes after the lock is gone, so that whoever wakes up does not find it held.
#[inline]
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// When a sender waits: two frames of the usual size are on their way then, so the wire has work while the sender
/// wakes up, and a slow peer makes a stream hold no more than this, as much again with the writer, and a message.
const HIGH_WATER_BYTES: usize = 32 * 1024;

/// How often the mark doubles before it is there: the first time a sender waits after 1 KiB, then after 2, and so on. A
/// source that is always ready lets nobody else have a turn until it waits, so the first of its messages would
/// leave with the thousandth, and a caller who wanted only that one would have them all made for nothing.
const DOUBLINGS: u32 = 5;

/// What small messages together cannot come to in the hands of the writer. A message as large as that keeps the wire busy
/// for a while, and a second one behind it would be memory for nothing.
const LARGE_BYTES: usize = 2 * HIGH_WATER_BYTES;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waker() -> (Waker, Arc<Count>) {
        let count = Arc::new(Count::default());
        (Waker::from(count.clone()), count)
    }

    fn woken(count: &Count) -> usize {
        count.0.load(Ordering::Relaxed)
    }

    fn push(outbox: &Outbox, bytes: &[u8]) -> Result<bool, Gone> {
        outbox.push(|buffer| {
            buffer.extend_from_slice(bytes);
            Ok(())
        })
    }

    #[test]
    fn a_burst_travels_together_and_wakes_the_writer_once() {
        let outbox = Outbox::default();
        let (waker, count) = waker();
        let mut cx = Context::from_waker(&waker);
        assert!(outbox.poll_take(&mut cx).is_pending());
        for byte in 0..5 {
            push(&outbox, &[byte]).unwrap();
        }
        assert_eq!(woken(&count), 1);
        let Poll::Ready(taken) = outbox.poll_take(&mut cx) else { panic!("nothing to take") };
        assert_eq!(&taken.bytes[..], [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_sender_waits_above_the_mark_until_the_buffer_is_taken() {
        let outbox = Outbox::default();
        let (waker, count) = waker();
        let mut cx = Context::from_waker(&waker);
        for mark in [1, 2, 4, 8, 16, 32, 32, 32].map(|kib| kib * 1024) {
            assert!(push(&outbox, &vec![0; mark - 1]).unwrap());
            assert!(!push(&outbox, &[0]).unwrap());
            assert!(outbox.poll_room(&mut cx).is_pending());
            let woken_before = woken(&count);
            outbox.take();
            assert_eq!(woken(&count), woken_before + 1);
            assert!(outbox.poll_room(&mut cx).is_ready());
            outbox.handed_over();
        }
    }

    #[test]
    fn behind_a_large_message_no_other_waits() {
        let outbox = Outbox::default();
        let (waker, count) = waker();
        let mut cx = Context::from_waker(&waker);
        assert!(!push(&outbox, &vec![0; LARGE_BYTES]).unwrap());
        assert!(outbox.poll_room(&mut cx).is_pending());
        outbox.take();
        assert_eq!(woken(&count), 0, "the writer has it, and it is still there");
        assert!(outbox.poll_room(&mut cx).is_pending());
        outbox.handed_over();
        assert_eq!(woken(&count), 1);
        assert!(outbox.poll_room(&mut cx).is_ready());
    }

    #[test]
    fn flushed_means_handed_over_and_not_merely_taken() {
        let outbox = Outbox::default();
        let (waker, count) = waker();
        let mut cx = Context::from_waker(&waker);
        assert!(outbox.poll_flushed(&mut cx).is_ready());
        push(&outbox, b"x").unwrap();
        assert!(outbox.poll_flushed(&mut cx).is_pending());
        outbox.take();
        assert!(outbox.poll_flushed(&mut cx).is_pending());
        outbox.handed_over();
        assert_eq!(woken(&count), 2);
        assert!(outbox.poll_flushed(&mut cx).is_ready());
    }

    #[test]
    fn a_closed_wire_wakes_both_ends_and_takes_no_more() {
        let outbox = Outbox::default();
        let (one, sender) = waker();
        let (two, writer) = waker();
        assert!(outbox.poll_take(&mut Context::from_waker(&two)).is_pending());
        push(&outbox, &vec![0; HIGH_WATER_BYTES]).unwrap();
        assert!(outbox.poll_room(&mut Context::from_waker(&one)).is_pending());
        outbox.close();
        assert_eq!((woken(&sender), woken(&writer)), (1, 1));
        assert!(push(&outbox, b"x").is_err());
        assert!(matches!(outbox.poll_room(&mut Context::from_waker(&one)), Poll::Ready(Err(Gone))));
        assert!(outbox.finish().is_err());
    }

    #[test]
    fn a_refused_message_abandons_the_call_and_keeps_its_reason() {
        let outbox = Outbox::default();
        let refused = outbox.push(|_| Err(Status::resource_exhausted("too large")));
        assert!(refused.is_err());
        assert_eq!(outbox.take().phase, Phase::Abandoned);
        assert_eq!(outbox.take_refusal().map(|s| s.code()), Some(crate::Code::ResourceExhausted));
        assert!(outbox.finish().is_err());
    }
}
