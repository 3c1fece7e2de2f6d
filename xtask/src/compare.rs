//! The comparison with raw h2 and tonic: `benches/compare`, built for release
//! and run.
//!
//! In: whether to be quick. Out: its tables, on the terminal, and how it went.
//! It is a workspace of its own, so that `cargo build` here never builds a
//! peer; this is the door to it.

use crate::workspace::{cargo, root, succeed};

/// Counts allocations, then measures time and memory.
///
/// # Errors
///
/// Says what was tried when a program cannot be built or does not end well.
pub(crate) fn run(quick: bool) -> Result<(), String> {
    let manifest = root().join("benches/compare/Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let program =
        |name| ["run", "--quiet", "--release", "--locked", "--manifest-path", &manifest, "--bin", name];
    succeed(&mut cargo(&program("allocations")))?;
    let mut compare = cargo(&program("compare"));
    if quick {
        compare.args(["--", "--quick"]);
    }
    succeed(&mut compare)
}
