//! Words become bytes.
//!
//! ```text
//!   1: 150          08 96 01           a number: the tag says VARINT, I64 or I32, as the number is written
//!   1: {"hi" 5}     0a 03 68 69 05     the tag says LEN; the length is counted
//!   1: !{2: 3}      0b 10 03 0c        the tag says SGROUP, and one that says EGROUP follows
//!   `0a00`          0a 00              bytes as they are
//! ```
//!
//! Must not know: how words are written.

use super::words::{EGROUP, LEN, ParseError, SGROUP, Word, WordKind, words};

/// The bytes of a text.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, ParseError> {
    let words = words(text)?;
    // What surrounds the present place, innermost last.
    let mut open: Vec<Level> = Vec::new();
    let mut bytes = Vec::new();
    let mut ahead = words.iter().peekable();
    while let Some(Word { line, kind }) = ahead.next() {
        let failed = |problem: &str| ParseError { line: *line, problem: problem.to_owned() };
        match kind {
            WordKind::Tag(number, Some(wire_type)) => tag(&mut bytes, *number, *wire_type),
            WordKind::Tag(number, None) => match ahead.peek().map(|word| &word.kind) {
                Some(WordKind::Number(_, wire_type)) => tag(&mut bytes, *number, *wire_type),
                Some(WordKind::Open) => tag(&mut bytes, *number, LEN),
                Some(WordKind::OpenGroup) => {
                    ahead.next();
                    tag(&mut bytes, *number, SGROUP);
                    open.push(Level::Group { number: *number, line: *line });
                }
                Some(WordKind::Bytes(_)) => {
                    return Err(failed("what has a length stands in braces: {\"text\"}"));
                }
                _ => return Err(failed("a field has no value")),
            },
            WordKind::Open => {
                open.push(Level::Counted { before: std::mem::take(&mut bytes), line: *line });
            }
            WordKind::OpenGroup => return Err(failed("a group needs a number before it: 1: !{")),
            WordKind::Close => match open.pop() {
                Some(Level::Counted { mut before, .. }) => {
                    prost::encoding::encode_varint(bytes.len() as u64, &mut before);
                    before.append(&mut bytes);
                    bytes = before;
                }
                Some(Level::Group { number, .. }) => tag(&mut bytes, number, EGROUP),
                None => return Err(failed("there is nothing to close")),
            },
            WordKind::Bytes(more) | WordKind::Number(more, _) => bytes.extend(more),
        }
    }
    match open.pop() {
        Some(Level::Counted { line, .. } | Level::Group { line, .. }) => {
            Err(ParseError { line, problem: "what is opened here is not closed".to_owned() })
        }
        None => Ok(bytes),
    }
}

/// Something that has been opened.
enum Level {
    /// Bytes whose length is not known yet, and those before them.
    Counted { before: Vec<u8>, line: usize },
    /// A group.
    Group { number: u32, line: usize },
}

/// Protobuf "Encoding": the number and the wire type make one varint.
fn tag(bytes: &mut Vec<u8>, number: u32, wire_type: u8) {
    prost::encoding::encode_varint(u64::from(number) << 3 | u64::from(wire_type), bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_becomes_its_bytes() {
        let cases: [(&str, &[u8]); 14] = [
            ("", b""),
            ("1: 150", b"\x08\x96\x01"),
            ("1:5 2:6", b"\x08\x05\x10\x06"),
            ("1: -1", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            ("1: -3z 2: true", b"\x08\x05\x10\x01"),
            ("1: 1.5 # a double\n2: 1.5i32", b"\x09\0\0\0\0\0\0\xf8\x3f\x15\0\0\xc0\x3f"),
            ("1: 0x3i32 2: -1i32", b"\x0d\x03\0\0\0\x15\xff\xff\xff\xff"),
            ("1: 18446744073709551615i64", b"\x09\xff\xff\xff\xff\xff\xff\xff\xff"),
            ("1: {\"a\\n\\xff\" `00`}", b"\x0a\x04a\n\xff\0"),
            ("2: {1: 1 2: {\"ok\"}}", b"\x12\x06\x08\x01\x12\x02ok"),
            ("4: {1 2 300}", b"\x22\x04\x01\x02\xac\x02"),
            ("1: !{2: 3}", b"\x0b\x10\x03\x0c"),
            ("1:LEN 1:VARINT 1:EGROUP", b"\x0a\x08\x0c"),
            ("`ff 00`", b"\xff\0"),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, problem) in [
            ("1: 1\n2:", "line 2: a field has no value"),
            ("1: \"x\"", "in braces"),
            ("1: {", "line 1: what is opened here is not closed"),
            ("\n}", "line 2: there is nothing to close"),
            ("!{", "needs a number"),
            ("0: 1", "no field number"),
            ("536870912: 1", "no field number"),
            ("1: \"x", "a quote is not closed"),
            ("1: {\"\\q\"}", "means nothing"),
            ("1: {`0`}", "half a byte"),
            ("1: 4294967296i32", "does not fit"),
            ("1: 99999999999999999999", "is no number"),
            ("hello", "is no number"),
        ] {
            let error = bytes(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
