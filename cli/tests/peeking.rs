//! `wright peek`: bytes as text, and back.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::odd::folder;
use crate::support::{run, text, wright};

/// Runs it with this on standard input.
fn peek(flags: &[&str], input: &[u8]) -> Output {
    let mut command = wright(&[&["peek"], flags].concat());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// An `odd.Box` with a little of everything.
const BOX: &[u8] = b"\x0a\x05\x0a\x01a\x10\x01\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x22\x0a\x0a\x08\
                     \0\0\0\0\0\0\xe0\x3f\x32\x02hi\x40\x01\x48\x01\x50\x07";

#[test]
fn bytes_become_text_and_text_becomes_the_same_bytes() {
    let shown = peek(&[], BOX);
    let guessed = "1: {\n  1: {\"a\"}\n  2: 1\n}\n3: 18446744073709551615\n4: {\n  1: {`000000000000e03f`}\n}\n\
                   6: {\"hi\"}\n8: 1\n9: 1\n10: 7\n";
    assert_eq!((shown.status.code(), text(&shown.stdout)), (Some(0), guessed));
    assert_eq!(peek(&["-s"], &shown.stdout).stdout, BOX);
    let hex = peek(&["-s", "-hex"], b"1: {\"world\"} 2: 150");
    assert_eq!(text(&hex.stdout), "0a 05 77 6f 72 6c 64 10 96 01\n");
    assert_eq!(text(&peek(&["-hex"], &hex.stdout).stdout), "1: {\"world\"}\n2: 150\n");
}

#[test]
fn a_descriptor_knows_better_than_a_guess() {
    let folder = folder();
    let flags = ["-import-path", &folder, "-proto", "odd.proto", "-type", "odd.Box"];
    let shown = peek(&flags, BOX);
    let told = "1: {  # counts\n  1: {\"a\"}  # key\n  2: 1  # value\n}\n3: -1  # big\n4: {  # inner\n  \
                1: {0.5}  # weights\n}\n6: {\"hi\"}  # text\n8: true  # maybe\n9: 1  # colour: GREEN\n10: 7\n";
    assert_eq!((text(&shown.stderr), text(&shown.stdout)), ("", told));
    assert_eq!(peek(&["-s"], &shown.stdout).stdout, BOX, "remarks are no bytes");
}

#[test]
fn what_cannot_be_done_is_told_with_a_hint() {
    let table: [(&[&str], &[u8], i32, &str); 5] = [
        (&["-s"], b"1: 1\n2: \"x\"", 1, "error: line 2: what has a length stands in braces"),
        (&["-hex"], b"0a5", 1, "half a byte too many"),
        (&["-type", "odd.Box"], b"", 2, "hint: -proto FILE or -protoset FILE"),
        (&["/nowhere"], b"", 1, "cannot read /nowhere"),
        (&["-s"], b"\xff", 1, "not UTF-8"),
    ];
    for (flags, input, exit, expected) in table {
        let output = peek(flags, input);
        assert_eq!(output.status.code(), Some(exit), "{flags:?}");
        assert!(text(&output.stderr).contains(expected), "{flags:?}: {}", text(&output.stderr));
    }
}

#[test]
fn completions_and_the_manual_know_every_verb() {
    for words in [&["completions", "bash"][..], &["completions", "fish"], &["completions", "zsh"], &["man"]] {
        let output = run(&mut wright(words));
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        for verb in ["call", "list", "describe", "probe", "peek", "load", "demo"] {
            assert!(text(&output.stdout).contains(verb), "{words:?}: {verb}");
        }
    }
}
