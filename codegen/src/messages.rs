//! Hands messages and enums to prost-build, file by file.
//!
//! In comes a checked set; out goes, for each of its files, the text of its messages. prost-build prints one text per
//! *module*; giving it a module of its own for each file leaves the choice of what to put together to us: a plugin
//! prints only the files that it is asked for, yet must know all of them.
//!
//! Before that, each file is brought into the form that prost-build expects without saying so: no empty package, no
//! empty syntax, no services, and a location for every declaration if there are locations at all. Comments are made
//! safe on the way (`docs.rs`).

use prost_build::{Config, Module};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet, SourceCodeInfo,
};

use crate::docs::{self, Urls};
use crate::error::Error;
use crate::locations::{Locations, below, field};

/// The text of the messages of each file, in the order of the files; empty for a file without any.
///
/// # Errors
///
/// What prost-build says, chiefly about its options.
pub(crate) fn print(config: &mut Config, set: &FileDescriptorSet) -> Result<Vec<String>, Error> {
    let module = |index: usize| Module::from_parts([index.to_string()]);
    let requests = set.file.iter().enumerate().map(|(index, file)| (module(index), prepare(file))).collect();
    let mut texts = config.generate(requests).map_err(|error| Error::new(format!("prost-build: {error}")))?;
    let texts = (0..set.file.len()).map(|index| {
        let text = texts.remove(&module(index)).unwrap_or_default();
        // The first line names prost-build as the author of the whole file, which is written elsewhere.
        match text.split_once('\n') {
            Some((first, rest)) if first.starts_with("//") && first.contains("@generated") => rest.to_owned(),
            _ => text,
        }
    });
    Ok(texts.collect())
}

/// A copy that prost-build reads without surprise.
fn prepare(file: &FileDescriptorProto) -> FileDescriptorProto {
    let mut locations = Vec::new();
    let places = Locations::new(file);
    for (number, message) in file.message_type.iter().enumerate() {
        add_message(&places, message, &below(&[], field::MESSAGE, number), &mut locations);
    }
    for (number, each) in file.enum_type.iter().enumerate() {
        add_enum(&places, each, &below(&[], field::ENUM, number), &mut locations);
    }
    FileDescriptorProto {
        name: file.name.clone(),
        package: file.package.clone().filter(|package| !package.is_empty()),
        syntax: file.syntax.clone().filter(|syntax| !syntax.is_empty()),
        message_type: file.message_type.clone(),
        enum_type: file.enum_type.clone(),
        source_code_info: file.source_code_info.as_ref().map(|_| SourceCodeInfo { location: locations }),
        ..FileDescriptorProto::default()
    }
}

fn add_message(places: &Locations<'_>, message: &DescriptorProto, path: &[i32], out: &mut Vec<Location>) {
    out.push(location(places, path));
    for number in 0..message.field.len() {
        out.push(location(places, &below(path, field::FIELD, number)));
    }
    for number in 0..message.oneof_decl.len() {
        out.push(location(places, &below(path, field::ONEOF, number)));
    }
    for (number, nested) in message.nested_type.iter().enumerate() {
        add_message(places, nested, &below(path, field::NESTED, number), out);
    }
    for (number, nested) in message.enum_type.iter().enumerate() {
        add_enum(places, nested, &below(path, field::NESTED_ENUM, number), out);
    }
}

fn add_enum(places: &Locations<'_>, each: &EnumDescriptorProto, path: &[i32], out: &mut Vec<Location>) {
    out.push(location(places, path));
    for number in 0..each.value.len() {
        out.push(location(places, &below(path, field::VALUE, number)));
    }
}

/// The declaration's place with its comment made safe; prost-build panics if it is missing.
fn location(places: &Locations<'_>, path: &[i32]) -> Location {
    let lines = docs::lines(&places.comments(path), Urls::LeaveBare);
    // prost-build prints `///` and the line, and puts a space between where the line starts with none or with two.
    let spaced = |line: &String| if line.is_empty() || line.starts_with("  ") { "" } else { " " };
    let comment: String = lines.iter().map(|line| format!("{}{line}\n", spaced(line))).collect();
    Location {
        path: path.to_vec(),
        leading_comments: Some(comment).filter(|comment| !comment.is_empty()),
        ..Location::default()
    }
}
