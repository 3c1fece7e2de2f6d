//! Reads protobuf without knowing the types, and guesses what is in it.
//!
//! In come the bytes of a message; out come its fields, as far as they can be
//! told apart without a `.proto` (Protocol Buffers "Encoding"):
//!
//! ```text
//!  0a       05      77 6f 72 6c 64         1: "world"
//!  tag      length  value
//!  |  \__ wire type 2: a length follows
//!  \_____ field number 1
//!
//!  0 VARINT  1 I64 (8 bytes)  2 LEN  3 SGROUP  4 EGROUP  5 I32 (4 bytes)
//! ```
//!
//! The wire does not say whether a LEN field is text, bytes or a message.
//! Printable text is taken for text, what reads as a message to its last byte
//! for a message, and the rest for bytes. A guess can be wrong, as with the
//! one-letter text that happens to be a field; a descriptor decides.
//!
//! This file must not know where the bytes came from.

use std::fmt;
use std::ops::Range;

use super::span::{Span, SpanKind};

/// The fields of a message, as far as they can be read.
///
/// ```
/// use wirewright::inspect::protobuf::Fields;
///
/// let fields = Fields::read(b"\x0a\x05world\x10\x96\x01\x1a\x02\x08\x01");
/// assert_eq!(fields.to_string(), r#"1: "world"  2: 150  3: {1: 1}"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fields<'a> {
    /// The fields in the order written.
    pub fields: Vec<Field<'a>>,
    /// Where reading stopped; empty if the message was read to its end.
    pub unread: Range<usize>,
}

impl<'a> Fields<'a> {
    /// Reads a message; what is no field is left unread.
    pub fn read(message: &'a [u8]) -> Self {
        Self::read_nested(message, 0, MAX_DEPTH)
    }

    /// Whether the whole message was read.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// The message, byte by byte, nested messages included.
    ///
    /// Positions count from the message's first byte.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        self.mark(&mut spans);
        spans
    }

    /// Reads a message that begins at `offset` of the outermost one.
    fn read_nested(message: &'a [u8], offset: usize, depth: usize) -> Self {
        let mut reader = Reader { rest: message, at: offset, depth };
        let mut fields = Vec::new();
        while let Some(field) = reader.field() {
            fields.push(field);
        }
        Self { fields, unread: reader.at..offset + message.len() }
    }

    fn mark(&self, spans: &mut Vec<Span>) {
        for field in &self.fields {
            field.mark(spans);
        }
        if !self.unread.is_empty() {
            spans.push(Span::new(self.unread.clone(), SpanKind::Damaged, "no field that protobuf knows"));
        }
    }
}

impl fmt::Display for Fields<'_> {
    /// All fields on one line: `1: "world"  2: 150`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, field) in self.fields.iter().enumerate() {
            let gap = if nth == 0 { "" } else { "  " };
            write!(f, "{gap}{field}")?;
        }
        match self.unread.len() {
            0 => Ok(()),
            1 => f.write_str(" (1 byte unread)"),
            len => write!(f, " ({len} bytes unread)"),
        }
    }
}

/// A field: its number, its value, and where they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<'a> {
    /// The number that the `.proto` gives it.
    pub number: u32,
    /// Where number and wire type are.
    pub tag: Range<usize>,
    /// Where the length is; empty for values that need none.
    pub length: Range<usize>,
    /// Where the value is; for a group, without the tag that ends it.
    pub range: Range<usize>,
    /// The value.
    pub value: Value<'a>,
}

impl Field<'_> {
    fn mark(&self, spans: &mut Vec<Span>) {
        let wire_type = match self.value {
            Value::Varint(_) => "VARINT",
            Value::I64(_) => "I64",
            Value::I32(_) => "I32",
            Value::Text(_) | Value::Bytes(_) | Value::Message(_) => "LEN",
            Value::Group(..) => "SGROUP",
        };
        let note = format!("field {}, {wire_type}", self.number);
        spans.push(Span::new(self.tag.clone(), SpanKind::FieldTag, note));
        if !self.length.is_empty() {
            let note = self.range.len().to_string();
            spans.push(Span::new(self.length.clone(), SpanKind::FieldLength, note));
        }
        match &self.value {
            Value::Message(fields) => fields.mark(spans),
            Value::Group(fields, end) => {
                fields.mark(spans);
                let note = format!("field {} ends, EGROUP", self.number);
                spans.push(Span::new(end.clone(), SpanKind::FieldTag, note));
            }
            _ if self.range.is_empty() => {}
            value => spans.push(Span::new(self.range.clone(), SpanKind::FieldValue, value.to_string())),
        }
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.value)
    }
}

