//! `cargo xtask fuzz`: each fuzz target for a while, on the stable toolchain.
//!
//! In: how long, and which targets. Out: one line a target; a crash leaves its
//! input in `fuzz/artifacts/` and fails.
//!
//! A target spends nine tenths of its time on short inputs and the last tenth
//! on long ones. What an input costs grows with its length, and libFuzzer keeps
//! making its inputs longer: given room it soon tries few and large ones, while
//! nearly every rule of a parser can be broken within a few hundred bytes.
//!
//! cargo-fuzz asks for a nightly compiler only because of the sanitizers that
//! it switches on. `-s none` switches them off, and the fuzzing itself, which
//! is libFuzzer's, works with any compiler. The code under test has no
//! `unsafe`, so a panic is what there is to find, and that needs no sanitizer.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::tally::Tally;
use crate::workspace::{answers, cannot_start, cargo, root, show, succeed, target};

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
    println!("== building the fuzz targets");
    if let Err(why) = succeed(cargo_fuzz().args(["build", "-s", "none"])) {
        tally.check("the fuzz targets build", Err(why));
        return tally;
    }
    for name in targets {
        println!("== fuzz {name} for {seconds} s");
        let mut report = Report::default();
        let outcome = fuzz(&name, seconds, &mut report);
        tally.check(&format!("fuzz {name}: {report}"), outcome);
    }
    tally
}

/// Runs one target: short inputs first, then long ones.
fn fuzz(name: &str, seconds: u32, report: &mut Report) -> Result<(), String> {
    let long = (seconds / 10).max(1);
    let short = seconds.saturating_sub(long).max(1);
    for (stage, seconds, most_bytes) in [("short", short, SHORT_BYTES), ("long", long, LONG_BYTES)] {
        let path = target().join("fuzz").join(format!("{name}.{stage}.log"));
        run_stage(name, seconds, most_bytes, &path, report)?;
    }
    Ok(())
}

/// Runs one target on inputs of up to so many bytes, what libFuzzer says going to a file.
///
/// It begins with the seeds and with whatever earlier runs found worth keeping, which is in `fuzz/corpus`.
fn run_stage(
    name: &str,
    seconds: u32,
    most_bytes: u32,
    path: &Path,
    report: &mut Report,
) -> Result<(), String> {
    let corpus = root().join("fuzz/corpus").join(name);
    let log = create(&corpus, path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let mut command = cargo_fuzz();
    // -O leaves debug assertions to the profile (fuzz/Cargo.toml), which has them for all but h2.
    command.args(["run", "-O", "-s", "none", name]).arg(&corpus).arg(root().join("fuzz/seeds").join(name));
    command.args(["--", &format!("-max_total_time={seconds}"), &format!("-max_len={most_bytes}")]);
    let status = command.args(LIMITS).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).status();
    let status = status.map_err(|error| cannot_start(&command, &error))?;
    // A panic message quotes the input, which need not be UTF-8.
    let text = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    report.add(Report::read(&text), seconds);
    if status.success() {
        return Ok(());
    }
    let panic = text.lines().skip_while(|line| !line.contains("panicked at")).take(PANIC_LINES);
    let told: Vec<&str> = panic.collect();
    Err(format!(
        "`{}` ended with {status}; {} has it all\n{}",
        show(&command),
        path.display(),
        told.join("\n")
    ))
}

/// Makes the folder of a corpus, and the file for a log.
fn create(corpus: &Path, log: &Path) -> std::io::Result<File> {
    fs::create_dir_all(corpus)?;
    fs::create_dir_all(target().join("fuzz"))?;
    File::create(log)
}

/// What libFuzzer says of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    executions: u64,
    /// How long they took, as far as it was asked for.
    seconds: u64,
    /// How many inputs are kept, each for something that no other does.
    corpus: u64,
    /// The files that hold what made the target fail.
    crashes: Vec<String>,
}

impl Report {
    fn read(log: &str) -> Report {
        let mut report = Report::default();
        for line in log.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or_default();
            match words.as_slice() {
                ["stat::number_of_executed_units:", ..] => report.executions = number(1),
                // artifact_prefix='...'; Test unit written to fuzz/artifacts/percent/crash-0123
                [.., "Test", "unit", "written", "to", path] => report.crashes.push((*path).to_owned()),
                // #8192  pulse  cov: 6413 ft: 18112 corp: 989/190Kb lim: 429 exec/s: 565 rss: 39Mb
                [first, ..] if first.starts_with('#') => {
                    let corpus = words.iter().skip_while(|word| **word != "corp:").nth(1);
                    let count = corpus.and_then(|sizes| sizes.split('/').next()?.parse().ok());
                    report.corpus = count.unwrap_or(report.corpus);
                }
                _ => {}
            }
        }
        report
    }

    /// Takes what a later stage says to what is known.
    fn add(&mut self, stage: Report, seconds: u32) {
        self.executions += stage.executions;
        self.seconds += u64::from(seconds);
        // A later stage begins with what the earlier ones kept.
        self.corpus = stage.corpus;
        self.crashes.extend(stage.crashes);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { executions, seconds, corpus, crashes } = self;
        let per_second = executions / (*seconds).max(1);
        write!(f, "{executions} executions, {per_second}/s, corpus of {corpus}, ")?;
        if crashes.is_empty() { f.write_str("no crash") } else { write!(f, "crash: {}", crashes.join(" ")) }
    }
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

/// The longest of the short inputs: a head with a dozen fields, a few frames, several messages.
const SHORT_BYTES: u32 = 256;

/// The longest of the long ones: any header block, many frames, and every limit on a text.
const LONG_BYTES: u32 = 65_536;

/// What an input may cost before it counts as a crash, and that the figures are wanted.
///
/// 2 GiB is memory that no input of 64 KiB deserves.
const LIMITS: [&str; 3] = ["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"];

/// How much of a log is shown with a crash: the panic and what it compared.
const PANIC_LINES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_read_from_its_log() {
        let log = "\
#2\tINITED cov: 40 ft: 41 corp: 1/1b exec/s: 0 rss: 27Mb
#8192\tpulse  cov: 210 ft: 1025 corp: 115/91Kb lim: 7228 exec/s: 3988 rss: 28Mb
#8200\tDONE   cov: 210 ft: 1025 corp: 116/91Kb lim: 7228 exec/s: 3999 rss: 28Mb
stat::number_of_executed_units: 8200
stat::average_exec_per_sec:     3999
";
        let stage = Report { executions: 8200, seconds: 0, corpus: 116, crashes: Vec::new() };
        assert_eq!(Report::read(log), stage);
        let mut report = Report::default();
        report.add(Report { executions: 1800, ..Report::default() }, 8);
        report.add(stage, 2);
        assert_eq!(report.to_string(), "10000 executions, 1000/s, corpus of 116, no crash");
    }

    #[test]
    fn a_crash_is_told_with_the_file_that_causes_it() {
        let log = "artifact_prefix='fuzz/artifacts/x/'; Test unit written to fuzz/artifacts/x/crash-01";
        assert_eq!(Report::read(log).crashes, ["fuzz/artifacts/x/crash-01"]);
    }
}
