//! The comparison with raw h2 and its peers: `benches/compare`, built for release
//! and run.
//!
//! In: whether to be quick, whether to write the figures into the documents, and
//! which parts. Out: its tables, on the terminal, and how it went. It is a
//! workspace of its own, so that `cargo build` here never builds a peer; this is
//! the door to it.

use std::process::Command;

use crate::workspace::{answers, cargo, root, succeed};

/// How to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Fewer works and rounds.
    pub(crate) quick: bool,
    /// Writes the tables and plots into the documents.
    pub(crate) write: bool,
    /// The parts to measure; none of them means all.
    pub(crate) parts: Vec<String>,
}

/// Counts allocations, then measures time and memory.
///
/// # Errors
///
/// Says what was tried when a program cannot be built or does not end well.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let folder = root().join("benches/compare");
    // The programs look for each other beside themselves, so all go to one folder whatever the environment says.
    let target = folder.join("target");
    let mut build = cargo(&["build", "--quiet", "--release", "--locked", "--bins", "--target-dir"]);
    build.arg(&target).arg("--manifest-path").arg(folder.join("Cargo.toml"));
    succeed(&mut build)?;
    let programs = target.join("release");
    let server_go = programs.join("server-go");
    if answers(Command::new("go").arg("version")) {
        let mut build = Command::new("go");
        build.args(["build", "-trimpath", "-o"]).arg(&server_go).arg(".");
        succeed(build.current_dir(folder.join("peers/go")))?;
    } else {
        println!("grpc-go is left out: there is no `go` on the path");
        // One that was built earlier may be of another version.
        let _ = std::fs::remove_file(&server_go);
    }
    if options.parts.is_empty() {
        succeed(&mut Command::new(programs.join("allocations")))?;
    }
    let mut compare = Command::new(programs.join("compare"));
    if options.quick {
        compare.arg("--quick");
    }
    if options.write {
        compare.arg("--write").arg(root().join("docs"));
    }
    succeed(compare.args(&options.parts))
}
