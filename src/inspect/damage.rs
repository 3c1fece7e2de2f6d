//! Why bytes could not be read: one word for each way in which they fail.
//!
//! In come no bytes; the readers of this room hand out a [`Damage`] where the
//! input stops making sense, and its `Display` is the sentence that a person
//! sees. Damage is an answer, not a failure of the reader: a recording of a
//! broken peer is exactly what one wants explained.
//!
//! This file must not know what a call's status is; it never maps damage to
//! a code.

use std::fmt;

/// Why some bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// The connection does not begin with HTTP/2's preface.
    NotHttp2,
    /// The recording ends before the format does.
    CutShort {
        /// How many bytes are missing, as far as the format tells.
        missing: usize,
    },
    /// A frame, block or message ends before what it must hold.
    TooShort {
        /// How many bytes are missing.
        missing: usize,
    },
    /// A frame of a fixed size holds more than that.
    TooLong {
        /// How many bytes are left over.
        extra: usize,
    },
    /// A frame claims more padding than it has bytes.
    PaddingTooLong {
        /// What the pad length says.
        claimed: usize,
        /// How much room the frame has.
        room: usize,
    },
    /// A CONTINUATION frame that continues nothing.
    NothingToContinue,
    /// Another frame stands where a CONTINUATION had to come.
    BlockInterrupted,
    /// A header block longer than any that makes sense; not kept.
    BlockTooLong,
    /// HPACK: an integer of more than 32 bits.
    IntegerTooLarge,
    /// HPACK: index 0, which means nothing.
    IndexZero,
    /// HPACK: an index beyond both tables.
    NoSuchIndex {
        /// The index.
        index: usize,
        /// How many entries the static and dynamic table had together.
        entries: usize,
    },
    /// HPACK: what this index means was said before the recording began, or
    /// in bytes that could not be read.
    NotHeard {
        /// The index.
        index: usize,
    },
    /// HPACK: a table size that no peer can have allowed.
    TableTooLarge,
    /// HPACK: a Huffman string that spells out the end-of-string symbol.
    HuffmanEnd,
    /// HPACK: a Huffman string that ends in bits other than up to seven ones.
    HuffmanPadding,
    /// The stream ended, or was reset, in the middle of a message.
    MessageCut {
        /// How many bytes of the prefix and the message are missing.
        missing: usize,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotHttp2 => f.write_str("not HTTP/2: the preface is missing"),
            Self::CutShort { missing } => {
                write!(f, "the recording ends {} too early", Bytes(missing))
            }
            Self::TooShort { missing } => write!(f, "{} missing", Bytes(missing)),
            Self::TooLong { extra } => write!(f, "{} too many", Bytes(extra)),
            Self::PaddingTooLong { claimed, room } => {
                write!(f, "{claimed} bytes of padding claimed, room for {room}")
            }
            Self::NothingToContinue => f.write_str("CONTINUATION without a block to continue"),
            Self::BlockInterrupted => f.write_str("a CONTINUATION had to come first"),
            Self::BlockTooLong => f.write_str("header block too long to keep"),
            Self::IntegerTooLarge => f.write_str("integer of more than 32 bits"),
            Self::IndexZero => f.write_str("index 0 means nothing"),
            Self::NoSuchIndex { index, entries } => {
                write!(f, "index {index}, but the tables end at {entries}")
            }
            Self::NotHeard { index } => {
                write!(f, "index {index} was filled in bytes that we did not hear")
            }
            Self::TableTooLarge => f.write_str("table size beyond what any peer allows"),
            Self::HuffmanEnd => f.write_str("Huffman string contains the end-of-string symbol"),
            Self::HuffmanPadding => f.write_str("Huffman string is padded with other than ones"),
            Self::MessageCut { missing } => {
                write!(f, "the message ends {} too early", Bytes(missing))
            }
        }
    }
}

impl std::error::Error for Damage {}

/// Writes a number of bytes in words: `1 byte`, `7 bytes`.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            n => write!(f, "{n} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_in_one_short_sentence() {
        let cases = [
            (Damage::CutShort { missing: 1 }, "the recording ends 1 byte too early"),
            (Damage::TooShort { missing: 3 }, "3 bytes missing"),
            (Damage::NoSuchIndex { index: 70, entries: 61 }, "index 70, but the tables end at 61"),
        ];
        for (damage, sentence) in cases {
            assert_eq!(damage.to_string(), sentence);
        }
    }
}
