//! How fast what was recorded happens again.
//!
//! In: what was typed, and recorded lengths of time. Out: how long to wait.
//!
//! Must not know: what happens again.

use std::time::Duration;

/// A factor; `None` is as fast as the other side lets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Speed(Option<f64>);

impl Speed {
    /// As it was recorded.
    pub(crate) const RECORDED: Speed = Speed(Some(1.0));

    /// Whether anything is waited for at all.
    pub(crate) fn waits(self) -> bool {
        self.0.is_some()
    }

    /// How long what was recorded takes at this speed.
    pub(crate) fn scale(self, recorded: Duration) -> Duration {
        let scaled = self.0.map(|speed| recorded.as_secs_f64() / speed);
        // A quotient too large for a duration is waited for in vain anyway.
        scaled.map_or(Duration::ZERO, |scaled| Duration::try_from_secs_f64(scaled).unwrap_or(LONGEST))
    }
}

/// Reads a speed.
pub(crate) fn speed(given: &str) -> Result<Speed, &'static str> {
    match (given, given.parse::<f64>()) {
        ("max", _) => Ok(Speed(None)),
        (_, Ok(0.0)) => Ok(Speed(None)),
        (_, Ok(speed)) if speed.is_finite() && speed > 0.0 => Ok(Speed(Some(speed))),
        _ => Err("write 1 for as fast as recorded, 2 for twice as fast, or max"),
    }
}

/// A day: whoever wants a slower replay means something else.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_factors_and_max_is_none() {
        for (given, expected) in [("1", Some(1.0)), ("2.5", Some(2.5)), ("max", None), ("0", None)] {
            assert_eq!(speed(given), Ok(Speed(expected)), "{given}");
        }
        for nonsense in ["-1", "inf", "nan", "fast", ""] {
            assert!(speed(nonsense).is_err(), "{nonsense}");
        }
        assert_eq!(Speed(Some(2.0)).scale(Duration::from_secs(3)), Duration::from_millis(1500));
        assert_eq!(Speed(Some(1e-300)).scale(Duration::from_secs(3)), LONGEST);
        assert_eq!(Speed(None).scale(Duration::from_secs(3)), Duration::ZERO);
    }
}
