//! Help, version, and what cannot be understood.

use crate::support::{golden, run, text, wright};

#[test]
fn help_is_what_the_golden_files_say() {
    for (arguments, name) in [(&["--help"][..], "help.txt"), (&["demo", "--help"], "demo-help.txt")] {
        let output = run(&mut wright(arguments));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        let page = text(&output.stdout);
        assert!(page.lines().all(|line| line.len() <= 100), "{arguments:?}: too wide");
        golden(name, page);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let output = run(&mut wright(&["--version"]));
    assert_eq!(text(&output.stdout), concat!("wright ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn arguments_without_sense_end_with_2_and_a_reason_on_standard_error() {
    let table: [(&[&str], &str); 6] = [
        (&[], "Usage: wright <COMMAND>"),
        (&["demonstrate"], "unrecognized subcommand 'demonstrate'"),
        (&["demo", "--liste", "x"], "unexpected argument '--liste'"),
        (&["demo", "--listen"], "a value is required for '--listen <ADDR>'"),
        (&["demo", "--listen", "50051"], "write an address and a port"),
        (&["demo", "--listen", "localhost:http"], "write an address and a port"),
    ];
    for (arguments, reason) in table {
        let output = run(&mut wright(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(text(&output.stderr).contains(reason), "{arguments:?}: {}", text(&output.stderr));
    }
}
