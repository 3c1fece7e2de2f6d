//! `Replay`: what a call has sent, kept until it cannot be needed for another attempt.
//!
//! In: bytes on their way to the wire. Out: the same bytes once more, for the stream of the next attempt; or that there
//! are too many to be kept.
//!
//! ```text
//!   outbox --> [ a | b | c ] --> wire          the first attempt
//!              ^ again from here --> wire      the next
//!   full: more than a call may keep, or a channel has room for -> forgotten; the attempt under way is the last
//! ```
//!
//! Nothing is copied: a kept piece is a second handle on bytes that the wire has too. What it costs is that they live
//! until the response begins.
//!
//! Spec: gRFC A6 "Memory Management (Buffering)". Must not know: whether there will be another attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// How many bytes the calls of one channel may keep together.
#[derive(Debug)]
pub(crate) struct ReplayRoom {
    free: AtomicUsize,
}

/// Bytes of that room that one call has taken.
#[derive(Debug)]
pub(crate) struct Reserved {
    room: Arc<ReplayRoom>,
    bytes: usize,
}

/// What one call has sent.
#[derive(Debug)]
pub(super) struct Replay {
    pieces: Vec<Bytes>,
    /// `None` once they are too many.
    reserved: Option<Reserved>,
}

impl ReplayRoom {
    /// Nothing taken yet.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reserved {
        Reserved { room: self.clone(), bytes: 0 }
    }
}

impl Default for ReplayRoom {
    fn default() -> Self {
        ReplayRoom { free: AtomicUsize::new(CHANNEL_REPLAY_BYTES) }
    }
}

impl Reserved {
    /// Takes so many bytes more; `false` if the call or its channel has no room for them.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let bytes = self.bytes.saturating_add(more);
        if bytes > CALL_REPLAY_BYTES {
            return false;
        }
        let take = |free: usize| free.checked_sub(more);
        // The count guards no other memory, so no ordering is needed.
        let taken = self.room.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if taken {
            self.bytes = bytes;
        }
        taken
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

impl Replay {
    pub(super) fn new(room: &Arc<ReplayRoom>) -> Replay {
        Replay { pieces: Vec::new(), reserved: Some(room.reserve()) }
    }

    /// A request of one message, for which whoever made it has found room.
    pub(super) fn of(message: Bytes) -> Replay {
        Replay { pieces: vec![message], reserved: None }
    }

    /// Keeps one piece more, or forgets them all.
    pub(super) fn keep(&mut self, piece: &Bytes) {
        let fits = piece.is_empty() || self.reserved.as_mut().is_some_and(|room| room.grow(piece.len()));
        if !fits {
            self.forget();
        } else if self.reserved.is_some() && !piece.is_empty() {
            self.pieces.push(piece.clone());
        }
    }

    /// Lets go of everything: the attempt under way is the last.
    pub(super) fn forget(&mut self) {
        self.pieces = Vec::new();
        self.reserved = None;
    }

    /// Whether there was too much to be kept.
    pub(super) fn is_forgotten(&self) -> bool {
        self.reserved.is_none() && self.pieces.is_empty()
    }

    /// A piece, counted from the first.
    pub(super) fn piece(&self, at: usize) -> Option<Bytes> {
        self.pieces.get(at).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }
}

/// What grpc-go, grpc-java and C-core keep of a call. An upload of more than this is made again only if it broke
/// before all of it was sent.
const CALL_REPLAY_BYTES: usize = 256 * 1024;

/// Sixty-four calls that keep as much as they may.
const CHANNEL_REPLAY_BYTES: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_keeps_so_much_and_no_more() {
        let room = Arc::default();
        let mut replay = Replay::new(&room);
        let half = Bytes::from(vec![0; CALL_REPLAY_BYTES / 2]);
        replay.keep(&half);
        replay.keep(&Bytes::new());
        replay.keep(&half);
        assert_eq!((replay.len(), replay.is_forgotten()), (2, false));
        assert_eq!(room.free.load(Ordering::Relaxed), CHANNEL_REPLAY_BYTES - CALL_REPLAY_BYTES);
        replay.keep(&Bytes::from_static(b"x"));
        assert!(replay.is_forgotten());
        assert_eq!(room.free.load(Ordering::Relaxed), CHANNEL_REPLAY_BYTES);
    }

    #[test]
    fn a_channel_keeps_so_much_and_its_room_comes_back() {
        let room: Arc<ReplayRoom> = Arc::default();
        let mut calls: Vec<_> = (0..64).map(|_| room.reserve()).collect();
        assert!(calls.iter_mut().all(|call| call.grow(CALL_REPLAY_BYTES)));
        assert!(!room.reserve().grow(1), "the channel is full");
        calls.pop();
        assert!(room.reserve().grow(CALL_REPLAY_BYTES));
        drop(calls);
        assert_eq!(room.free.load(Ordering::Relaxed), CHANNEL_REPLAY_BYTES);
    }
}
