//! `Tally`: what came of the calls.
//!
//! In: how each ended, and how long it took. Out: counts and times. Each caller has a tally of its own, so that callers
//! do not wait for each other; they are added up to be looked at.
//!
//! Must not know: how it is printed.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use wirewright::{Code, Status};

/// What came of some calls.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// In nanoseconds, of calls that ended well.
    times: Histogram<u64>,
    /// The others, by code, and the first message of each.
    errors: BTreeMap<u32, (u64, String)>,
    /// Messages that came back.
    pub(super) messages: u64,
    /// Their bytes.
    pub(super) bytes: u64,
}

/// What a call brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Tally {
    /// No calls yet.
    pub(super) fn new() -> Result<Tally, hdrhistogram::CreationError> {
        let mut times = Histogram::new(DIGITS)?;
        times.auto(true);
        Ok(Tally { times, errors: BTreeMap::new(), messages: 0, bytes: 0 })
    }

    /// Counts a call.
    pub(super) fn count(&mut self, took: Duration, end: Result<Brought, Status>) {
        match end {
            Ok(Brought { messages, bytes }) => {
                self.messages += messages;
                self.bytes += bytes;
                // It grows by itself, and centuries are not measured.
                let _ = self.times.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1));
            }
            Err(status) => {
                let entry = self.errors.entry(status.code().as_u32());
                entry.or_insert_with(|| (0, status.message().to_owned())).0 += 1;
            }
        }
    }

    /// Adds another's calls.
    pub(super) fn add(&mut self, other: &Tally) {
        let _ = self.times.add(&other.times);
        for (code, (count, message)) in &other.errors {
            self.errors.entry(*code).or_insert_with(|| (0, message.clone())).0 += count;
        }
        self.messages += other.messages;
        self.bytes += other.bytes;
    }

    /// Calls that ended well.
    pub(super) fn ok(&self) -> u64 {
        self.times.len()
    }

    /// All calls.
    pub(super) fn calls(&self) -> u64 {
        self.ok() + self.failed()
    }

    /// Calls that did not end well.
    pub(super) fn failed(&self) -> u64 {
        self.errors.values().map(|(count, _)| count).sum()
    }

    /// How many ended in each way but well, and what the first of them said.
    pub(super) fn errors(&self) -> impl Iterator<Item = (Code, u64, &str)> {
        self.errors.iter().map(|(code, (count, message))| (Code::from_u32(*code), *count, message.as_str()))
    }

    /// The time that this share of the calls stayed within, in milliseconds; from 0 to 1.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        milliseconds(self.times.value_at_quantile(share) as f64)
    }

    pub(super) fn mean(&self) -> f64 {
        milliseconds(self.times.mean())
    }

    pub(super) fn deviation(&self) -> f64 {
        milliseconds(self.times.stdev())
    }

    pub(super) fn min(&self) -> f64 {
        milliseconds(self.times.min() as f64)
    }

    pub(super) fn max(&self) -> f64 {
        milliseconds(self.times.max() as f64)
    }

    /// How many calls took up to how many milliseconds: steps of 1, 2 and 5, from the fastest to the slowest.
    pub(super) fn steps(&self) -> Vec<(f64, u64)> {
        let mut steps: Vec<(f64, u64)> = Vec::new();
        let mut edges = edges();
        let mut edge = 0;
        for recorded in self.times.iter_recorded() {
            while recorded.value_iterated_to() > edge {
                edge = edges.next().unwrap_or(u64::MAX);
                // What no call took is left out before the first, and shown after it.
                if !steps.is_empty() {
                    steps.push((milliseconds(edge as f64), 0));
                }
            }
            if steps.is_empty() {
                steps.push((milliseconds(edge as f64), 0));
            }
            if let Some((_, count)) = steps.last_mut() {
                *count += recorded.count_since_last_iteration();
            }
        }
        steps
    }
}

/// A microsecond, two, five, ten, and so on, in nanoseconds.
fn edges() -> impl Iterator<Item = u64> {
    let decades = (3..19).map(|exponent| 10_u64.saturating_pow(exponent));
    decades.flat_map(|decade| [1, 2, 5].map(|step| decade.saturating_mul(step)))
}

fn milliseconds(nanoseconds: f64) -> f64 {
    nanoseconds / 1e6
}

/// Times are told apart to a thousandth of themselves, which is more than any two runs agree in.
const DIGITS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_and_tallies_added() {
        let (mut one, mut other) = (Tally::new().unwrap(), Tally::new().unwrap());
        for nth in 1..=100 {
            one.count(Duration::from_millis(nth), Ok(Brought { messages: 1, bytes: 7 }));
        }
        other.count(Duration::from_secs(1), Err(Status::unavailable("gone")));
        other.count(Duration::from_secs(1), Err(Status::unavailable("gone again")));
        one.add(&other);
        assert_eq!((one.ok(), one.failed(), one.calls(), one.bytes), (100, 2, 102, 700));
        assert_eq!(one.errors().collect::<Vec<_>>(), [(Code::Unavailable, 2, "gone")]);
        assert!((one.quantile(0.5) - 50.0).abs() < 0.1, "{}", one.quantile(0.5));
        assert!((one.quantile(0.99) - 99.0).abs() < 0.1);
        assert!((one.max() - 100.0).abs() < 0.1, "errors are not times");
    }

    #[test]
    fn steps_cover_every_call_once() {
        let mut tally = Tally::new().unwrap();
        for micros in [3, 40, 40, 150, 900, 1_500, 70_000] {
            tally.count(Duration::from_micros(micros), Ok(Brought::default()));
        }
        let steps = tally.steps();
        assert_eq!(steps.iter().map(|(_, count)| count).sum::<u64>(), 7, "{steps:?}");
        assert_eq!(steps.first(), Some(&(0.005, 1)));
        assert_eq!(steps.last(), Some(&(100.0, 1)));
    }
}
