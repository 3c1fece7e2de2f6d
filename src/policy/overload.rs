//! How many calls may wait for a server that is too slow for them.
//!
//! In: how many calls wait as each one comes, and how long each had waited when it had its first turn. Out: whether
//! the next call may wait too ([`Overload::admits`]).
//!
//! ```text
//!  calls come    |||||||||||||||||||||
//!  waiting       [ # # # # # ] <- limit          beyond it: told at once, while there is time to ask elsewhere
//!  first turn        after 1 ms  .. 5 ms          target
//!
//!  somebody waited longer than the target:  limit = how many were before it * target / its wait
//!  nobody did for a while, and it was full:  limit grows by an eighth
//! ```
//!
//! A server that takes in more than it can do serves nobody: every call waits behind all those before it, until its
//! deadline passes just before, or after, its turn. The work is done, and the answer is too late. A short line keeps
//! the server as busy and its answers in time.
//!
//! The wait is what is promised and the number of those who wait is what can be decided at once, so the one is measured
//! and the other follows. How long a handler takes does not matter here: only calls that have not begun wait.
//!
//! Must not know: calls, threads, the clock.

use std::time::{Duration, Instant};

use super::later;

/// Learns how long the line may be.
#[derive(Debug, Clone)]
pub struct Overload {
    /// How long a call may wait.
    target: Duration,
    /// How many may.
    limit: usize,
    /// When the line may grow again, if nobody has waited for too long by then.
    grows_at: Instant,
    /// Whether somebody was turned away since it changed.
    was_full: bool,
}

impl Overload {
    /// A line that may be as long as it likes until somebody has waited longer than `target`.
    #[must_use]
    pub fn new(target: Duration, now: Instant) -> Overload {
        Overload { target, limit: usize::MAX, grows_at: now, was_full: false }
    }

    /// A call comes, and so many wait: whether it may wait too.
    #[must_use]
    pub fn admits(&mut self, waiting: usize) -> bool {
        let admits = waiting < self.limit;
        self.was_full |= !admits;
        admits
    }

    /// A call has waited for so long behind so many others, and has its first turn.
    pub fn on_turn(&mut self, now: Instant, waited: Duration, before: usize) {
        if waited > self.target {
            let share = self.target.as_secs_f64() / waited.as_secs_f64();
            // One may always wait, or nobody would find out that it is over.
            let in_time = ((before as f64 * share) as usize).saturating_add(1);
            self.limit = self.limit.min(in_time);
        } else if now < self.grows_at || !self.was_full {
            return;
        } else {
            self.limit = self.limit.saturating_add(self.limit / 8).saturating_add(1);
        }
        self.was_full = false;
        self.grows_at = later(now, self.target.saturating_mul(PATIENCE));
    }
}

/// How many times the target passes before a line that was full may grow. Calls come in bursts, as many as a connection
/// has read at once, and the last of a burst waits longest: it must have had its turn.
const PATIENCE: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(5);

    /// A server that needs a millisecond for a call, one after another, and is asked in bursts: how many of each burst
    /// it takes in.
    fn bursts(
        machine: &mut Overload,
        now: &mut Instant,
        sizes: impl IntoIterator<Item = usize>,
    ) -> Vec<usize> {
        sizes
            .into_iter()
            .map(|size| {
                let mut waiting = 0;
                for _ in 0..size {
                    waiting += usize::from(machine.admits(waiting));
                }
                let came = *now;
                for before in 0..waiting {
                    machine.on_turn(*now, *now - came, before);
                    *now += Duration::from_millis(1);
                }
                waiting
            })
            .collect()
    }

    #[test]
    fn a_line_that_is_served_in_time_has_no_limit() {
        let mut now = Instant::now();
        let mut machine = Overload::new(TARGET, now);
        assert_eq!(bursts(&mut machine, &mut now, [5; 100]), [5; 100]);
        // Many at once are no overload if each has its turn soon.
        for _ in 0..1_000 {
            assert!(machine.admits(10_000));
            now += Duration::from_micros(10);
            machine.on_turn(now, Duration::from_millis(4), 10_000);
        }
    }

    #[test]
    fn under_overload_the_line_shrinks_to_what_is_served_in_time_and_stays_full() {
        let mut now = Instant::now();
        let mut machine = Overload::new(TARGET, now);
        let taken = bursts(&mut machine, &mut now, [300; 200]);
        assert_eq!(taken[0], 300, "nobody knows yet");
        for (burst, taken) in taken.iter().enumerate().skip(5) {
            assert!((3..=7).contains(taken), "burst {burst}: {taken}");
        }
        let late: usize = taken[100..].iter().sum();
        assert!(late >= 400, "the server has something to do: {late} of 500");
    }

    #[test]
    fn when_it_is_over_the_line_may_grow_again() {
        let mut now = Instant::now();
        let mut machine = Overload::new(TARGET, now);
        bursts(&mut machine, &mut now, [300; 20]);
        // The same server, ten times as fast.
        let mut last = 0;
        for _ in 0..100 {
            let mut waiting = 0;
            for _ in 0..40 {
                waiting += usize::from(machine.admits(waiting));
            }
            for n in 0..waiting {
                machine.on_turn(now, Duration::from_micros(100) * n as u32, n);
                now += Duration::from_micros(100);
            }
            now += Duration::from_millis(5);
            last = waiting;
        }
        assert_eq!(last, 40);
    }
}
