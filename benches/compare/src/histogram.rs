//! How long calls took: counts in buckets that are never wider than 1/32 of what they hold.
//!
//! In: times. Out: the time below which a given share of them lies.
//!
//! ```text
//!   nanoseconds     0 .. 32     one bucket each
//!                  32 .. 64     32 buckets of 1
//!                  64 .. 128    32 buckets of 2
//!                 128 .. 256    32 buckets of 4         and so on, up to what 64 bits hold
//! ```
//!
//! A list of all times would grow while the memory of a client is being measured.

use std::time::Duration;

/// Counts of times.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; index(u64::MAX) + 1], total: 0 }
    }
}

impl Histogram {
    /// Counts one time.
    pub fn add(&mut self, time: Duration) {
        self.counts[index(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))] += 1;
        self.total += 1;
    }

    /// The time that so many of a thousand calls kept within; zero if there was none.
    pub fn within(&self, permille: u64) -> Duration {
        let wanted = (self.total * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(lowest(at));
            }
        }
        Duration::ZERO
    }
}

/// The bucket of a time in nanoseconds.
fn index(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let doublings = u64::from(nanos.ilog2()) - STEPS.ilog2() as u64;
    (doublings * STEPS + (nanos >> doublings)) as usize
}

/// The shortest time in a bucket.
fn lowest(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * STEPS {
        return index;
    }
    let doublings = index / STEPS - 1;
    (STEPS + index % STEPS) << doublings
}

/// Buckets from one power of two to the next: a percentile is off by 3 % at most.
const STEPS: u64 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_where_the_one_before_it_ends() {
        for at in 0..index(u64::MAX) {
            assert_eq!(index(lowest(at)), at);
            assert_eq!(index(lowest(at + 1) - 1), at);
        }
    }

    #[test]
    fn a_share_of_the_times_lies_below_its_percentile() {
        let mut times = Histogram::default();
        assert_eq!(times.within(500), Duration::ZERO);
        (1..=1000).for_each(|micros| times.add(Duration::from_micros(micros)));
        for (permille, micros) in [(500, 500.0), (990, 990.0), (999, 999.0)] {
            let seen = times.within(permille).as_secs_f64() * 1e6;
            assert!(seen <= micros && seen > micros * (1.0 - 1.0 / 32.0), "{permille}: {seen}");
        }
    }
}
