//! Writes header blocks: the other half of HPACK, for recordings that are changed and answers that are made up.
//!
//! In come fields and the form in which each shall be written; out come the
//! bytes of a block (RFC 7541 6 "Binary Format"). The writer keeps a table
//! of its own, as every sender does:
//!
//! ```text
//!   is the whole field in a table?      one number              82
//!   is its name?                        a number and a value    44 05 2f 68 65 6c 6c
//!   neither                             a name and a value      40 03 61 62 63 01 64
//! ```
//!
//! This file must not know why anyone writes.

use bytes::Bytes;

use super::hpack_field::Form;
use super::hpack_table::{Row, Table};
use super::huffman;

/// Writes the header blocks of one direction of a connection.
///
/// ```
/// use bytes::Bytes;
/// use wirewright::inspect::hpack::{Entry, Form, HpackDecoder, HpackEncoder};
///
/// let mut encoder = HpackEncoder::new();
/// let mut block = Vec::new();
/// encoder.field(Form::Remembered, b":method", b"POST", &mut block);
/// encoder.field(Form::Remembered, b"te", b"trailers", &mut block);
/// encoder.field(Form::Remembered, b"te", b"trailers", &mut block);
/// assert_eq!(block.last(), Some(&0xbe), "the second time the table has it");
/// let told: Vec<_> = HpackDecoder::new().decode(&Bytes::from(block)).iter().map(Entry::to_string).collect();
/// assert_eq!(told, [":method: POST", "te: trailers", "te: trailers"]);
/// ```
#[derive(Debug)]
pub struct HpackEncoder {
    /// What both ends remember.
    table: Table,
}

impl HpackEncoder {
    /// A writer at the beginning of a direction.
    pub fn new() -> Self {
        Self { table: Table::new() }
    }

    /// Appends a field to a block.
    ///
    /// A field that the tables have is written as its number, unless the form
    /// says that it must never be in one.
    pub fn field(&mut self, form: Form, name: &[u8], value: &[u8], block: &mut Vec<u8>) {
        let (whole, named) = self.table.find(name, value);
        if let (Some(index), Form::Indexed | Form::Remembered | Form::NotRemembered) = (whole, form) {
            return number(index, 0x80, 7, block);
        }
        let (pattern, bits) = match form {
            Form::Indexed | Form::Remembered => (0x40, 6),
            Form::NotRemembered => (0x00, 4),
            Form::NeverRemembered => (0x10, 4),
        };
        number(named.unwrap_or(0), pattern, bits, block);
        if named.is_none() {
            string(name, block);
        }
        string(value, block);
        if bits == 6 {
            let copy = |bytes: &[u8]| Ok(Bytes::copy_from_slice(bytes));
            self.table.insert(Row { name: copy(name), value: copy(value) });
        }
    }

    /// Appends a change of the table's size to a block, before its fields.
    pub fn table_size(&mut self, size: usize, block: &mut Vec<u8>) {
        if self.table.resize(size).is_ok() {
            number(size, 0x20, 5, block);
        }
    }
}

impl Default for HpackEncoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends a number to what its first byte says besides (RFC 7541 5.1).
fn number(value: usize, pattern: u8, bits: u32, block: &mut Vec<u8>) {
    let most = (1_usize << bits) - 1;
    if value < most {
        // Lossless: below 2^7.
        return block.push(pattern | value as u8);
    }
    block.push(pattern | most as u8);
    let mut left = value - most;
    while left >= 0x80 {
        block.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    block.push(left as u8);
}

/// Appends a string, in Huffman code where that is shorter (RFC 7541 5.2).
fn string(letters: &[u8], block: &mut Vec<u8>) {
    let coded = huffman::encode(letters);
    let (pattern, bytes) = if coded.len() < letters.len() { (0x80, &coded[..]) } else { (0, letters) };
    number(bytes.len(), pattern, 7, block);
    block.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::hpack::{Entry, HpackDecoder};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_written_is_read_back(
            fields in prop::collection::vec((0..4_usize, "[a-c]{1,3}", "[ -~]{0,40}"), 0..40),
            sizes in prop::collection::vec(0..200_usize, 0..3),
        ) {
            let forms = [Form::Indexed, Form::Remembered, Form::NotRemembered, Form::NeverRemembered];
            let (mut encoder, mut decoder) = (HpackEncoder::new(), HpackDecoder::new());
            for part in fields.chunks(5) {
                let mut block = Vec::new();
                for size in &sizes {
                    encoder.table_size(*size, &mut block);
                }
                for (form, name, value) in part {
                    encoder.field(forms[*form], name.as_bytes(), value.as_bytes(), &mut block);
                }
                let entries = decoder.decode(&Bytes::from(block));
                let told: Vec<_> = entries.iter().filter(|e| e.as_field().is_some()).map(Entry::to_string).collect();
                let expected: Vec<_> = part.iter().map(|(_, name, value)| format!("{name}: {value}")).collect();
                prop_assert_eq!(told, expected);
            }
        }
    }
}
