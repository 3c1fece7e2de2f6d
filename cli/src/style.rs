//! The colours of the command line, by what they are for.
//!
//! In: text. Out: the same text with escape codes around it. Everything is painted always; the stream that it is
//! written to (`anstream`) takes the codes out again unless it is a terminal, as `NO_COLOR` and `CLICOLOR_FORCE`
//! have it. Only the sixteen colours that every terminal lets its user choose are used.
//!
//! Must not know: what is printed.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// Text in a style, padded by the usual format width: codes do not count as letters.
pub(crate) fn paint<T: fmt::Display>(style: Style, text: T) -> Painted<T> {
    Painted { style, text }
}

/// See [`paint`].
pub(crate) struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.style.fmt(f)?;
        self.text.fmt(f)?;
        write!(f, "{:#}", self.style)
    }
}

/// What the client says.
pub(crate) const CLIENT: Style = AnsiColor::Cyan.on_default();
/// What the server says.
pub(crate) const SERVER: Style = AnsiColor::Magenta.on_default();
/// The five bytes before a message, and what explains them.
pub(crate) const PREFIX: Style = AnsiColor::Yellow.on_default();
/// A call that ended well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// A call that did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// The word before an error message; clap's own errors begin with the same.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The names of things, and titles.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Ordinary text.
pub(crate) const PLAIN: Style = Style::new();
/// The name of a field.
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
/// A text in a message.
pub(crate) const TEXT: Style = AnsiColor::Green.on_default();
/// A number in a message, and a yes or no.
pub(crate) const NUMBER: Style = AnsiColor::Yellow.on_default();
/// A word of the language that something is written in.
pub(crate) const KEYWORD: Style = AnsiColor::Magenta.on_default();
/// The word before a hint.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
