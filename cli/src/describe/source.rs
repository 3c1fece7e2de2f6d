//! A declaration, printed as grpcurl prints it: what it is, its comments, and its text.
//!
//! In: a symbol. Out: text, painted.
//!
//! Must not know: where it came from.

use std::fmt::Write;
use std::ops::Range;

use prost_reflect::{
    EnumDescriptor, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor,
};

use super::comments::above;
use super::field::Field;
use crate::schema::Symbol;
use crate::style::{self, paint};

/// What a symbol is, and its declaration.
pub(super) fn described(symbol: &Symbol) -> String {
    let (name, what, text) = match symbol {
        Symbol::Service(found) => (found.full_name(), "a service", service(found)),
        Symbol::Method(found) => {
            let comment = above(found.parent_file().file_descriptor_proto(), found.path(), "");
            (found.full_name(), "a method", format!("{comment}{}\n", method(found, "")))
        }
        Symbol::Message(found) => (found.full_name(), "a message", message(found, "")),
        Symbol::Field(found) => (found.full_name(), "a field", field(found, "")),
        Symbol::Oneof(found) => {
            let fields: String = found.fields().map(|inner| field(&inner, "  ")).collect();
            let text = format!("{} {} {{\n{fields}}}\n", keyword("oneof"), found.name());
            (found.full_name(), "a choice of fields", text)
        }
        Symbol::Extension(found) => (found.full_name(), "an extension", extension(found)),
        Symbol::Enum(found) => (found.full_name(), "an enum", declared_enum(found, "")),
        Symbol::Value(found) => {
            (found.full_name(), "an enum value", format!("{} = {};\n", found.name(), found.number()))
        }
    };
    format!("{} is {what}:\n{text}", paint(style::STRONG, name))
}

pub(super) fn service(service: &ServiceDescriptor) -> String {
    let file = service.parent_file();
    let file = file.file_descriptor_proto();
    let mut text = above(file, service.path(), "");
    text.push_str(&format!("{} {} {{\n", keyword("service"), service.name()));
    for (nth, inner) in service.methods().enumerate() {
        let comment = above(file, inner.path(), "  ");
        // A method with a comment stands apart from the one before.
        let gap = if nth > 0 && !comment.is_empty() { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{comment}{}", method(&inner, "  "));
    }
    text.push_str("}\n");
    text
}

/// A method, on one line.
pub(super) fn method(method: &MethodDescriptor, indent: &str) -> String {
    let stream = |streams: bool| if streams { format!("{} ", keyword("stream")) } else { String::new() };
    format!(
        "{indent}{} {} ( {}.{} ) {} ( {}.{} );",
        keyword("rpc"),
        paint(style::NAME, method.name()),
        stream(method.is_client_streaming()),
        method.input().full_name(),
        keyword("returns"),
        stream(method.is_server_streaming()),
        method.output().full_name(),
    )
}

pub(super) fn message(message: &MessageDescriptor, indent: &str) -> String {
    let file = message.parent_file();
    let inner = format!("{indent}  ");
    let mut text = above(file.file_descriptor_proto(), message.path(), indent);
    let _ = writeln!(text, "{indent}{} {} {{", keyword("message"), message.name());
    let mut told = Vec::new();
    for each in message.fields() {
        match each.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
            None => text.push_str(&field(&each, &inner)),
            // The fields of a choice stand together, where the first of them stands.
            Some(oneof) if !told.contains(&oneof.name().to_owned()) => {
                text.push_str(&above(file.file_descriptor_proto(), oneof.path(), &inner));
                let _ = writeln!(text, "{inner}{} {} {{", keyword("oneof"), oneof.name());
                oneof.fields().for_each(|each| text.push_str(&field(&each, &format!("{inner}  "))));
                let _ = writeln!(text, "{inner}}}");
                told.push(oneof.name().to_owned());
            }
            Some(_) => {}
        }
    }
    for range in message.extension_ranges() {
        let range = numbers(&range);
        let _ = writeln!(text, "{inner}{} {range};", keyword("extensions"));
    }
    let reserved: Vec<String> = message.reserved_ranges().map(|range| numbers(&range)).collect();
    let names: Vec<String> = message.reserved_names().map(|name| format!("{name:?}")).collect();
    for reserved in [reserved, names].iter().filter(|reserved| !reserved.is_empty()) {
        let _ = writeln!(text, "{inner}{} {};", keyword("reserved"), reserved.join(", "));
    }
    for each in message.child_messages().filter(|each| !each.is_map_entry()) {
        text.push_str(&self::message(&each, &inner));
    }
    message.child_enums().for_each(|each| text.push_str(&declared_enum(&each, &inner)));
    let _ = writeln!(text, "{indent}}}");
    text
}

fn field(field: &FieldDescriptor, indent: &str) -> String {
    let file = field.parent_file();
    let comment = above(file.file_descriptor_proto(), field.path(), indent);
    let declared = Field {
        proto: field.field_descriptor_proto(),
        kind: field.kind(),
        syntax: file.syntax(),
        is_map: field.is_map(),
        json_name: field.json_name().to_owned(),
    };
    format!("{comment}{indent}{};\n", declared.declared())
}

pub(super) fn extension(extension: &ExtensionDescriptor) -> String {
    let file = extension.parent_file();
    let comment = above(file.file_descriptor_proto(), extension.path(), "  ");
    let declared = Field {
        proto: extension.field_descriptor_proto(),
        kind: extension.kind(),
        syntax: file.syntax(),
        is_map: false,
        json_name: extension.json_name().to_owned(),
    };
    let extended = extension.containing_message();
    format!("{} .{} {{\n{comment}  {};\n}}\n", keyword("extend"), extended.full_name(), declared.declared())
}

pub(super) fn declared_enum(declared: &EnumDescriptor, indent: &str) -> String {
    let file = declared.parent_file();
    let file = file.file_descriptor_proto();
    let mut text = above(file, declared.path(), indent);
    let _ = writeln!(text, "{indent}{} {} {{", keyword("enum"), declared.name());
    for value in declared.values() {
        text.push_str(&above(file, value.path(), &format!("{indent}  ")));
        let _ = writeln!(text, "{indent}  {} = {};", value.name(), paint(style::NUMBER, value.number()));
    }
    let _ = writeln!(text, "{indent}}}");
    text
}

/// Field numbers; the end is not one of them.
fn numbers(range: &Range<u32>) -> String {
    match range.end.saturating_sub(1) {
        MAX_NUMBER => format!("{} to max", range.start),
        last if last == range.start => last.to_string(),
        last => format!("{} to {last}", range.start),
    }
}

fn keyword(word: &'static str) -> impl std::fmt::Display {
    paint(style::KEYWORD, word)
}

/// The largest number that a field can have: 29 bits (protobuf, "Encoding").
const MAX_NUMBER: u32 = (1 << 29) - 1;
