//! What is different between two messages, field by field.
//!
//! In: two messages, with or without a descriptor. Out: lines, those of the first with `-` and those of the second with
//! `+`, each with the path to the field: `- location.latitude: 401663055`. Without a descriptor fields have numbers for
//! names, and what is in them is guessed.
//!
//! Must not know: whose messages they are.

use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use wirewright::inspect::protobuf::{self, Fields};

use crate::trace::words;

/// A line of a difference: `-`, `+`, or a space for what is said of both.
pub(super) type Line = (char, String);

/// What is different between two messages that are not equal byte for byte; nothing if they say the same.
pub(super) fn differences(then: &[u8], now: &[u8], descriptor: Option<&MessageDescriptor>) -> Vec<Line> {
    if let Some(descriptor) = descriptor
        && let (Some(then), Some(now)) = (typed(then, descriptor), typed(now, descriptor))
    {
        return compared(&then, &now);
    }
    let (first, second) = (Fields::read(then), Fields::read(now));
    if first.is_whole() && second.is_whole() {
        let lines = compared(&untyped(&first), &untyped(&second));
        if !lines.is_empty() {
            return lines;
        }
    }
    bytes(then, now)
}

/// A whole message on one line, as far as it can be told.
pub(super) fn told(message: &[u8], descriptor: Option<&MessageDescriptor>) -> String {
    let fields = Fields::read(message);
    let leaves = descriptor.and_then(|descriptor| typed(message, descriptor));
    let leaves = leaves.or_else(|| fields.is_whole().then(|| untyped(&fields)));
    match leaves {
        Some(leaves) if leaves.is_empty() || message.is_empty() => "(empty)".to_owned(),
        Some(leaves) => {
            let lines: Vec<_> = leaves.iter().map(|(path, text)| line(path, text)).collect();
            lines.join("  ")
        }
        None => {
            let mut digits = String::new();
            words::hex(message, SHOWN_BYTES, &mut digits);
            digits
        }
    }
}

/// Paths and what stands there.
type Leaves = Vec<(String, String)>;

fn typed(message: &[u8], descriptor: &MessageDescriptor) -> Option<Leaves> {
    let message = DynamicMessage::decode(descriptor.clone(), message).ok()?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let value = message.serialize_with_options(serde_json::value::Serializer, &options).ok()?;
    let mut leaves = Vec::new();
    walk(&value, "", &mut leaves);
    // What the descriptor does not know is a part of the message all the same.
    let mut unknown = Vec::new();
    unknown_fields(&message, &mut unknown);
    leaves.extend(unknown.into_iter().map(|text| ("(unknown fields)".to_owned(), text)));
    Some(leaves)
}

fn walk(value: &Value, path: &str, leaves: &mut Leaves) {
    let dot = if path.is_empty() { "" } else { "." };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| walk(value, &format!("{path}{dot}{name}"), leaves));
        }
        Value::Array(values) if !values.is_empty() => {
            let values = values.iter().enumerate();
            values.for_each(|(nth, value)| walk(value, &format!("{path}[{nth}]"), leaves));
        }
        value => leaves.push((path.to_owned(), value.to_string())),
    }
}

fn unknown_fields(message: &DynamicMessage, texts: &mut Vec<String>) {
    use prost_reflect::Value;
    texts
        .extend(message.unknown_fields().map(|field| format!("{}: {:?}", field.number(), field.wire_type())));
    for (_, value) in message.fields() {
        match value {
            Value::Message(message) => unknown_fields(message, texts),
            Value::List(values) => {
                values
                    .iter()
                    .filter_map(Value::as_message)
                    .for_each(|message| unknown_fields(message, texts));
            }
            _ => {}
        }
    }
}

fn untyped(fields: &Fields<'_>) -> Leaves {
    let mut leaves = Vec::new();
    descend(fields, "", &mut leaves);
    leaves
}

fn descend(fields: &Fields<'_>, path: &str, leaves: &mut Leaves) {
    let dot = if path.is_empty() { "" } else { "." };
    for (nth, field) in fields.fields.iter().enumerate() {
        let is_same = |other: &&protobuf::Field<'_>| other.number == field.number;
        let before = fields.fields.iter().take(nth).filter(is_same).count();
        let is_repeated = before > 0 || fields.fields.iter().skip(nth + 1).any(|other| is_same(&other));
        let index = if is_repeated { format!("[{before}]") } else { String::new() };
        let path = format!("{path}{dot}{}{index}", field.number);
        match &field.value {
            protobuf::Value::Message(inner) | protobuf::Value::Group(inner, _)
                if !inner.fields.is_empty() =>
            {
                descend(inner, &path, leaves);
            }
            value => leaves.push((path, value.to_string())),
        }
    }
}

