//! Reads header blocks: HPACK, with the table that both ends remember.
//!
//! In come the header blocks of one direction, in order; out comes, for each,
//! a list of [`Entry`]s that together cover the block's bytes. Each field
//! tells not only its name and value but how it was written (RFC 7541 6
//! "Binary Format"):
//!
//! ```text
//!  1 index                            both name and value from the tables
//!  0 1 index | value                  name from the tables, and remember both
//!  0 1 0     | name | value           both in letters, and remember both
//!  0 0 0 0   ...                      as the two above, but do not remember
//!  0 0 0 1   ...                      and whoever passes it on must not either
//!  0 0 1 size                         the table now holds this many bytes
//!
//!  a string:  H | length | letters    H: the letters are Huffman coded
//! ```
//!
//! Numbers fill the rest of their first byte; if that is all ones, seven bits
//! of each further byte are added, lowest first, until one is below 128.
//!
//! What cannot be known is said to be unknown, and reading goes on: after a
//! block that was lost, or in a connection that was joined late, an index may
//! mean something that nobody heard ([`Damage::NotHeard`]).
//!
//! This file must not know which fields gRPC uses.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::damage::Damage;
pub use super::hpack_field::{Field, Form, Origin, Text};
use super::hpack_table::{Row, Table};
pub use super::hpack_writer::HpackEncoder;
use super::huffman;
use super::span::{Span, SpanKind};

/// Reads the header blocks of one direction of a connection.
///
/// ```
/// use bytes::Bytes;
/// use wirewright::inspect::hpack::{Entry, HpackDecoder};
///
/// let mut decoder = HpackDecoder::new();
/// let entries = decoder.decode(&Bytes::from_static(b"\x83\x40\x01a\x01b\xbe"));
/// let told: Vec<String> = entries.iter().map(Entry::to_string).collect();
/// assert_eq!(told, [":method: POST", "a: b", "a: b"]);
/// ```
#[derive(Debug)]
pub struct HpackDecoder {
    /// What both ends remember.
    table: Table,
}

impl HpackDecoder {
    /// A decoder that hears the direction from its first byte.
    pub fn new() -> Self {
        Self { table: Table::new() }
    }

    /// A decoder for a connection whose first blocks were not heard.
    pub fn joined_late() -> Self {
        let mut decoder = Self::new();
        decoder.lose_track();
        decoder
    }

    /// Reads the next block of the direction.
    ///
    /// The entries cover the block from its first byte to its last; ranges
    /// count from the block's first byte.
    pub fn decode(&mut self, block: &Bytes) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.decode_into(block, &mut entries);
        entries
    }

    /// [`decode`](Self::decode), into a list that is used again and again.
    pub(super) fn decode_into(&mut self, block: &Bytes, entries: &mut Vec<Entry>) {
        let mut reader = Reader { block, at: 0 };
        while let Some(first) = reader.peek() {
            let start = reader.at;
            match self.entry(first, &mut reader) {
                Ok(entry) => entries.push(entry),
                Err(why) => {
                    // Where the next entry begins is unknown, and so is what
                    // the rest of the block would have put into the table.
                    entries.push(Entry::Damaged { range: start..block.len(), why });
                    self.lose_track();
                    break;
                }
            }
        }
    }

    /// Says that a block was lost: from here on the table is not known.
    pub fn lose_track(&mut self) {
        self.table.lose_track();
    }

    /// How often the table has changed. A block that did not change it is read the same again as long as this stays.
    pub(super) fn version(&self) -> u64 {
        self.table.version()
    }

    fn entry(&mut self, first: u8, reader: &mut Reader<'_>) -> Result<Entry, Damage> {
        match first.leading_zeros() {
            0 => self.indexed(reader).map(Entry::Field),
            1 => self.literal(Form::Remembered, 6, reader).map(Entry::Field),
            2 => self.table_size(reader),
            3 => self.literal(Form::NeverRemembered, 4, reader).map(Entry::Field),
            _ => self.literal(Form::NotRemembered, 4, reader).map(Entry::Field),
        }
    }

    fn indexed(&mut self, reader: &mut Reader<'_>) -> Result<Field, Damage> {
        let start = reader.at;
        let index = reader.number(7)?;
        let row = self.table.row(index);
        let origin = Origin::of_index(index);
        Ok(Field {
            range: start..reader.at,
            form: Form::Indexed,
            name: Text { bytes: row.name, origin: origin.clone() },
            value: Text { bytes: row.value, origin },
        })
    }

    fn literal(&mut self, form: Form, bits: u32, reader: &mut Reader<'_>) -> Result<Field, Damage> {
        let start = reader.at;
        let name = match reader.number(bits)? {
            0 => reader.string()?,
            index => Text { bytes: self.table.row(index).name, origin: Origin::of_index(index) },
        };
        let value = reader.string()?;
        if form == Form::Remembered {
            self.table.insert(Row { name: name.bytes.clone(), value: value.bytes.clone() });
        }
        Ok(Field { range: start..reader.at, form, name, value })
    }

    fn table_size(&mut self, reader: &mut Reader<'_>) -> Result<Entry, Damage> {
        let start = reader.at;
        let size = reader.number(5)?;
        self.table.resize(size)?;
        Ok(Entry::TableSize { range: start..reader.at, size })
    }
}

