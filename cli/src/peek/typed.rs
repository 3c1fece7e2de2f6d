//! What stands behind a field's number: by its descriptor, or by a guess.
//!
//! In: a field and its bytes, and its descriptor if there is one. Out: text for one line, or a message to go into.
//!
//! ```text
//!   the .proto says    the bytes are    the text is
//!   sint32             05               -3z
//!   bool               01               true
//!   repeated int32     01 02 03         {1 2 3}
//!   string             68 69            {"hi"}
//!   message            08 01            {1: 1}
//! ```
//!
//! Bytes that do not fit what the descriptor says are written as the wire has them.
//!
//! Must not know: layout.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use wirewright::inspect::protobuf::{Field, Value};

use crate::style::{self, paint};

/// What stands behind a number.
pub(super) enum Content {
    /// A value on one line.
    Line(String),
    /// A message, with its descriptor if it is known.
    Nested(Option<MessageDescriptor>),
}

/// What stands behind this field's number.
pub(super) fn content(field: &Field<'_>, bytes: &[u8], known: Option<&FieldDescriptor>) -> Content {
    let kind = known.map(FieldDescriptor::kind);
    match &field.value {
        Value::Varint(number) => Content::Line(number_text(varint(*number, kind.as_ref()))),
        Value::I64(bytes) => Content::Line(number_text(eight(*bytes, kind.as_ref()))),
        Value::I32(bytes) => Content::Line(number_text(four(*bytes, kind.as_ref()))),
        Value::Group(..) => Content::Nested(message_of(kind)),
        Value::Text(_) | Value::Bytes(_) | Value::Message(_) => match (&kind, std::str::from_utf8(bytes)) {
            (Some(Kind::Message(inner)), _) => Content::Nested(Some(inner.clone())),
            (Some(Kind::String), Ok(text)) => Content::Line(braced(&quoted(text))),
            (Some(Kind::Bytes | Kind::String), _) => Content::Line(hex_of(bytes)),
            (Some(scalar), _) if known.is_some_and(is_repeated) => match packed(bytes, scalar) {
                Some(numbers) => Content::Line(braced(&numbers.join(" "))),
                None => Content::Line(hex_of(bytes)),
            },
            _ => guessed(&field.value, bytes),
        },
    }
}

/// What the descriptor adds: the field's name, and that of an enum's value.
pub(super) fn remark(known: &FieldDescriptor, bytes: &[u8]) -> String {
    let value = match known.kind() {
        Kind::Enum(declared) if !known.is_list() => {
            let number = take_varint(bytes).and_then(|(number, _)| i32::try_from(number).ok());
            number.and_then(|number| declared.get_value(number)).map(|value| value.name().to_owned())
        }
        _ => None,
    };
    match value {
        Some(value) => format!("{}: {value}", known.name()),
        None => known.name().to_owned(),
    }
}

/// Without a descriptor.
fn guessed(value: &Value<'_>, bytes: &[u8]) -> Content {
    match value {
        Value::Text(text) => Content::Line(braced(&quoted(text))),
        Value::Message(_) => Content::Nested(None),
        _ => Content::Line(hex_of(bytes)),
    }
}

/// Bytes with a length, in hex.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{{}}}", paint(style::NUMBER, format!("`{hex}`")))
}

fn braced(content: &str) -> String {
    format!("{{{content}}}")
}

fn number_text(number: String) -> String {
    paint(style::NUMBER, number).to_string()
}

/// A text in quotes, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Escape codes in a message must not reach the terminal.
            letter if letter.is_control() => {
                let mut bytes = [0; 4];
                letter
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}")));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    paint(style::TEXT, quoted).to_string()
}

fn message_of(kind: Option<Kind>) -> Option<MessageDescriptor> {
    kind.and_then(|kind| kind.as_message().cloned())
}

fn is_repeated(field: &FieldDescriptor) -> bool {
    field.cardinality() == Cardinality::Repeated
}

fn varint(number: u64, kind: Option<&Kind>) -> String {
    match kind {
        Some(Kind::Sint32 | Kind::Sint64) => format!("{}z", zigzag(number)),
        Some(Kind::Bool) if number < 2 => (number == 1).to_string(),
        // Negative numbers take ten bytes, whatever their type.
        Some(Kind::Int32 | Kind::Int64 | Kind::Enum(_)) => number.cast_signed().to_string(),
        _ => number.to_string(),
    }
}

fn eight(bytes: [u8; 8], kind: Option<&Kind>) -> String {
    let float = f64::from_le_bytes(bytes);
    match kind {
        Some(Kind::Fixed64) => format!("{}i64", u64::from_le_bytes(bytes)),
        Some(Kind::Sfixed64) => format!("{}i64", i64::from_le_bytes(bytes)),
        Some(Kind::Double) if float.is_finite() => format!("{float:?}"),
        _ if is_usual(float) => format!("{float:?}"),
        _ => format!("{:#x}i64", u64::from_le_bytes(bytes)),
    }
}

fn four(bytes: [u8; 4], kind: Option<&Kind>) -> String {
    let float = f32::from_le_bytes(bytes);
    match kind {
        Some(Kind::Fixed32) => format!("{}i32", u32::from_le_bytes(bytes)),
        Some(Kind::Sfixed32) => format!("{}i32", i32::from_le_bytes(bytes)),
        Some(Kind::Float) if float.is_finite() => format!("{float:?}i32"),
        _ if is_usual(f64::from(float)) => format!("{float:?}i32"),
        _ => format!("{:#x}i32", u32::from_le_bytes(bytes)),
    }
}

/// Numbers of a magnitude that people write out are floating point; others are likely something else.
fn is_usual(float: f64) -> bool {
    float == 0.0 || (1e-9..1e15).contains(&float.abs())
}

/// The numbers of a packed field; `None` if the bytes are not such numbers.
fn packed(mut bytes: &[u8], kind: &Kind) -> Option<Vec<String>> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let (number, rest) = match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
                let (taken, rest) = bytes.split_first_chunk::<8>()?;
                (eight(*taken, Some(kind)), rest)
            }
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
                let (taken, rest) = bytes.split_first_chunk::<4>()?;
                (four(*taken, Some(kind)), rest)
            }
            _ => {
                let (number, rest) = take_varint(bytes)?;
                (varint(number, Some(kind)), rest)
            }
        };
        numbers.push(number_text(number));
        bytes = rest;
    }
    Some(numbers)
}

fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut rest = bytes;
    let number = prost::encoding::decode_varint(&mut rest).ok()?;
    Some((number, rest))
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_turns_to_and_fro() {
        assert_eq!([0, 1, 2, 3, u64::MAX].map(zigzag), [0, -1, 1, -2, i64::MIN]);
    }

    #[test]
    fn a_text_is_quoted_on_one_line_and_cannot_paint_the_terminal() {
        let quoted = anstream::adapter::strip_str(&quoted("a\"\\\n\x1b[2J\u{85}")).to_string();
        assert_eq!(quoted, "\"a\\\"\\\\\\n\\x1b[2J\\xc2\\x85\"");
    }
}
