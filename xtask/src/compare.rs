//! The comparison with raw h2 and its peers: `benches/compare`, built for release
//! and run.
//!
//! In: whether to be quick, whether to write the figures into the documents, and
//! which parts. Out: its tables, on the terminal, and how it went. It is a
//! workspace of its own, so that `cargo build` here never builds a peer; this is
//! the door to it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::workspace::{answers, cargo, is_on_path, root, succeed};

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

/// Builds everything, then measures time, memory and what can be counted.
///
/// # Errors
///
/// Says what was tried when the comparison itself cannot be built or does not end well. A peer that cannot be built is
/// left out, and the comparison says why.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let folder = root().join("benches/compare");
    let began = Instant::now();
    // The programs look for each other beside themselves, so all go to one folder whatever the environment says.
    let programs = folder.join("target/release");
    build(&folder, &["compare"])?;
    build(&folder, &["peer-tls"])?;
    for peer in PEERS {
        leave(&programs, peer.program, (peer.build)(&folder, &programs))?;
    }
    println!("built in {} s", began.elapsed().as_secs());
    let mut compare = Command::new(programs.join("compare"));
    if options.quick {
        compare.arg("--quick");
    }
    if options.write {
        compare.arg("--write").arg(root().join("docs"));
    }
    let began = Instant::now();
    let end = succeed(compare.args(&options.parts));
    println!("measured in {} s", began.elapsed().as_secs());
    end
}

/// A library beside ours that has a program of its own.
struct Peer {
    /// Its program, by which the comparison knows it.
    program: &'static str,
    /// Makes the program, from the folder of the comparison into that of the programs.
    build: fn(&Path, &Path) -> Result<(), String>,
}

const PEERS: [Peer; 6] = [
    Peer { program: "peer-connectrpc", build: |folder, _| build_connectrpc(folder) },
    Peer { program: "peer-volo", build: |folder, _| build(folder, &["peer-volo"]) },
    Peer { program: "server-pajamax", build: |folder, _| build(folder, &["peer-pajamax"]) },
    Peer { program: "peer-grpc", build: |folder, _| build(folder, &["peer-grpc"]) },
    Peer { program: "server-go", build: build_go },
    Peer { program: "server-cpp", build: build_cpp },
];

/// Builds packages of the comparison's workspace, whose features are not mixed with those of its other packages.
fn build(folder: &Path, packages: &[&str]) -> Result<(), String> {
    let mut build = cargo(&["build", "--quiet", "--release", "--locked", "--target-dir"]);
    build.arg(folder.join("target")).arg("--manifest-path").arg(folder.join("Cargo.toml"));
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    succeed(&mut build)
}

fn build_connectrpc(folder: &Path) -> Result<(), String> {
    if !is_on_path("protoc") {
        return Err("its generator wants protoc, which is not on the path".into());
    }
    build(folder, &["peer-connectrpc"])
}

fn build_go(folder: &Path, programs: &Path) -> Result<(), String> {
    if !answers(Command::new("go").arg("version")) {
        return Err("there is no `go` on the path".into());
    }
    let mut build = Command::new("go");
    build.args(["build", "-trimpath", "-o"]).arg(programs.join("server-go")).arg(".");
    succeed(build.current_dir(folder.join("peers/go")))
}

fn build_cpp(folder: &Path, programs: &Path) -> Result<(), String> {
    for tool in ["make", "g++", "pkg-config", "protoc", "grpc_cpp_plugin"] {
        if !is_on_path(tool) {
            return Err(format!("there is no {tool} on the path (Debian: {DEBIAN})"));
        }
    }
    if !answers(Command::new("pkg-config").args(["--exists", "grpc++", "protobuf"])) {
        return Err(format!("there is no grpc++ for pkg-config (Debian: {DEBIAN})"));
    }
    // What the generator prints has a folder of its own beside the programs.
    let out = programs.join("cpp");
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut make = Command::new("make");
    make.arg("--silent").arg("-C").arg(folder.join("peers/cpp")).arg(format!("OUT={}", out.display()));
    succeed(&mut make)?;
    let (made, program) = (out.join("server-cpp"), programs.join("server-cpp"));
    std::fs::copy(&made, &program).map(drop).map_err(|error| format!("{}: {error}", program.display()))
}

/// Leaves a note where a program could not be made, and no program; and no note where it could.
fn leave(programs: &Path, program: &str, built: Result<(), String>) -> Result<(), String> {
    let note = programs.join(program).with_extension("skipped");
    let _ = std::fs::remove_file(&note);
    let Err(why) = built else { return Ok(()) };
    // One that was built earlier may be of another version.
    let _ = std::fs::remove_file(programs.join(program));
    std::fs::write(&note, why).map_err(|error| format!("{}: {error}", note.display()))
}

/// What C-core's program is built with.
const DEBIAN: &str = "libgrpc++-dev protobuf-compiler-grpc pkg-config";
