//! `RecordingReader`: one line of a recording after the other, in bounded memory.
//!
//! In: anything that reads, cut anywhere. Out: [`Line`]s, and at the first thing that makes no sense an error with
//! the number of its line. Only one line is held at a time, and none longer than [`MAX_LINE_BYTES`].
//!
//! Must not know: what the bytes in the lines mean.

use std::io::{BufRead, Read};

use super::VERSION;
use super::error::RecordingError;
use super::line::{Chunk, Line};
use super::parse::{self, Plain};

/// Reads a recording.
///
/// ```
/// use wirewright::recording::{Line, RecordingReader};
///
/// let text = b"{\"v\":1,\"k\":\"head\"}\n{\"k\":\"bytes\",\"c\":1,\"t\":5,\"d\":\">\",\"b\":\"UFJJ\"}\n";
/// let mut reader = RecordingReader::new(&text[..])?;
/// while let Some(line) = reader.next_line()? {
///     if let Line::Bytes(chunk) = line {
///         assert_eq!(chunk.bytes, b"PRI");
///     }
/// }
/// # Ok::<(), wirewright::recording::RecordingError>(())
/// ```
#[derive(Debug)]
pub struct RecordingReader<R> {
    input: R,
    /// The line that is being read.
    text: Vec<u8>,
    /// The bytes of the latest line that had any.
    bytes: Vec<u8>,
    /// How many lines have been begun.
    line: u64,
    /// The head, until it is asked for.
    head: Option<Line<'static>>,
}

impl<R: BufRead> RecordingReader<R> {
    /// Reads the first line, and thereby whether this is a recording at all.
    ///
    /// # Errors
    ///
    /// [`RecordingError::NotARecording`] and [`RecordingError::LaterVersion`]; others as
    /// [`next_line`](Self::next_line).
    pub fn new(input: R) -> Result<Self, RecordingError> {
        let mut reader = RecordingReader { input, text: Vec::new(), bytes: Vec::new(), line: 0, head: None };
        let not = |found: String| RecordingError::NotARecording { found };
        match reader.read_text() {
            Ok(true) => {}
            Ok(false) => return Err(not("is missing: the file is empty".into())),
            // A first line without an end is most likely no line at all.
            Err(RecordingError::Cut { .. }) if !reader.text.starts_with(b"{\"v\":") => {
                return Err(not(shown(&reader.text)));
            }
            Err(RecordingError::Garbage { .. }) => return Err(not(shown(&reader.text))),
            Err(error) => return Err(error),
        }
        let raw = parse::fields(&reader.text).map_err(|_| not(shown(&reader.text)))?;
        match raw.v {
            None => return Err(not("has no version (\"v\")".into())),
            Some(1..=VERSION) => {}
            Some(version) => return Err(RecordingError::LaterVersion { version }),
        }
        match parse::line(raw, &mut reader.bytes).map_err(not)? {
            Line::Head(head) => reader.head = Some(Line::Head(head)),
            _ => return Err(not("is not a head (\"k\":\"head\")".into())),
        }
        Ok(reader)
    }

    /// The next line, the head first; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`RecordingError`]. After [`RecordingError::Cut`] comes the end; after [`RecordingError::Garbage`] the next
    /// call goes on with the next line.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, RecordingError> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        if let Some(Plain { conn, at, direction }) = self.plain_line() {
            return Ok(Some(Line::Bytes(Chunk { conn, at, direction, bytes: &self.bytes })));
        }
        while self.read_text()? {
            if self.text.trim_ascii().is_empty() {
                continue;
            }
            let line = self.line;
            // It was spread over two fillings of the input's buffer.
            if let Some((Plain { conn, at, direction }, [])) = parse::plain_bytes(&self.text, &mut self.bytes)
            {
                return Ok(Some(Line::Bytes(Chunk { conn, at, direction, bytes: &self.bytes })));
            }
            let garbage = |reason| RecordingError::Garbage { line, reason };
            let raw = parse::fields(&self.text).map_err(garbage)?;
            if raw.is_known() {
                return parse::line(raw, &mut self.bytes).map(Some).map_err(garbage);
            }
        }
        Ok(None)
    }

    /// The number of the line that was read last, from 1.
    pub fn line_number(&self) -> u64 {
        self.line
    }

    /// Reads the next line where it lies, if the input holds the whole of it and it is one of bytes, as nearly all are.
    fn plain_line(&mut self) -> Option<Plain> {
        // What goes wrong here goes wrong again below, where it is told.
        let ahead = self.input.fill_buf().ok()?;
        let ahead = ahead.get(..=MAX_LINE_BYTES).unwrap_or(ahead);
        let (plain, rest) = parse::plain_bytes(ahead, &mut self.bytes)?;
        let len = ahead.len() - rest.strip_prefix(b"\n")?.len();
        self.input.consume(len);
        self.line += 1;
        Some(plain)
    }

    /// Reads up to the next end of a line; false at the end of the input.
    fn read_text(&mut self) -> Result<bool, RecordingError> {
        self.text.clear();
        self.line += 1;
        let line = self.line;
        let failed = |error| RecordingError::Io { line, error };
        // One more than is allowed, to see whether there is more.
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.text).map_err(failed)?;
        if self.text.pop_if(|last| *last == b'\n').is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        if read <= MAX_LINE_BYTES {
            return Err(RecordingError::Cut { line });
        }
        self.text.truncate(SHOWN_BYTES);
        self.input.skip_until(b'\n').map_err(failed)?;
        Err(RecordingError::Garbage { line, reason: format!("is longer than {MAX_LINE_BYTES} bytes") })
    }
}

