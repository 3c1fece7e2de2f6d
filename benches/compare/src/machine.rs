//! Where and when figures were taken: without that they say nothing.
//!
//! In: `/proc`, and what tools say of themselves. Out: lines for the documents.

use std::fs;
use std::process::Command;

/// The machine, the versions and the day, one to a line of Markdown.
pub fn describe() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown CPU");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(2).collect();
    let go = said("go", &["version"]).map(|go| format!(", {go}")).unwrap_or_default();
    [
        format!("{} ({cores} cores), {}", model.trim_start_matches(['\t', ' ', ':']), kernel()),
        format!("load over one and five minutes at the end of the run: {}", load.join(", ")),
        format!("{}{go}; {}", said("rustc", &["--version"]).unwrap_or_default(), versions()),
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default(),
    ]
    .map(|line| format!("* {line}\n"))
    .concat()
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// The versions of the crates in question, from the lock file that this was built with.
fn versions() -> String {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let at = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?.1;
        Some(format!("{name} {}", at.split_once('"')?.0))
    };
    let core = said("pkg-config", &["--modversion", "grpc++"]).map(|version| format!("C-core {version}"));
    let go = include_str!("../peers/go/go.mod")
        .lines()
        .find_map(|line| line.split_once("google.golang.org/grpc v"));
    let go = go.and_then(|(_, version)| Some(format!("grpc-go {}", version.split_whitespace().next()?)));
    ["wirewright", "h2", "tokio", "prost", "tonic", "connectrpc", "volo-grpc", "pajamax", "grpc"]
        .into_iter()
        .filter_map(version)
        .chain(go)
        .chain(core)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The line that a program prints, if it is there.
fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|line| !line.is_empty())
}
