//! The order of what is printed: that of the `.proto` file, and maps by their keys.
//!
//! In: JSON whose objects are in the order of the fields, and whose maps are in any order. Out: the same, every time.
//!
//! Must not know: how it is printed.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// Sorts the maps of a message, and of all messages in it.
pub(super) fn sort_maps(value: &mut Value, descriptor: &MessageDescriptor) {
    // A Struct is a map at heart, and so is whatever an Any holds as far as is known here.
    if descriptor.full_name().starts_with("google.protobuf.") {
        return sort_everything(value);
    }
    let Value::Object(object) = value else { return };
    for field in descriptor.fields() {
        let Some(value) = object.get_mut(field.json_name()) else { continue };
        if field.is_map() {
            if let (Value::Object(map), Kind::Message(entry)) = (&mut *value, field.kind()) {
                sort_keys(map);
                if let Kind::Message(inner) = entry.map_entry_value_field().kind() {
                    map.values_mut().for_each(|value| sort_maps(value, &inner));
                }
            }
        } else if let Kind::Message(inner) = field.kind() {
            match value {
                Value::Array(values) => values.iter_mut().for_each(|value| sort_maps(value, &inner)),
                value => sort_maps(value, &inner),
            }
        }
    }
}

fn sort_everything(value: &mut Value) {
    match value {
        Value::Object(object) => {
            sort_keys(object);
            object.values_mut().for_each(sort_everything);
        }
        Value::Array(values) => values.iter_mut().for_each(sort_everything),
        _ => {}
    }
}

/// Numbers by their size, everything else by its letters.
fn sort_keys(map: &mut Map<String, Value>) {
    let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(other),
    });
    map.extend(entries);
}
