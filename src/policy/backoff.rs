//! How long to wait before trying again: longer each time, and never quite the same.
//!
//! In: how often it failed so far (each call of [`Backoff::next`] is one more), and dice. Out: a
//! length. The caller decides from when it counts; a channel counts from the *start* of the dial
//! that failed, so a dial that took longer than its wait is followed by the next one at once.
//!
//! ```text
//!  wait (s)  1    1.6   2.56   4.1   6.6   10.5   16.8   26.8   42.9   68.7   110   120   120 ..
//!            |-----|------|-----|-----|------|------|------|------|------|------|-----|
//!            each one +-20 %, so that clients which failed together do not return together
//! ```
//!
//! A thousand clients lose the same server in the same millisecond. Without the growth they hammer
//! a machine that is down; without the jitter they all arrive together in the moment it is back.
//!
//! Spec: gRPC `connection-backoff.md`. It jitters every wait but the first; here the first is
//! jittered too, because a crash is exactly when all clients are at their first wait.
//!
//! Must not know: what is being tried, or what time it is.

use std::time::Duration;

use super::{Dice, FAR, SHORTEST_WAIT};

/// The growing, jittered wait between tries that keep failing.
///
/// ```
/// use wirewright::policy::backoff::{Backoff, BackoffConfig};
/// # struct Coin;
/// # impl wirewright::policy::Dice for Coin { fn below(&mut self, n: u64) -> u64 { n / 2 } }
/// # let mut dice = Coin;
/// let mut backoff = Backoff::new(BackoffConfig::default());
/// assert_eq!(backoff.next(&mut dice).as_millis(), 1_000);
/// assert_eq!(backoff.next(&mut dice).as_millis(), 1_600);
/// backoff.reset();
/// assert_eq!(backoff.next(&mut dice).as_millis(), 1_000);
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    /// The rules, already made sane by [`Backoff::new`].
    config: BackoffConfig,
    /// The next wait before jitter.
    base: Duration,
}

/// The four numbers of a [`Backoff`]; the default is gRPC's for connections.
///
/// Nothing here can be wrong enough to fail: see each field for how odd values are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffConfig {
    /// The first wait. Less than a millisecond counts as one: a wait of nothing would spin.
    pub initial: Duration,
    /// By how much each wait exceeds the one before. Less than 1, or not a number, counts as 1.
    pub multiplier: f64,
    /// The share of a wait by which chance may shorten or lengthen it: 0.2 is +-20 %.
    ///
    /// Read as 0 when below or not a number, as 1 when above.
    pub jitter: f64,
    /// The longest wait, before jitter. Less than `initial` counts as `initial`; ten years are "never".
    pub max: Duration,
}

impl Backoff {
    /// Starts at the first wait.
    #[must_use]
    pub fn new(config: BackoffConfig) -> Self {
        let config = config.made_sane();
        Backoff { base: config.initial, config }
    }

    /// The wait after one more failure.
    ///
    /// Never less than a millisecond, never more than `max` and its jitter.
    pub fn next(&mut self, dice: &mut impl Dice) -> Duration {
        let wait = jittered(self.base, self.config.jitter, dice);
        self.base = scaled(self.base, self.config.multiplier).min(self.config.max);
        wait.max(SHORTEST_WAIT)
    }

    /// Forgets the failures: the next wait is the first one again.
    ///
    /// For a connection the moment is the peer's SETTINGS frame, not the TCP handshake: only then
    /// has a server that speaks HTTP/2 accepted us.
    pub fn reset(&mut self) {
        self.base = self.config.initial;
    }
}

impl BackoffConfig {
    /// The same numbers, with the nonsensical ones replaced as each field's text promises.
    fn made_sane(self) -> Self {
        let initial = self.initial.clamp(SHORTEST_WAIT, FAR);
        BackoffConfig {
            initial,
            // f64::max gives the other operand for NaN, and NaN is greater than nothing.
            multiplier: self.multiplier.max(1.0),
            jitter: if self.jitter > 0.0 { self.jitter.min(1.0) } else { 0.0 },
            max: self.max.clamp(initial, FAR),
        }
    }
}

impl Default for BackoffConfig {
    fn default() -> Self {
        BackoffConfig { initial: INITIAL_BACKOFF, multiplier: MULTIPLIER, jitter: JITTER, max: MAX_BACKOFF }
    }
}

/// `base`, moved by chance within `jitter` of itself, every nanosecond being equally likely.
fn jittered(base: Duration, jitter: f64, dice: &mut impl Dice) -> Duration {
    // Ten years, the longest base, are 3 * 10^17 ns: there and back again still fits 64 bits.
    let spread = scaled(base, jitter);
    let nanos = u64::try_from(spread.as_nanos()).unwrap_or(u64::MAX);
    // Both ends of the range count, and so does the middle: hence the + 1.
    let range = nanos.saturating_mul(2).saturating_add(1);
    base.saturating_sub(spread).saturating_add(Duration::from_nanos(dice.below(range)))
}

