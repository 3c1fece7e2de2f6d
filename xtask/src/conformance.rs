//! `cargo xtask conformance`: connectrpc's conformance suite, against our client and our server.
//!
//! In: nothing. Out: for each of the two, how many of the suite's cases passed; every case that failed is told in
//! the suite's own words. The suite is a Go program, and is installed at one version into `target/tools`.
//!
//! ```text
//!   mode client   the suite's servers (connect-go, grpc-go)  <---  conformance-client
//!   mode server   the suite's clients (connect-go, grpc-go)  --->  conformance-server
//! ```
//!
//! What is tried is in `interop/conformance.yaml`. The list of cases that are known to fail is empty, and the suite
//! is told so: a case that is named there and passes fails the run.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::tally::Tally;
use crate::workspace::{answers, cannot_start, cargo, root, show, succeed, target};

/// Installs the suite if need be, and runs it in both modes.
pub(crate) fn run(tally: &mut Tally) {
    println!("== conformance, by connectrpc's suite");
    if !answers(Command::new("go").arg("version")) {
        return tally.skip("conformance", "no `go` on PATH");
    }
    if let Err(why) = install() {
        return tally.check("the installation of the conformance suite", Err(why));
    }
    let build = ["build", "--quiet", "--package", "interop", "--bins"];
    if let Err(why) = succeed(&mut cargo(&build)) {
        return tally.check("the build of the programs under test", Err(why));
    }
    for mode in MODES {
        match mode.run() {
            Ok(counts) => {
                let name =
                    format!("conformance {}: {} of {} cases", mode.name, counts.passed, counts.total());
                tally.count(counts.passed, counts.failed);
                tally.check(&name, mode.judge(&counts));
            }
            Err(why) => tally.check(&format!("conformance {}", mode.name), Err(why)),
        }
    }
}

/// What the suite tests in one run.
struct Mode {
    name: &'static str,
    /// Fewer cases than this mean that something has been left out.
    at_least: u32,
}

const MODES: [Mode; 2] = [
    Mode { name: "client", at_least: CONFORMANCE_CLIENT_CASES },
    Mode { name: "server", at_least: CONFORMANCE_SERVER_CASES },
];

/// Four encodings, over plaintext, TLS and TLS with client certificates.
const CONFORMANCE_CLIENT_CASES: u32 = 1068;

/// The same for a server, to whom fewer things can happen.
const CONFORMANCE_SERVER_CASES: u32 = 924;

/// The suite's last words.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
    /// Lost with a program that died or did not answer.
    not_run: u32,
}

impl Mode {
    fn run(&self) -> Result<Counts, String> {
        let interop = root().join("interop");
        let known_failing = format!("@{}", interop.join("known_failing.txt").display());
        let mut suite = Command::new(suite_path());
        suite.args(["--mode", self.name, "--known-failing", &known_failing, "--conf"]);
        suite.arg(interop.join("conformance.yaml")).arg("--");
        suite.arg(target().join("debug").join(format!("conformance-{}", self.name)));
        let output = suite.stdin(Stdio::null()).output().map_err(|error| cannot_start(&suite, &error))?;
        let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
        log.push_str(&String::from_utf8_lossy(&output.stderr));
        let counts = read_counts(&log);
        if !output.status.success() {
            println!("{log}");
        }
        counts.ok_or_else(|| format!("`{}` ended with {} and no count", show(&suite), output.status))
    }

    fn judge(&self, counts: &Counts) -> Result<(), String> {
        if counts.failed + counts.not_run > 0 {
            return Err(format!("{} failed, {} could not be run", counts.failed, counts.not_run));
        }
        match counts.total() < self.at_least {
            true => Err(format!("there should be {} cases at least", self.at_least)),
            false => Ok(()),
        }
    }
}

impl Counts {
    fn total(&self) -> u32 {
        self.passed + self.failed + self.not_run
    }
}

/// Finds the counts in what the suite has printed.
///
/// ```text
/// Total cases: 1068
/// 1065 passed, 1 failed
/// Another 2 could not be run due to client timing out or exiting prematurely.
/// ```
fn read_counts(log: &str) -> Option<Counts> {
    let mut counts = None;
    for line in log.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(passed), Some("passed,"), Some(failed), Some("failed")) => {
                let (passed, failed) = (passed.parse().ok()?, failed.parse().ok()?);
                counts = Some(Counts { passed, failed, not_run: 0 });
            }
            (Some("Another"), Some(lost), Some("could"), _) => {
                counts.as_mut()?.not_run = lost.parse().ok()?
            }
            _ => {}
        }
    }
    counts
}

/// Puts the suite into the target folder, unless it is there already.
fn install() -> Result<(), String> {
    let asked = Command::new(suite_path()).arg("--version").stdin(Stdio::null()).output();
    if asked.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(VERSION)) {
        return Ok(());
    }
    println!("== installing the suite {VERSION} into target/tools");
    let mut install = Command::new("go");
    // Away from the source tree, so that no module of ours has a say in which versions it is built with.
    install.args(["install", &format!("{SUITE}@{VERSION}")]).current_dir(std::env::temp_dir());
    succeed(install.env("GOBIN", target().join("tools/bin")))
}

fn suite_path() -> PathBuf {
    target().join("tools/bin/connectconformance")
}

const SUITE: &str = "connectrpc.com/conformance/cmd/connectconformance";

/// The release whose cases are counted above.
const VERSION: &str = "v1.0.7";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_s_last_words_are_understood() {
        let log = "FAILED: a case:\n\tpassed, failed\nTotal cases: 12\n10 passed, 2 failed\n";
        assert_eq!(read_counts(log), Some(Counts { passed: 10, failed: 2, not_run: 0 }));
        let lost =
            format!("{log}Another 3 could not be run due to client timing out or exiting prematurely.");
        assert_eq!(read_counts(&lost), Some(Counts { passed: 10, failed: 2, not_run: 3 }));
        assert_eq!(read_counts("it died"), None);
    }

    #[test]
    fn a_run_that_leaves_cases_out_is_a_failure() {
        let mode = Mode { name: "client", at_least: 10 };
        assert!(mode.judge(&Counts { passed: 10, failed: 0, not_run: 0 }).is_ok());
        assert!(mode.judge(&Counts { passed: 9, failed: 0, not_run: 0 }).is_err());
        assert!(mode.judge(&Counts { passed: 10, failed: 1, not_run: 0 }).is_err());
        assert!(mode.judge(&Counts { passed: 10, failed: 0, not_run: 1 }).is_err());
    }
}
