//! A field of a header block: its name, its value, and how they were written.
//!
//! [`HpackDecoder`](super::hpack::HpackDecoder) makes these values; out of
//! them come the bytes' meanings, in the order in which they stand:
//!
//! ```text
//!   44            82             64 02
//!   field form    value length   value
//!   :path is static 4; remembered
//!                 2 bytes, Huffman
//!                                302
//! ```
//!
//! This file must not know the tables.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::damage::Damage;
use super::hpack_table::STATIC_ROWS;
use super::span::{Span, SpanKind};

/// A field of a header block, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it is in the block.
    pub range: Range<usize>,
    /// In which form it was written.
    pub form: Form,
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
}

impl Field {
    /// The field, byte by byte; positions count from the block's first byte.
    pub fn spans(&self) -> Vec<Span> {
        let strings = [
            (&self.name, SpanKind::NameLength, SpanKind::Name),
            (&self.value, SpanKind::ValueLength, SpanKind::Value),
        ];
        let mut spans = Vec::with_capacity(5);
        let mut marks = Vec::with_capacity(4);
        for (text, length_kind, letters_kind) in strings {
            if let Origin::Literal { length, letters, is_huffman } = &text.origin {
                let coding = if *is_huffman { ", Huffman" } else { "" };
                let s = if letters.len() == 1 { "" } else { "s" };
                let note = format!("{} byte{s}{coding}", letters.len());
                marks.push(Span::new(length.clone(), length_kind, note));
                if !letters.is_empty() {
                    marks.push(Span::new(letters.clone(), letters_kind, text.to_string()));
                }
            }
        }
        let end = marks.first().map_or(self.range.end, |mark| mark.range.start);
        spans.push(Span::new(self.range.start..end, self.lead_kind(), self.lead_note()));
        spans.append(&mut marks);
        spans
    }

    fn lead_kind(&self) -> SpanKind {
        match self.form {
            Form::Indexed => SpanKind::FieldIndex,
            _ => SpanKind::FieldForm,
        }
    }

    /// What the bytes before the first string say.
    fn lead_note(&self) -> String {
        match (self.form, &self.name.origin) {
            (Form::Indexed, origin) => format!("{}: {} is {origin}", self.name, self.value),
            (form, Origin::Literal { .. }) => form.to_string(),
            (form, origin) => format!("{} is {origin}; {form}", self.name),
        }
    }
}

/// In which form a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// One number for both name and value (RFC 7541 6.1).
    Indexed,
    /// In letters, and both ends put it into their table (6.2.1).
    Remembered,
    /// In letters; the table stays as it is (6.2.2).
    NotRemembered,
    /// In letters, and nobody on the way may put it into a table: a secret
    /// that must not be guessed at by watching lengths (6.2.3, 7.1.3).
    NeverRemembered,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Indexed => "indexed",
            Self::Remembered => "remembered",
            Self::NotRemembered => "not remembered",
            Self::NeverRemembered => "never remembered",
        })
    }
}

/// A name or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, or why it is not known.
    pub bytes: Result<Bytes, Damage>,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Display for Text {
    /// The text as ASCII; other bytes are escaped, an unknown text is `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bytes {
            // `{}` of an escaped string would double backslashes and quotes,
            // which are common in values and clear as they are.
            Ok(bytes) => bytes.iter().try_for_each(|&byte| match byte {
                b' '..=b'~' => write!(f, "{}", char::from(byte)),
                other => write!(f, "{}", other.escape_ascii()),
            }),
            Err(_) => f.write_str("?"),
        }
    }
}

/// Where a name or a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the static table, 1 to 61.
    Static(usize),
    /// From the dynamic table; 62 is the row that was added last.
    Dynamic(usize),
    /// From letters in this block.
    Literal {
        /// Where the length is, in the block.
        length: Range<usize>,
        /// Where the letters are, in the block.
        letters: Range<usize>,
        /// Whether they are Huffman coded.
        is_huffman: bool,
    },
}

impl Origin {
    /// Which table an index belongs to.
    pub(super) fn of_index(index: usize) -> Self {
        if index <= STATIC_ROWS.len() { Self::Static(index) } else { Self::Dynamic(index) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(index) => write!(f, "static {index}"),
            Self::Dynamic(index) => write!(f, "dynamic {index}"),
            Self::Literal { is_huffman: true, .. } => f.write_str("in Huffman letters"),
            Self::Literal { is_huffman: false, .. } => f.write_str("in plain letters"),
        }
    }
}