/// A value, as far as the wire tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Any integer, a bool or an enum.
    Varint(u64),
    /// Eight bytes: fixed64, sfixed64 or double.
    I64([u8; 8]),
    /// Four bytes: fixed32, sfixed32 or float.
    I32([u8; 4]),
    /// A string, presumably.
    Text(&'a str),
    /// Bytes, or repeated numbers packed into one field.
    Bytes(&'a [u8]),
    /// A message, presumably.
    Message(Fields<'a>),
    /// A group, and where the tag is that ends it.
    Group(Fields<'a>, Range<usize>),
}

impl<'a> Value<'a> {
    /// Guesses what a LEN field holds.
    fn guess(bytes: &'a [u8], offset: usize, depth: usize) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        if let Some(text) = text
            && !text.chars().any(char::is_control)
        {
            return Self::Text(text);
        }
        if depth > 0 {
            let fields = Fields::read_nested(bytes, offset, depth - 1);
            if fields.is_whole() {
                return Self::Message(fields);
            }
        }
        match text {
            // Lines are text too, but a line feed is also the tag of field 1,
            // so a message had to be tried first.
            Some(text) if text.chars().all(|c| !c.is_control() || "\n\r\t".contains(c)) => Self::Text(text),
            _ => Self::Bytes(bytes),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Varint(number) => write!(f, "{number}"),
            Self::I64(bytes) => {
                // A double of any use has a magnitude that people write out.
                let number = f64::from_le_bytes(*bytes);
                match number == 0.0 || (1e-9..1e15).contains(&number.abs()) {
                    true => write!(f, "{number:?}"),
                    false => write!(f, "{:#x}i64", u64::from_le_bytes(*bytes)),
                }
            }
            Self::I32(bytes) => {
                let number = f32::from_le_bytes(*bytes);
                match number == 0.0 || (1e-9..1e15).contains(&number.abs()) {
                    true => write!(f, "{number:?}"),
                    false => write!(f, "{:#x}i32", u32::from_le_bytes(*bytes)),
                }
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => {
                f.write_str("`")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("`")
            }
            Self::Message(fields) => write!(f, "{{{fields}}}"),
            Self::Group(fields, _) => write!(f, "!{{{fields}}}"),
        }
    }
}

/// A position in a message.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next field; at the end, or where none can be read, `None`, and
    /// then the position has not moved.
    fn field(&mut self) -> Option<Field<'a>> {
        let mut ahead = *self;
        let (number, wire_type, tag) = ahead.tag()?;
        let mut length = ahead.at..ahead.at;
        let start = ahead.at;
        let value = match wire_type {
            0 => Value::Varint(ahead.varint()?),
            1 => Value::I64(ahead.array()?),
            2 => {
                let len = usize::try_from(ahead.varint()?).ok()?;
                length.end = ahead.at;
                let at = ahead.at;
                Value::guess(ahead.take(len)?, at, self.depth)
            }
            3 => ahead.group(number)?,
            5 => Value::I32(ahead.array()?),
            // 4 ends a group that has not begun; 6 and 7 mean nothing.
            _ => return None,
        };
        let end = match &value {
            Value::Group(_, end) => end.start,
            _ => ahead.at,
        };
        *self = ahead;
        Some(Field { number, tag, range: start.max(length.end)..end, length, value })
    }

    /// The fields up to the tag that ends the group, and that tag.
    fn group(&mut self, number: u32) -> Option<Value<'a>> {
        self.depth = self.depth.checked_sub(1)?;
        let mut fields = Vec::new();
        while let Some(field) = self.field() {
            fields.push(field);
        }
        let unread = self.at..self.at;
        let (end_number, 4, end) = self.tag()? else { return None };
        self.depth += 1;
        (end_number == number).then_some(Value::Group(Fields { fields, unread }, end))
    }

    /// A field number, a wire type, and where they are.
    fn tag(&mut self) -> Option<(u32, u64, Range<usize>)> {
        let start = self.at;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok()?;
        // The Encoding page: field numbers have 29 bits and begin with 1.
        let is_number = (1..1 << 29).contains(&number);
        is_number.then_some((number, tag & 7, start..self.at))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        // Ten bytes of seven bits hold 64 bits; what the last one has beyond
        // them is dropped, as decoders do.
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        self.at += N;
        Some(*taken)
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        self.at += len;
        Some(taken)
    }
}

/// How deep messages are looked into. Each level reads its bytes once more,
/// so this also bounds the work; people give up reading much earlier.
const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::span::is_partition;
    use proptest::prelude::*;

    #[test]
    fn fields_are_told_on_one_line() {
        let cases: &[(&[u8], &str)] = &[
            (b"", ""),
            (b"\x0a\x05world", r#"1: "world""#),
            (b"\x08\x96\x01", "1: 150"),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "1: 18446744073709551615"),
            (b"\x09\0\0\0\0\0\0\xf8\x3f\x15\x03\0\0\0", "1: 1.5  2: 0x3i32"),
            (b"\x0a\0", r#"1: """#),
            (b"\x12\x06\x08\x01\x12\x02ok", r#"2: {1: 1  2: "ok"}"#),
            (b"\x0a\x03\xff\0\x01", "1: `ff0001`"),
            // A line feed is the tag of field 1: a message if it fits...
            (b"\x0a\x04\x0a\x02hi", r#"1: {1: "hi"}"#),
            // ... and text if it does not.
            (b"\x0a\x04a\nbc", r#"1: "a\nbc""#),
            (b"\x0b\x08\x01\x0c\x10\x02", "1: !{1: 1}  2: 2"),
            (b"\xf8\xff\xff\xff\x0f\x01", "536870911: 1"),
        ];
        for (message, line) in cases {
            let fields = Fields::read(message);
            assert_eq!(fields.to_string(), *line);
            assert!(is_partition(&fields.spans(), 0..message.len()), "{line}");
        }
    }

    #[test]
    fn what_is_no_field_is_left_unread() {
        let cases: &[(&[u8], &str)] = &[
            // Cut in a varint, in a value, after a tag.
            (b"\x08\x01\x10\x80", "1: 1 (2 bytes unread)"),
            (b"\x0a\x05worl", " (6 bytes unread)"),
            (b"\x08", " (1 byte unread)"),
            // Field number 0, wire types 6 and 4, a group ended as another.
            (b"\x00\x01", " (2 bytes unread)"),
            (b"\x0e", " (1 byte unread)"),
            (b"\x0c", " (1 byte unread)"),
            (b"\x0b\x14", " (2 bytes unread)"),
            // A number of more than ten bytes; a length beyond everything.
            (b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", " (12 bytes unread)"),
            (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", " (11 bytes unread)"),
        ];
        for (message, line) in cases {
            assert_eq!(Fields::read(message).to_string(), *line);
        }
    }

    #[test]
    fn depth_is_bounded() {
        // Groups in groups, and messages in messages, deeper than anyone looks.
        let mut groups = vec![0x0b; 1000];
        groups.extend([0x0c; 1000]);
        assert_eq!(Fields::read(&groups).unread, 0..2000);
        let mut message = vec![0xff];
        for _ in 0..50 {
            let len = u8::try_from(message.len()).unwrap();
            message = [&[0x0a, len][..], &message].concat();
        }
        let depth = Fields::read(&message).to_string().matches('{').count();
        assert_eq!(depth, MAX_DEPTH);
    }

    #[test]
    fn a_field_is_told_byte_by_byte() {
        let told: Vec<_> = Fields::read(b"\x12\x07\x0a\x05world\x07")
            .spans()
            .into_iter()
            .map(|span| format!("{:?} {:?} {}", span.range, span.kind, span.note))
            .collect();
        assert_eq!(
            told,
            [
                "0..1 FieldTag field 2, LEN",
                "1..2 FieldLength 7",
                "2..3 FieldTag field 1, LEN",
                "3..4 FieldLength 5",
                "4..9 FieldValue \"world\"",
                "9..10 Damaged no field that protobuf knows",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_told_to_the_last(message: Vec<u8>) {
            let fields = Fields::read(&message);
            prop_assert!(is_partition(&fields.spans(), 0..message.len()), "{fields:?}");
        }

        #[test]
        fn likely_bytes_are_told_to_the_last(
            message in proptest::collection::vec(prop_oneof![0_u8..0x22, 0x60_u8..0x68], 0..64),
        ) {
            let fields = Fields::read(&message);
            prop_assert!(is_partition(&fields.spans(), 0..message.len()), "{fields:?}");
        }
    }
}
