//! `rewriter`: no field that is to be hidden is left, and what is left can be read, whatever the chunks.
//!
//! ```text
//!   manners | a client's or a server's bytes
//! ```
//!
//! The highest bit of the manners says whose bytes they are; the others, how they are cut.

use std::time::Duration;

use bytes::Bytes;
use wirewright::inspect::hpack::Entry;
use wirewright::inspect::rewrite::Rewriter;
use wirewright::inspect::{ConnectionReader, Direction, What};

use crate::chunks::chunks;

/// Copies a direction of a connection, whole and in pieces, and copies the copy.
pub fn rewriter(input: &[u8]) {
    let Some((how, bytes)) = input.split_first() else { return };
    let is_client = how & 0x80 == 0;
    let (whole, left_out) = copy(is_client, &[bytes]);
    let (cut, cut_left_out) = copy(is_client, &chunks(bytes, *how));
    assert_eq!((&cut, cut_left_out), (&whole, left_out), "chunks change the copy");
    let direction = if is_client { Direction::ToServer } else { Direction::ToClient };
    let mut reader = ConnectionReader::new();
    reader.push(direction, Duration::ZERO, &whole);
    while let Some(event) = reader.next_event() {
        let Some(head) = event.what.head() else { continue };
        for entry in &head.entries {
            let Entry::Field(field) = entry else { continue };
            let name = field.name.bytes.as_ref().expect("what cannot be read is left out");
            let value = field.value.bytes.as_ref().expect("what cannot be read is left out");
            assert!(!is_hidden(name) || value == HIDDEN, "a value is left: {entry}");
        }
        assert!(!matches!(event.what, What::Promise { promised, .. } if promised > MAX_STREAM));
    }
    let (again, _) = copy(is_client, &[&whole]);
    assert_eq!(again, whole, "a copy of the copy is another");
}

fn copy(is_client: bool, pieces: &[&[u8]]) -> (Vec<u8>, usize) {
    let mut rewriter = if is_client { Rewriter::client() } else { Rewriter::server() };
    let change = |name: &[u8]| is_hidden(name).then(|| Bytes::from_static(HIDDEN.as_bytes()));
    let mut out = Vec::new();
    for piece in pieces {
        rewriter.push(piece, &change, &mut out);
    }
    (out, rewriter.finish())
}

/// Names that begin with one of a few letters, so that an input without a plan has some to hide.
fn is_hidden(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'a'..=b'g'))
}

const HIDDEN: &str = "(redacted)";

/// A stream has 31 bits.
const MAX_STREAM: u32 = 0x7fff_ffff;
