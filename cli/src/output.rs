//! Writing to standard output, and complaining to standard error.
//!
//! In: text, painted. Out: the same text, without colours unless the stream is a terminal that wants them.
//!
//! Results go to standard output, so that they can be piped; everything else goes to standard error.
//!
//! Must not know: what is written.

use std::fmt;
use std::io::{Write, stdout};

use crate::failure::Failure;

/// Writes a result.
///
/// # Errors
///
/// [`Failure::Output`] if nobody reads it any more.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::AutoStream::auto(stdout().lock());
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Text from elsewhere, without what would make a terminal do something: control characters are written out.
pub(crate) fn tame(text: &str) -> String {
    let is_wild = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
    if !text.contains(is_wild) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_wild(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Writes a line that is no result.
pub(crate) fn remark(line: impl fmt::Display) {
    // If nobody listens there either, the exit code still tells.
    let _ = writeln!(anstream::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_paint_the_terminal() {
        assert_eq!(tame("a\nb\tc"), "a\nb\tc");
        assert_eq!(tame("\x1b[2Jgone\u{9b}"), "\\u{1b}[2Jgone\\u{9b}");
    }
}
