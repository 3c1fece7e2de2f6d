//! A whole file, written so that a compiler reads it again.
//!
//! In: a file's descriptor. Out: its text, with comments. Options of messages and methods, custom options and groups
//! are left out, as descriptions have no place for them.
//!
//! Must not know: where it is written to.

use std::fmt::Write;

use prost_reflect::{FileDescriptor, Syntax, Value};

use super::source;

/// The text of a file.
pub(super) fn text(file: &FileDescriptor) -> String {
    let mut text = String::new();
    let syntax = if file.syntax() == Syntax::Proto3 { "proto3" } else { "proto2" };
    let _ = writeln!(text, "syntax = \"{syntax}\";");
    if !file.package_name().is_empty() {
        let _ = writeln!(text, "\npackage {};", file.package_name());
    }
    let public: Vec<_> = file.public_dependencies().collect();
    for (nth, import) in file.dependencies().enumerate() {
        let gap = if nth == 0 { "\n" } else { "" };
        let word = if public.contains(&import) { "public " } else { "" };
        let _ = writeln!(text, "{gap}import {word}\"{}\";", import.name());
    }
    for (nth, (field, value)) in file.options().fields().enumerate() {
        let gap = if nth == 0 { "\n" } else { "" };
        let value = match (value, field.kind().as_enum()) {
            (Value::String(text), _) => format!("{text:?}"),
            (Value::Bool(flag), _) => flag.to_string(),
            (Value::EnumNumber(number), Some(kind)) => match kind.get_value(*number) {
                Some(value) => value.name().to_owned(),
                None => continue,
            },
            _ => continue,
        };
        let _ = writeln!(text, "{gap}option {} = {value};", field.name());
    }
    let declared = file.services().map(|service| source::service(&service));
    let declared = declared.chain(file.messages().map(|message| source::message(&message, "")));
    let declared = declared.chain(file.enums().map(|declared| source::declared_enum(&declared, "")));
    let declared = declared.chain(file.extensions().map(|extension| source::extension(&extension)));
    declared.for_each(|declared| text.push_str(&format!("\n{declared}")));
    anstream::adapter::strip_str(&text).to_string()
}
