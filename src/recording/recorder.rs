//! `Recorder`: writes a recording, a line at a time, so that nothing is lost.
//!
//! In: [`Line`]s. Out: their text, each in one `write` and at once: whatever the recorder has been told is with the
//! system before the next line begins, and stays there when the process is killed.
//!
//! Must not know: who listens.

use std::fmt;
use std::io::{self, Write};

use super::line::{Chunk, Head, Line};
use super::redact::Redactor;

/// Writes a recording.
pub struct Recorder<W> {
    out: W,
    /// The line that is being written.
    text: String,
    redactor: Option<Redactor>,
}

impl<W: Write> Recorder<W> {
    /// Writes the head; if it names fields to redact, no value of theirs is written.
    ///
    /// # Errors
    ///
    /// If the head cannot be written.
    pub fn new(out: W, head: Head) -> io::Result<Self> {
        let redactor = (!head.redact.is_empty()).then(|| Redactor::new(head.redact.clone()));
        let mut recorder = Recorder { out, text: String::new(), redactor };
        recorder.put(&Line::Head(head))?;
        Ok(recorder)
    }

    /// Writes one line, or, of a chunk of bytes, as many as it takes.
    ///
    /// A second head is ignored: the recording has one.
    ///
    /// # Errors
    ///
    /// If the line cannot be written; what was written before is whole.
    pub fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let Some(mut redactor) = self.redactor.take() else {
            return self.split(line);
        };
        let mut result = Ok(());
        redactor.push(line, |line| {
            if result.is_ok() {
                result = self.split(line);
            }
        });
        self.redactor = Some(redactor);
        result
    }

    /// Gives back what is written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn split(&mut self, line: &Line<'_>) -> io::Result<()> {
        match line {
            Line::Head(_) => Ok(()),
            Line::Bytes(chunk) => {
                let mut pieces = chunk.bytes.chunks(MAX_CHUNK_BYTES);
                pieces.try_for_each(|bytes| self.put(&Line::Bytes(Chunk { bytes, ..*chunk })))
            }
            other => self.put(other),
        }
    }

    fn put(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.text.clear();
        line.write_to(&mut self.text);
        self.out.write_all(self.text.as_bytes())?;
        self.out.flush()
    }
}

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("redactor", &self.redactor).finish_non_exhaustive()
    }
}

/// Four frames of HTTP/2's default size: lines that an editor still shows.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Direction;
    use std::time::Duration;

    /// Counts the writes that reach the system.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_reaches_the_system_in_one_write_and_long_chunks_in_several_lines() {
        let mut recorder = Recorder::new(Writes::default(), Head::default()).unwrap();
        let bytes = vec![7; MAX_CHUNK_BYTES + 1];
        let chunk = Chunk { conn: 1, at: Duration::ZERO, direction: Direction::ToServer, bytes: &bytes };
        recorder.write(&Line::Bytes(chunk)).unwrap();
        recorder.write(&Line::Head(Head::default())).unwrap();
        let writes = recorder.into_inner().0;
        assert_eq!(writes.len(), 3);
        assert!(writes.iter().all(|line| line.ends_with(b"\n")));
    }
}
