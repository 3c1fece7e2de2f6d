//! What a file declares: every symbol and extension in it, by its full name.
//!
//! In: one decoded file. Out: a call for each declaration, in the order of the file.
//!
//! ```text
//!   package a;
//!   message M { int32 f = 1; enum E { V = 0; } }      a.M  a.M.f  a.M.E  a.M.V
//!   extend M { int32 g = 100; }                       a.g, and (a.M, 100)
//!   service S { rpc R(M) returns (M); }               a.S  a.S.R
//! ```
//!
//! The values of an enum belong to what surrounds the enum (descriptor.proto, "EnumValueDescriptorProto").
//!
//! Must not know: who keeps the names.

use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// One declaration.
pub(super) enum Declared {
    /// A service.
    Service(String),
    /// A message.
    Message(String),
    /// Anything else that has a name.
    Symbol(String),
    /// An extension: the message that it extends, and its number.
    Extension(String, i32),
}

/// Tells of everything that a file declares.
pub(super) fn declared(file: &FileDescriptorProto, tell: &mut impl FnMut(Declared)) {
    let package = file.package();
    for message in &file.message_type {
        in_message(package, message, tell);
    }
    for declared in &file.enum_type {
        in_enum(package, declared, tell);
    }
    for field in &file.extension {
        extension(package, field, tell);
    }
    for service in &file.service {
        let name = join(package, service.name());
        for method in &service.method {
            tell(Declared::Symbol(join(&name, method.name())));
        }
        tell(Declared::Service(name));
    }
}

/// Messages nest as deep as the decoder allows, which is a hundred levels.
fn in_message(scope: &str, message: &DescriptorProto, tell: &mut impl FnMut(Declared)) {
    let name = join(scope, message.name());
    for field in &message.field {
        tell(Declared::Symbol(join(&name, field.name())));
    }
    for oneof in &message.oneof_decl {
        tell(Declared::Symbol(join(&name, oneof.name())));
    }
    for nested in &message.nested_type {
        in_message(&name, nested, tell);
    }
    for declared in &message.enum_type {
        in_enum(&name, declared, tell);
    }
    for field in &message.extension {
        extension(&name, field, tell);
    }
    tell(Declared::Message(name));
}

fn in_enum(scope: &str, declared: &EnumDescriptorProto, tell: &mut impl FnMut(Declared)) {
    tell(Declared::Symbol(join(scope, declared.name())));
    for value in &declared.value {
        tell(Declared::Symbol(join(scope, value.name())));
    }
}

fn extension(scope: &str, field: &FieldDescriptorProto, tell: &mut impl FnMut(Declared)) {
    tell(Declared::Symbol(join(scope, field.name())));
    // Compilers write the full name, with a dot before it.
    tell(Declared::Extension(field.extendee().trim_start_matches('.').to_owned(), field.number()));
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
