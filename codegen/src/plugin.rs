//! The generator as a plugin of protoc and buf.
//!
//! In come the bytes of a `CodeGeneratorRequest`; out go those of a `CodeGeneratorResponse`
//! (google/protobuf/compiler/plugin.proto). What goes wrong with the `.proto` files or the options is said in the
//! response, which the compiler prints; only a request that cannot be read is an error of the plugin itself. This file
//! must not know what options do, only how they are written.

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::compiler::code_generator_response::{Feature, File};
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};

use crate::builder::Builder;
use crate::error::Error;
use crate::files::GeneratedFile;

/// Answers one request of protoc or buf.
///
/// The parameter of the request is a list of options, `name=value` or `name` alone, separated by commas; a comma within
/// a value is written `\,`. [`HELP`] lists them. One file is generated per package that has a file to generate.
///
/// # Errors
///
/// Bytes that are no `CodeGeneratorRequest`. Every other trouble is part of the response.
pub fn respond(request: &[u8]) -> Result<Vec<u8>, Error> {
    let request = CodeGeneratorRequest::decode(request).map_err(|error| {
        Error::new(format!(
            "standard input is not a CodeGeneratorRequest ({error}); this program is run by protoc or buf"
        ))
    })?;
    let mut response = CodeGeneratorResponse {
        supported_features: Some(Feature::Proto3Optional as u64),
        ..CodeGeneratorResponse::default()
    };
    match generate(request) {
        Ok(files) => response.file.extend(files.into_iter().map(|file| File {
            name: Some(file.name),
            content: Some(file.content),
            ..File::default()
        })),
        Err(error) => response.error = Some(error.to_string()),
    }
    Ok(response.encode_to_vec())
}

fn generate(request: CodeGeneratorRequest) -> Result<Vec<GeneratedFile>, Error> {
    let mut builder = Builder::new();
    for option in split_options(request.parameter()) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option.as_str(), None),
        };
        builder = builder.set(name.trim(), value)?;
    }
    let wanted = request.file_to_generate;
    let set = FileDescriptorSet { file: request.proto_file };
    if let Some(missing) = wanted.iter().find(|name| !set.file.iter().any(|file| file.name() == *name)) {
        return Err(Error::new(format!("the request asks for `{missing}` but does not describe it")));
    }
    let selected: Vec<bool> =
        set.file.iter().map(|file| wanted.iter().any(|name| name == file.name())).collect();
    // Included files lie beside the file that includes them, wherever the compiler puts them.
    builder.generate_selected(&set, &selected, Some(".".as_ref()))
}

impl Builder {
    /// Sets an option by its name, as protoc and buf are given them.
    fn set(self, name: &str, value: Option<&str>) -> Result<Self, Error> {
        let bad = |what: &str| Error::new(format!("option `{name}`: {what}; `--help` lists the options"));
        let flag = || match value {
            None | Some("true" | "1" | "") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(bad(&format!("`{other}` is neither `true` nor `false`"))),
        };
        let text = || value.filter(|value| !value.is_empty()).ok_or_else(|| bad("a value is missing"));
        let pair = || {
            let pair = text()?.split_once('=').filter(|(left, right)| !left.is_empty() && !right.is_empty());
            pair.ok_or_else(|| bad(&format!("write `{name}=.proto.path=value`")))
        };
        Ok(match name {
            "client_only" => self.maybe(flag()?, |builder| builder.build_server(false)),
            "server_only" => self.maybe(flag()?, |builder| builder.build_client(false)),
            "unimplemented_stubs" => self.unimplemented_stubs(flag()?),
            "messages" => self.messages(flag()?),
            "compile_well_known_types" => self.maybe(flag()?, Self::compile_well_known_types),
            "retain_enum_prefix" => self.maybe(flag()?, Self::retain_enum_prefix),
            "enable_type_names" => self.maybe(flag()?, Self::enable_type_names),
            "include_file" => self.include_file(text()?),
            "default_package_filename" => self.default_package_filename(text()?),
            "prost_path" => self.prost_path(text()?),
            "prost_types_path" => self.prost_types_path(text()?),
            "bytes" => self.bytes([text()?]),
            "btree_map" => self.btree_map([text()?]),
            "boxed" => self.boxed(text()?),
            "skip_debug" => self.skip_debug([text()?]),
            "disable_comments" => self.disable_comments([text()?]),
            "extern_path" => self.extern_path(pair()?.0, pair()?.1),
            "type_attribute" => self.type_attribute(pair()?.0, pair()?.1),
            "message_attribute" => self.message_attribute(pair()?.0, pair()?.1),
            "enum_attribute" => self.enum_attribute(pair()?.0, pair()?.1),
            "field_attribute" => self.field_attribute(pair()?.0, pair()?.1),
            _ => return Err(bad("there is no such option")),
        })
    }

    fn maybe(self, wanted: bool, change: impl FnOnce(Self) -> Self) -> Self {
        if wanted { change(self) } else { self }
    }
}

/// Splits at commas that have no backslash before them.
fn split_options(parameter: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    let mut rest = parameter.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.next_if_eq(&',').is_some() => {
                options.last_mut().into_iter().for_each(|last| last.push(','))
            }
            ',' => options.push(String::new()),
            c => options.last_mut().into_iter().for_each(|last| last.push(c)),
        }
    }
    options.into_iter().map(|option| option.trim().to_owned()).filter(|option| !option.is_empty()).collect()
}

/// What `protoc-gen-wirewright --help` prints.
pub const HELP: &str = "\
protoc-gen-wirewright: gRPC services and protobuf messages for Rust

A plugin for protoc and buf, which run it and speak to it over standard input.

  protoc --wirewright_out=src/gen --wirewright_opt=client_only proto/x.proto

  # buf.gen.yaml
  version: v2
  plugins:
    - local: protoc-gen-wirewright
      out: src/gen
      opt: [client_only, include_file=mod.rs]

Options (name=value or name, separated by commas; write \\, for a comma in a value):
  client_only                      no traits and servers
  server_only                      no clients
  unimplemented_stubs              default bodies for the functions of traits
  messages=false                   services only, in <package>.wirewright.rs
  include_file=mod.rs              also a file of modules that includes the others
  extern_path=.a.b=::x::y          use ::x::y for the package or type .a.b
  compile_well_known_types         print google.protobuf instead of using prost-types
  type_attribute=PATH=ATTRIBUTE    likewise message_attribute, enum_attribute, field_attribute
  bytes=PATH, btree_map=PATH       Bytes for bytes fields, BTreeMap for maps
  boxed=PATH                       box a field
  skip_debug=PATH                  derive no Debug
  disable_comments=PATH            leave comments out
  retain_enum_prefix               keep the enum's name in front of its values
  enable_type_names                implement prost::Name
  prost_path=PATH                  where prost is; likewise prost_types_path
  default_package_filename=NAME    the file of protos without a package

  --help       print this
  --version    print the version
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_at_commas_that_are_not_escaped() {
        for (parameter, options) in [
            ("", &[][..]),
            ("a, b=c ,,", &["a", "b=c"]),
            ("type_attribute=.=#[derive(A\\,B)],x", &["type_attribute=.=#[derive(A,B)]", "x"]),
        ] {
            assert_eq!(split_options(parameter), options, "{parameter}");
        }
    }
}