/// The leaves that only one of the two has.
fn compared(then: &Leaves, now: &Leaves) -> Vec<Line> {
    let sorted = |leaves: &Leaves| {
        let mut sorted = leaves.clone();
        sorted.sort();
        sorted
    };
    let (sorted_then, sorted_now) = (sorted(then), sorted(now));
    let only = |leaves: &Leaves, others: &Leaves, sign: char| -> Vec<(String, Line)> {
        let missing = leaves.iter().filter(|leaf| others.binary_search(leaf).is_err());
        missing.map(|(path, text)| (path.clone(), (sign, line(path, text)))).collect()
    };
    let before = only(then, &sorted_now, '-');
    let mut after = only(now, &sorted_then, '+');
    let mut lines = Vec::new();
    // What stands at one place in both is told together.
    for (path, told) in before {
        lines.push(told);
        if let Some(at) = after.iter().position(|(other, _)| *other == path) {
            lines.push(after.remove(at).1);
        }
    }
    lines.extend(after.into_iter().map(|(_, told)| told));
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push((' ', format!("and {more} more")));
    }
    lines
}

fn line(path: &str, text: &str) -> String {
    if path.is_empty() { text.to_owned() } else { format!("{path}: {text}") }
}

/// Where the bytes begin to differ.
fn bytes(then: &[u8], now: &[u8]) -> Vec<Line> {
    let same = then.iter().zip(now).take_while(|(one, other)| one == other).count();
    let from = |sign: char, bytes: &[u8]| {
        let mut digits = String::new();
        words::hex(bytes.get(same..).unwrap_or_default(), SHOWN_BYTES, &mut digits);
        (sign, format!("{} B, from byte {same} on: {digits}", bytes.len()))
    };
    vec![from('-', then), from('+', now)]
}

/// Of one message: enough to see what kind of difference it is.
const MOST_LINES: usize = 20;

/// As much as a line shows.
const SHOWN_BYTES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(then: &[u8], now: &[u8], descriptor: Option<&MessageDescriptor>) -> Vec<String> {
        differences(then, now, descriptor).into_iter().map(|(sign, line)| format!("{sign} {line}")).collect()
    }

    #[test]
    fn without_descriptors_fields_are_told_by_number() {
        // 1: "a", 2: {1: 5}, 3: 1, 3: 2   and   1: "b", 2: {1: 6}, 3: 1, 3: 3
        let then = b"\x0a\x01a\x12\x02\x08\x05\x18\x01\x18\x02";
        let now = b"\x0a\x01b\x12\x02\x08\x06\x18\x01\x18\x03";
        let expected = ["- 1: \"a\"", "+ 1: \"b\"", "- 2.1: 5", "+ 2.1: 6", "- 3[1]: 2", "+ 3[1]: 3"];
        assert_eq!(differ(then, now, None), expected);
    }

    #[test]
    fn what_is_no_protobuf_is_told_by_its_bytes() {
        assert_eq!(
            differ(b"\xff\x01", b"\xff\x02\x03", None),
            ["- 2 B, from byte 1 on: 01", "+ 3 B, from byte 1 on: 02 03"]
        );
    }

    #[test]
    fn with_descriptors_only_what_is_said_counts() {
        let file = "syntax = \"proto3\"; message M { int32 a = 1; string b = 2; M inner = 3; }";
        let folder = std::env::temp_dir().join(format!("wright-fields-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("m.proto"), file).unwrap();
        let set = protox::compile(["m.proto"], [&folder]).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(set).unwrap();
        let message = pool.get_message_by_name("M").unwrap();
        // The same fields in another order.
        assert!(differ(b"\x08\x01\x12\x01x", b"\x12\x01x\x08\x01", Some(&message)).is_empty());
        assert_eq!(
            differ(b"\x08\x01\x1a\x02\x08\x02", b"\x08\x01\x1a\x02\x08\x03", Some(&message)),
            ["- inner.a: 2", "+ inner.a: 3"]
        );
        assert_eq!(told(b"\x08\x01\x1a\x02\x08\x02", Some(&message)), "a: 1  inner.a: 2");
        assert_eq!(told(b"\x08\x01\x1a\x02\x08\x02", None), "1: 1  3.1: 2");
        assert_eq!((told(b"", None).as_str(), told(b"\xff\x01", None).as_str()), ("(empty)", "ff 01"));
        // A field that the descriptor does not know is no less different.
        assert_eq!(differ(b"\x08\x01", b"\x08\x01\x48\x01", Some(&message)).len(), 1);
    }
}
