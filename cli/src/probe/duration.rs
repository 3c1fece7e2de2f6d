//! Lengths of time as Go's programs take them: `1s`, `500ms`, `1m30s`, `1.5h`.
//!
//! Source: Go, package time, "ParseDuration". Negative lengths make no sense here, and are refused.

use std::time::Duration;

/// Reads a length of time.
pub(crate) fn duration(given: &str) -> Result<Duration, String> {
    let problem = || format!("{given:?} is no length of time: write 1s, 500ms or 1m30s");
    let mut seconds = 0.0;
    let mut rest = given;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(problem)?;
        let (number, after) = rest.split_at(end);
        let unit = UNITS.iter().find(|(name, _)| after.starts_with(name)).ok_or_else(problem)?;
        seconds += number.parse::<f64>().map_err(|_| problem())? * unit.1;
        rest = after.get(unit.0.len()..).unwrap_or_default();
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero()).ok_or_else(problem)
}

/// Units in seconds; those that begin with another's letters come before it.
const UNITS: [(&str, f64); 6] =
    [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_go_reads_them() {
        for (given, milliseconds) in
            [("1s", 1000), ("500ms", 500), ("1m30s", 90_000), ("1.5h", 5_400_000), ("2m", 120_000)]
        {
            assert_eq!(duration(given), Ok(Duration::from_millis(milliseconds)), "{given}");
        }
        for nonsense in ["", "1", "s", "-1s", "1 s", "1d", "0s", "1.2.3s", "1e9999h"] {
            assert!(duration(nonsense).is_err(), "{nonsense}");
        }
    }
}
