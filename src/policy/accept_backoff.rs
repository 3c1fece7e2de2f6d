//! How long a listener rests after `accept` has failed: not at all, or a little, but never for good.
//!
//! In: what each `accept` said. Out: the instant before which it is no use to call it again.
//!
//! ```text
//!   accept -> Ok ........................................ at once     the streak is forgotten
//!   accept -> the connection's fault (reset in the queue)  at once    it left the queue by failing
//!   accept -> the machine's fault (no file descriptor left)  5 ms, 10, 20, 40 .. 640 ms, 1 s, 1 s ..
//! ```
//!
//! With no descriptor left, `accept` fails at once, leaves the connection in the queue and so fails
//! again: a loop that goes straight on burns a whole core in doing nothing, and one that gives up
//! takes the server down for a shortage that the next closing call would have cured. The first
//! rest is short because most shortages are; the longest is one second because that is how long a
//! client is made to wait after the cure.
//!
//! Must not know: sockets; an [`std::io::ErrorKind`] tells enough.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::later;

/// Decides when a listener may call `accept` again.
#[derive(Debug, Default)]
pub struct AcceptBackoff {
    /// The rest that the next failure of the machine earns; `None` before the first one.
    next_rest: Option<Duration>,
    /// Failures since the last success that were blamed on connections.
    blamed_on_connections: u32,
    /// Until when the listener rests.
    until: Option<Instant>,
}

impl AcceptBackoff {
    /// A listener that has not failed yet.
    #[must_use]
    pub fn new() -> Self {
        AcceptBackoff::default()
    }

    /// `accept` gave a connection: all is well, and the next failure is a first one.
    pub fn on_accepted(&mut self) {
        *self = AcceptBackoff::new();
    }

    /// `accept` failed. There is no error after which a server should stop listening.
    pub fn on_error(&mut self, now: Instant, kind: ErrorKind) {
        if is_the_connections_fault(kind) && self.blamed_on_connections < BLAME_LIMIT {
            self.blamed_on_connections += 1;
            self.until = None;
            return;
        }
        let rest = self.next_rest.unwrap_or(FIRST_REST);
        self.next_rest = Some(rest.saturating_mul(2).min(LONGEST_REST));
        self.until = Some(later(now, rest));
    }

    /// Until when to leave `accept` alone; `None` or an instant gone by: call it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }
}

/// Did the *connection* fail, so that it has left the queue and the next one may be fine?
///
/// Linux reports an error that a connection met while waiting in the queue as an error of `accept`
/// (accept(2), "Error handling"). Resting on those would let anyone who connects and resets slow
/// the listener down for everybody else.
fn is_the_connections_fault(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
    )
}

/// The first rest: 5 ms, too short for a caller to notice; Go's servers begin with the same.
const FIRST_REST: Duration = Duration::from_millis(5);

/// The longest rest: 1 s, reached after eight failures in a row (5 ms * 2^8 = 1.28 s).
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How many failures in a row a listener may blame on connections: 128, the length of a listen
/// queue on systems that do not say otherwise. A source that names a peer for ever without once yielding one is broken itself,
/// and must not spin either.
const BLAME_LIMIT: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    /// What Linux says when there is no file descriptor left; std gives EMFILE no name of its own.
    fn no_descriptor_left() -> ErrorKind {
        std::io::Error::from_raw_os_error(24).kind()
    }

    #[test]
    fn rests_double_from_5_ms_to_a_second_and_stay_there() {
        let now = Instant::now();
        let mut backoff = AcceptBackoff::new();
        assert_eq!(backoff.poll_timeout(), None);
        for rest_ms in [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000] {
            backoff.on_error(now, no_descriptor_left());
            assert_eq!(backoff.poll_timeout(), Some(now + Duration::from_millis(rest_ms)));
        }
        backoff.on_accepted();
        assert_eq!(backoff.poll_timeout(), None);
        backoff.on_error(now, no_descriptor_left());
        assert_eq!(backoff.poll_timeout(), Some(now + FIRST_REST));
    }

    #[test]
    fn a_connection_that_was_reset_in_the_queue_slows_nobody_down() {
        let now = Instant::now();
        let mut backoff = AcceptBackoff::new();
        for _ in 0..BLAME_LIMIT {
            backoff.on_error(now, ErrorKind::ConnectionAborted);
            assert_eq!(backoff.poll_timeout(), None);
        }
        // So many in a row without one connection: the fault is not the connections'.
        backoff.on_error(now, ErrorKind::ConnectionAborted);
        assert_eq!(backoff.poll_timeout(), Some(now + FIRST_REST));

        // A rest that is over does not come back when a connection fails.
        let mut backoff = AcceptBackoff::new();
        backoff.on_error(now, no_descriptor_left());
        let now = backoff.poll_timeout().unwrap();
        backoff.on_error(now, ErrorKind::ConnectionAborted);
        assert_eq!(backoff.poll_timeout(), None);
        backoff.on_accepted();
        backoff.on_error(now, ErrorKind::ConnectionAborted);
        assert_eq!(backoff.poll_timeout(), None);
    }

    #[test]
    fn an_hour_without_descriptors_is_an_hour_without_spinning() {
        let start = Instant::now();
        let end = start + Duration::from_secs(3600);
        let (mut now, mut calls) = (start, 0);
        let mut backoff = AcceptBackoff::new();
        while now < end {
            calls += 1;
            backoff.on_error(now, no_descriptor_left());
            now = backoff.poll_timeout().unwrap();
        }
        // One call a second, and the eight quicker ones before it came to that.
        assert_eq!(calls, 3600 + 8 - 1);
    }
}
