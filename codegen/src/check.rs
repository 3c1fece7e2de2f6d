//! Refuses descriptors that Rust, or prost-build, has no answer to.
//!
//! In comes a `FileDescriptorSet` from anywhere; out goes nothing, or one error. A compiler such as protox or protoc has
//! checked most of this, but a set can come from a file or a plugin's caller, and prost-build answers what it does not
//! expect with a panic: an edition, a name that leads nowhere, a map entry without a value. Whatever passes here it can
//! print. The rest is what protobuf allows and Rust does not: two fields that become one name, an empty enum.
//!
//! Names are held to protobuf's grammar, so that none can escape from a string literal, a comment or an output folder.
//! This file must not change anything, and it must not know how services are printed.

use std::collections::{HashMap, HashSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use prost_types::{FileDescriptorSet, ServiceDescriptorProto};

use crate::error::Error;
use crate::locations::{Locations, below, field};
use crate::names::{camel, is_identifier, keyword_safe, snake};
use crate::sources::EDITIONS;

mod cost;

/// Checks a whole set.
///
/// # Errors
///
/// The first thing that cannot be generated, with its file and line.
pub(crate) fn check(set: &FileDescriptorSet, retain_enum_prefix: bool) -> Result<(), Error> {
    let mut index = Index::default();
    for file in &set.file {
        index.add_file(file)?;
    }
    for file in &set.file {
        let package = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        let places = Locations::new(file);
        let scope = Scope { places: &places, index: &index, retain_enum_prefix };
        scope.file(file, &package)?;
    }
    cost::check(set)
}

/// What every type name in a set leads to.
#[derive(Debug, Default)]
struct Index<'a> {
    types: HashMap<String, Declared<'a>>,
}

/// What a full name is the name of.
#[derive(Debug)]
enum Declared<'a> {
    Message(&'a DescriptorProto),
    Enum,
}

impl<'a> Index<'a> {
    fn add_file(&mut self, file: &'a FileDescriptorProto) -> Result<(), Error> {
        let places = Locations::new(file);
        if file.name().is_empty() {
            return Err(Error::new("a file of the descriptor set has no name"));
        }
        if !file.package().is_empty() && !file.package().split('.').all(has_rust_name) {
            return Err(places.error(
                &[field::PACKAGE],
                format!("`{}` is not a package name that Rust can express", file.package()),
            ));
        }
        let package = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        for (number, message) in file.message_type.iter().enumerate() {
            self.add_message(&places, &package, message, &below(&[], field::MESSAGE, number), 0)?;
        }
        for (number, each) in file.enum_type.iter().enumerate() {
            let path = below(&[], field::ENUM, number);
            self.add(&places, &package, each.name(), Declared::Enum, &path)?;
        }
        Ok(())
    }

    fn add_message(
        &mut self,
        places: &Locations<'_>,
        scope: &str,
        message: &'a DescriptorProto,
        path: &[i32],
        depth: usize,
    ) -> Result<(), Error> {
        if depth >= MAX_NESTING {
            return Err(
                places.error(path, format!("messages are nested more than {MAX_NESTING} levels deep"))
            );
        }
        let name = format!("{scope}.{}", message.name());
        for (number, nested) in message.nested_type.iter().enumerate() {
            self.add_message(places, &name, nested, &below(path, field::NESTED, number), depth + 1)?;
        }
        for (number, nested) in message.enum_type.iter().enumerate() {
            let path = below(path, field::NESTED_ENUM, number);
            self.add(places, &name, nested.name(), Declared::Enum, &path)?;
        }
        self.add(places, scope, message.name(), Declared::Message(message), path)
    }

    /// The name is checked before it is joined to its scope: behind a dot of its own, anything could hide.
    fn add(
        &mut self,
        places: &Locations<'_>,
        scope: &str,
        short: &str,
        declared: Declared<'a>,
        path: &[i32],
    ) -> Result<(), Error> {
        if !has_rust_name(short) {
            return Err(places.error(path, format!("`{short}` is not a name that Rust can express")));
        }
        let name = format!("{scope}.{short}");
        if self.types.contains_key(&name) {
            return Err(places.error(path, format!("`{}` is declared twice", name.trim_start_matches('.'))));
        }
        self.types.insert(name, declared);
        Ok(())
    }

    fn is_message(&self, full_name: &str) -> bool {
        matches!(self.types.get(full_name), Some(Declared::Message(message)) if !is_map_entry(message))
    }
}

/// One file, with everything that its declarations are checked against.
struct Scope<'a> {
    places: &'a Locations<'a>,
    index: &'a Index<'a>,
    retain_enum_prefix: bool,
}

