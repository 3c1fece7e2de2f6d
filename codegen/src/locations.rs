//! Where in a `.proto` file something is written, and what its author wrote above it.
//!
//! In comes the `SourceCodeInfo` of one file; out go line numbers and comments, both by *path*: the list of field
//! numbers and indexes that leads from the file's descriptor to a declaration (descriptor.proto,
//! `SourceCodeInfo.Location.path`). `[6, 0, 2, 1]` is field 6 (`service`), the first; its field 2 (`method`), the
//! second. A file may come without any of this, or with half of it; nothing here minds.

use std::collections::HashMap;

use prost_types::FileDescriptorProto;
use prost_types::source_code_info::Location;

use crate::error::Error;

/// The index over one file's locations.
#[derive(Debug)]
pub(crate) struct Locations<'a> {
    /// The name under which errors mention the file.
    file: &'a str,
    /// Every declaration that has a location.
    by_path: HashMap<&'a [i32], &'a Location>,
}

impl<'a> Locations<'a> {
    /// Reads the locations that a file has, if it has any.
    pub(crate) fn new(file: &'a FileDescriptorProto) -> Self {
        let mut by_path = HashMap::new();
        for location in file.source_code_info.iter().flat_map(|info| &info.location) {
            // Statements such as `extend` may repeat a path; the first is where the reader looks.
            by_path.entry(location.path.as_slice()).or_insert(location);
        }
        Self { file: file.name(), by_path }
    }

    /// An error that points at the declaration, or at the nearest one around it.
    pub(crate) fn error(&self, path: &[i32], what: impl Into<String>) -> Error {
        Error::at(self.file, self.line(path), what)
    }

    /// What the author wrote above and behind the declaration, above first.
    pub(crate) fn comments(&self, path: &[i32]) -> String {
        let Some(location) = self.by_path.get(path) else { return String::new() };
        let parts = [location.leading_comments(), location.trailing_comments()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
        parts.join("\n")
    }

    /// The line of the declaration, counted from 1; line 1 if nothing around it has a location.
    fn line(&self, path: &[i32]) -> usize {
        (0..=path.len())
            .rev()
            .filter_map(|len| self.by_path.get(path.get(..len)?))
            .find_map(|location| usize::try_from(*location.span.first()?).ok())
            .map_or(1, |line| line.saturating_add(1))
    }
}

/// Field numbers of descriptor.proto, as they stand in paths.
pub(crate) mod field {
    /// `FileDescriptorProto.package`.
    pub(crate) const PACKAGE: i32 = 2;
    /// `FileDescriptorProto.message_type`.
    pub(crate) const MESSAGE: i32 = 4;
    /// `FileDescriptorProto.enum_type`.
    pub(crate) const ENUM: i32 = 5;
    /// `FileDescriptorProto.service`.
    pub(crate) const SERVICE: i32 = 6;
    /// `FileDescriptorProto.syntax`.
    pub(crate) const SYNTAX: i32 = 12;
    /// `DescriptorProto.field`.
    pub(crate) const FIELD: i32 = 2;
    /// `DescriptorProto.nested_type`.
    pub(crate) const NESTED: i32 = 3;
    /// `DescriptorProto.enum_type`.
    pub(crate) const NESTED_ENUM: i32 = 4;
    /// `DescriptorProto.oneof_decl`.
    pub(crate) const ONEOF: i32 = 8;
    /// `EnumDescriptorProto.value`.
    pub(crate) const VALUE: i32 = 2;
    /// `ServiceDescriptorProto.method`.
    pub(crate) const METHOD: i32 = 2;
}

/// The path of the `index`th element of a repeated field below `path`.
pub(crate) fn below(path: &[i32], field: i32, index: usize) -> Vec<i32> {
    let mut path = path.to_vec();
    path.push(field);
    // No descriptor that fits in memory has more than i32::MAX elements of anything.
    path.push(i32::try_from(index).unwrap_or(i32::MAX));
    path
}
