//! Builds the programs of both languages, and knows where they are.
//!
//! In: the source tree and whatever toolchains there are. Out: the path of any
//! client or server. grpc-go's programs are built as they were published, from
//! the module that `tests/interop/go/go.mod` pins. It does not run them.

use std::path::PathBuf;
use std::process::Command;

use super::example::{Example, Role};
use crate::workspace::{answers, cargo, output, root, succeed, target};

/// Who wrote a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Go,
    Ours,
}

impl Author {
    /// As it is called in the names of pairings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Author::Go => "go",
            Author::Ours => "our",
        }
    }
}

/// Where one of an example's programs is, once it is built.
pub(crate) fn path(author: Author, example: &Example, role: &Role) -> PathBuf {
    match author {
        Author::Go => go_folder(example).join(role.program),
        Author::Ours => target().join("debug").join(example.our_program(role)),
    }
}

/// The folder of grpc-go's examples, with the data that its programs have built in.
pub(crate) fn go_examples() -> Result<PathBuf, String> {
    let folder = output(go().args(["list", "-m", "-f", "{{.Dir}}", EXAMPLES_MODULE]))?;
    Ok(PathBuf::from(folder.trim()))
}

/// Whether Go programs can be built here.
pub(crate) fn go_is_here() -> bool {
    answers(go().arg("version"))
}

/// Builds grpc-go's client and server of each example.
///
/// All clients are called `client`, so each example gets a folder of its own,
/// and a `go build` of its own to fill it. Go itself finds out what is up to
/// date; symbol tables are left out because linking 24 programs is most of the
/// work.
pub(crate) fn build_go(examples: &[Example]) -> Result<(), String> {
    for example in examples {
        let package = |role: &Role| format!("{EXAMPLES_MODULE}/{}/{}", example.folder, role.program);
        let mut build = go();
        build.args(["build", "-ldflags=-s -w", "-o"]).arg(go_folder(example).join(""));
        succeed(build.args([package(&example.client), package(&example.server)]))?;
    }
    Ok(())
}

/// Builds all of our examples.
pub(crate) fn build_ours() -> Result<(), String> {
    succeed(&mut cargo(&["build", "--quiet", "--package", "examples", "--bins"]))
}

/// A `go` command in the module that pins the peers.
pub(crate) fn go() -> Command {
    let mut go = Command::new("go");
    go.current_dir(root().join("tests/interop/go"));
    go
}

fn go_folder(example: &Example) -> PathBuf {
    target().join("interop/go").join(example.subject())
}

/// The module that holds grpc-go's examples.
const EXAMPLES_MODULE: &str = "google.golang.org/grpc/examples";
