//! What went wrong, in one line that starts with a file and a line number wherever there is one.
//!
//! In come a place in a `.proto` file and a sentence; out goes `proto/a.proto:12: sentence`, the form that editors and
//! terminals turn into a link. This file must not know what can go wrong: the sentence is written where it is found.

use std::fmt;
use std::path::Path;

/// Why nothing was generated: one line, with file and line if known.
///
/// `Debug` prints the same line as `Display`, so that a `build.rs` whose `main` returns this error shows the user a
/// sentence and not a struct.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    /// Where in a `.proto` file the cause is written; absent for options, files that cannot be read and the like.
    place: Option<Place>,
    /// What is wrong and what to do about it.
    what: String,
}

/// A line of a `.proto` file.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    /// The name of the file, relative to its include folder, as `import` statements say it.
    file: String,
    /// Counted from 1.
    line: usize,
}

impl Error {
    /// An error that belongs to no line of a `.proto` file.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { place: None, what: one_line(&what.into()) }
    }

    /// An error caused by what is written at this line.
    pub(crate) fn at(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { place: Some(Place { file: one_line(file), line }), what: one_line(&what.into()) }
    }

    /// A file or folder that could not be read or written.
    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// The `.proto` file that the error is about, if it is about one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.file.as_str())
    }

    /// The line of that file, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}: ", place.file, place.line)?;
        }
        f.write_str(&self.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// Keeps names taken from hostile descriptors from breaking the line or the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
