//! Bytes become text.
//!
//! In: a message, and perhaps its descriptor. Out: a field a line, painted; messages within are indented.
//!
//! Every field is turned back into bytes before it is printed: if its text does not give the very same bytes (a number
//! that is longer than it need be, say), it is printed in hex. So the text is never a lie, whatever the bytes are.
//!
//! Must not know: how text becomes bytes, only that it does (`parse`).

use std::fmt::Write;

use prost_reflect::MessageDescriptor;
use wirewright::inspect::protobuf::{Field, Fields, Value};

use super::parse;
use super::typed;
use crate::style::{self, paint};

/// A message as text.
pub(super) fn of(bytes: &[u8], message: Option<&MessageDescriptor>) -> String {
    let mut text = String::new();
    fields(&mut text, bytes, message, 0);
    text
}

fn fields(text: &mut String, bytes: &[u8], message: Option<&MessageDescriptor>, depth: usize) {
    let read = Fields::read(bytes);
    let indent = "  ".repeat(depth);
    for field in &read.fields {
        let whole = whole(field);
        let original = bytes.get(whole.clone()).unwrap_or_default();
        let described = message.and_then(|message| message.get_field(field.number));
        let value = bytes.get(field.range.clone()).unwrap_or_default();
        let remark = described.as_ref().map(|known| typed::remark(known, value)).unwrap_or_default();
        let written = match typed::content(field, value, described.as_ref()) {
            typed::Content::Line(line) => format!("{indent}{}: {line}", paint(style::NAME, field.number)),
            typed::Content::Nested(inner) if depth < MAX_DEPTH => {
                let mut nested = String::new();
                fields(&mut nested, value, inner.as_ref(), depth + 1);
                let open = if matches!(field.value, Value::Group(..)) { "!{" } else { "{" };
                let number = paint(style::NAME, field.number);
                if nested.is_empty() {
                    format!("{indent}{number}: {open}}}")
                } else {
                    // The name stands where the message begins.
                    let remark = remarked(&remark);
                    format!("{indent}{number}: {open}{remark}\n{nested}{indent}}}")
                }
            }
            typed::Content::Nested(_) => format!("{indent}{}: {}", field.number, typed::hex_of(value)),
        };
        let plain = anstream::adapter::strip_str(&written).to_string();
        if parse::bytes(&plain).is_ok_and(|back| back == original) {
            let remark = if written.contains('\n') { String::new() } else { remarked(&remark) };
            let _ = writeln!(text, "{written}{remark}");
        } else {
            raw(text, &indent, original, "longer than it need be");
        }
    }
    if !read.unread.is_empty() {
        raw(
            text,
            &indent,
            bytes.get(read.unread.clone()).unwrap_or_default(),
            "no field that protobuf knows",
        );
    }
}

/// Bytes that have no better text.
fn raw(text: &mut String, indent: &str, bytes: &[u8], why: &str) {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let _ = writeln!(text, "{indent}{}{}", paint(style::BAD, format!("`{hex}`")), remarked(why));
}

fn remarked(remark: &str) -> String {
    if remark.is_empty() {
        String::new()
    } else {
        format!("  {}", paint(style::QUIET, format!("# {remark}")))
    }
}

/// Where all of a field is: its tag, its length, its value, and the tag that ends a group.
fn whole(field: &Field<'_>) -> std::ops::Range<usize> {
    let end = match &field.value {
        Value::Group(_, end) => end.end,
        _ => field.range.end.max(field.length.end),
    };
    field.tag.start..end
}

/// How deep messages are shown; deeper ones are hex. The reader guesses no deeper either.
const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(bytes: &[u8]) -> String {
        anstream::adapter::strip_str(&of(bytes, None)).to_string()
    }

    #[test]
    fn fields_are_written_as_protoscope_writes_them() {
        let cases: [(&[u8], &str); 10] = [
            (b"", ""),
            (b"\x0a\x05world\x10\x96\x01", "1: {\"world\"}\n2: 150\n"),
            (b"\x12\x06\x08\x01\x12\x02ok", "2: {\n  1: 1\n  2: {\"ok\"}\n}\n"),
            (b"\x09\0\0\0\0\0\0\xf8\x3f\x15\0\0\xc0\x3f", "1: 1.5\n2: 1.5i32\n"),
            (b"\x15\x03\0\0\0", "2: 0x3i32\n"),
            (b"\x0b\x08\x01\x0c", "1: !{\n  1: 1\n}\n"),
            (b"\x0a\0", "1: {\"\"}\n"),
            (b"\x0a\x03\xff\0\x01", "1: {`ff0001`}\n"),
            (b"\x0a\x04a\"\\\x07", "1: {`61225c07`}\n"),
            (b"\x08\x81\x00", "`088100`  # longer than it need be\n"),
        ];
        for (bytes, text) in cases {
            assert_eq!(plain(bytes), text);
        }
        assert_eq!(plain(b"\x08\x01\xff"), "1: 1\n`ff`  # no field that protobuf knows\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn text_gives_back_the_bytes(bytes: Vec<u8>) {
            prop_assert_eq!(parse::bytes(&plain(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn text_of_likely_bytes_gives_back_the_bytes(
            bytes in proptest::collection::vec(prop_oneof![0_u8..0x22, 0x60_u8..0x68, Just(0x80)], 0..64),
        ) {
            prop_assert_eq!(parse::bytes(&plain(&bytes)).unwrap(), bytes);
        }
    }
}
