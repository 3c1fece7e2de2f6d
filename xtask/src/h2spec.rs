//! `cargo xtask h2spec`: HTTP/2 itself, by h2spec in strict mode, against a server on our transport.
//!
//! In: nothing. Out: how many of its cases passed; each that failed in h2spec's own words. h2spec is a Go program,
//! built from the module that `tests/interop/go/go.mod` pins. The server is `interop/src/strict.rs`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::pairings::program::{Program, free_port};
use crate::pairings::programs::{go, go_is_here};
use crate::tally::Tally;
use crate::workspace::{cannot_start, cargo, show, succeed, target};

/// Builds h2spec, starts the server, and runs every case.
pub(crate) fn run(tally: &mut Tally) {
    println!("== h2spec, in strict mode");
    if !go_is_here() {
        return tally.skip("h2spec", "no `go` on PATH");
    }
    if let Err(why) = succeed(go().args(["build", "-ldflags=-s -w", "-o"]).arg(suite_path()).arg(PACKAGE)) {
        return tally.check("the build of h2spec", Err(why));
    }
    if let Err(why) = succeed(&mut cargo(&["build", "--quiet", "--package", "interop", "--bin", "h2-server"]))
    {
        return tally.check("the build of the server for h2spec", Err(why));
    }
    match play() {
        Ok(log) => {
            let (passed, others) = read_counts(&log).unwrap_or_default();
            if others > 0 {
                println!("{log}");
            }
            tally.count(passed, others);
            tally.check(&format!("h2spec: {passed} of {H2SPEC_CASES} cases"), judge(passed));
        }
        Err(why) => tally.check("h2spec", Err(why)),
    }
}

/// Runs h2spec against a server of its own; gives what it has printed, whether all is well or not.
fn play() -> Result<String, String> {
    let port = free_port()?;
    let server = Program::start(&target().join("debug/h2-server"), &[format!("--port={port}")])?;
    if !server.wait_port(port, START_LIMIT) {
        return Err(format!("the server does not answer:\n{}", server.stop()));
    }
    let mut suite = Command::new(suite_path());
    suite.args(["--strict", "--host", "127.0.0.1", "--port", &port.to_string()]);
    let output = suite.stdin(Stdio::null()).output().map_err(|error| cannot_start(&suite, &error))?;
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    match read_counts(&log) {
        Some(_) => Ok(log),
        None => Err(format!("`{}` ended with {} and no count:\n{log}", show(&suite), output.status)),
    }
}

/// Finds how many cases passed, and how many did not, skipped ones among them.
///
/// ```text
/// 146 tests, 145 passed, 0 skipped, 1 failed
/// ```
fn read_counts(log: &str) -> Option<(u32, u32)> {
    let line = log.lines().rev().find(|line| line.contains(" tests, "))?;
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
    let (tests, passed) = (numbers.next()?, numbers.next()?);
    Some((passed, tests.checked_sub(passed)?))
}

fn judge(passed: u32) -> Result<(), String> {
    match passed == H2SPEC_CASES {
        true => Ok(()),
        false => Err(format!("all {H2SPEC_CASES} must pass")),
    }
}

fn suite_path() -> PathBuf {
    target().join("interop/go/h2spec")
}

const PACKAGE: &str = "github.com/summerwind/h2spec/cmd/h2spec";

/// All cases of h2spec 2.2.1, strict ones included.
const H2SPEC_CASES: u32 = 146;

/// A server is there within milliseconds; a busy machine may take longer to start it.
const START_LIMIT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_tells_the_counts() {
        let log = "1. Sends 8 tests, or so\n\nFinished in 6.9 seconds\n146 tests, 143 passed, 2 skipped, 1 failed\n";
        assert_eq!(read_counts(log), Some((143, 3)));
        assert_eq!(read_counts("it died"), None);
    }

    #[test]
    fn a_case_that_did_not_run_is_a_failure() {
        assert!(judge(H2SPEC_CASES).is_ok());
        assert!(judge(H2SPEC_CASES - 1).is_err());
    }
}