/// `length * factor` for a factor that is no negative number; too much is as much as possible.
fn scaled(length: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(length.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// `INITIAL_BACKOFF` of `connection-backoff.md`: 1 s.
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// `MULTIPLIER` of `connection-backoff.md`. From 1 s to 120 s in eleven steps, some six minutes.
const MULTIPLIER: f64 = 1.6;

/// `JITTER` of `connection-backoff.md`: +-20 %.
const JITTER: f64 = 0.2;

/// `MAX_BACKOFF` of `connection-backoff.md`: 120 s, so a server that is back is found in minutes.
const MAX_BACKOFF: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::loaded::{LoadedDice, RollingDice};

    /// The waits of `connection-backoff.md` before jitter, in nanoseconds.
    const WAITS: [u64; 13] = [
        1_000_000_000,
        1_600_000_000,
        2_560_000_000,
        4_096_000_000,
        6_553_600_000,
        10_485_760_000,
        16_777_216_000,
        26_843_545_600,
        42_949_672_960,
        68_719_476_736,
        109_951_162_778,
        120_000_000_000,
        120_000_000_000,
    ];

    #[test]
    fn the_waits_are_those_of_the_document() {
        // Dice in the middle take the jitter away; low and high ones show its two ends.
        for (dice, percent) in [(LoadedDice::Low, 80), (LoadedDice::Middle, 100), (LoadedDice::High, 120)] {
            let mut dice = dice;
            let mut backoff = Backoff::new(BackoffConfig::default());
            for (step, base) in WAITS.into_iter().enumerate() {
                let wait = backoff.next(&mut dice).as_nanos();
                let expected = u128::from(base) * percent / 100;
                assert!(
                    wait.abs_diff(expected) <= 10,
                    "step {step}, {dice:?}: {wait} ns instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn a_reset_forgets_every_failure() {
        let mut backoff = Backoff::new(BackoffConfig::default());
        for _ in 0..20 {
            backoff.next(&mut LoadedDice::Middle);
        }
        backoff.reset();
        assert_eq!(backoff.next(&mut LoadedDice::Middle), Duration::from_secs(1));
    }

    #[test]
    fn clients_that_failed_together_do_not_return_together() {
        let mut dice = RollingDice(7);
        let mut waits: Vec<_> =
            (0..1000).map(|_| Backoff::new(BackoffConfig::default()).next(&mut dice)).collect();
        waits.sort();
        // A thousand clients over 400 ms: no tenth of that span holds much more than its share.
        for tenth in 0..10 {
            let from = Duration::from_millis(800 + tenth * 40);
            let here =
                waits.iter().filter(|wait| (from..from + Duration::from_millis(40)).contains(wait)).count();
            assert!((50..150).contains(&here), "{here} of 1000 in tenth {tenth}");
        }
    }

    #[test]
    fn odd_numbers_are_read_as_their_fields_say() {
        let odd = |initial, multiplier, jitter, max| {
            let mut backoff = Backoff::new(BackoffConfig { initial, multiplier, jitter, max });
            [(); 3].map(|()| backoff.next(&mut LoadedDice::High))
        };
        let (ms, second) = (Duration::from_millis(1), Duration::from_secs(1));
        let table = [
            ("a wait of nothing", odd(Duration::ZERO, 1.0, 0.0, second), [ms; 3]),
            ("shrinking", odd(second, 0.5, 0.0, second * 9), [second; 3]),
            ("no number", odd(second, f64::NAN, f64::NAN, second), [second; 3]),
            ("negative", odd(second, -1.0, -1.0, second), [second; 3]),
            ("too much jitter", odd(second, 1.0, 7.0, second), [second * 2; 3]),
            ("a low roof", odd(second, 2.0, 0.0, ms), [second; 3]),
            (
                "a high roof and no patience",
                odd(second, f64::INFINITY, 0.0, Duration::MAX),
                [second, FAR, FAR],
            ),
            ("for ever", odd(Duration::MAX, 2.0, 0.0, second), [FAR; 3]),
        ];
        for (name, waits, expected) in table {
            assert_eq!(waits, expected, "{name}");
        }
    }

    #[test]
    fn jitter_may_shorten_a_wait_but_not_to_nothing() {
        let mut backoff = Backoff::new(BackoffConfig { jitter: 1.0, ..BackoffConfig::default() });
        assert_eq!(backoff.next(&mut LoadedDice::Low), SHORTEST_WAIT);
    }

    proptest! {
        #[test]
        fn no_numbers_make_it_panic_or_leave_its_bounds(
            initial in any::<Duration>(),
            multiplier in any::<f64>(),
            jitter in any::<f64>(),
            max in any::<Duration>(),
            seed in any::<u64>(),
        ) {
            let mut backoff = Backoff::new(BackoffConfig { initial, multiplier, jitter, max });
            let mut dice = RollingDice(seed);
            for _ in 0..20 {
                let wait = backoff.next(&mut dice);
                prop_assert!(wait >= SHORTEST_WAIT);
                prop_assert!(wait <= 2 * max.max(initial).clamp(SHORTEST_WAIT, FAR));
            }
        }
    }
}
