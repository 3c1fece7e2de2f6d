//! What stands above a declaration in its file.
//!
//! In: a file and the path of a declaration in it (`descriptor.proto`, "SourceCodeInfo.Location"). Out: the comment.
//!
//! Must not know: what is declared.

use prost_reflect::prost_types::FileDescriptorProto;

use crate::style::{self, paint};

/// The lines of the comment above a declaration, indented and painted.
pub(super) fn above(file: &FileDescriptorProto, path: &[i32], indent: &str) -> String {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let found = locations.into_iter().find(|location| location.path == path);
    let comment = found.and_then(|location| location.leading_comments.as_deref()).unwrap_or_default();
    comment
        .lines()
        .map(|line| format!("{indent}{}\n", paint(style::QUIET, format!("//{}", line.trim_end()))))
        .collect()
}
