//! What the tests stand on: the program, and golden files.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with these arguments, and without whatever the environment says about colours.
pub(crate) fn wright(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wright"));
    command.args(arguments).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CARGO"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// Its output, which must be text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the output is UTF-8")
}

/// Compares with `tests/golden/NAME`; `REFRESH=1` writes it instead, for a reviewer to read the difference.
pub(crate) fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("the golden file is there: REFRESH=1 writes it");
    assert!(
        actual == expected,
        "{name} differs; REFRESH=1 accepts this as its new text:\n{actual}\nexpected was:\n{expected}"
    );
}
