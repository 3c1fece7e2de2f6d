//! `cargo xtask test`: everything that must hold before a change is handed in.
//!
//! In: how much to run. Out: the outcome of every test and check, counted.
//!
//! ```text
//!   tests        the workspace, the pure floors alone, the seeds of the fuzz targets
//!   shape        each feature alone; no h2 and no tokio below the transport
//!   manners      formatting, lints, docs
//!   budgets      instructions of a call, counted by valgrind
//!   peers        grpc-go's programs paired with ours; connectrpc's conformance suite; h2spec;
//!                the official interoperability cases; grpcurl and its like;
//!                tshark on captures, Chromium on the page
//! ```
//!
//! A failing step does not stop the next one: one run tells everything.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::captures;
use crate::conformance;
use crate::h2spec;
use crate::instructions;
use crate::matrix;
use crate::page;
use crate::pairings;
use crate::promises;
use crate::tally::Tally;
use crate::tools;
use crate::workspace::{answers, cannot_start, cargo, output, root, show, succeed, target};

/// How much of the suite to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The tests of the workspace and nothing else.
    pub(crate) quick: bool,
    /// A skipped check is a failure.
    pub(crate) require_peers: bool,
}

/// Runs the suite.
pub(crate) fn run(options: Options) -> Tally {
    let mut tally = Tally::default();
    test(&mut tally, &["test", "--workspace", "--all-features", "--no-fail-fast"]);
    if options.quick {
        return tally;
    }
    test(&mut tally, &["test", "--package", LIBRARY, "--no-default-features", "--no-fail-fast"]);
    // The fuzz targets are a workspace of their own; their seeds, and every crash that was ever found, are tests.
    let target = target().display().to_string();
    test(
        &mut tally,
        &["test", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", &target, "--no-fail-fast"],
    );
    for (name, part) in PARTS {
        let began = Instant::now();
        part(&mut tally);
        println!("-- {name}: {:.0} s", began.elapsed().as_secs_f32());
    }
    tally
}

/// Makes its checks and counts them.
type Part = fn(&mut Tally);

/// What follows the tests, in this order.
const PARTS: [(&str, Part); 11] = [
    ("shape", shape),
    ("manners", manners),
    ("pairings", |tally| pairings::run(tally, &[])),
    ("conformance", conformance::run),
    ("h2spec", h2spec::run),
    ("interoperability cases", matrix::run),
    ("captures", captures::run),
    ("page", page::run),
    ("instructions", instructions::run),
    ("tools", tools::run),
    ("promises", promises::check),
];

/// Runs `cargo test`, letting its output through and counting as it passes.
fn test(tally: &mut Tally, arguments: &[&str]) {
    let mut command = cargo(arguments);
    let name = show(&command);
    println!("== {name}");
    let before = tally.failures();
    let outcome = tee(&mut command, |line| tally.read_line(line));
    // A test that failed is already counted. What is left to count is a run
    // that failed without a failing test: code that does not compile, a test
    // program that died.
    match outcome {
        Err(_) if tally.failures() > before => {}
        outcome => tally.check(&name, outcome),
    }
}

/// Runs a command, printing and handing on each line of its standard output.
fn tee(command: &mut Command, mut line_seen: impl FnMut(&str)) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    let output = child.stdout.take().ok_or("a piped output is missing")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.map_err(|error| format!("cannot read what `{}` prints: {error}", show(command)))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        line_seen(&line);
    }
    let status = child.wait().map_err(|error| format!("cannot wait for `{}`: {error}", show(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", show(command))) }
}

/// The library must hold together in every part of itself.
fn shape(tally: &mut Tally) {
    println!("== features of the library, one at a time");
    match features() {
        Ok(features) => {
            for feature in &features {
                let mut check = cargo(&["check", "--quiet", "--package", LIBRARY, "--no-default-features"]);
                check.args(["--features", feature]);
                tally.check(&format!("the library with only `{feature}`"), succeed(&mut check));
            }
        }
        Err(why) => tally.check("the list of features", Err(why)),
    }
    tally.check("the pure floors need neither h2 nor tokio", purity());
}

/// The features that the library's manifest declares, `default` apart.
fn features() -> Result<Vec<String>, String> {
    let manifest = root().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    Ok(feature_names(&text))
}

/// Reads the keys of the `[features]` table; one key a line is all it knows of TOML.
fn feature_names(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().map(str::trim);
    let table = lines.skip_while(|line| *line != "[features]").skip(1);
    table
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim().to_owned()))
        .filter(|key| key != "default")
        .collect()
}

/// Floors 0 and 1 are pure, so a build of only them must not pull in a network.
fn purity() -> Result<(), String> {
    let tree =
        ["tree", "--package", LIBRARY, "--no-default-features", "--edges", "normal", "--prefix", "none"];
    let tree = output(&mut cargo(&tree))?;
    match tree.lines().find(|line| line.starts_with("h2 ") || line.starts_with("tokio ")) {
        Some(line) => Err(format!("`cargo tree --package {LIBRARY} --no-default-features` lists {line}")),
        None => Ok(()),
    }
}

/// Formatting, lints and docs, where the tools for them are installed.
fn manners(tally: &mut Tally) {
    println!("== formatting, lints, docs");
    let mut component = |tool: &str, check: &mut Command| {
        let name = show(check);
        if answers(&mut cargo(&[tool, "--version"])) {
            tally.check(&name, succeed(check));
        } else {
            tally.skip(&name, &format!("this toolchain has no `cargo {tool}`"));
        }
    };
    component("fmt", &mut cargo(&["fmt", "--all", "--check"]));
    let lints =
        ["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    component("clippy", &mut cargo(&lints));
    let mut docs = cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
    tally.check("cargo doc without a warning", succeed(docs.env("RUSTDOCFLAGS", "-D warnings")));
}

/// The package that everything else in the workspace is about.
const LIBRARY: &str = "wirewright";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_are_the_keys_of_their_table() {
        let manifest = "[package]\nname = \"x\"\n[features]\n## Why.\ndefault = [\"a\"]\na = [\"b\"]\n# no\nb = []\n\n[dependencies]\nc = \"1\"\n";
        assert_eq!(feature_names(manifest), ["a", "b"]);
    }

    #[test]
    fn the_library_declares_features_that_are_found() {
        assert!(features().unwrap().contains(&"client".to_owned()));
    }
}
