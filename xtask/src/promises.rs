//! `cargo xtask promises`: what the library promises under attack, overload and change, measured.
//!
//! In: `--quick`, and names of promises. Out: the lines of the program in `tests/promises`, which is a workspace of
//! its own because it holds tonic as the peer. A quick run inside `cargo xtask test` is held to
//! `tests/promises/known.txt`, where the lines that are known to fail stand with the reason.

use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, cargo, root, succeed};

/// Measures, and fails if a promise is not kept. At full size, `docs/promises.md` is written.
pub(crate) fn run(quick: bool, wanted: &[String]) -> Result<(), String> {
    let mut measure = program();
    measure.arg("--");
    if quick {
        measure.arg("--quick");
    } else {
        measure.arg("--table").arg(root().join("docs/promises.md"));
    }
    succeed(measure.args(wanted))
}

/// Measures quickly, and fails if anything went otherwise than is known.
pub(crate) fn check(tally: &mut Tally) {
    println!("== the promises, at a twentieth of their size");
    if let Some(why) = lacking() {
        tally.skip("the promises", why);
        return;
    }
    let known = root().join("tests/promises/known.txt");
    let mut measure = program();
    measure.args(["--", "--quick", "--expect"]).arg(known);
    tally.check("the promises go as tests/promises/known.txt says", succeed(&mut measure));
}

/// What this machine lacks to measure anything.
fn lacking() -> Option<&'static str> {
    if !cfg!(target_os = "linux") {
        return Some("memory and processor time are read from Linux's /proc");
    }
    let tools = ["taskset", "prlimit"];
    let missing = tools.iter().any(|tool| !answers(Command::new(tool).arg("--version")));
    missing.then_some("there is no taskset or no prlimit (package util-linux)")
}

/// The program, built as it is meant to run.
fn program() -> Command {
    let manifest = root().join("tests/promises/Cargo.toml");
    let manifest = manifest.to_string_lossy();
    cargo(&["run", "--quiet", "--release", "--locked", "--manifest-path", &manifest])
}
