//! `Page`: text in columns, with or without colours.
//!
//! In: rows. Out: text of at most a hundred columns. Whether it has colours is decided once, for the whole page: a
//! recording of a gigabyte makes many gigabytes of text, and taking colours out again would cost more than reading it.
//!
//! Must not know: recordings.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

use anstyle::Style;

use crate::failure::Failure;

/// Text on its way to standard output.
pub(crate) struct Page {
    text: String,
    out: io::Stdout,
    has_colours: bool,
    /// How long the text may become before it is written out.
    full: usize,
}

impl Page {
    /// A page for standard output, in colours if that is a terminal and nothing forbids them.
    pub(crate) fn new() -> Page {
        let out = io::stdout();
        let has_colours = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
        Page { text: String::new(), out, has_colours, full: FULL_BYTES }
    }

    /// A page that is never written out.
    #[cfg(test)]
    pub(crate) fn for_test() -> Page {
        Page { text: String::new(), out: io::stdout(), has_colours: false, full: usize::MAX }
    }

    /// What is on the page.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Appends text in a style.
    pub(crate) fn put(&mut self, style: Style, text: impl fmt::Display) {
        // Writing to a string cannot fail, here and below.
        if self.has_colours && style != Style::new() {
            let _ = write!(self.text, "{style}{text}{style:#}");
        } else {
            let _ = write!(self.text, "{text}");
        }
    }

    /// Appends a text that is there already: [`put`](Page::put) without the way through a formatter.
    pub(crate) fn push(&mut self, style: Style, text: &str) {
        if self.has_colours && style != Style::new() {
            self.put(style, text);
        } else {
            self.text.push_str(text);
        }
    }

    /// Appends text in a style, padded or cut to a width.
    pub(crate) fn cell(&mut self, style: Style, text: &str, width: usize) {
        let letters = if text.is_ascii() { text.len() } else { text.chars().count() };
        if letters > width {
            self.push(style, &clip(text, width));
        } else {
            self.push(style, text);
            self.space(width - letters);
        }
    }

    /// Appends spaces.
    pub(crate) fn space(&mut self, count: usize) {
        let width = self.text.len() + count;
        pad(&mut self.text, width);
    }

    /// Whether text is the same in every style.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_colours
    }

    /// Ends the line, without spaces before its end.
    pub(crate) fn end_line(&mut self) -> Result<(), Failure> {
        let len = self.text.trim_end_matches(' ').len();
        self.text.truncate(len);
        self.text.push('\n');
        if self.text.len() >= self.full { self.flush() } else { Ok(()) }
    }

    /// Appends a whole line.
    pub(crate) fn line(&mut self, style: Style, text: impl fmt::Display) -> Result<(), Failure> {
        self.put(style, text);
        self.end_line()
    }

    /// Writes out what is on the page.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let mut out = self.out.lock();
        let written = out.write_all(self.text.as_bytes()).and_then(|()| out.flush());
        self.text.clear();
        written.map_err(Failure::Output)
    }
}

/// The beginning of a text that is too long, with two dots for the rest.
pub(crate) fn clip(text: &str, width: usize) -> Cow<'_, str> {
    // No letter takes less than a byte.
    if text.len() <= width || text.chars().count() <= width {
        return text.into();
    }
    if let Some(kept) = text.get(..width.saturating_sub(2)).filter(|_| text.is_ascii()) {
        return [kept, ".."].concat().into();
    }
    text.chars().take(width.saturating_sub(2)).chain("..".chars()).collect()
}

/// Appends spaces until a text has this many bytes.
pub(crate) fn pad(text: &mut String, width: usize) {
    while let Some(missing) = width.checked_sub(text.len()).filter(|missing| *missing > 0) {
        text.push_str(SPACES.get(..missing).unwrap_or(SPACES));
    }
}

/// How wide a line may be.
pub(crate) const WIDTH: usize = 100;

/// As many as most columns are wide, to be copied at once.
const SPACES: &str = "                                                                ";

/// What is written at once.
const FULL_BYTES: usize = 64 * 1024;
