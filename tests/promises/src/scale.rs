//! How large a measurement is.

use std::time::Duration;

/// The size of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// As the promises say.
    Full,
    /// A twentieth of it: shows within minutes whether something has become much worse.
    Quick,
}

impl Scale {
    /// So many of something.
    pub(crate) fn count(self, full: usize) -> usize {
        match self {
            Scale::Full => full,
            Scale::Quick => (full / QUICK_DIVISOR).max(1),
        }
    }

    /// One thing at full size, another when there is little time.
    pub(crate) fn pick<T>(self, full: T, quick: T) -> T {
        match self {
            Scale::Full => full,
            Scale::Quick => quick,
        }
    }

    /// So long.
    pub(crate) fn time(self, full: Duration) -> Duration {
        self.pick(full, full / QUICK_DIVISOR as u32)
    }
}

/// Twentieths keep the whole within six minutes on two cores.
const QUICK_DIVISOR: usize = 20;
