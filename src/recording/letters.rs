//! Base64 as recorders write it, read quickly (RFC 4648, section 4).
//!
//! In: a text that begins with base64. Out: its bytes, and what follows:
//!
//! ```text
//!   V  2  l  y  Z  Q  =  =  "}          four letters, six bits each, are three bytes;
//!   010101 110110 100101 110010         two or three letters before the padding are one or two
//!   01010111 01101001 01110010
//! ```
//!
//! Where the text ends is seen while it is read, so nobody has to look for its end before. What is not exactly base64,
//! the bits behind the last byte included, is none.
//!
//! Must not know: lines, or JSON.

/// Reads base64 up to the first letter that it does not have; the bytes are appended.
///
/// Gives what follows; `None` if what is there cannot be base64.
pub(super) fn read<'t>(text: &'t [u8], bytes: &mut Vec<u8>) -> Option<&'t [u8]> {
    let mut left = text;
    loop {
        // A block on the stack, so that the list is asked for room once for many letters.
        let mut block = [0; BLOCK_BYTES];
        let mut groups = 0;
        for (group, three) in left.as_chunks().0.iter().zip(block.as_chunks_mut().0) {
            let Some(bits) = four(*group) else { break };
            let [_, taken @ ..] = bits.to_be_bytes();
            *three = taken;
            groups += 1;
        }
        bytes.extend_from_slice(block.get(..3 * groups)?);
        left = left.get(4 * groups..)?;
        if 3 * groups < BLOCK_BYTES {
            return last(left, bytes);
        }
    }
}

/// The twenty-four bits of four letters.
fn four([a, b, c, d]: [u8; 4]) -> Option<u32> {
    let [first, second, third, fourth] = &SIX;
    let bits = six(a, first) | six(b, second) | six(c, third) | six(d, fourth);
    (bits & NONE == 0).then_some(bits)
}

/// What a text ends with that has no four letters more.
fn last<'t>(text: &'t [u8], bytes: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (one, two, rest) = match text {
        [a, b, b'=', b'=', rest @ ..] => (four([*a, *b, b'A', b'A'])?, false, rest),
        [a, b, c, b'=', rest @ ..] => (four([*a, *b, *c, b'A'])?, true, rest),
        [next, ..] if !LETTERS.contains(next) => return Some(text),
        _ => return None,
    };
    let [_, first, second, third] = one.to_be_bytes();
    bytes.push(first);
    if two {
        bytes.push(second);
    }
    // Behind the last byte nothing may be set: every text has one spelling.
    (third == 0 && (two || second == 0)).then_some(rest)
}

/// The six bits of a letter, in their place, or [`NONE`].
fn six(letter: u8, table: &[u32; 256]) -> u32 {
    table.get(usize::from(letter)).copied().unwrap_or(NONE)
}

/// What no twenty-four bits are.
const NONE: u32 = 1 << 31;

/// The six bits of every letter, at each of the four places that it can have: reading one is a look at a table.
static SIX: [[u32; 256]; 4] = [at_place(18), at_place(12), at_place(6), at_place(0)];

#[expect(clippy::indexing_slicing, reason = "below the length, and letters are below 256")]
const fn at_place(shift: u32) -> [u32; 256] {
    let mut table = [NONE; 256];
    let mut nth = 0;
    while nth < LETTERS.len() {
        table[LETTERS[nth] as usize] = (nth as u32) << shift;
        nth += 1;
    }
    table
}

/// RFC 4648, table 1.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A hundred and twenty-eight letters: the smallest calls fit into one block.
const BLOCK_BYTES: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    #[test]
    fn what_has_another_spelling_is_none() {
        let cases: [(&[u8], Option<&[u8]>); 11] = [
            (b"\"", Some(b"")),
            (b"V2ly\"", Some(b"Wir")),
            (b"V2lyZQ==\"", Some(b"Wire")),
            (b"V2lyZXM=\"", Some(b"Wires")),
            (b"V2lyZR==\"", None),
            (b"V2lyZXN=\"", None),
            (b"V2lyZQ\"", None),
            (b"V2lyZ\"", None),
            (b"V2lyZQ=", None),
            (b"=\"", Some(b"")),
            (b"", None),
        ];
        for (text, expected) in cases {
            let mut bytes = Vec::new();
            let rest = read(text, &mut bytes);
            assert_eq!(rest.map(|_| &bytes[..]), expected, "{}", text.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn bytes_are_read_as_they_were_written(written: Vec<u8>, long in 0_usize..400) {
            let written = [written, vec![0xa5; long]].concat();
            let text = STANDARD.encode(&written) + "\"}";
            let mut bytes = Vec::new();
            prop_assert_eq!(read(text.as_bytes(), &mut bytes), Some(&b"\"}"[..]));
            prop_assert_eq!(bytes, written);
        }

        #[test]
        fn what_is_read_is_what_another_reader_reads(text in "[A-C+/=g-z]{0,9}") {
            let mut bytes = Vec::new();
            let ended = text.clone() + "\"";
            let is_read = read(ended.as_bytes(), &mut bytes) == Some(b"\"");
            prop_assert_eq!(is_read.then_some(bytes), STANDARD.decode(&text).ok());
        }
    }
}
