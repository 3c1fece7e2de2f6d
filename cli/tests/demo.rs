//! `wright demo`: the page that everybody sees first.

use std::process::Stdio;

use crate::support::{golden, run, text, wright};

/// The page, with everything in it that differs from run to run made equal.
fn normal(page: &str) -> String {
    let normal_line = |line: &str| {
        let mut line = line.to_owned();
        if line.contains("client -->  head ") {
            // The port and the timeout are in it, and Huffman's code has shorter and longer digits.
            line = blank_number(&line, "HEADERS, ");
        } else if line.contains("went to the server") {
            line = blank_number(&blank_number(&line, ""), "and ");
        }
        for marker in [":authority    127.0.0.1:", "grpc-timeout  "] {
            line = blank_number(&line, marker);
        }
        match line.split_once(" ms  ") {
            Some((time, rest)) if time.trim().parse::<f64>().is_ok() => format!("    T.TT ms  {rest}"),
            _ => line,
        }
    };
    page.lines().map(|line| normal_line(line) + "\n").collect()
}

/// Writes `N` for the number that follows the marker.
fn blank_number(line: &str, marker: &str) -> String {
    let Some((before, after)) = line.split_once(marker) else { return line.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == after.len() { line.to_owned() } else { format!("{before}{marker}N{rest}") }
}

#[test]
fn the_page_is_what_the_golden_file_says() {
    let output = run(&mut wright(&["demo"]));
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    golden("demo.txt", &normal(text(&output.stdout)));
}

#[test]
fn no_line_is_too_wide_and_no_call_too_long_for_a_screen() {
    let output = run(&mut wright(&["demo"]));
    let page = text(&output.stdout);
    for line in page.lines() {
        assert!(line.is_ascii() && line.len() <= 100, "{line}");
        assert_eq!(line.trim_end(), line, "nothing hangs over the end");
    }
    let sections: Vec<_> = page.split("\n\n--").collect();
    assert_eq!(sections.len(), 6, "an introduction, four calls, and what next");
    for section in sections {
        assert!(section.lines().count() <= 30, "{section}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_insist() {
    let table: [(&[(&str, &str)], bool); 5] = [
        (&[], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR", "1")], false),
        (&[("NO_COLOR", "1")], false),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
    ];
    for (variables, coloured) in table {
        let output = run(wright(&["demo"]).envs(variables.iter().copied()));
        assert_eq!(text(&output.stdout).contains('\x1b'), coloured, "{variables:?}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let output = run(wright(&["demo"]).env("CLICOLOR_FORCE", "1"));
    let plain: String = anstream::adapter::strip_str(text(&output.stdout)).to_string();
    golden("demo.txt", &normal(&plain));
}

#[test]
fn started_by_cargo_it_names_commands_that_work_there() {
    let output = run(wright(&["demo"]).env("CARGO", "/usr/bin/cargo"));
    assert!(text(&output.stdout).contains("\n    cargo run -- demo --listen "));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = wright(&["demo"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
}
