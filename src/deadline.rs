//! `Deadline`: the instant by which a call must have ended.
//!
//! In: a length of time and the present instant. Out: a point in time that can be compared, and what is left
//! until it. A *timeout* is a length and travels in `grpc-timeout`; a *deadline* is an instant and never
//! leaves the process, because two machines do not share a clock.
//!
//! Must not know: what time it is. Every question takes `now` as an argument.

use std::time::{Duration, Instant};

/// An instant by which a call must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at this instant.
    pub const fn at(instant: Instant) -> Deadline {
        Deadline(instant)
    }

    /// The deadline `timeout` after `now`.
    ///
    /// A timeout too long for the clock is cut to about a hundred years: `grpc-timeout` may say eleven
    /// thousand (`99999999H`), and nobody waits for either.
    pub fn after(now: Instant, timeout: Duration) -> Deadline {
        let timeout = timeout.min(FAR_FUTURE);
        Deadline(now.checked_add(timeout).unwrap_or(now))
    }

    /// The instant itself.
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// What is left until the deadline; zero when it has passed.
    pub fn remaining(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Whether the deadline has passed.
    pub fn has_passed(self, now: Instant) -> bool {
        self.0 <= now
    }

    /// The earlier of two deadlines, where either may be missing.
    pub fn earliest(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// About a hundred years: longer than any process lives, short enough for every platform's clock.
const FAR_FUTURE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_never_goes_below_zero() {
        let now = Instant::now();
        let deadline = Deadline::after(now, Duration::from_millis(20));
        assert_eq!(deadline.remaining(now), Duration::from_millis(20));
        assert_eq!(deadline.remaining(now + Duration::from_secs(1)), Duration::ZERO);
        assert!(!deadline.has_passed(now));
        assert!(deadline.has_passed(now + Duration::from_millis(20)));
    }

    #[test]
    fn the_earlier_deadline_wins_and_none_is_infinite() {
        let now = Instant::now();
        let (soon, late) =
            (Deadline::after(now, Duration::from_secs(1)), Deadline::after(now, Duration::from_secs(9)));
        assert_eq!(Deadline::earliest(Some(late), Some(soon)), Some(soon));
        assert_eq!(Deadline::earliest(None, Some(late)), Some(late));
        assert_eq!(Deadline::earliest(None, None), None);
    }

    #[test]
    fn an_absurd_timeout_does_not_overflow_the_clock() {
        let now = Instant::now();
        assert!(Deadline::after(now, Duration::MAX).remaining(now) >= Duration::from_secs(86_400));
    }
}
