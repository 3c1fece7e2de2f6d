//! A message with a value in each field, to be filled in.
//!
//! In: a message type. Out: a message: one element in each list and map, and the messages within, but none within
//! itself.
//!
//! Must not know: how it is printed.

use std::collections::HashMap;

use prost_reflect::{DynamicMessage, Kind, MapKey, MessageDescriptor, Value};

/// A message to fill in.
pub(super) fn of(descriptor: &MessageDescriptor) -> DynamicMessage {
    filled(descriptor, &mut Vec::new())
}

fn filled(descriptor: &MessageDescriptor, within: &mut Vec<String>) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    // The JSON of well-known types is their own: an empty one says what they look like.
    if descriptor.full_name().starts_with("google.protobuf.") {
        return message;
    }
    within.push(descriptor.full_name().to_owned());
    let mut choices = Vec::new();
    for field in descriptor.fields() {
        // Of a choice, only one can be set: the first.
        if let Some(choice) = field.containing_oneof() {
            if choices.contains(&choice.name().to_owned()) {
                continue;
            }
            choices.push(choice.name().to_owned());
        }
        let value = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let key = key_of(&entry.map_entry_key_field().kind());
                value_of(&entry.map_entry_value_field().kind(), within)
                    .map(|value| Value::Map(HashMap::from([(key, value)])))
            }
            kind if field.is_list() => value_of(&kind, within).map(|value| Value::List(vec![value])),
            kind => value_of(&kind, within),
        };
        if let Some(value) = value {
            message.set_field(&field, value);
        }
    }
    within.pop();
    message
}

/// A value; `None` for a message within itself, and for an `Any`, of which nothing can be said.
fn value_of(kind: &Kind, within: &mut Vec<String>) -> Option<Value> {
    match kind {
        Kind::Message(inner) if within.contains(&inner.full_name().to_owned()) => None,
        Kind::Message(inner) if inner.full_name() == "google.protobuf.Any" => None,
        Kind::Message(inner) => Some(Value::Message(filled(inner, within))),
        scalar => Some(scalar.default_value()),
    }
}

fn key_of(kind: &Kind) -> MapKey {
    match kind {
        Kind::Bool => MapKey::Bool(false),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => MapKey::I32(0),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => MapKey::I64(0),
        Kind::Uint32 | Kind::Fixed32 => MapKey::U32(0),
        Kind::Uint64 | Kind::Fixed64 => MapKey::U64(0),
        _ => MapKey::String(String::new()),
    }
}