impl Scope<'_> {
    fn file(&self, file: &FileDescriptorProto, package: &str) -> Result<(), Error> {
        match file.syntax() {
            "" | "proto2" | "proto3" => {}
            "editions" => return Err(self.places.error(&[field::SYNTAX], EDITIONS)),
            other => {
                return Err(self.places.error(&[field::SYNTAX], format!("the syntax `{other}` is unknown")));
            }
        }
        self.types(&file.message_type, &file.enum_type, &[], (field::MESSAGE, field::ENUM))?;
        for (number, message) in file.message_type.iter().enumerate() {
            self.message(package, message, &below(&[], field::MESSAGE, number))?;
        }
        for (number, each) in file.enum_type.iter().enumerate() {
            self.enumeration(each, &below(&[], field::ENUM, number))?;
        }
        for (number, service) in file.service.iter().enumerate() {
            self.service(service, &below(&[], field::SERVICE, number))?;
        }
        Ok(())
    }

    /// The messages and enums of one Rust module.
    fn types(
        &self,
        messages: &[DescriptorProto],
        enums: &[EnumDescriptorProto],
        path: &[i32],
        (message_field, enum_field): (i32, i32),
    ) -> Result<(), Error> {
        let mut names = Names::new("types");
        for (number, message) in messages.iter().enumerate().filter(|(_, message)| !is_map_entry(message)) {
            let path = below(path, message_field, number);
            names.add(self.places, &path, message.name(), camel(message.name()))?;
        }
        for (number, each) in enums.iter().enumerate() {
            names.add(self.places, &below(path, enum_field, number), each.name(), camel(each.name()))?;
        }
        Ok(())
    }

    fn message(&self, scope: &str, message: &DescriptorProto, path: &[i32]) -> Result<(), Error> {
        let name = format!("{scope}.{}", message.name());
        let nested = (field::NESTED, field::NESTED_ENUM);
        self.types(&message.nested_type, &message.enum_type, path, nested)?;
        if is_map_entry(message) {
            let names: Vec<&str> = message.field.iter().map(FieldDescriptorProto::name).collect();
            if names != ["key", "value"] {
                return Err(self
                    .places
                    .error(path, format!("the map entry `{name}` is not one key and one value")));
            }
        }
        self.members(message, path)?;
        for (number, each) in message.field.iter().enumerate() {
            self.field(&name, message, each, &below(path, field::FIELD, number))?;
        }
        for (number, nested) in message.nested_type.iter().enumerate() {
            self.message(&name, nested, &below(path, field::NESTED, number))?;
        }
        for (number, nested) in message.enum_type.iter().enumerate() {
            self.enumeration(nested, &below(path, field::NESTED_ENUM, number))?;
        }
        Ok(())
    }

    /// The members of the struct and of the enums that a message becomes.
    fn members(&self, message: &DescriptorProto, path: &[i32]) -> Result<(), Error> {
        let mut fields = Names::new("fields");
        let mut numbers = HashSet::new();
        let mut variants: HashMap<i32, Names> = HashMap::new();
        for (number, each) in message.field.iter().enumerate() {
            let path = below(path, field::FIELD, number);
            self.name(each.name(), &path)?;
            if !numbers.insert(each.number()) {
                return Err(self
                    .places
                    .error(&path, format!("the field number {} is used twice", each.number())));
            }
            match each.oneof_index.filter(|_| !each.proto3_optional()) {
                Some(oneof) => {
                    let names = variants.entry(oneof).or_insert_with(|| Names::new("fields"));
                    names.add(self.places, &path, each.name(), camel(each.name()))?;
                }
                None => fields.add(self.places, &path, each.name(), snake(each.name()))?,
            }
        }
        let mut oneofs = Names::new("oneofs");
        for (number, oneof) in message.oneof_decl.iter().enumerate() {
            let path = below(path, field::ONEOF, number);
            self.name(oneof.name(), &path)?;
            // The oneof around an `optional` field exists in descriptors only.
            if i32::try_from(number).is_ok_and(|number| variants.contains_key(&number)) {
                oneofs.add(self.places, &path, oneof.name(), camel(oneof.name()))?;
                fields.add(self.places, &path, oneof.name(), snake(oneof.name()))?;
            }
        }
        Ok(())
    }

    fn field(
        &self,
        message_name: &str,
        message: &DescriptorProto,
        each: &FieldDescriptorProto,
        path: &[i32],
    ) -> Result<(), Error> {
        let fail = |what: &str| {
            Err(self.places.error(path, format!("the field `{message_name}.{}` {what}", each.name())))
        };
        let Some(kind) = each.r#type.and_then(|kind| Type::try_from(kind).ok()) else {
            return fail("has no type");
        };
        if each.label.is_some_and(|label| Label::try_from(label).is_err()) {
            return fail("is neither optional, required nor repeated");
        }
        if !(1..=MAX_FIELD_NUMBER).contains(&each.number()) {
            return fail("has a number outside 1 to 536870911");
        }
        let is_oneof =
            |index: i32| usize::try_from(index).is_ok_and(|index| index < message.oneof_decl.len());
        if each.oneof_index.is_some_and(|index| !is_oneof(index)) {
            return fail("belongs to a oneof that does not exist");
        }
        let leads_on = match (kind, self.index.types.get(each.type_name())) {
            (Type::Message | Type::Group, Some(Declared::Message(target))) => {
                // A map entry is a name for the pair, known to the map's own message only.
                !is_map_entry(target)
                    || (each.label() == Label::Repeated
                        && each.type_name() == format!("{message_name}.{}", target.name()))
            }
            (Type::Enum, Some(Declared::Enum)) => true,
            (Type::Message | Type::Group | Type::Enum, _) => false,
            _ => true,
        };
        if !leads_on {
            return fail(&format!("has the type `{}`, which the set does not declare", each.type_name()));
        }
        match (kind, each.default_value.as_deref()) {
            (Type::Bytes, Some(default)) if !is_c_escaped(default) => fail("has a default that is not bytes"),
            (Type::Enum, Some(default)) if !is_identifier(default) => {
                fail("has a default that is not a name")
            }
            _ => Ok(()),
        }
    }

    fn enumeration(&self, each: &EnumDescriptorProto, path: &[i32]) -> Result<(), Error> {
        if each.value.is_empty() {
            return Err(self.places.error(path, format!("the enum `{}` has no value", each.name())));
        }
        let enum_name = camel(each.name());
        let mut numbers = HashSet::new();
        let mut names = Names::new("enum values");
        for (number, value) in each.value.iter().enumerate() {
            let path = below(path, field::VALUE, number);
            self.name(value.name(), &path)?;
            // prost-build prints the first of several names for one number (`allow_alias`).
            if numbers.insert(value.number()) {
                let variant = camel(value.name());
                let short = variant
                    .strip_prefix(&enum_name)
                    .filter(|rest| !self.retain_enum_prefix && rest.starts_with(|c: char| c.is_uppercase()));
                let variant = keyword_safe(short.unwrap_or(&variant).to_owned());
                names.add(self.places, &path, value.name(), variant)?;
            }
        }
        Ok(())
    }

    fn service(&self, service: &ServiceDescriptorProto, path: &[i32]) -> Result<(), Error> {
        self.name(service.name(), path)?;
        for (number, method) in service.method.iter().enumerate() {
            let path = below(path, field::METHOD, number);
            self.name(method.name(), &path)?;
            for message in [method.input_type(), method.output_type()] {
                if !self.index.is_message(message) {
                    return Err(self.places.error(
                        &path,
                        format!(
                            "the method `{}` names the message `{message}`, which the set does not declare",
                            method.name()
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    fn name(&self, name: &str, path: &[i32]) -> Result<(), Error> {
        if has_rust_name(name) {
            Ok(())
        } else {
            Err(self.places.error(path, format!("`{name}` is not a name that Rust can express")))
        }
    }
}

/// The Rust names of one scope, and the protobuf names behind them.
struct Names {
    /// What the names are names of, for the error.
    what: &'static str,
    taken: HashMap<String, String>,
}

impl Names {
    fn new(what: &'static str) -> Self {
        Self { what, taken: HashMap::new() }
    }

    fn add(&mut self, places: &Locations<'_>, path: &[i32], proto: &str, rust: String) -> Result<(), Error> {
        if let Some(other) = self.taken.get(&rust) {
            return Err(places.error(
                path,
                format!(
                    "the {} `{other}` and `{proto}` both become `{rust}` in Rust; rename one of them",
                    self.what
                ),
            ));
        }
        self.taken.insert(rust, proto.to_owned());
        Ok(())
    }
}

/// A name that protobuf allows and of which something is left in Rust: nothing is left of `_`.
fn has_rust_name(name: &str) -> bool {
    is_identifier(name) && !camel(name).is_empty()
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

/// Whether the default of a `bytes` field is escaped as descriptor.proto says (`FieldDescriptorProto.default_value`).
fn is_c_escaped(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [
                b'\\',
                b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'?' | b'\'' | b'"',
                rest @ ..,
            ] => rest,
            [b'\\', b'x' | b'X', high, low, rest @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            // Three octal digits are one byte only up to 377.
            [b'\\', b'4'..=b'7', b'0'..=b'7', b'0'..=b'7', ..] => return false,
            [b'\\', b'0'..=b'7', rest @ ..] => rest,
            [b'\\', ..] => return false,
            [_, rest @ ..] => rest,
        };
    }
}

/// Deeper nesting is refused: protoc reads 32 levels, and prost decodes descriptors of 50.
const MAX_NESTING: usize = 50;

/// Tags are 32 bits, three of which are the wire type: 2^29 - 1 (Protocol Buffers, "Encoding").
const MAX_FIELD_NUMBER: i32 = 536_870_911;
