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
use prost_types::ServiceDescriptorProto;
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto};
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, OneofDescriptorProto};
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
    messages: Vec<(Shape, Vec<Shape>)>,
    enums: Vec<(Name, Vec<(Name, i8)>)>,
    services: Vec<(Name, Vec<Call>)>,
    proto3: bool,
}

/// A message, but for those within it.
#[derive(Arbitrary, Debug)]
struct Shape {
    name: Name,
    fields: Vec<Field>,
}

/// A method of a service.
#[derive(Arbitrary, Debug)]
struct Call {
    name: Name,
    input: u8,
    output: u8,
    client_streaming: bool,
    server_streaming: bool,
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
        let types = self.types(&scope);
        let file = FileDescriptorProto {
            name: Some("a/b.proto".to_owned()),
            message_type: self.messages.iter().map(|(outer, nested)| outer.message(nested, &types)).collect(),
            enum_type: self.enums.iter().map(|(name, values)| enumeration(name, values)).collect(),
            service: self.services.iter().map(|(name, calls)| service(name, calls, &types)).collect(),
            syntax: self.proto3.then(|| "proto3".to_owned()),
            package,
            ..FileDescriptorProto::default()
        };
        let empty = DescriptorProto { name: Some("Empty".to_owned()), ..DescriptorProto::default() };
        let well_known = FileDescriptorProto {
            name: Some("google/protobuf/empty.proto".to_owned()),
            package: Some("google.protobuf".to_owned()),
            message_type: vec![empty],
            ..FileDescriptorProto::default()
        };
        FileDescriptorSet { file: vec![well_known, file] }
    }

    /// The full names of all that a field or a method may refer to.
    fn types(&self, scope: &str) -> Vec<String> {
        let mut types = vec![".google.protobuf.Empty".to_owned()];
        for (outer, nested) in &self.messages {
            let outer = format!("{scope}.{}", outer.name.text());
            types.extend(nested.iter().map(|inner| format!("{outer}.{}", inner.name.text())));
            types.push(outer);
        }
        types.extend(self.enums.iter().map(|(name, _)| format!("{scope}.{}", name.text())));
        types
    }
}

impl Shape {
    fn message(&self, nested: &[Shape], types: &[String]) -> DescriptorProto {
        let choice = OneofDescriptorProto { name: Some("choice".to_owned()), options: None };
        let has_choice = self.fields.iter().any(|field| field.one_of);
        DescriptorProto {
            name: Some(self.name.text()),
            field: (1..).zip(&self.fields).map(|(number, field)| field.numbered(number, types)).collect(),
            nested_type: nested.iter().map(|inner| inner.message(&[], types)).collect(),
            oneof_decl: has_choice.then_some(choice).into_iter().collect(),
            ..DescriptorProto::default()
        }
    }
}

impl Field {
    fn numbered(&self, number: i32, types: &[String]) -> FieldDescriptorProto {
        let kind = Type::try_from(i32::from(self.kind % 18) + 1).unwrap_or(Type::String);
        let refers = matches!(kind, Type::Message | Type::Enum | Type::Group);
        FieldDescriptorProto {
            name: Some(self.name.text()),
            number: Some(number),
            label: Some(if self.repeated { Label::Repeated } else { Label::Optional }.into()),
            r#type: Some(kind.into()),
            type_name: refers.then(|| pick(types, self.refers_to)),
            oneof_index: self.one_of.then_some(0),
            ..FieldDescriptorProto::default()
        }
    }
}

fn enumeration(name: &Name, values: &[(Name, i8)]) -> EnumDescriptorProto {
    let value = |(name, number): &(Name, i8)| EnumValueDescriptorProto {
        name: Some(name.text()),
        number: Some((*number).into()),
        options: None,
    };
    EnumDescriptorProto {
        name: Some(name.text()),
        value: values.iter().map(value).collect(),
        ..EnumDescriptorProto::default()
    }
}

fn service(name: &Name, calls: &[Call], types: &[String]) -> ServiceDescriptorProto {
    let method = |call: &Call| MethodDescriptorProto {
        name: Some(call.name.text()),
        input_type: Some(pick(types, call.input)),
        output_type: Some(pick(types, call.output)),
        client_streaming: Some(call.client_streaming),
        server_streaming: Some(call.server_streaming),
        ..MethodDescriptorProto::default()
    };
    ServiceDescriptorProto {
        name: Some(name.text()),
        method: calls.iter().map(method).collect(),
        ..ServiceDescriptorProto::default()
    }
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
