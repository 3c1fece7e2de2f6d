//! `Plan`: when calls begin, and when it is over.
//!
//! In: the flags, and callers that ask for their next call. Out: at which instant each should begin.
//!
//! ```text
//!   open loop     call n begins n / rate after the start; n is given out in order, to whichever caller is free
//!   closed loop   a call begins when its caller is free
//! ```
//!
//! Must not know: what a call is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::flags::LoadArguments;

/// When calls begin.
#[derive(Debug)]
pub(super) struct Plan {
    /// Between one call and the next, in the open loop.
    interval: Option<Duration>,
    /// How long calls are begun, the warm-up included.
    length: Option<Duration>,
    warm_up: Duration,
    total: u64,
    started: OnceLock<Instant>,
    given_out: AtomicU64,
    stopped: AtomicBool,
}

/// A call to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// When it should begin; `None` means as soon as its caller is free.
    pub(super) due: Option<Instant>,
}

impl Plan {
    pub(super) fn new(arguments: &LoadArguments) -> Plan {
        let warm_up = arguments.warm_up.unwrap_or_default();
        let length = match (arguments.duration, arguments.total) {
            (None, Some(_)) => None,
            (length, _) => Some(length.unwrap_or(USUAL_LENGTH) + warm_up),
        };
        Plan {
            interval: arguments.rps.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            length,
            warm_up,
            total: arguments.total.unwrap_or(u64::MAX),
            started: OnceLock::new(),
            given_out: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Begins; every instant counts from here.
    pub(super) fn start(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// Gives out no more calls.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The next call, if there is to be one.
    pub(super) fn next(&self, now: Instant) -> Option<Ticket> {
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let (start, nth) = (self.start(), self.given_out.fetch_add(1, Ordering::Relaxed));
        let due = self.interval.map(|interval| start + interval.mul_f64(nth as f64));
        let begins = due.unwrap_or(now).max(now);
        let is_over = nth >= self.total || self.length.is_some_and(|length| begins >= start + length);
        (!is_over).then_some(Ticket { due })
    }

    /// Whether what is measured at this instant counts.
    pub(super) fn counts(&self, at: Instant) -> bool {
        at.saturating_duration_since(self.start()) >= self.warm_up
    }

    pub(super) fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// How many calls should have begun in this time but have not, because every caller was busy.
    pub(super) fn behind(&self, elapsed: Duration) -> u64 {
        let Some(interval) = self.interval else { return 0 };
        let length = self.length.map_or(elapsed, |length| length.min(elapsed));
        let planned = ((length.as_secs_f64() / interval.as_secs_f64()) as u64).min(self.total);
        planned.saturating_sub(self.given_out.load(Ordering::Relaxed))
    }
}

/// Long enough that a percentile of 99.9 means something at a hundred calls a second.
const USUAL_LENGTH: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(interval: Option<Duration>, length: Option<Duration>, total: u64) -> Plan {
        Plan {
            interval,
            length,
            warm_up: Duration::ZERO,
            total,
            started: OnceLock::new(),
            given_out: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    #[test]
    fn in_the_open_loop_calls_are_due_at_even_intervals_whenever_they_are_asked_for() {
        let interval = Duration::from_millis(10);
        let plan = plan(Some(interval), Some(Duration::from_millis(35)), u64::MAX);
        let start = plan.start();
        let dues: Vec<_> =
            (0..5).map(|_| plan.next(start).map(|ticket| ticket.due.unwrap() - start)).collect();
        let at = |nth: u32| Some(interval * nth);
        assert_eq!(dues, [at(0), at(1), at(2), at(3), None]);
        // A caller that comes late begins late, but its call was due when it was due.
        let late = super::tests::plan(Some(interval), Some(Duration::from_secs(1)), u64::MAX);
        let start = late.start();
        assert_eq!(late.next(start + Duration::from_millis(500)).unwrap().due, Some(start));
    }

    #[test]
    fn what_was_due_and_never_begun_is_counted() {
        let plan = plan(Some(Duration::from_millis(1)), Some(Duration::from_secs(1)), u64::MAX);
        let start = plan.start();
        for _ in 0..400 {
            plan.next(start);
        }
        assert_eq!(plan.behind(Duration::from_secs(1)), 600);
        assert_eq!(plan.behind(Duration::from_secs(5)), 600, "nothing is due after the end");
    }

    #[test]
    fn a_total_ends_the_closed_loop_and_so_does_a_stop() {
        let plan = plan(None, None, 2);
        let now = plan.start();
        assert_eq!(plan.next(now), Some(Ticket { due: None }));
        assert!(plan.next(now).is_some());
        assert_eq!(plan.next(now), None);
        let plan = super::tests::plan(None, None, u64::MAX);
        plan.stop();
        assert_eq!(plan.next(Instant::now()), None);
    }
}
