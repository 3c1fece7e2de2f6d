//! A recording that somebody may still be writing.
//!
//! In: a file. Out: its lines, and later those that have been added since. A line is read when its end is there, so a
//! recorder may be in the middle of one:
//!
//! ```text
//!   {"k":"bytes",..}\n{"k":"bytes",..}\n{"k":"byt
//!   |------------ handed on ----------| |- held |    until the rest of it comes
//! ```
//!
//! Must not know: what the lines say.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use wirewright::recording::{Line, RecordingError, RecordingReader};

/// Reads a recording that may grow.
#[derive(Debug)]
pub(super) struct Follower {
    reader: RecordingReader<Growing>,
}

impl Follower {
    /// Opens a recording and reads its head.
    ///
    /// # Errors
    ///
    /// As [`RecordingReader::new`]; a file that cannot be opened is [`RecordingError::Io`].
    pub(super) fn open(path: &Path) -> Result<Follower, RecordingError> {
        let file = File::open(path).map_err(|error| RecordingError::Io { line: 0, error })?;
        let growing = Growing { file, held: Vec::new(), from: 0, whole: 0 };
        Ok(Follower { reader: RecordingReader::new(growing)? })
    }

    /// The next line, or `None` until the file has grown.
    ///
    /// # Errors
    ///
    /// A line makes no sense; the next call goes on with the one after it.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, RecordingError> {
        self.reader.next_line()
    }
}

/// Whether a file begins like a recording, which may then be followed.
pub(super) fn is_recording(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    // A pipe cannot be read twice, and what it loses here would be missing later.
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return false;
    }
    let mut start = [0; 1];
    file.read_exact(&mut start).is_ok() && start == *b"{"
}

/// A file whose last line may not be whole.
#[derive(Debug)]
struct Growing {
    file: File,
    held: Vec<u8>,
    /// Where in it the first byte is that was not taken.
    from: usize,
    /// Where the last whole line ends.
    whole: usize,
}

impl Growing {
    /// Reads on, until a line is whole or there is no more.
    fn grow(&mut self) -> io::Result<()> {
        self.held.drain(..self.from);
        (self.from, self.whole) = (0, 0);
        while self.whole == 0 {
            let before = self.held.len();
            if Read::by_ref(&mut self.file).take(STEP_BYTES).read_to_end(&mut self.held)? == 0 {
                break;
            }
            let added = self.held.get(before..).unwrap_or_default();
            let end = added.iter().rposition(|byte| *byte == b'\n').map(|at| before + at + 1);
            // A line that is longer than any may be is the reader's to refuse.
            let most = if self.held.len() > MAX_HELD_BYTES { self.held.len() } else { 0 };
            self.whole = end.unwrap_or(most);
        }
        Ok(())
    }
}

impl Read for Growing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut from = self.fill_buf()?;
        let taken = from.read(into)?;
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for Growing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from == self.whole {
            self.grow()?;
        }
        Ok(self.held.get(self.from..self.whole).unwrap_or_default())
    }

    fn consume(&mut self, taken: usize) {
        self.from = (self.from + taken).min(self.whole);
    }
}

/// A few lines of a recording at a time.
const STEP_BYTES: u64 = 256 * 1024;

/// Twice the longest line that a recording may have.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_line_is_read_when_its_end_is_there() {
        let path = std::env::temp_dir().join(format!("wright-follow-{}.jsonl", std::process::id()));
        let mut file = File::create(&path).unwrap();
        file.write_all(b"{\"v\":1,\"k\":\"head\"}\n{\"k\":\"end\",\"c\":1,").unwrap();
        assert!(is_recording(&path));
        let mut follower = Follower::open(&path).unwrap();
        assert!(matches!(follower.next_line().unwrap(), Some(Line::Head(_))));
        assert!(follower.next_line().unwrap().is_none());
        assert!(follower.next_line().unwrap().is_none(), "asking again does no harm");
        file.write_all(b"\"t\":5,\"why\":\"eof\"}\nrubbish\n{\"k\":\"end\",\"c\":2,\"t\":6,\"why\":\"\"}\n")
            .unwrap();
        assert!(matches!(follower.next_line().unwrap(), Some(Line::End { conn: 1, .. })));
        assert!(matches!(follower.next_line(), Err(RecordingError::Garbage { .. })));
        assert!(matches!(follower.next_line().unwrap(), Some(Line::End { conn: 2, .. })));
        assert!(follower.next_line().unwrap().is_none());
        std::fs::remove_file(path).unwrap();
    }
}
