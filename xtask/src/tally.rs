//! Counts what passed, failed and was skipped, and says so in one last line.
//!
//! In: the outcome of each check, and the lines that `cargo test` prints. Out:
//! `N passed, N failed, N skipped` alone on a line, after everything else, and
//! the exit code that goes with it. It does not know what the checks check.

use std::process::ExitCode;

/// How many of each there were so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
    /// Tests that `cargo test` ignored: counted, and never a failure.
    ignored: u32,
    /// Checks that this machine could not make.
    skipped: u32,
}

impl Tally {
    /// Counts one check, and says how it went.
    pub(crate) fn check(&mut self, name: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("PASS {name}");
            }
            Err(why) => {
                self.failed += 1;
                println!("FAIL {name}: {why}");
            }
        }
    }

    /// Counts the cases of a suite that has told of them itself.
    pub(crate) fn count(&mut self, passed: u32, failed: u32) {
        self.passed += passed;
        self.failed += failed;
    }

    /// Counts one check that cannot be made here, and says why not.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.skipped += 1;
        println!("skip: {name}: {why}");
    }

    /// Counts a line of `cargo test`, if it is one that carries counts.
    pub(crate) fn read_line(&mut self, line: &str) {
        // test result: ok. 29 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        let mut words = result.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let (Ok(count), Some(what)) = (word.parse::<u32>(), words.peek()) else {
                continue;
            };
            match *what {
                "passed;" => self.passed += count,
                "failed;" => self.failed += count,
                "ignored;" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// How many failures there were so far.
    pub(crate) fn failures(&self) -> u32 {
        self.failed
    }

    /// Prints the closing line; a skipped check fails too where all are required.
    pub(crate) fn close(self, all_required: bool) -> ExitCode {
        let lacking = all_required && self.skipped > 0;
        if lacking {
            println!("error: every check is required here, and {} could not be made", self.skipped);
        }
        println!();
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.ignored + self.skipped);
        if self.failed > 0 || lacking { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted_and_other_lines_are_not() {
        let mut tally = Tally::default();
        tally.read_line("test wire::prefix::tests::five_bytes ... ok");
        tally.read_line("3 passed; 4 failed");
        tally.read_line(
            "test result: ok. 29 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        tally.read_line(
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
        );
        assert_eq!(tally, Tally { passed: 34, failed: 2, ignored: 1, skipped: 0 });
    }

    #[test]
    fn a_skip_fails_only_where_everything_is_required() {
        let skipped = || Tally { passed: 1, failed: 0, ignored: 0, skipped: 1 };
        assert_eq!(skipped().close(false), ExitCode::SUCCESS);
        assert_eq!(skipped().close(true), ExitCode::FAILURE);
    }

    #[test]
    fn an_ignored_test_is_never_a_failure() {
        let ignored = Tally { passed: 1, failed: 0, ignored: 3, skipped: 0 };
        assert_eq!(ignored.close(true), ExitCode::SUCCESS);
    }
}
