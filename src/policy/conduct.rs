//! What a peer may make a server do in vain, and what comes of more.
//!
//! In: what a peer did, as often as it did it, and the time. Out: whether it is listened to for now
//! ([`Conduct::is_resting`]), and whether it is to go ([`Conduct::is_over`]).
//!
//! ```text
//!   taken back before an answer   1   \  resets   burst |####|   empty: nothing is read until it fills again
//!   refused unread               10   /                  + so many a second
//!   HTTP/2 broken on a stream     1      faults   burst |####|   empty: GOAWAY(ENHANCE_YOUR_CALM)
//! ```
//!
//! Each of these is lawful, or at least common: deadlines pass, messages grow, clients have bugs. What is not is to do
//! nothing else. A call costs its client a few bytes and a server its head, a task, and an answer; whoever takes calls
//! back, or breaks them, has that for nothing (CVE-2023-44487 "Rapid Reset", CVE-2025-8671 "MadeYouReset").
//!
//! A peer that takes calls back too fast is slowed and never cut, because a proxy in a storm of deadlines looks the same
//! and has honest calls beside. Nobody breaks HTTP/2 a thousand times in good faith.
//!
//! Must not know: streams, connections, the clock.

use std::time::{Duration, Instant};

use super::later;

/// The account of one connection.
#[derive(Debug, Clone)]
pub struct Conduct {
    resets: Bucket,
    faults: Bucket,
}

/// What a peer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// It reset a call before the answer began.
    TakenBack,
    /// Its request could not be read: no head of a call, or a message over the limit, and no handler ran.
    Refused,
    /// It broke HTTP/2 on a stream, and the stream was reset.
    Broken,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So often at once, after a rest; at least 1.
    pub burst: u32,
    /// So often a second for as long as one likes; at least 1.
    pub per_second: u32,
}

/// What is suffered of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConductConfig {
    /// Calls that are reset before their answer has begun; one that could not be read counts as ten.
    pub resets: Rate,
    /// Streams on which HTTP/2 was broken.
    pub faults: Rate,
}

impl Conduct {
    /// An account without entries.
    #[must_use]
    pub fn new(config: ConductConfig, now: Instant) -> Conduct {
        Conduct { resets: Bucket::new(config.resets, now), faults: Bucket::new(config.faults, now) }
    }

    /// It did this so often.
    pub fn on_offence(&mut self, now: Instant, offence: Offence, times: u32) {
        match offence {
            Offence::TakenBack => self.resets.take(now, times),
            Offence::Refused => self.resets.take(now, times.saturating_mul(REFUSAL_COSTS)),
            Offence::Broken => self.faults.take(now, times),
        }
    }

    /// Whether nothing is to be read from it now.
    #[must_use]
    pub fn is_resting(&self, now: Instant) -> bool {
        self.resets.is_empty(now)
    }

    /// Whether it is to go.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.faults.is_empty(now)
    }

    /// When its rest ends; `None` if it has none.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.is_resting(now).then(|| self.resets.refilled_at())
    }
}

/// A bucket of tokens, kept as one instant: when it would be full again.
#[derive(Debug, Clone)]
struct Bucket {
    full_at: Instant,
    rate: Rate,
}

impl Bucket {
    fn new(rate: Rate, now: Instant) -> Bucket {
        let rate = Rate { burst: rate.burst.max(1), per_second: rate.per_second.max(1) };
        Bucket { full_at: now, rate }
    }

    /// Takes tokens, also those that it does not have: the debt is paid by waiting.
    fn take(&mut self, now: Instant, tokens: u32) {
        self.full_at = later(self.full_at.max(now), self.time_for(tokens));
    }

    fn is_empty(&self, now: Instant) -> bool {
        self.full_at > later(now, self.time_for(self.rate.burst))
    }

    /// When there is a token again.
    fn refilled_at(&self) -> Instant {
        self.full_at.checked_sub(self.time_for(self.rate.burst)).unwrap_or(self.full_at)
    }

    /// How long so many tokens take to come.
    fn time_for(&self, tokens: u32) -> Duration {
        Duration::from_secs(1).saturating_mul(tokens) / self.rate.per_second
    }
}

/// A refusal costs a task, and a sentence that says why; a call taken back is dropped where it stands.
const REFUSAL_COSTS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: ConductConfig = ConductConfig {
        resets: Rate { burst: 100, per_second: 50 },
        faults: Rate { burst: 10, per_second: 1 },
    };

    #[test]
    fn who_takes_calls_back_is_slowed_to_the_rate_and_never_cut() {
        let start = Instant::now();
        let (mut conduct, mut now, mut taken) = (Conduct::new(CONFIG, start), start, 0);
        while now < start + Duration::from_secs(60) {
            match conduct.poll_timeout(now) {
                Some(rested) => {
                    assert!(rested > now, "a rest ends in the future");
                    now = rested;
                }
                None => {
                    conduct.on_offence(now, Offence::TakenBack, 7);
                    taken += 7;
                }
            }
            assert!(!conduct.is_over(now));
        }
        let lawful = 100 + 60 * 50;
        assert!((lawful..lawful + 14).contains(&taken), "{taken}");
    }

    #[test]
    fn a_refusal_counts_as_ten() {
        let now = Instant::now();
        let mut conduct = Conduct::new(CONFIG, now);
        conduct.on_offence(now, Offence::Refused, 10);
        assert!(!conduct.is_resting(now));
        conduct.on_offence(now, Offence::TakenBack, 1);
        assert!(conduct.is_resting(now));
        assert_eq!(conduct.poll_timeout(now), Some(now + Duration::from_millis(20)));
    }

    #[test]
    fn who_breaks_http2_too_often_goes_and_who_does_it_rarely_stays() {
        let mut now = Instant::now();
        let mut conduct = Conduct::new(CONFIG, now);
        for _ in 0..1_000 {
            conduct.on_offence(now, Offence::Broken, 1);
            assert!(!conduct.is_over(now));
            now += Duration::from_secs(1);
        }
        conduct.on_offence(now, Offence::Broken, 11);
        assert!(conduct.is_over(now));
        assert!(!conduct.is_resting(now), "one has nothing to do with the other");
    }

    #[test]
    fn no_number_is_too_large_and_none_too_small() {
        let now = Instant::now();
        let none = Rate { burst: 0, per_second: 0 };
        let mut conduct = Conduct::new(ConductConfig { resets: none, faults: none }, now);
        conduct.on_offence(now, Offence::TakenBack, u32::MAX);
        conduct.on_offence(now, Offence::Refused, u32::MAX);
        assert!(conduct.is_resting(now) && conduct.poll_timeout(now).is_some_and(|at| at > now));
        let all = Rate { burst: u32::MAX, per_second: u32::MAX };
        let mut conduct = Conduct::new(ConductConfig { resets: all, faults: all }, now);
        conduct.on_offence(now, Offence::Broken, 1_000_000);
        assert!(!conduct.is_over(now));
    }
}
