//! Compiles every golden, with warnings denied, and reads its documentation as rustdoc does.
//!
//! The crate `wirewright-codegen-goldens` includes them all. It is compiled by a Cargo of its own and not as a
//! dependency, so that a golden that does not compile can still be refreshed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::corners;

#[test]
fn every_golden_compiles_without_a_warning() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/src/lib.rs")).unwrap();
    for corner in corners("").filter(|corner| !corner.name.starts_with("error_")) {
        let path = format!("golden/{}/out/mod.rs", corner.name);
        assert!(lib.contains(&path), "goldens/src/lib.rs must include {path}");
    }
    // Forced, a lint speaks although the crate allows it; it is a warning then.
    let output = cargo(
        &["rustc", "--profile", "check", "--lib", "--message-format", "short"],
        &["--force-warn", "missing-docs"],
    );
    let undocumented: Vec<&str> =
        output.lines().filter(|line| line.contains("missing documentation")).collect();
    assert!(
        !undocumented.is_empty(),
        "prost-build documents no field, so the lint has something to say: {output}"
    );
    for line in undocumented {
        let mut place = line.split(':');
        let (path, number) = (place.next().unwrap(), place.next().unwrap().parse::<usize>().unwrap());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
        let text = fs::read_to_string(&path).unwrap();
        let services =
            text.lines().position(|line| line.starts_with("// The generator and the library agree"));
        assert!(services.is_none_or(|start| number <= start), "a service without documentation: {line}");
    }
}

#[test]
fn rustdoc_has_nothing_to_say_about_the_goldens() {
    cargo(&["rustdoc", "--lib"], &["-D", "warnings"]);
    let output = cargo(&["test", "--doc"], &[]);
    // Those of the goldens' own page are meant to be tests.
    let mut tests =
        output.lines().filter(|line| line.starts_with("test ") && !line.starts_with("test result"));
    let stray = tests.find(|line| !line.contains("src/mistakes.rs - "));
    assert_eq!(stray, None, "an example in a comment became a doctest: {output}");
}

/// Runs Cargo on the goldens' crate, which must succeed, and gives what it said.
fn cargo(arguments: &[&str], last: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments.iter().take(1)).args(["--package", "wirewright-codegen-goldens", "--locked"]);
    command.args(arguments.iter().skip(1)).arg("--").args(last).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}
