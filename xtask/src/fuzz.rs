//! `cargo xtask fuzz`: each fuzz target for a while, on the stable toolchain.
//!
//! In: how long, and which targets. Out: one line a target; a crash leaves its
//! input in `fuzz/artifacts/` and fails.
//!
//! cargo-fuzz asks for a nightly compiler only because of the sanitizers that
//! it switches on. `-s none` switches them off, and the fuzzing itself, which
//! is libFuzzer's, works with any compiler. The code under test has no
//! `unsafe`, so a panic is what there is to find, and that needs no sanitizer.

use std::ffi::OsString;
use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, cargo, root, succeed, target};

/// Runs the wanted targets, or all of them, for so many seconds each.
pub(crate) fn run(seconds: u32, wanted: &[String]) -> Tally {
    let mut tally = Tally::default();
    let targets = match targets(wanted) {
        Ok(targets) => targets,
        Err(why) => {
            tally.check("the list of fuzz targets", Err(why));
            return tally;
        }
    };
    if let Err(why) = install() {
        tally.check("the installation of cargo-fuzz", Err(why));
        return tally;
    }
    for name in targets {
        println!("== fuzz {name} for {seconds} s");
        let mut command = cargo_fuzz();
        command.args(["run", "-s", "none", &name, "--"]);
        command.arg(format!("-max_total_time={seconds}"));
        tally.check(&format!("fuzz {name}"), succeed(&mut command));
    }
    tally
}

/// The targets are the files in `fuzz/fuzz_targets`.
fn targets(wanted: &[String]) -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let mut known: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".rs").map(String::from))
        .collect();
    known.sort();
    match wanted.iter().find(|name| !known.contains(name)) {
        Some(stranger) => Err(format!("there is no target `{stranger}`; there are: {}", known.join(" "))),
        None if wanted.is_empty() => Ok(known),
        None => Ok(wanted.to_vec()),
    }
}

/// Puts cargo-fuzz into the target folder, unless it is there already.
fn install() -> Result<(), String> {
    if answers(cargo_fuzz().arg("--version")) {
        return Ok(());
    }
    println!("== installing cargo-fuzz {CARGO_FUZZ} into target/tools");
    let version = format!("={CARGO_FUZZ}");
    let mut install = cargo(&["install", "cargo-fuzz", "--version", &version, "--locked", "--root"]);
    succeed(install.arg(target().join("tools")))
}

/// Our own copy of cargo-fuzz, called the way that cargo calls a subcommand.
fn cargo_fuzz() -> Command {
    let tools = target().join("tools/bin");
    let mut command = Command::new(tools.join("cargo-fuzz"));
    command.arg("fuzz").current_dir(root());
    if let Some(path) = std::env::var_os("PATH") {
        let mut first = OsString::from(&tools);
        first.push(":");
        first.push(path);
        command.env("PATH", first);
    }
    command
}

/// The release whose `-s none` is known to work on a stable compiler.
const CARGO_FUZZ: &str = "0.13.2";
