//! `Symbol`: whatever has a full name.
//!
//! In: a pool and a name. Out: what it names.
//!
//! Must not know: how it is described.

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, ExtensionDescriptor, FieldDescriptor,
    FileDescriptor, MessageDescriptor, MethodDescriptor, OneofDescriptor, ServiceDescriptor,
};

/// Whatever has a full name.
#[derive(Clone, Debug)]
pub(crate) enum Symbol {
    /// A service.
    Service(ServiceDescriptor),
    /// A method of a service.
    Method(MethodDescriptor),
    /// A message.
    Message(MessageDescriptor),
    /// A field of a message.
    Field(FieldDescriptor),
    /// A choice between fields.
    Oneof(OneofDescriptor),
    /// A field that a message was given from outside.
    Extension(ExtensionDescriptor),
    /// An enum.
    Enum(EnumDescriptor),
    /// A value of an enum.
    Value(EnumValueDescriptor),
}

impl Symbol {
    /// Finds a symbol by its full name.
    pub(super) fn find(pool: &DescriptorPool, name: &str) -> Option<Symbol> {
        let whole = pool.get_service_by_name(name).map(Symbol::Service);
        let whole = whole.or_else(|| pool.get_message_by_name(name).map(Symbol::Message));
        let whole = whole.or_else(|| pool.get_enum_by_name(name).map(Symbol::Enum));
        let whole = whole.or_else(|| pool.get_extension_by_name(name).map(Symbol::Extension));
        whole.or_else(|| {
            let (parent, own) = name.rsplit_once('.')?;
            if let Some(service) = pool.get_service_by_name(parent) {
                return service.methods().find(|method| method.name() == own).map(Symbol::Method);
            }
            if let Some(message) = pool.get_message_by_name(parent) {
                let oneof = message.oneofs().find(|oneof| oneof.name() == own).map(Symbol::Oneof);
                return message.get_field_by_name(own).map(Symbol::Field).or(oneof);
            }
            let value = pool.get_enum_by_name(parent)?.get_value_by_name(own);
            value.map(Symbol::Value)
        })
    }

    /// The file that declares it.
    pub(crate) fn file(&self) -> FileDescriptor {
        match self {
            Symbol::Service(service) => service.parent_file(),
            Symbol::Method(method) => method.parent_file(),
            Symbol::Message(message) => message.parent_file(),
            Symbol::Field(field) => field.parent_file(),
            Symbol::Oneof(oneof) => oneof.parent_file(),
            Symbol::Extension(extension) => extension.parent_file(),
            Symbol::Enum(declared) => declared.parent_file(),
            Symbol::Value(value) => value.parent_file(),
        }
    }
}
