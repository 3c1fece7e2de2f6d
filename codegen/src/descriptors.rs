//! From `.proto` files to descriptors, with protox: nobody needs protoc.
//!
//! In come the paths of files and of the folders in which `import` looks; out goes a `FileDescriptorSet` with all
//! imports, positions and comments. What protox says about a file that it cannot read is turned into our one line.
//! This file must not know what is done with the descriptors.

use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::error::Error;

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
    let explain = |error: protox::Error| explain(&error, includes);
    let mut compiler = protox::Compiler::new(includes).map_err(explain)?;
    compiler.include_imports(true).include_source_info(true);
    for proto in protos {
        compiler.open_file(proto).map_err(explain)?;
    }
    let sources = compiler.files().filter_map(|file| file.path()).map(Path::to_owned).collect();
    let encoded = compiler.encode_file_descriptor_set();
    Ok(Compiled { set: compiler.file_descriptor_set(), encoded, sources })
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

/// The line that an edition is declared on, if the text begins with one.
///
/// protox reads proto2 and proto3, and about a file of an edition it says only that it did not expect the word.
fn edition_line(source: &str) -> Option<usize> {
    let mut rest = source;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n')?.1
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else {
            break;
        };
    }
    let declared = rest.strip_prefix("edition")?.trim_start().starts_with('=');
    let before = source.get(..source.len() - rest.len())?;
    declared.then(|| before.matches('\n').count() + 1)
}

/// What protox found, in one line with file and line.
fn explain(error: &protox::Error, includes: &[impl AsRef<Path>]) -> Error {
    if let Some(error) = explain_edition(error, includes) {
        return error;
    }
    // The one-line form, `file:line:column: message`, is the one that protox prints for debugging.
    let text = format!("{error:?}");
    if error.is_file_not_found() {
        let folders: Vec<_> =
            includes.iter().map(|include| format!("`{}`", include.as_ref().display())).collect();
        let folders = if folders.is_empty() { "no folder".to_owned() } else { folders.join(", ") };
        return Error::new(format!("{text}; imports and files are looked for in {folders}"));
    }
    let mut parts = text.splitn(4, ':');
    if let (Some(file), Some(line), Some(_column), Some(what)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
        && let Ok(line) = line.parse()
    {
        return Error::at(file, line, what.trim());
    }
    match error.file() {
        Some(file) if !text.contains(file) => Error::new(format!("{file}: {text}")),
        _ => Error::new(text),
    }
}

/// The answer to a file of an edition, if that is the trouble.
fn explain_edition(error: &protox::Error, includes: &[impl AsRef<Path>]) -> Option<Error> {
    let name = error.file().filter(|_| error.is_parse())?;
    let line = includes.iter().find_map(|include| {
        let source = std::fs::read_to_string(include.as_ref().join(name)).ok()?;
        edition_line(&source)
    })?;
    Some(Error::at(name, line, EDITIONS))
}

/// Said of every file of an edition, whether it comes as text or as a descriptor.
pub(crate) const EDITIONS: &str =
    "editions are not supported; declare `syntax = \"proto3\"` or `\"proto2\"` instead";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_found_behind_comments() {
        for (source, line) in [
            ("edition = \"2023\";", Some(1)),
            ("// licence\n/* more\n */\n\nedition='2024';", Some(5)),
            ("syntax = \"proto3\"; // edition = 1", None),
            ("// edition = \"2023\";", None),
            ("editions = 1", None),
            ("", None),
        ] {
            assert_eq!(edition_line(source), line, "{source}");
        }
    }

    #[test]
    fn bytes_that_are_no_set_are_refused() {
        let error = decode(b"\xff\xff not a set").unwrap_err().to_string();
        assert!(error.contains("--include_imports"), "{error}");
    }
}
