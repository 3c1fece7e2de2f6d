//! How much a channel asks again while its server fails: a bucket of tokens.
//!
//! In: every call that ended well, and every attempt that failed in a way that a policy would repeat. Out: whether
//! repeating is allowed ([`Throttle::on_failure`]).
//!
//! ```text
//!   tokens   max |#########|
//!                |####     |   a failure takes one; a success gives `ratio` back
//!            half|---------|
//!                |         |   at or below half: failures are not repeated
//!              0 +---------+
//! ```
//!
//! A server that is down fails everybody. If every caller then asks five times, the server comes back to five times
//! its load, and goes down again. The bucket lets a channel repeat freely while failures are rare, and hardly at all
//! while most calls fail; calls themselves are never held back.
//!
//! Spec: gRFC A6 "Throttling Retry Attempts and Hedged RPCs". Must not know: calls, servers, the clock.

/// The tokens of one channel.
#[derive(Debug, Clone)]
pub struct Throttle {
    /// In thousandths, as the specification keeps three digits.
    tokens: u32,
    max: u32,
    ratio: u32,
}

impl Throttle {
    /// A full bucket.
    ///
    /// `max_tokens` is 1 to 1,000 and `token_ratio`, what a success gives back, 0.001 to `max_tokens`, of which three
    /// digits count; what lies outside is taken as the nearest that does not.
    #[must_use]
    pub fn new(max_tokens: u32, token_ratio: f64) -> Throttle {
        let max = max_tokens.clamp(1, MAX_TOKENS).saturating_mul(THOUSAND);
        // A conversion from a float saturates, and reads what is no number as 0.
        let ratio = (token_ratio * f64::from(THOUSAND)) as u32;
        Throttle { tokens: max, max, ratio: ratio.clamp(1, max) }
    }

    /// A call ended well.
    pub fn on_success(&mut self) {
        self.tokens = self.tokens.saturating_add(self.ratio).min(self.max);
    }

    /// An attempt failed that a policy would repeat, or that the server does not want repeated; whether it may be.
    #[must_use]
    pub fn on_failure(&mut self) -> bool {
        self.tokens = self.tokens.saturating_sub(THOUSAND);
        self.tokens > self.max / 2
    }
}

/// What the tokens are counted in: thousandths.
const THOUSAND: u32 = 1_000;

/// gRFC A6: `maxTokens` is at most 1,000.
const MAX_TOKENS: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_of_the_tokens_must_be_left() {
        let mut throttle = Throttle::new(10, 0.1);
        let allowed: Vec<bool> = (0..6).map(|_| throttle.on_failure()).collect();
        assert_eq!(allowed, [true, true, true, true, false, false]);
        // Four tokens are left. One failure takes a token, so that it takes more than twenty successes to be above half.
        for _ in 0..20 {
            throttle.on_success();
        }
        assert!(!throttle.clone().on_failure(), "six, less one, is half");
        throttle.on_success();
        assert!(throttle.on_failure(), "five and a tenth");
    }

    #[test]
    fn odd_numbers_are_read_as_the_nearest_that_make_sense() {
        let left = |mut throttle: Throttle| {
            let _ = throttle.on_failure();
            throttle.on_success();
            throttle.tokens
        };
        let table = [
            ("no tokens", Throttle::new(0, 1.0), 1_000),
            ("too many", Throttle::new(u32::MAX, 0.5), 999_500),
            ("no ratio", Throttle::new(10, 0.0), 9_001),
            ("a negative one", Throttle::new(10, -3.0), 9_001),
            ("no number", Throttle::new(10, f64::NAN), 9_001),
            ("a great one", Throttle::new(10, f64::INFINITY), 10_000),
            ("four digits", Throttle::new(10, 0.123_9), 9_123),
        ];
        for (name, throttle, expected) in table {
            assert_eq!(left(throttle), expected, "{name}");
        }
    }
}
