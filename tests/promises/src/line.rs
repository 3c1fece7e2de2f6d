//! One line of the report.

use std::fmt;

use crate::Failure;

/// What was promised, what was measured, and whether that is the same.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// For example `P1`, or `P5.A3` for one of several measurements of a promise.
    pub(crate) name: String,
    pub(crate) passed: bool,
    pub(crate) measured: String,
    pub(crate) limit: String,
    /// The same figure of another library: measured in this run where it says so.
    pub(crate) anchor: String,
}

impl Line {
    /// A line that passes if this is so.
    pub(crate) fn new(name: impl Into<String>, passed: bool) -> Line {
        let (measured, limit, anchor) = (String::new(), String::new(), "none".to_owned());
        Line { name: name.into(), passed, measured, limit, anchor }
    }

    /// A promise whose measurement itself broke down.
    pub(crate) fn broken(name: &str, error: &Failure) -> Line {
        Line::new(name, false).measured(format!("no measurement: {error}"))
    }

    pub(crate) fn measured(mut self, measured: impl Into<String>) -> Line {
        self.measured = measured.into();
        self
    }

    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Line {
        self.limit = limit.into();
        self
    }

    pub(crate) fn anchor(mut self, anchor: impl Into<String>) -> Line {
        self.anchor = anchor.into();
        self
    }

    pub(crate) fn passed(&self) -> bool {
        self.passed
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { name, measured, limit, anchor, .. } = self;
        let verdict = if self.passed { "pass" } else { "fail" };
        write!(f, "PROMISE {name} {verdict} measured={measured:?} limit={limit:?} anchor={anchor:?}")
    }
}

/// Bytes as mebibytes, for people.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

/// Nanoseconds as milliseconds, for people.
pub(crate) fn ms(time: std::time::Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