/// What a first line is, in a few words.
fn shown(text: &[u8]) -> String {
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    if !text.iter().take(SHOWN_BYTES).all(is_text) {
        return "is binary".into();
    }
    let start = String::from_utf8_lossy(text.get(..SHOWN_BYTES).unwrap_or(text)).into_owned();
    if text.len() > SHOWN_BYTES { format!("is {start:?}..") } else { format!("is {start:?}") }
}

/// 64 KiB are the most that a recorder puts into a line, 88 KiB of base64; a hundred times that leaves room for other
/// writers, and bounds what a hostile file can make us hold.
const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// Enough of a line to recognise it in an error message.
const SHOWN_BYTES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Chunk, Role};

    const HEAD: &str = "{\"v\":1,\"k\":\"head\",\"tool\":\"t\",\"t0_us\":5}\n";

    fn read(text: impl AsRef<[u8]>) -> (Vec<String>, Option<String>) {
        let mut lines = Vec::new();
        let mut reader = match RecordingReader::new(text.as_ref()) {
            Ok(reader) => reader,
            Err(error) => return (lines, Some(error.to_string())),
        };
        loop {
            match reader.next_line() {
                Ok(Some(line)) => lines.push(format!("{line:?}")),
                Ok(None) => return (lines, None),
                Err(error) => return (lines, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let lines = [
            Line::Conn(crate::recording::Conn {
                local: Some("a:1".into()),
                tls: true,
                ..crate::recording::Conn::new(1, std::time::Duration::from_nanos(3), Role::Server)
            }),
            Line::Bytes(Chunk {
                conn: 1,
                at: std::time::Duration::from_secs(2),
                direction: crate::inspect::Direction::ToClient,
                bytes: b"\0\xff",
            }),
            Line::Event(crate::recording::Happening {
                name: "pick".into(),
                details: vec![("path".into(), "/a \"b\"".into())],
                ..Default::default()
            }),
            Line::End { conn: 1, at: std::time::Duration::from_secs(3), why: "eof".into() },
        ];
        let mut text = HEAD.to_owned();
        lines.iter().for_each(|line| line.write_to(&mut text));
        let mut reader = RecordingReader::new(text.as_bytes()).unwrap();
        assert!(matches!(reader.next_line().unwrap(), Some(Line::Head(head)) if head.t0_us == 5));
        for line in &lines {
            assert_eq!(reader.next_line().unwrap().as_ref(), Some(line));
        }
        assert!(reader.next_line().unwrap().is_none());
    }

    #[test]
    fn what_is_not_a_recording_is_named() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "line 1 is missing: the file is empty"),
            (b"hello\n", "line 1 is \"hello\""),
            (b"hello", "line 1 is \"hello\""),
            (b"\x0a\x0d\x0d\x0a", "not a recording"),
            (&[0x1f, 0x8b, 8, 0, 0], "line 1 is binary"),
            (b"{\"k\":\"head\"}\n", "has no version"),
            (b"{\"v\":1,\"k\":\"end\",\"c\":1}\n", "is not a head"),
            (b"{\"v\":2,\"k\":\"head\"}\n", "has version 2, and the latest known here is 1"),
        ];
        for (text, expected) in cases {
            let (_, error) = read(text);
            let error = error.unwrap();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_reason() {
        let cases = [
            (
                "{\"k\":\"bytes\",\"c\":1,\"t\":1,\"d\":\">\",\"b\":\"!\"}\n",
                "line 2 has \"b\" that is no base64",
            ),
            ("{\"k\":\"bytes\",\"c\":1,\"t\":1,\"d\":\"x\",\"b\":\"\"}\n", "line 2 has the direction"),
            ("{\"k\":\"bytes\",\"t\":1,\"d\":\">\",\"b\":\"\"}\n", "line 2 has no number of a connection"),
            ("nonsense\n", "line 2 is not a JSON object of a recording: expected ident, at column 2"),
            ("{}\n", "line 2 has no kind"),
            ("{\"k\":\"conn\",\"c\":1,\"role\":\"spy\"}\n", "line 2 has the role \"spy\""),
            ("{\"k\":\"end\",\"c\":1", "the file ends in the middle of line 2"),
        ];
        for (line, expected) in cases {
            let (lines, error) = read(format!("{HEAD}{line}"));
            assert_eq!(lines.len(), 1);
            let error = error.unwrap();
            assert!(error.contains(expected), "{error}");
        }
        let (_, error) = read([HEAD.as_bytes(), b"\xff\xfe\n"].concat());
        assert!(error.unwrap().contains("line 2 is binary"));
    }

    #[test]
    fn reading_goes_on_after_a_bad_line_and_passes_over_what_is_unknown() {
        let end = "{\"k\":\"end\",\"c\":1,\"t\":9,\"why\":\"eof\",\"new\":[1]}\n";
        let long = "x".repeat(MAX_LINE_BYTES + 2);
        let text = format!("{HEAD}{{\"k\":\"novelty\"}}\n{long}\n\n{end}");
        let mut reader = RecordingReader::new(text.as_bytes()).unwrap();
        reader.next_line().unwrap();
        assert!(matches!(reader.next_line(), Err(RecordingError::Garbage { line: 3, .. })));
        assert!(matches!(reader.next_line().unwrap(), Some(Line::End { .. })));
        assert_eq!(reader.line_number(), 5);
        assert!(reader.next_line().unwrap().is_none());
    }
}
