//! When somebody who owes progress has made too little of it for too long.
//!
//! In: that something is owed, and how much has moved so far. Out: whether patience is at an end
//! ([`Stall::is_over`]).
//!
//! ```text
//!  owed      |==================================|          |=====...
//!  moved         .  .    #                  .
//!  patience  |---------->|------------------------------>X
//!                        `least` bytes have moved:        over: what moved since was less
//!                        patience begins anew
//! ```
//!
//! A peer that takes one byte a minute is not making progress, so a drip does not count: it takes
//! `least` bytes to begin anew. While nothing is owed nobody is slow, and silence is no fault.
//!
//! The same machine watches a socket that takes nothing, a window that stays shut, and a message
//! that trickles in; they differ in the two numbers.
//!
//! Must not know: what moves, or what happens to who is too slow.

use std::time::{Duration, Instant};

use super::later;

/// Watches one debtor.
#[derive(Debug, Clone, Copy)]
pub struct Stall {
    /// How long too little progress is suffered.
    patience: Duration,
    /// How much is enough.
    least: u64,
    /// When the present patience began, and how much had moved by then; `None` while nothing is owed.
    since: Option<(Instant, u64)>,
}

impl Stall {
    /// Nothing is owed yet. `least` is at least 1.
    #[must_use]
    pub const fn new(patience: Duration, least: u64) -> Self {
        Stall { patience, least: if least == 0 { 1 } else { least }, since: None }
    }

    /// Something is owed, and so much has moved so far, ever.
    pub fn on_owed(&mut self, now: Instant, moved: u64) {
        match self.since {
            Some((_, before)) if moved.saturating_sub(before) < self.least => {}
            _ => self.since = Some((now, moved)),
        }
    }

    /// Nothing is owed.
    pub fn on_paid(&mut self) {
        self.since = None;
    }

    /// Whether patience is at an end.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|at| at <= now)
    }

    /// When patience ends if nothing moves; `None` while nothing is owed.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.since.map(|(since, _)| later(since, self.patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, at which second, and when patience ends after it.
    #[derive(Clone, Copy)]
    enum Told {
        Owed(u64),
        Paid,
    }
    use Told::{Owed, Paid};

    #[test]
    fn patience_is_as_the_drawing_says() {
        type Line = (u64, Told, Option<u64>);
        let table: [(&str, &[Line]); 4] = [
            ("nothing is owed", &[(0, Paid, None), (100, Paid, None)]),
            ("no progress", &[(0, Owed(5), Some(60)), (30, Owed(5), Some(60)), (59, Owed(5), Some(60))]),
            (
                "a drip does not count, a gulp does",
                &[(0, Owed(0), Some(60)), (30, Owed(1_023), Some(60)), (50, Owed(1_024), Some(110))],
            ),
            ("paid in between", &[(0, Owed(0), Some(60)), (59, Paid, None), (70, Owed(0), Some(130))]),
        ];
        for (name, lines) in table {
            let start = Instant::now();
            let mut stall = Stall::new(Duration::from_secs(60), 1_024);
            for (step, (second, told, ends)) in lines.iter().enumerate() {
                let now = start + Duration::from_secs(*second);
                match told {
                    Owed(moved) => stall.on_owed(now, *moved),
                    Paid => stall.on_paid(),
                }
                let told = stall.poll_timeout().map(|at| (at - start).as_secs());
                assert_eq!(told, *ends, "{name}: step {step}");
                assert!(!stall.is_over(now), "{name}: step {step}");
                assert_eq!(
                    stall.is_over(now + Duration::from_secs(3_600)),
                    ends.is_some(),
                    "{name}: step {step}"
                );
            }
        }
    }
}
