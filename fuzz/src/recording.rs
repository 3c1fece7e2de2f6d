//! `recording`: any bytes are lines or an error, and what was read is written and read the same.

use std::fmt::Debug;

use wirewright::recording::{Line, RecordingError, RecordingReader, read_hex_dump, read_packets};

/// Reads a recording, and each of its lines once more as it is written.
pub fn recording(input: &[u8]) {
    // Other forms in which bytes come: they may say what they like, but they end.
    let _ = read_packets(input, |line| reread(line));
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = read_hex_dump(text);
    }
    let Ok(mut reader) = RecordingReader::new(input) else { return };
    let mut last = 0;
    loop {
        match reader.next_line() {
            Ok(Some(line)) => reread(&line),
            Ok(None) => break,
            Err(RecordingError::Garbage { line, .. }) => {
                assert!(line > last, "the reader does not move on");
                last = line;
            }
            Err(RecordingError::Cut { .. }) => {
                assert!(matches!(reader.next_line(), Ok(None)), "something follows a file that is cut");
                break;
            }
            Err(error) => panic!("{error}: after the head nothing else can go wrong"),
        }
    }
}

/// Writes a line and reads it again, as it stands and spelt otherwise.
fn reread(line: &Line<'_>) {
    let mut text = String::new();
    line.write_to(&mut text);
    assert_eq!(text.matches('\n').count(), 1, "a line is one line");
    let is_head = matches!(line, Line::Head(_));
    let head = if is_head { "" } else { "{\"v\":1,\"k\":\"head\"}\n" };
    same(line, &format!("{head}{text}"), is_head);
    // With a space in it a line of bytes is read by JSON's rules, and must say the same.
    same(line, &format!("{head}{}", text.replacen('{', "{ ", 1)), is_head);
}

fn same(line: &(impl Debug + ?Sized), text: &str, is_head: bool) {
    let mut reader = RecordingReader::new(text.as_bytes()).expect("what was written begins with a head");
    if !is_head {
        reader.next_line().expect("a head").expect("a head");
    }
    let again = reader.next_line().expect("what was written is a line").expect("what was written is there");
    // Compared as text, so that one spelling is that of the other to the letter.
    assert_eq!(format!("{again:?}"), format!("{line:?}"));
}