impl Default for HpackDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// One step through a header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A name and a value.
    Field(Field),
    /// The sender changes the size of its table.
    TableSize {
        /// Where it says so, in the block.
        range: Range<usize>,
        /// The new size in bytes, by HPACK's way of counting.
        size: usize,
    },
    /// The rest of the block, which cannot be read.
    Damaged {
        /// From where to the end of the block.
        range: Range<usize>,
        /// Why not.
        why: Damage,
    },
}

impl Entry {
    /// Where the entry is, in the block.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Field(field) => field.range.clone(),
            Self::TableSize { range, .. } | Self::Damaged { range, .. } => range.clone(),
        }
    }

    /// The field, if the entry is one.
    pub fn as_field(&self) -> Option<&Field> {
        match self {
            Self::Field(field) => Some(field),
            Self::TableSize { .. } | Self::Damaged { .. } => None,
        }
    }

    /// The entry, byte by byte; positions count from the block's first byte.
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::Field(field) => field.spans(),
            Self::TableSize { range, size } => {
                vec![Span::new(range.clone(), SpanKind::TableSize, format!("{size} bytes"))]
            }
            Self::Damaged { range, why } => {
                vec![Span::new(range.clone(), SpanKind::Damaged, why.to_string())]
            }
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{}: {}", field.name, field.value),
            Self::TableSize { size, .. } => write!(f, "(table of {size} bytes)"),
            Self::Damaged { why, .. } => write!(f, "({why})"),
        }
    }
}

/// A position in a block.
#[derive(Debug)]
struct Reader<'a> {
    block: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.block.get(self.at).copied()
    }

    fn byte(&mut self) -> Result<u8, Damage> {
        let byte = self.peek().ok_or(Damage::TooShort { missing: 1 })?;
        self.at += 1;
        Ok(byte)
    }

    /// A number that begins in the lowest `bits` of a byte (RFC 7541 5.1).
    fn number(&mut self, bits: u32) -> Result<usize, Damage> {
        let full = (1_u32 << bits) - 1;
        let first = u32::from(self.byte()?) & full;
        if first < full {
            return Ok(first as usize);
        }
        let mut number = first;
        // Five bytes carry 35 bits, enough for any 32-bit number; a sixth
        // could only add zeros or too much.
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f) << shift;
            let part = u32::try_from(part).map_err(|_| Damage::IntegerTooLarge)?;
            number = number.checked_add(part).ok_or(Damage::IntegerTooLarge)?;
            if byte < 0x80 {
                // Lossless: 32 bits fit a usize wherever a network does.
                return Ok(number as usize);
            }
        }
        Err(Damage::IntegerTooLarge)
    }

    /// A string in letters (RFC 7541 5.2).
    ///
    /// A string whose Huffman code is wrong is unknown, but its end is not:
    /// the block can be read on.
    fn string(&mut self) -> Result<Text, Damage> {
        let start = self.at;
        let is_huffman = self.peek().is_some_and(|byte| byte & 0x80 != 0);
        let len = self.number(7)?;
        let letters = self.at..self.at.saturating_add(len);
        let Some(coded) = self.block.get(letters.clone()) else {
            return Err(Damage::TooShort { missing: letters.end - self.block.len() });
        };
        let bytes = match is_huffman {
            true => huffman::decode(coded).map(Bytes::from),
            false => Ok(self.block.slice(letters.clone())),
        };
        let length = start..self.at;
        self.at = letters.end;
        Ok(Text { bytes, origin: Origin::Literal { length, letters, is_huffman } })
    }
}

#[cfg(test)]
mod tests;
