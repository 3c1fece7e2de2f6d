//! Messages that have begun to arrive and are not here yet: how long they may take, and how much they may hold.
//!
//! In: how much of a message is here, and how much has come in all. Out: whether its call goes on.
//!
//! ```text
//!   [prefix|###        ]   waiting     less than 128 B/s for 30 s: the call ends
//!   [prefix|###########]   whole       nothing is owed, and nothing held
//!                          between     a stream may be silent for as long as it likes
//! ```
//!
//! A client that begins a message owes the rest of it. One that drips it holds a handler's place and the memory of what
//! has come ("slow loris"), so a drip does not count as progress. And what all clients of a server hold in this way is
//! bounded together, because ten thousand connections may each keep within their own limits.
//!
//! A message that lies in what has arrived already never comes here: only a reader that has to wait does.
//!
//! Must not know: what a message is, or who reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use super::alarm::Alarm;
use super::clock::now;
use crate::policy::stall::Stall;
use crate::status::Status;

/// What a server suffers of messages that are not here yet.
#[derive(Clone, Debug)]
pub(crate) struct HalfMessages {
    pub(crate) patience: Duration,
    /// How many bytes they may hold together.
    pub(crate) room: usize,
    held: Arc<AtomicUsize>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct HalfMessage {
    stall: Stall,
    alarm: Alarm,
    patience: Duration,
    /// What all of the server hold, and this one's part of it.
    all: Arc<AtomicUsize>,
    held: usize,
}

impl Default for HalfMessages {
    fn default() -> Self {
        HalfMessages { patience: MESSAGE_STALL, room: MAX_HALF_MESSAGE_BYTES, held: Arc::default() }
    }
}

impl HalfMessage {
    pub(super) fn new(rules: &HalfMessages) -> HalfMessage {
        let least = LEAST_BYTES_PER_SECOND.saturating_mul(rules.patience.as_secs().max(1));
        HalfMessage {
            stall: Stall::new(rules.patience, least),
            alarm: Alarm::default(),
            patience: rules.patience,
            all: rules.held.clone(),
            held: 0,
        }
    }

    /// Ready with the end of the call; pending as long as it may go on. `held` bytes of the message are here, and
    /// `received` have come on the stream so far.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        rules: &HalfMessages,
        held: usize,
        received: u64,
    ) -> Poll<Status> {
        if self.hold(held) > rules.room {
            let help = "the server holds as much of unfinished messages as it may";
            return Poll::Ready(Status::resource_exhausted(help));
        }
        self.stall.on_owed(now(), received);
        self.alarm.poll(cx, self.stall.poll_timeout()).map(|()| {
            let patience = self.patience;
            Status::cancelled(format!("a message was begun, and too little of it came in {patience:?}"))
        })
    }

    /// Notes what this message holds, and gives what all of them do.
    fn hold(&mut self, bytes: usize) -> usize {
        let before = std::mem::replace(&mut self.held, bytes);
        // The count guards no other memory, so no ordering is needed.
        match bytes.checked_sub(before) {
            Some(more) => self.all.fetch_add(more, Ordering::Relaxed).saturating_add(more),
            None => {
                let less = before.saturating_sub(bytes);
                self.all.fetch_sub(less, Ordering::Relaxed).saturating_sub(less)
            }
        }
    }
}

impl Drop for HalfMessage {
    fn drop(&mut self) {
        self.all.fetch_sub(self.held, Ordering::Relaxed);
    }
}

/// What proxies give a client to send the next piece of a request.
const MESSAGE_STALL: Duration = Duration::from_secs(30);

/// Slower than any modem in use: at this pace the largest message that is let in would take nine hours.
const LEAST_BYTES_PER_SECOND: u64 = 128;

/// As much as a hundred and twenty-eight messages of the largest size that is let in.
const MAX_HALF_MESSAGE_BYTES: usize = 512 * 1024 * 1024;
