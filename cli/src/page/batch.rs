//! `Batch`: what is behind some rows of the page: their bytes, and the tree over them.
//!
//! In: details, one for each row. Out: JSON, and, when no more is to come, the same packed:
//!
//! ```text
//!   {"texts": ["", "12", "DATA", ..], "rows": [["AAAMAAEA..", [depth, start, len, role, text, ..], wholes], ..]}
//!    |                                          |            |                                     |
//!    each text of the batch once                base64       five numbers for each node            [[base64, numbers], ..]
//! ```
//!
//! The page asks for one batch at a time, so that a hundred thousand rows open as quickly as ten.
//!
//! Must not know: what the nodes mean.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::row::Texts;
use super::tree::Tree;

/// What is behind a row.
#[derive(Debug, Default)]
pub(super) struct Detail {
    pub(super) bytes: Bytes,
    pub(super) tree: Tree,
    /// The messages that end here and are told beside the frame, because it does not show them by itself.
    pub(super) wholes: Vec<Whole>,
}

/// A message made whole: its bytes, or the first of them, and the tree over them.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) tree: Tree,
}

/// What is behind some rows.
#[derive(Debug)]
pub(super) enum Batch {
    /// Rows may be added, and more become known of those that are there.
    Open(Vec<Detail>),
    /// Packed: see [`pack`].
    Packed(Vec<u8>),
}

impl Default for Batch {
    fn default() -> Self {
        Batch::Open(Vec::new())
    }
}

impl Batch {
    /// As many rows as a batch has: a few screens, and some tens of kilobytes.
    pub(super) const ROWS: usize = 512;

    pub(super) fn is_full(&self) -> bool {
        match self {
            Batch::Open(details) => details.len() >= Batch::ROWS,
            Batch::Packed(_) => true,
        }
    }

    pub(super) fn push(&mut self, detail: Detail) {
        if let Batch::Open(details) = self {
            details.push(detail);
        }
    }

    pub(super) fn get_mut(&mut self, nth: usize) -> Option<&mut Detail> {
        match self {
            Batch::Open(details) => details.get_mut(nth),
            Batch::Packed(_) => None,
        }
    }

    /// Nothing more will be told of these rows.
    pub(super) fn pack(&mut self) {
        if let Batch::Open(details) = self {
            *self = Batch::Packed(pack(json(details).as_bytes()));
        }
    }

    /// The batch, packed.
    pub(super) fn packed(&self) -> Vec<u8> {
        match self {
            Batch::Open(details) => pack(json(details).as_bytes()),
            Batch::Packed(packed) => packed.clone(),
        }
    }
}

/// Packs text with gzip: every browser can unpack that by itself.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to a vector cannot fail.
    let _ = packer.write_all(text);
    packer.finish().unwrap_or_default()
}

fn json(details: &[Detail]) -> String {
    let mut texts = Texts::default();
    let mut told = |bytes: &Bytes, tree: &Tree| (STANDARD.encode(bytes), numbers(tree, &mut texts));
    let mut row = |Detail { bytes, tree, wholes }: &Detail| {
        let (bytes, numbers) = told(bytes, tree);
        let wholes: Vec<_> = wholes.iter().map(|whole| told(&whole.bytes, &whole.tree)).collect();
        (bytes, numbers, wholes)
    };
    let rows: Vec<_> = details.iter().map(&mut row).collect();
    // Texts and numbers can always be written.
    let texts = serde_json::to_string(texts.all()).unwrap_or_default();
    let rows = serde_json::to_string(&rows).unwrap_or_default();
    format!(r#"{{"texts":{texts},"rows":{rows}}}"#)
}

/// Five numbers for each node.
fn numbers(tree: &Tree, texts: &mut Texts) -> Vec<usize> {
    let mut numbers = Vec::with_capacity(tree.nodes.len() * 5);
    for node in &tree.nodes {
        let note = texts.number(&node.note);
        let (start, len) = (node.range.start, node.range.len());
        numbers.extend([usize::from(node.depth), start, len, node.role, note]);
    }
    numbers
}
