//! One field, as it is declared: `repeated .a.M name = 1 [deprecated = true];`.
//!
//! Must not know: what it is a field of.

use prost_reflect::prost_types::FieldDescriptorProto;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::{Kind, Syntax};

use crate::style::{self, paint};

/// What is known of a field, whether it belongs to a message or extends one.
pub(super) struct Field<'a> {
    pub(super) proto: &'a FieldDescriptorProto,
    pub(super) kind: Kind,
    pub(super) syntax: Syntax,
    pub(super) is_map: bool,
    pub(super) json_name: String,
}

impl Field<'_> {
    /// The declaration, without the semicolon.
    pub(super) fn declared(&self) -> String {
        let name = self.proto.name();
        let name = if self.kind_is_group() { self.group_name() } else { name.to_owned() };
        format!(
            "{}{} {name} = {}{}",
            self.label(),
            self.type_name(),
            paint(style::NUMBER, self.proto.number()),
            self.options()
        )
    }

    fn kind_is_group(&self) -> bool {
        self.proto.r#type() == Type::Group
    }

    fn group_name(&self) -> String {
        self.proto.type_name().rsplit('.').next().unwrap_or_default().to_owned()
    }

    fn label(&self) -> String {
        let is_choice = self.proto.oneof_index.is_some() && !self.proto.proto3_optional();
        let word = match self.proto.label() {
            _ if self.is_map => return String::new(),
            Label::Repeated => "repeated",
            Label::Required => "required",
            Label::Optional if self.proto.proto3_optional() => "optional",
            Label::Optional if self.syntax == Syntax::Proto2 && !is_choice => "optional",
            Label::Optional => return String::new(),
        };
        format!("{} ", paint(style::KEYWORD, word))
    }

    fn type_name(&self) -> String {
        if let (true, Kind::Message(entry)) = (self.is_map, &self.kind) {
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            return format!("map<{}, {}>", kind_name(&key.kind()), kind_name(&value.kind()));
        }
        if self.kind_is_group() { "group".to_owned() } else { kind_name(&self.kind) }
    }

    fn options(&self) -> String {
        let mut options = Vec::new();
        if let Some(default) = &self.proto.default_value {
            let is_text = matches!(self.kind, Kind::String | Kind::Bytes);
            options.push(if is_text {
                format!("default = {default:?}")
            } else {
                format!("default = {default}")
            });
        }
        if self.proto.options.as_ref().is_some_and(|options| options.deprecated()) {
            options.push("deprecated = true".to_owned());
        }
        if let Some(packed) = self.proto.options.as_ref().and_then(|options| options.packed) {
            options.push(format!("packed = {packed}"));
        }
        // That of an extension is its full name in brackets, always.
        if self.proto.json_name.is_some()
            && !self.json_name.starts_with('[')
            && self.json_name != camel(self.proto.name())
        {
            options.push(format!("json_name = {:?}", self.json_name));
        }
        if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) }
    }
}

/// The name of a type; those that are declared somewhere begin with a dot.
fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!(".{}", message.full_name()),
        Kind::Enum(declared) => format!(".{}", declared.full_name()),
        scalar => paint(style::KEYWORD, format!("{scalar:?}").to_lowercase()).to_string(),
    }
}

/// The JSON name that a field has unless it is given another (protobuf, "ProtoJSON Format").
fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut raise = false;
    for letter in name.chars() {
        match letter {
            '_' => raise = true,
            letter if std::mem::take(&mut raise) => camel.extend(letter.to_uppercase()),
            letter => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_are_camels() {
        assert_eq!(camel("elapsed_time"), "elapsedTime");
        assert_eq!(camel("name"), "name");
        assert_eq!(camel("a_1_b"), "a1B");
    }
}
