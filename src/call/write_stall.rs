//! `WriteStall`: how long a client may leave what is sent to it on one stream.
//!
//! In: that bytes wait for the stream's window, and how many have gone. Out: readiness when the client has taken too
//! few of them for too long. A stream whose window stays shut holds the memory of its answer, and its handler; the
//! connection's own limit does not see it, because its socket takes what other streams send.
//!
//! Must not know: what the bytes are, or what becomes of the call.

use std::task::{Context, Poll};
use std::time::Duration;

use super::alarm::Alarm;
use super::clock::now;
use crate::policy::stall::Stall;

/// Watches one stream.
#[derive(Debug)]
pub(super) struct WriteStall {
    stall: Stall,
    alarm: Alarm,
    /// What has gone while others waited.
    sent: u64,
}

impl WriteStall {
    pub(super) fn new(patience: Duration) -> WriteStall {
        WriteStall { stall: Stall::new(patience, LEAST_TAKEN_BYTES), alarm: Alarm::default(), sent: 0 }
    }

    /// Bytes wait, after `more` have gone; ready when patience is at an end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, more: usize) -> Poll<()> {
        self.sent = self.sent.saturating_add(more as u64);
        self.stall.on_owed(now(), self.sent);
        self.alarm.poll(cx, self.stall.poll_timeout())
    }

    /// Nothing waits.
    pub(super) fn paid(&mut self) {
        self.stall.on_paid();
    }
}

/// What proxies give a client to take an answer; the same for a connection as for a stream. A peer that holds answers
/// back holds their memory (CVE-2019-9517).
pub(crate) const WRITE_STALL: Duration = Duration::from_secs(60);

/// What a client must take in that time: a drip does not count.
const LEAST_TAKEN_BYTES: u64 = 1_024;
