//! Finds and reads `.proto` files for protox.
//!
//! In come names as `import` statements have them and the folders to look in; out go parsed files. Two things are done
//! to the text on its way, which is why protox does not read the files itself: an edition is recognised, about which
//! protox says only that it did not expect the word; and empty lines within block comments get the star that keeps
//! protox from dropping them, so that paragraphs and lists arrive as protoc would deliver them. No line moves.

use std::path::{Path, PathBuf};

use protox::file::{File, FileResolver, IncludeFileResolver};

use crate::error::Error;

/// The folders in which `import` looks, first match first.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    includes: Vec<PathBuf>,
}

impl Sources {
    /// Looks in these folders, in this order.
    pub(crate) fn new(includes: &[impl AsRef<Path>]) -> Self {
        Self { includes: includes.iter().map(|include| include.as_ref().to_owned()).collect() }
    }

    /// The file that a name leads to.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.includes.iter().map(|include| include.join(name)).find(|path| path.is_file())
    }

    /// Refuses a file that is hidden by one of the same name in an earlier folder: the other one would be read.
    ///
    /// # Errors
    ///
    /// Names both files.
    pub(crate) fn check_hidden(&self, path: &Path) -> Result<(), Error> {
        let Some(found) = self.resolve_path(path).and_then(|name| self.find(&name)) else { return Ok(()) };
        match (found.canonicalize(), path.canonicalize()) {
            (Ok(one), Ok(other)) if one != other => Err(Error::new(format!(
                "`{}` is hidden by `{}`, which has the same name in an earlier include folder; change the order of the \
                 folders or pass the other file",
                path.display(),
                found.display()
            ))),
            _ => Ok(()),
        }
    }

    /// The folders, as an error mentions them.
    pub(crate) fn folders(&self) -> String {
        let folders: Vec<_> =
            self.includes.iter().map(|include| format!("`{}`", include.display())).collect();
        if folders.is_empty() { "no folder".to_owned() } else { folders.join(", ") }
    }
}

impl FileResolver for Sources {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.includes.iter().find_map(|include| IncludeFileResolver::new(include.clone()).resolve_path(path))
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let path = self.find(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        let source = std::fs::read_to_string(&path)
            .map_err(|error| protox::Error::new(Error::io("read", &path, &error)))?;
        if let Some(line) = edition_line(&source) {
            return Err(protox::Error::new(Error::at(name, line, EDITIONS)));
        }
        File::from_source(name, &star_empty_lines(&source))
    }
}

/// The line that an edition is declared on, if the text begins with one.
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

/// Puts a star on the empty lines of block comments.
fn star_empty_lines(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 64);
    let mut rest = source;
    while let Some(start) = rest.find(['"', '\'', '/']) {
        let (before, token) = rest.split_at(start);
        out.push_str(before);
        let len = token_len(token);
        let (token, after) = token.split_at(len);
        if token.starts_with("/*") {
            let lines = token.split_inclusive('\n').enumerate();
            out.extend(lines.flat_map(|(number, line)| {
                let star =
                    if number > 0 && line.ends_with('\n') && line.trim().is_empty() { "*" } else { "" };
                [star, line]
            }));
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out + rest
}

/// How long the string, comment or slash is that the text starts with.
fn token_len(text: &str) -> usize {
    let end_of = |end: &str| text.get(2..).and_then(|rest| rest.find(end)).map(|at| 2 + at + end.len());
    let end = if text.starts_with("//") {
        end_of("\n")
    } else if text.starts_with("/*") {
        end_of("*/")
    } else if text.starts_with('/') {
        Some(1)
    } else {
        let quote = text.chars().next();
        let mut escaped = false;
        let is_end = |(at, c): (usize, char)| {
            let ends = at > 0 && !escaped && (Some(c) == quote || c == '\n');
            escaped = c == '\\' && !escaped;
            ends.then_some(at + 1)
        };
        text.char_indices().find_map(is_end)
    };
    end.unwrap_or(text.len())
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
    fn empty_lines_get_a_star_in_block_comments_alone() {
        for (source, starred) in [
            ("/* a\n\n  \n * b */\n\nx", "/* a\n*\n*  \n * b */\n\nx"),
            ("// /*\n\n// */", "// /*\n\n// */"),
            ("'/*\\'' \n\n \"/*\" \n\n /", "'/*\\'' \n\n \"/*\" \n\n /"),
            ("/*\n\n", "/*\n*\n"),
            ("\"open\n/*\n\n*/", "\"open\n/*\n*\n*/"),
        ] {
            assert_eq!(star_empty_lines(source), starred);
        }
    }
}
