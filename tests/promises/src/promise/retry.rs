//! Measuring a time on a machine that others use too.

use std::time::Duration;

/// The figure that so many percent of the times are not above.
pub(crate) fn percentile(times: &mut [Duration], percent: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * percent / 100.0).round() as usize).copied().unwrap_or_default()
}
