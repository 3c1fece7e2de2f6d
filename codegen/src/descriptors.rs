//! From `.proto` files to descriptors, with protox: nobody needs protoc.
//!
//! In come the paths of files and of the folders in which `import` looks; out goes a `FileDescriptorSet` with all
//! imports, positions and comments. What protox says about a file that it cannot read is turned into our one line.
//! This file must not know what is done with the descriptors.

use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;
use protox::file::{ChainFileResolver, GoogleFileResolver};

use crate::error::Error;
use crate::sources::Sources;

/// The descriptors of some files, and where they came from.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Imported files before those that import them.
    pub(crate) set: FileDescriptorSet,
    /// The same, encoded; options that are extensions, which the decoded form has no place for, are kept.
    pub(crate) encoded: Vec<u8>,
    /// Every file that was read, imports too, except those that are built into protox.
    pub(crate) sources: Vec<PathBuf>,
}

/// Reads and links `.proto` files.
///
/// # Errors
///
/// A file that cannot be found, read, parsed or linked, in one line.
pub(crate) fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Compiled, Error> {
    let sources = Sources::new(includes);
    let mut resolver = ChainFileResolver::new();
    resolver.add(sources.clone());
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for proto in protos {
        sources.check_hidden(proto.as_ref())?;
        compiler.open_file(proto).map_err(|error| explain(&error, &sources))?;
    }
    let paths = compiler.files().filter_map(|file| sources.find(file.name())).collect();
    let encoded = compiler.encode_file_descriptor_set();
    Ok(Compiled { set: compiler.file_descriptor_set(), encoded, sources: paths })
}

/// Reads a `FileDescriptorSet` that some compiler has written.
///
/// # Errors
///
/// Bytes that are no such set.
pub(crate) fn decode(bytes: &[u8]) -> Result<FileDescriptorSet, Error> {
    FileDescriptorSet::decode(bytes).map_err(|error| {
        Error::new(format!(
            "this is not a FileDescriptorSet ({error}); write one with `protoc --include_imports \
             --include_source_info --descriptor_set_out=FILE` or `buf build -o FILE`"
        ))
    })
}

/// What protox found, in one line with file and line.
fn explain(error: &protox::Error, sources: &Sources) -> Error {
    // The one-line form, `file:line:column: message`, is the one that protox prints for debugging.
    let text = format!("{error:?}");
    let text = match error.file() {
        Some(file) if !text.contains(file) => format!("{file}: {text}"),
        _ => text,
    };
    let (place, what) = split_place(&text);
    let what = if error.is_file_not_found() {
        format!("{what}; files and imports are looked for in {}", sources.folders())
    } else {
        what.to_owned()
    };
    match place {
        Some((file, line)) => Error::at(file, line, what),
        None => Error::new(what),
    }
}

/// Takes `file:line:` or `file:line:column:` off the front of a message.
fn split_place(text: &str) -> (Option<(&str, usize)>, &str) {
    let place = text.match_indices(':').find_map(|(at, _)| {
        let (line, rest) = text.get(at + 1..)?.split_once(':')?;
        Some(((text.get(..at)?, line.parse().ok()?), rest))
    });
    let Some((place, rest)) = place else { return (None, text) };
    let is_column = |column: &str| !column.is_empty() && column.bytes().all(|b| b.is_ascii_digit());
    let rest = rest.split_once(':').filter(|(column, _)| is_column(column)).map_or(rest, |(_, rest)| rest);
    (Some(place), rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_taken_off_a_message() {
        for (text, place, what) in [
            ("a/b.proto:5:1: not: good", Some(("a/b.proto", 5)), "not: good"),
            ("a.proto:5: name", Some(("a.proto", 5)), "name"),
            ("file 'a' not found", None, "file 'a' not found"),
            ("C:/a.proto:7:2: x", Some(("C:/a.proto", 7)), "x"),
        ] {
            assert_eq!(split_place(text), (place, what));
        }
    }

    #[test]
    fn bytes_that_are_no_set_are_refused() {
        let error = decode(b"\xff\xff not a set").unwrap_err().to_string();
        assert!(error.contains("--include_imports"), "{error}");
    }
}
