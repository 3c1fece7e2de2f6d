//! The page that a run ends with.
//!
//! ```text
//!   open loop: 2000 calls a second over 1 connection, at most 50 at a time, for 10.0 s
//!
//!     calls           20,000      2,000.0 a second
//!     OK              20,000
//!
//!     p50       0.214 ms
//!     p99       1.107 ms
//!
//!        up to
//!        0.2 ms      9,120  ##################
//!        0.5 ms     10,533  ####################
//!
//!   this program took 0.61 of 2 processors
//! ```
//!
//! Must not know: how anything was measured.

use std::fmt::Write;
use std::time::Duration;

use super::flags::LoadArguments;
use super::plan::Plan;
use super::tally::Tally;
use crate::style::{self, paint};

/// All that is told.
pub(super) struct Outcome<'a> {
    pub(super) arguments: &'a LoadArguments,
    pub(super) plan: &'a Plan,
    pub(super) tally: &'a Tally,
    /// The warm-up included.
    pub(super) elapsed: Duration,
    /// What this program took of the processors meanwhile.
    pub(super) cpu: Option<Duration>,
}

impl Outcome<'_> {
    /// The page.
    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        let name = format!("{} at {}", self.arguments.method, self.arguments.address);
        let _ = writeln!(page, "{}\n{}\n", paint(style::STRONG, name), paint(style::QUIET, self.mode()));
        self.counts(&mut page);
        if self.tally.ok() > 0 {
            self.times(&mut page);
            self.picture(&mut page);
        }
        self.remarks(&mut page);
        page
    }

    /// How long it was measured.
    pub(super) fn seconds(&self) -> f64 {
        self.elapsed.saturating_sub(self.plan.warm_up()).as_secs_f64().max(1e-9)
    }

    /// The share of all processors, from 0 to 1, and how many there are.
    pub(super) fn share(&self) -> Option<(f64, usize)> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let taken = self.cpu?.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9);
        Some((taken / processors as f64, processors))
    }

    fn mode(&self) -> String {
        let LoadArguments { concurrency, connections, .. } = *self.arguments;
        let over =
            if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") };
        let seconds = self.seconds();
        match self.arguments.rps {
            Some(rate) => {
                format!(
                    "open loop: {rate} calls a second over {over}, at most {concurrency} at a time, for {seconds:.1} s"
                )
            }
            None => format!("closed loop: {concurrency} calls at a time over {over}, for {seconds:.1} s"),
        }
    }

    fn counts(&self, page: &mut String) {
        let (calls, ok) = (self.tally.calls(), self.tally.ok());
        let rate = format!("{} a second", grouped((calls as f64 / self.seconds()).round() as u64));
        let _ = writeln!(page, "  {:<12}{:>12}   {}", "calls", grouped(calls), paint(style::STRONG, rate));
        let _ = writeln!(page, "  {}{:>12}", paint(style::GOOD, format!("{:<12}", "OK")), grouped(ok));
        for (code, count, message) in self.tally.errors() {
            let code = paint(style::BAD, format!("{:<18}", code.name()));
            let _ = writeln!(
                page,
                "  {code}{:>6}   {}",
                grouped(count),
                paint(style::QUIET, crate::output::tame(message))
            );
        }
        if self.tally.messages > ok {
            let _ = writeln!(page, "  {:<12}{:>12}", "messages", grouped(self.tally.messages));
        }
        page.push('\n');
    }

    fn times(&self, page: &mut String) {
        let tally = self.tally;
        let mut row = |name: &str, value: f64, strong: bool| {
            let value = format!("{value:>12.3} ms");
            let style = if strong { style::STRONG } else { style::PLAIN };
            let _ = writeln!(page, "  {name:<12}{}", paint(style, value));
        };
        row("fastest", tally.min(), false);
        for (name, share) in QUANTILES {
            row(name, tally.quantile(share), share == 0.5 || share == 0.99);
        }
        row("slowest", tally.max(), false);
        row("average", tally.mean(), false);
        page.push('\n');
    }

    fn picture(&self, page: &mut String) {
        let steps = self.tally.steps();
        let most = steps.iter().map(|(_, count)| *count).max().unwrap_or(1);
        let _ = writeln!(page, "  {}", paint(style::QUIET, format!("{:>11}{:>14}", "up to", "calls")));
        for (edge, count) in steps {
            let width = (count * BAR_COLUMNS).div_ceil(most.max(1));
            let bar = "#".repeat(usize::try_from(width).unwrap_or_default());
            let bar = if bar.is_empty() { String::new() } else { format!("  {}", paint(style::CLIENT, bar)) };
            let _ = writeln!(page, "  {:>8} ms{:>14}{bar}", edge_text(edge), grouped(count));
        }
        page.push('\n');
    }

    fn remarks(&self, page: &mut String) {
        let mut remark = |text: String| {
            let _ = writeln!(page, "{}", paint(style::QUIET, text));
        };
        if let Some((share, processors)) = self.share() {
            let taken = share * processors as f64;
            let verdict = if share > BUSY { "; it may be the limit, not the server" } else { "" };
            remark(format!("this program took {taken:.2} of {processors} processors{verdict}"));
        }
        match self.arguments.rps {
            None => remark(
                "a closed loop makes no calls while it waits, so it hides stalls: --rps N shows them"
                    .to_owned(),
            ),
            Some(_) => {
                let behind = self.plan.behind(self.elapsed);
                if behind > 0 {
                    let behind = grouped(behind);
                    remark(format!(
                        "{behind} calls were due and never begun: every caller was busy; -c N has more"
                    ));
                }
            }
        }
    }
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An edge of the picture, without noughts that say nothing.
fn edge_text(milliseconds: f64) -> String {
    let text = format!("{milliseconds:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is told of the times.
pub(super) const QUANTILES: [(&str, f64); 7] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
];

/// The longest bar; with what stands before it, a page is 80 columns wide.
const BAR_COLUMNS: u64 = 48;

/// From here on there is little left for anything else that runs on this machine.
const BUSY: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(edge_text(0.005), "0.005");
        assert_eq!(edge_text(0.5), "0.5");
        assert_eq!(edge_text(200.0), "200");
    }
}
