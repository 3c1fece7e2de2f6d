//! PING, as either end of a connection sends it: at most one is under way.
//!
//! In: a wish. Out: a frame, and word of its answer. Source: RFC 9113, section 6.7. Must not know: why somebody asks
//! (keepalive, or a drain that waits).

use std::task::{Context, Poll};

/// The PINGs of one connection. h2 hands them out once; whoever comes second has none, and hears of no answer.
pub(super) struct Pings(Option<h2::PingPong>);

impl Pings {
    pub(super) fn new(pings: Option<h2::PingPong>) -> Pings {
        Pings(pings)
    }

    /// Sends a PING, unless one is under way.
    pub(super) fn send(&mut self) {
        if let Some(pings) = &mut self.0 {
            // It fails while another is under way, whose answer is as good, and on a connection that has ended, which
            // the next poll of that says.
            let _ = pings.send_ping(h2::Ping::opaque());
        }
    }

    /// Ready when the PING was answered.
    pub(super) fn poll_pong(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.as_mut().map(|pings| pings.poll_pong(cx)) {
            Some(Poll::Ready(Ok(_))) => Poll::Ready(()),
            Some(Poll::Ready(Err(_)) | Poll::Pending) | None => Poll::Pending,
        }
    }
}
