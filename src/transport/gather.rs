//! `Gathered`: what a connection's task writes in one turn leaves in one piece.
//!
//! In: an [`Io`]. Out: the same for an engine to write to, and an [`Outlet`] that sends what was written once the
//! task has nothing more to do. An engine flushes after every frame that is larger than some threshold, because it
//! cannot know whether another follows; the task that polls it does know.
//!
//! ```text
//!   engine:  write  write  write  write          small ones are gathered; a large one goes out at once,
//!            flush  flush  flush  flush          together with what was gathered before it
//!               \     \     \     \
//!   task:                           Pending  ->  one write to the socket
//! ```
//!
//! A hundred answers of 1 KiB are one system call or two this way, and not a hundred, which halves what such a
//! call costs.
//!
//! If what waits is very little, the task lets those that are ready now have a turn before it writes: the one whose next
//! message has just been handed over, for example. So messages that come one by one from another task leave in pairs,
//! which is 1.4 times as many a second. Nothing waits for a clock.
//!
//! At a server reading ends where writing does: a peer that sends without a pause has its [turn](crate::policy::turn),
//! and then the task leaves its thread to others. And nothing is read from a peer that is made to rest.
//!
//! Must not know: HTTP/2, or whose frames they are.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::heap::expect_large_messages;
use super::io::Io;
use super::pace::Turns;

/// An [`Io`] for an engine: flushing it does nothing until its [`Outlet`] is asked.
#[derive(Debug)]
pub(super) struct Gathered<T>(Arc<Mutex<State<T>>>);

/// Sends what was gathered.
#[derive(Debug)]
pub(super) struct Outlet<T>(Arc<Mutex<State<T>>>);

/// How much has passed on one connection. The numbers only grow, and only say *that* something happened.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Bytes that came from the peer.
    read: AtomicU64,
    /// Bytes that the engine has written, sent or not.
    written: AtomicU64,
    /// Bytes that the socket has taken.
    sent: AtomicU64,
}

impl Traffic {
    /// Bytes that came from the peer.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Acquire)
    }

    /// Bytes that the engine has written: if they are as many as before, nothing has left since.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Bytes that the socket has taken.
    #[cfg(feature = "server")]
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Acquire)
    }

    fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::AcqRel);
    }
}

#[derive(Debug)]
struct State<T> {
    io: T,
    traffic: Arc<Traffic>,
    /// Written by the engine and not yet by us.
    waiting: Vec<u8>,
    /// How many of these the socket has taken.
    sent: usize,
    /// Whether something was written since the last flush.
    dirty: bool,
    /// Whether the other tasks have had a turn since something was written.
    gave_way: bool,
    /// Whether the engine wants to write more than the socket takes.
    is_full: bool,
    /// Why sending failed; the engine is told when it reads.
    failure: Option<io::Error>,
    /// Where turns are taken.
    turns: Option<Turns>,
}

impl<T: Io> Gathered<T> {
    pub(super) fn new(io: T) -> (Gathered<T>, Outlet<T>) {
        expect_large_messages();
        let state = State {
            io,
            traffic: Arc::default(),
            waiting: Vec::new(),
            sent: 0,
            dirty: false,
            gave_way: false,
            is_full: false,
            failure: None,
            turns: None,
        };
        let state = Arc::new(Mutex::new(state));
        (Gathered(state.clone()), Outlet(state))
    }
}

impl<T: Io> Outlet<T> {
    /// What passes.
    pub(super) fn traffic(&self) -> Arc<Traffic> {
        lock(&self.0).traffic.clone()
    }

    /// Whether everything that was written has been sent.
    pub(super) fn is_drained(&self) -> bool {
        !lock(&self.0).dirty
    }

    /// Whether the socket takes less than there is to be sent.
    #[cfg(feature = "server")]
    pub(super) fn is_full(&self) -> bool {
        let state = lock(&self.0);
        state.dirty || state.is_full
    }

    /// From now on the peer is read in turns.
    #[cfg(feature = "server")]
    pub(super) fn take_turns(&self, pace: &super::pace::Pace) {
        lock(&self.0).turns = Some(Turns::new(pace));
    }

    /// Reads nothing, or reads again; whoever says so polls the engine afterwards.
    #[cfg(feature = "server")]
    pub(super) fn rest(&self, is_resting: bool) {
        if let Some(turns) = &mut lock(&self.0).turns {
            turns.rest(is_resting);
        }
    }

