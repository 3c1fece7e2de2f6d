//! `codegen`: whatever the descriptors, what is printed is Rust.
//!
//! ```text
//!   how | the rest
//!     0   a FileDescriptorSet, as a compiler writes it to a file
//!     1   a CodeGeneratorRequest, as protoc and buf send it to a plugin
//!     2   a script, from which descriptors are made that mostly fit together
//! ```

use arbitrary::{Arbitrary, Unstructured};
use prost::Message;
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto};
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};
use wirewright_codegen::{configure, plugin};

/// Generates what the input describes.
pub fn codegen(input: &[u8]) {
    let Some((how, rest)) = input.split_first() else { return };
    match how % 3 {
        0 => FileDescriptorSet::decode(rest).iter().for_each(generate),
        1 => answer(rest),
        _ => {
            Script::arbitrary(&mut Unstructured::new(rest)).iter().for_each(|script| generate(&script.set()))
        }
    }
}

fn generate(set: &FileDescriptorSet) {
    for builder in [configure(), configure().unimplemented_stubs(true).build_client(false)] {
        for file in builder.generate(set).unwrap_or_default() {
            is_rust(&file.name, &file.content);
        }
    }
}

fn answer(request: &[u8]) {
    let Ok(response) = plugin::respond(request) else { return };
    let response =
        CodeGeneratorResponse::decode(response.as_slice()).expect("a response that compilers can read");
    let request = CodeGeneratorRequest::decode(request).expect("it was read before");
    // An attribute or a path that the user writes is printed as it is.
    if !request.parameter().contains(['#', '=']) {
        for file in &response.file {
            is_rust(file.name(), file.content());
        }
    }
}

fn is_rust(name: &str, content: &str) {
    if let Err(error) = syn::parse_file(content) {
        panic!("{name}: {error}\n{content}");
    }
}

/// A file to be: names and types are small numbers, so that they meet.
#[derive(Arbitrary, Debug)]
struct Script {
    package: Option<(Name, Option<Name>)>,
    messages: Vec<(Name, Vec<Field>, Vec<(Name, Vec<Field>)>)>,
    enums: Vec<(Name, Vec<(Name, i8)>)>,
    services: Vec<(Name, Vec<(Name, u8, u8, bool, bool)>)>,
    proto3: bool,
}

#[derive(Arbitrary, Debug)]
struct Field {
    name: Name,
    kind: u8,
    repeated: bool,
    refers_to: u8,
    one_of: bool,
}

/// A name that somebody might give, or nobody.
#[derive(Arbitrary, Debug)]
enum Name {
    Likely(u8),
    Any(String),
}

impl Name {
    fn text(&self) -> String {
        match self {
            Name::Likely(which) => LIKELY[usize::from(*which) % LIKELY.len()].to_owned(),
            Name::Any(text) => text.clone(),
        }
    }
}

impl Script {
    fn set(&self) -> FileDescriptorSet {
        let package = self.package.as_ref().map(|(outer, inner)| {
            let inner = inner.iter().map(|inner| format!(".{}", inner.text()));
            outer.text() + &inner.collect::<String>()
        });
        let scope = package.as_ref().map_or(String::new(), |package| format!(".{package}"));
        let mut types = vec![".google.protobuf.Empty".to_owned()];
        for (outer, _, nested) in &self.messages {
            types.push(format!("{scope}.{}", outer.text()));
            types
                .extend(nested.iter().map(|(inner, _)| format!("{scope}.{}.{}", outer.text(), inner.text())));
        }
        types.extend(self.enums.iter().map(|(name, _)| format!("{scope}.{}", name.text())));
        let enums = self.enums.iter().map(|(name, values)| EnumDescriptorProto {
            name: Some(name.text()),
            value: values.iter().map(|(name, number)| value(name, *number)).collect(),
            ..EnumDescriptorProto::default()
        });
        let messages = self.messages.iter().map(|(name, fields, nested)| DescriptorProto {
            nested_type: nested.iter().map(|(name, fields)| message(name, fields, &types)).collect(),
            ..message(name, fields, &types)
        });
        let services = self.services.iter().map(|(name, methods)| ServiceDescriptorProto {
            name: Some(name.text()),
            method: methods
                .iter()
                .map(|(name, input, output, client, server)| MethodDescriptorProto {
                    name: Some(name.text()),
                    input_type: Some(pick(&types, *input)),
                    output_type: Some(pick(&types, *output)),
                    client_streaming: Some(*client),
                    server_streaming: Some(*server),
                    ..MethodDescriptorProto::default()
                })
                .collect(),
            ..ServiceDescriptorProto::default()
        });
        let file = FileDescriptorProto {
            name: Some("a/b.proto".to_owned()),
            message_type: messages.collect(),
            enum_type: enums.collect(),
            service: services.collect(),
            syntax: self.proto3.then(|| "proto3".to_owned()),
            package,
            ..FileDescriptorProto::default()
        };
        FileDescriptorSet { file: vec![file] }
    }
}

fn message(name: &Name, fields: &[Field], types: &[String]) -> DescriptorProto {
    let field = |(number, field): (i32, &Field)| {
        let kind = Type::try_from(i32::from(field.kind % 18) + 1).unwrap_or(Type::String);
        let refers = matches!(kind, Type::Message | Type::Enum | Type::Group);
        FieldDescriptorProto {
            name: Some(field.name.text()),
            number: Some(number),
            label: Some(if field.repeated { Label::Repeated } else { Label::Optional }.into()),
            r#type: Some(kind.into()),
            type_name: refers.then(|| pick(types, field.refers_to)),
            oneof_index: field.one_of.then_some(0),
            ..FieldDescriptorProto::default()
        }
    };
    let choice = prost_types::OneofDescriptorProto { name: Some("choice".to_owned()), options: None };
    DescriptorProto {
        name: Some(name.text()),
        field: (1..).zip(fields).map(field).collect(),
        oneof_decl: if fields.iter().any(|field| field.one_of) { vec![choice] } else { Vec::new() },
        ..DescriptorProto::default()
    }
}

fn value(name: &Name, number: i8) -> EnumValueDescriptorProto {
    EnumValueDescriptorProto { name: Some(name.text()), number: Some(number.into()), options: None }
}

fn pick(types: &[String], which: u8) -> String {
    types[usize::from(which) % types.len()].clone()
}

/// Names that collide: with each other, with Rust's words, and with what the generator prints.
const LIKELY: [&str; 32] = [
    "A",
    "B",
    "a",
    "b",
    "self",
    "Self",
    "super",
    "crate",
    "type",
    "r#type",
    "_",
    "async",
    "Greeter",
    "GreeterServer",
    "GreeterClient",
    "GreeterService",
    "greeter",
    "Option",
    "Vec",
    "String",
    "Result",
    "Box",
    "Some",
    "new",
    "I",
    "T",
    "Send",
    "greeter_server",
    "SayHello",
    "say_hello",
    "Default",
    "choice",
];
