//! Files that are no recordings, or not whole: every verb that reads one says so in a line, with a hint, and never panics.

use crate::page::Folder;
use crate::support::{Serving, run, text, wright};

/// Bytes without any sense; always the same ones.
fn garbage() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[7]
    };
    (0..4000).map(|_| next()).collect()
}

#[test]
fn what_is_no_recording_is_told_in_a_line_with_a_hint_by_every_verb_that_reads_one() {
    let (folder, server) = (Folder::new("rubbish"), Serving::start());
    let file = |name: &str, content: &[u8]| {
        std::fs::write(folder.0.join(name), content).unwrap();
        folder.path(name)
    };
    let second = b"{\"v\":1,\"k\":\"head\"}\nrubbish\n";
    let table: [(String, &str, &str); 9] = [
        (folder.path("nothere"), "cannot open", "give a recording"),
        (folder.0.display().to_string(), "cannot read", "give a recording"),
        (file("empty", b""), "is empty", "`wright tap -o FILE`"),
        (file("later", b"{\"v\":99,\"k\":\"head\"}\n"), "has version 99", "this is wright 0"),
        (file("json", b"{\"a\":1}\n"), "not a recording: line 1 has no version", "give a recording"),
        (file("prose", b"hello there\n"), "neither a recording nor hexadecimal", "a recording begins with"),
        (file("garbage", &garbage()), "neither a recording, nor a capture, nor HTTP/2", "give a recording"),
        (file("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "nor HTTP/2", "this is TLS"),
        (file("second", second), "line 2 is not a JSON object", "each line stands by itself"),
    ];
    let out = folder.path("out");
    let verbs: [(&[&str], &[&str]); 8] = [
        (&["explain"], &[]),
        (&["timeline"], &[]),
        (&["report", "-o", &out], &[]),
        (&["view"], &[]),
        (&["diff", "lesson:1"], &[]),
        (&["replay", "-plaintext"], &[&server.address]),
        (&["fixture", "-l", "127.0.0.1:0"], &[]),
        (&["convert", "--to", "jsonl", "-o", &out], &[]),
    ];
    for (file, expected, hint) in &table {
        for (verb, rest) in verbs {
            // It shows what there is, and says what it could not read: see `page`.
            if verb == ["view"] && file.ends_with("second") {
                continue;
            }
            let _ = std::fs::remove_file(&out);
            let output = run(&mut wright(&[verb, &[file.as_str()], rest].concat()));
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{verb:?} {file}: {told}");
            assert!(told.starts_with("error: ") && told.contains(expected), "{verb:?} {file}: {told}");
            assert!(told.lines().count() <= 2 && told.contains(hint), "{verb:?} {file}: {told}");
        }
    }
}

#[test]
fn of_a_file_that_was_cut_everything_before_the_cut_is_told_and_the_cut_too() {
    let folder = Folder::new("cut-everywhere");
    let whole = include_str!("recordings/grpc-go.jsonl");
    let head = whole.find('\n').unwrap() + 1;
    let (cut, out) = (folder.path("cut.jsonl"), folder.path("out"));
    // In the middle of a line, after one, and in the very first.
    for end in [whole.len() / 2, whole.len() - 1, head + 5, head, head / 2, 1] {
        std::fs::write(&cut, &whole[..end]).unwrap();
        for verb in [
            &["explain"][..],
            &["timeline"],
            &["report", "-o", &out],
            &["convert", "--to", "pcapng", "-o", &out],
        ] {
            let _ = std::fs::remove_file(&out);
            let output = run(&mut wright(&[verb, &[&cut]].concat()));
            let told = text(&output.stderr);
            let code = output.status.code();
            assert!(
                matches!(code, Some(0 | 1)) && !told.contains("panicked"),
                "{verb:?} {end}: {code:?} {told}"
            );
            let is_cut = !whole[..end].ends_with('\n');
            assert!(
                !is_cut || told.contains("warning: ") || told.contains("error: "),
                "{verb:?} {end}: {told}"
            );
            assert_eq!(code == Some(0), end >= head, "{verb:?} {end}: {told}");
        }
    }
}