    /// Polls an engine, and sends what it wrote once it has nothing more to do for now.
    pub(super) fn poll_turn<R>(
        &self,
        cx: &mut Context<'_>,
        mut engine: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        loop {
            if let Poll::Ready(ready) = engine(cx) {
                return Poll::Ready(ready);
            }
            let mut state = lock(&self.0);
            if let Some(turns) = &mut state.turns {
                turns.on_end();
            }
            if state.gives_way() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match state.poll_drain(cx) {
                // The engine finds out by reading, and tells all its streams.
                Poll::Ready(Err(failure)) => state.failure = Some(failure),
                _ => return Poll::Pending,
            }
        }
    }
}

impl<T: Io> State<T> {
    /// Takes what the engine writes, and notes whether it has to wait.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let taken = self.poll_take(cx, bufs);
        self.is_full = taken.is_pending();
        taken
    }

    /// Takes these bytes, or as many as the socket takes if they are many.
    fn poll_take(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let len = bufs.iter().map(|buf| buf.len()).sum::<usize>();
        self.dirty = true;
        // Counted before anything can leave, so that what was counted as unsent is.
        self.traffic.written.fetch_add(len as u64, Ordering::AcqRel);
        if len >= LARGE_BYTES {
            return self.poll_send_with(cx, bufs);
        }
        if self.waiting.len().saturating_add(len) > LIMIT_BYTES {
            ready!(self.poll_send(cx))?;
        }
        if self.waiting.capacity() == 0 {
            self.waiting = SPARE.take();
        }
        bufs.iter().for_each(|buf| self.waiting.extend_from_slice(buf));
        Poll::Ready(Ok(len))
    }

    /// Sends what waits, and what follows it in the same system call; says how much of that was taken.
    fn poll_send_with(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            let waiting = self.waiting.get(self.sent..).unwrap_or_default();
            if waiting.is_empty() {
                let sent = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
                self.traffic.count_sent(sent);
                return Poll::Ready(Ok(sent));
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let all = std::iter::once(waiting).chain(bufs.iter().map(|buf| &**buf));
            for (slice, bytes) in slices.iter_mut().zip(all) {
                *slice = IoSlice::new(bytes);
            }
            let waiting = waiting.len();
            let sent = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, &slices))?;
            self.traffic.count_sent(sent);
            self.taken(sent.min(waiting))?;
            if sent > waiting {
                return Poll::Ready(Ok(sent.saturating_sub(waiting)));
            }
        }
    }

    /// Sends what waits.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let waiting = self.waiting.get(self.sent..).unwrap_or_default();
            let sent = ready!(Pin::new(&mut self.io).poll_write(cx, waiting))?;
            self.traffic.count_sent(sent);
            self.taken(sent)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether little waits, and the tasks that are ready now may first have their turn: they may add to it. Nobody waits
    /// for them longer than that, and not at all if there are none.
    fn gives_way(&mut self) -> bool {
        let gives_way = !self.gave_way && self.sent == 0 && (1..=LITTLE_BYTES).contains(&self.waiting.len());
        self.gave_way = gives_way;
        gives_way
    }

    /// Sends what waits, all the way.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.dirty {
            ready!(self.poll_send(cx))?;
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    /// The socket has taken so many of the bytes that wait.
    fn taken(&mut self, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.sent = self.sent.saturating_add(bytes);
        if self.sent >= self.waiting.len() {
            self.sent = 0;
            self.waiting.clear();
            SPARE.set(mem::take(&mut self.waiting));
        }
        Ok(())
    }
}

impl<T: Io> AsyncRead for Gathered<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = lock(&self.0);
        match state.failure.take() {
            Some(failure) => Poll::Ready(Err(failure)),
            None => {
                let before = buf.filled().len();
                let State { io, turns, .. } = &mut *state;
                match turns {
                    Some(turns) => ready!(turns.poll_read(io, cx, buf))?,
                    None => ready!(Pin::new(io).poll_read(cx, buf))?,
                }
                let came = buf.filled().len().saturating_sub(before);
                state.traffic.read.fetch_add(came as u64, Ordering::AcqRel);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<T: Io> AsyncWrite for Gathered<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.0).poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        lock(&self.0).poll_write(cx, bufs)
    }

    /// Gathering copies from any number of slices.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = lock(&self.0);
        ready!(state.poll_drain(cx))?;
        Pin::new(&mut state.io).poll_shutdown(cx)
    }
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    // One task uses both handles, so nobody ever waits here, and a panic in a socket leaves bytes that are merely
    // unsent.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The buffer of whoever gathers next on this thread: a turn mostly ends with its buffer empty, so an idle
    /// connection holds none and a busy one allocates none.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What is worth a turn: one answer or two of a few bytes. More is not held back: while it waits the peer has nothing to do,
/// and two ends that wait for each other's batches are slower than two that work side by side.
const LITTLE_BYTES: usize = 128;

