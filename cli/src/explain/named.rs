//! Messages whose type is known: fields by name, values as their types have them.
//!
//! In: a message's bytes and its descriptor. Out: a row for each field, those of inner messages further in:
//!
//! ```text
//!      0a 05 77 6f 72 6c 64             1 name            "world"   string
//!      10 02                            2 colour          GREEN     enum demo.Colour, 2
//! ```
//!
//! Nothing is guessed here: a field that the descriptor does not know, or that does not fit what it says, is told as it
//! would be without one, and the remark says so.
//!
//! Must not know: where descriptors come from.

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as Known,
};
use wirewright::inspect::Direction;
use wirewright::inspect::protobuf::{Field, Fields, Value};

use super::bytes::Rows;
use super::messages;
use crate::failure::Failure;
use crate::style;
use crate::trace::page::Page;
use crate::trace::words;

/// What the messages of a call are, one way: those that the client sends, or those that come back.
pub(super) fn of_call(
    pool: &DescriptorPool,
    method: &str,
    direction: Direction,
) -> Option<MessageDescriptor> {
    let (service, name) = method.rsplit_once('/')?;
    let method = pool.get_service_by_name(service)?.methods().find(|method| method.name() == name)?;
    Some(if direction == Direction::ToServer { method.input() } else { method.output() })
}

/// The rows of a message.
pub(super) fn rows(
    rows: &mut Rows,
    page: &mut Page,
    all: &[u8],
    message: &MessageDescriptor,
    depth: usize,
) -> Result<(), Failure> {
    let read = Fields::read(all);
    for field in &read.fields {
        let known = message.get_field(field.number);
        match known.as_ref().and_then(|known| inner(field, known)) {
            Some(inner) if depth < MOST_DEPTH => {
                nested(rows, page, all, (field, &inner), (known.as_ref(), depth))?
            }
            _ => single(rows, page, all, field, (message, known.as_ref(), depth))?,
        }
    }
    if !read.unread.is_empty() {
        let bytes = all.get(read.unread.clone()).unwrap_or_default();
        rows.say(page, bytes, style::BAD, "no field that protobuf knows")?;
    }
    Ok(())
}

/// The type of the message that a field holds, if it holds one.
fn inner(field: &Field<'_>, known: &FieldDescriptor) -> Option<MessageDescriptor> {
    let Kind::Message(inner) = known.kind() else { return None };
    let is_group = matches!(field.value, Value::Group(..));
    let has_length = matches!(field.value, Value::Text(_) | Value::Bytes(_) | Value::Message(_));
    (if known.is_group() { is_group } else { has_length }).then_some(inner)
}

/// The rows of a field that is a message.
fn nested(
    rows: &mut Rows,
    page: &mut Page,
    all: &[u8],
    (field, inner): (&Field<'_>, &MessageDescriptor),
    (known, depth): (Option<&FieldDescriptor>, usize),
) -> Result<(), Failure> {
    let lead = all.get(field.tag.start..field.length.end.max(field.tag.end)).unwrap_or_default();
    let (name, indent) = (name(field, known), 2 * depth);
    rows.field(page, lead, indent, (&name, "{"), inner.full_name())?;
    self::rows(rows, page, all.get(field.range.clone()).unwrap_or_default(), inner, depth + 1)?;
    match &field.value {
        Value::Group(_, end) => {
            rows.field(page, all.get(end.clone()).unwrap_or_default(), indent, (&name, "}"), "")
        }
        _ => Ok(()),
    }
}

/// The row of a field that is no message.
fn single(
    rows: &mut Rows,
    page: &mut Page,
    all: &[u8],
    field: &Field<'_>,
    (message, known, depth): (&MessageDescriptor, Option<&FieldDescriptor>, usize),
) -> Result<(), Failure> {
    let end = if let Value::Group(_, end) = &field.value { end.end } else { field.range.end };
    let bytes = all.get(field.tag.start..end).unwrap_or_default();
    let (value, remark) = match known {
        None => (untyped(field), format!("{} has no such field", message.full_name())),
        Some(known) => match said(bytes, message, known) {
            Some(value) => (value, kind(known)),
            None => (untyped(field), format!("is no {}", kind(known))),
        },
    };
    rows.field(page, bytes, 2 * depth, (&name(field, known), &value), &remark)
}

/// A value as it is told without a type.
fn untyped(field: &Field<'_>) -> String {
    let mut value = String::new();
    messages::value(field, &mut value, &mut String::new());
    value
}

/// The number of a field, and its name if that is known.
fn name(field: &Field<'_>, known: Option<&FieldDescriptor>) -> String {
    match known {
        Some(known) => format!("{} {}", field.number, known.name()),
        None => field.number.to_string(),
    }
}

/// A value as its type has it; `None` if the bytes are not of that type.
fn said(bytes: &[u8], message: &MessageDescriptor, known: &FieldDescriptor) -> Option<String> {
    let read = DynamicMessage::decode(message.clone(), bytes).ok()?;
    if read.unknown_fields().next().is_some() {
        return None;
    }
    Some(text(&read.get_field(known), &known.kind()))
}

fn text(value: &Known, kind: &Kind) -> String {
    match (value, kind) {
        (Known::Bool(value), _) => value.to_string(),
        (Known::I32(number), _) => number.to_string(),
        (Known::I64(number), _) => number.to_string(),
        (Known::U32(number), _) => number.to_string(),
        (Known::U64(number), _) => number.to_string(),
        (Known::F32(number), _) => format!("{number:?}"),
        (Known::F64(number), _) => format!("{number:?}"),
        (Known::String(text), _) => format!("\"{}\"", words::printable(text.as_bytes())),
        (Known::Bytes(bytes), _) => words::printable(bytes).into_owned(),
        (Known::EnumNumber(number), Kind::Enum(declared)) => match declared.get_value(*number) {
            Some(value) => value.name().to_owned(),
            None => number.to_string(),
        },
        (Known::List(values), kind) => {
            let told: Vec<_> = values.iter().map(|value| text(value, kind)).collect();
            // A field that is not packed brings one value, and looks like one.
            if let [only] = &told[..] { only.clone() } else { format!("[{}]", told.join(", ")) }
        }
        (other, _) => other.to_string(),
    }
}

/// What the `.proto` calls the type.
fn kind(known: &FieldDescriptor) -> String {
    match known.kind() {
        Kind::Enum(declared) => format!("enum {}", declared.full_name()),
        Kind::Message(message) => message.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

/// As deep as protobuf's own readers go.
const MOST_DEPTH: usize = 100;
