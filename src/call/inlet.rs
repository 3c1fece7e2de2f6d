//! `Inlet`: bytes of a request that streams, between the wire and the handler that reads it, or does not.
//!
//! In: chunks, taken from the engine as soon as they come. Out: the same bytes, when the reader asks for them. Exactly
//! one task fills it, the call's own; the reader may be anywhere.
//!
//! ```text
//!   h2 --poll_fill--> [ small ones merged | large ones ] --poll_chunk--> Streaming --window--> h2
//!        the call's task                                  the handler
//! ```
//!
//! An engine keeps a record of some hundred bytes for every frame that nobody has taken, and cuts the connection when
//! there are too many. A client that sends small messages to a slow handler would be cut although it keeps within its
//! window. Here small frames become one buffer, so that the window alone bounds memory; and the window is given back
//! only as the handler reads, so that a slow handler still slows its client.
//!
//! Must not know: messages. What it holds is not cut at their bounds.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use crate::transport::{Cause, RecvHalf, TransportError};

/// What a request has said and its handler has not read.
#[derive(Debug, Default)]
pub(crate) struct Inlet(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` before the handler begins, and once the call is over.
    recv: Option<RecvHalf>,
    /// Whole chunks, the oldest first.
    chunks: VecDeque<Bytes>,
    /// What came in small frames after all of these.
    small: BytesMut,
    /// How the request ended, if it has.
    end: Option<Result<(), TransportError>>,
    /// Whether nobody reads any more.
    is_deaf: bool,
    reader: Option<Waker>,
}

impl Inlet {
    /// The request comes from here.
    pub(super) fn begin(&self, recv: RecvHalf) {
        self.lock().recv = Some(recv);
    }

    /// Takes in what has come. The call's task asks at every turn, before the handler's.
    pub(super) fn poll_fill(&self, cx: &mut Context<'_>) {
        let mut state = self.lock();
        let state = &mut *state;
        let Some(recv) = &mut state.recv else {
            return;
        };
        let mut is_news = false;
        while state.end.is_none() {
            let Poll::Ready(chunk) = recv.poll_chunk(cx) else {
                break;
            };
            is_news = true;
            match chunk {
                Some(Ok(bytes)) if state.is_deaf => recv.release(bytes.len()),
                Some(Ok(bytes)) if bytes.len() < SMALL_BYTES => state.small.extend_from_slice(&bytes),
                Some(Ok(bytes)) => {
                    if !state.small.is_empty() {
                        state.chunks.push_back(state.small.split().freeze());
                    }
                    state.chunks.push_back(bytes);
                }
                Some(Err(error)) => state.end = Some(Err(error)),
                None => state.end = Some(Ok(())),
            }
        }
        // A reader in the call's own task is polled next, and needs no waking for that.
        if is_news && state.reader.as_ref().is_some_and(|reader| !reader.will_wake(cx.waker())) {
            state.reader.take().into_iter().for_each(Waker::wake);
        }
    }

    /// The next bytes, for which the client may now send others; `None` when no more will come.
    pub(super) fn poll_chunk(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let mut state = self.lock();
        if let Some(bytes) = state.next() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        if let Some(end) = &state.end {
            return Poll::Ready(end.clone().err().map(Err));
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Nobody reads any more. What still comes is taken in and thrown away, and the window given back: a client that
    /// waits for it would wait for ever.
    pub(super) fn discard(&self) {
        let mut state = self.lock();
        state.is_deaf = true;
        while state.next().is_some() {}
    }

    /// The call is over: a reader that has outlived it hears so, and the stream is let go.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.end.get_or_insert_with(|| Err(Cause::Closed.into()));
        let (recv, reader) = (state.recv.take(), state.reader.take());
        // What they wake may come back here.
        drop(state);
        drop(recv);
        reader.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it is held leaves at worst bytes unread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the oldest bytes, and gives their window back.
    fn next(&mut self) -> Option<Bytes> {
        let bytes = match self.chunks.pop_front() {
            None if self.small.is_empty() => return None,
            None => self.small.split().freeze(),
            Some(bytes) => bytes,
        };
        if let Some(recv) = &mut self.recv {
            recv.release(bytes.len());
        }
        Some(bytes)
    }
}

/// Below this, copying a chunk costs less than keeping what an engine has read it into.
const SMALL_BYTES: usize = 4 * 1024;
