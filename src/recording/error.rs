//! `RecordingError`: why a recording cannot be read, or not to its end.
//!
//! In: a line number and what stands there. Out: one sentence with a hint, for whoever typed the name of the file.
//!
//! Must not know: how lines are read.

use std::io;

/// Why a recording cannot be read, or not any further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The first line is not a head.
    #[error("not a recording: line 1 {found}; a recording begins with {{\"v\":1,\"k\":\"head\",..}}")]
    NotARecording {
        /// What stands there instead.
        found: String,
    },
    /// The recording follows rules that were made after this reader.
    #[error(
        "this recording has version {version}, and the latest known here is {}; a newer reader is needed",
        super::VERSION
    )]
    LaterVersion {
        /// Its version.
        version: u32,
    },
    /// The file ends within a line. All lines before it were good.
    #[error("the file ends in the middle of line {line}; every line before it was read")]
    Cut {
        /// Which line is not whole, counted from 1.
        line: u64,
    },
    /// A line says nothing that makes sense.
    #[error("line {line} {reason}")]
    Garbage {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("cannot read line {line}: {error}")]
    Io {
        /// Which line, counted from 1.
        line: u64,
        /// What the system said.
        error: io::Error,
    },
}