/// From here on, copying costs more than the system call that it saves.
const LARGE_BYTES: usize = 4 * 1024;

/// What gathers before it is sent without waiting for the end of the turn: a full pipe of the loopback device, and
/// four frames of the usual size.
const LIMIT_BYTES: usize = 64 * 1024;

/// What waits, a frame's head, and its content; an engine that passes more is told that fewer were taken.
const SLICES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::task::Waker;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// Polls an engine that writes these chunks, flushing after each, and then has nothing more to do.
    async fn turn<T: Io>(gathered: &mut Gathered<T>, outlet: &Outlet<T>, chunks: &[&[u8]]) {
        let mut work = Box::pin(async {
            for chunk in chunks {
                gathered.write_all(chunk).await.unwrap();
                gathered.flush().await.unwrap();
            }
        });
        let mut done = false;
        poll_fn(|cx| {
            let polled: Poll<()> = outlet.poll_turn(cx, |cx| {
                done = done || work.as_mut().poll(cx).is_ready();
                Poll::Pending
            });
            if done && outlet.is_drained() { Poll::Ready(()) } else { polled }
        })
        .await;
    }

    #[tokio::test]
    async fn flushed_writes_wait_for_the_end_of_the_turn() {
        let (near, mut far) = duplex(1024);
        let (mut gathered, outlet) = Gathered::new(near);
        gathered.write_all(b"one").await.unwrap();
        gathered.flush().await.unwrap();
        assert_eq!(lock(&outlet.0).waiting, b"one");
        turn(&mut gathered, &outlet, &[b"two", b"three"]).await;
        let mut seen = [0; 11];
        far.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"onetwothree");
    }

    #[tokio::test]
    async fn what_is_little_gives_way_once_and_takes_along_what_came_meanwhile() {
        let (near, mut far) = duplex(1024);
        let (mut gathered, outlet) = Gathered::new(near);
        let (mut cx, mut seen) = (Context::from_waker(Waker::noop()), [0; 16]);
        let mut read = move |cx: &mut Context<'_>| {
            let mut buf = ReadBuf::new(&mut seen);
            let polled = Pin::new(&mut far).poll_read(cx, &mut buf);
            polled.map(|done| done.map(|()| buf.filled().to_vec()).unwrap())
        };
        for message in [b"one", b"two"] {
            gathered.write_all(message).await.unwrap();
            assert!(read(&mut cx).is_pending());
            assert!(outlet.poll_turn(&mut cx, |_| Poll::<()>::Pending).is_pending());
        }
        assert_eq!(read(&mut cx), Poll::Ready(b"onetwo".to_vec()));
        assert!(outlet.is_drained());
    }

    #[tokio::test]
    async fn bytes_of_every_size_keep_their_order_through_a_narrow_pipe() {
        let (near, mut far) = duplex(100);
        let (mut gathered, outlet) = Gathered::new(near);
        let sizes = [1, LARGE_BYTES - 1, LARGE_BYTES, 7, 3 * LIMIT_BYTES, 0, 4000, 4000, LIMIT_BYTES, 5];
        let sent: Vec<Vec<u8>> = sizes.iter().zip(1..).map(|(size, byte)| vec![byte; *size]).collect();
        let reader = tokio::spawn(async move {
            let mut seen = Vec::new();
            far.read_to_end(&mut seen).await.unwrap();
            seen
        });
        let chunks: Vec<&[u8]> = sent.iter().map(Vec::as_slice).collect();
        turn(&mut gathered, &outlet, &chunks).await;
        gathered.shutdown().await.unwrap();
        assert!(reader.await.unwrap() == sent.concat());
    }

    #[tokio::test]
    async fn closing_sends_what_was_gathered() {
        let (near, mut far) = duplex(1024);
        let (mut gathered, _outlet) = Gathered::new(near);
        gathered.write_all(b"goodbye").await.unwrap();
        gathered.shutdown().await.unwrap();
        let mut seen = Vec::new();
        far.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, b"goodbye");
    }

    #[tokio::test]
    async fn an_engine_learns_of_a_failure_by_reading() {
        let (near, far) = duplex(1024);
        drop(far);
        let (mut gathered, outlet) = Gathered::new(near);
        gathered.write_all(b"hello?").await.unwrap();
        // The first turn is given to others, and the second sends.
        let mut turns = 0;
        let read = poll_fn(|cx| {
            turns += 1;
            outlet.poll_turn(cx, |cx| match turns {
                1 => Poll::Pending,
                2 if lock(&gathered.0).failure.is_none() => Poll::Pending,
                _ => Pin::new(&mut gathered).poll_read(cx, &mut ReadBuf::new(&mut [0; 8])),
            })
        });
        assert_eq!(read.await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
