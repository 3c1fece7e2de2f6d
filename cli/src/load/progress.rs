//! A line on a terminal, while it runs.
//!
//! In: tallies. Out: one line on standard error that is written over again and again; nothing at all where standard
//! error is no terminal.
//!
//! Must not know: what is called.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::tally::Tally;
use crate::style::{self, paint};

/// The line.
pub(super) struct Line {
    start: Instant,
    ticks: Interval,
    is_wanted: bool,
    /// At the last look: when, and how many calls.
    last: (Instant, u64),
}

impl Line {
    pub(super) fn new(start: Instant) -> Line {
        let mut ticks = interval(BETWEEN_LOOKS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Line { start, ticks, is_wanted: stderr().is_terminal(), last: (start, 0) }
    }

    /// Resolves when it is time to look again; never, if nobody looks.
    pub(super) async fn due(&mut self) {
        if !self.is_wanted {
            return std::future::pending().await;
        }
        self.ticks.tick().await;
    }

    /// Writes the line.
    pub(super) fn show(&mut self, tally: &Tally) {
        let (now, calls) = (Instant::now(), tally.calls());
        let (then, before) = std::mem::replace(&mut self.last, (now, calls));
        let rate = calls.saturating_sub(before) as f64 / now.duration_since(then).as_secs_f64().max(1e-3);
        let errors = match tally.failed() {
            0 => String::new(),
            failed => format!("   {}", paint(style::BAD, format!("{failed} errors"))),
        };
        let line = format!(
            "{:6.1} s  {:>9} calls  {:>8.0} a second  p50 {:.3} ms  p99 {:.3} ms{errors}",
            now.duration_since(self.start).as_secs_f64(),
            calls,
            rate,
            tally.quantile(0.5),
            tally.quantile(0.99),
        );
        self.write(&line);
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.is_wanted {
            self.write("");
        }
    }

    fn write(&self, line: &str) {
        // To the beginning of the line, and away with what is there (ECMA-48, EL). Nobody may be looking.
        let _ = write!(anstream::stderr(), "\r\x1b[2K{line}");
        let _ = stderr().flush();
    }
}

/// Often enough to be alive, seldom enough to be read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
