//! How many records a message holds: a look at protobuf before it is unfolded.
//!
//! In: the bytes of a message, and how many records it may have. Out: whether it has more. A record here is a field
//! that has a length, or a group: what becomes an object of its own in memory.
//!
//! ```text
//!   0a 00 0a 00 0a 00 ..      two bytes each on the wire, some hundred in memory
//!   0a 05 0a 00 0a 01 ..      a record may hold records: whatever reads as a message to its end is taken for one
//! ```
//!
//! Whether a field with a length is a message, a text or plain bytes, only its schema knows. So this is a guess that
//! errs in one direction: bytes that happen to read as a message count as one, and with them a text of such bytes could
//! be refused that is none. It takes as many of them as the limit allows records, with fewer than four bytes each.
//!
//! The bytes are read once: a field that turns out not to be a message is left behind, with what was counted in it.
//!
//! Source: protobuf "Encoding", "Message Structure". Must not know: schemas, limits of a call.

/// Whether a message holds more records than this. It is not asked whether the bytes are one: who unfolds them finds out.
#[must_use]
pub fn has_more_records_than(bytes: &[u8], limit: usize) -> bool {
    let mut rest = bytes;
    // Messages around the present one: what follows in each, and what had been counted before it was entered.
    let mut around: Vec<(&[u8], usize)> = Vec::new();
    let mut count: usize = 0;
    loop {
        if rest.is_empty() {
            // It read as a message to its end, so what was counted in it stands.
            match around.pop() {
                Some((after, _)) => rest = after,
                None => return false,
            }
            continue;
        }
        match field(rest) {
            Some(Field::Plain(after)) => rest = after,
            Some(Field::Group(after)) => {
                count = count.saturating_add(1);
                rest = after;
            }
            Some(Field::Sized(content, after)) => {
                let before = count.saturating_add(1);
                count = before;
                if around.len() < MAX_DEPTH && !content.is_empty() {
                    around.push((after, before));
                    rest = content;
                } else {
                    rest = after;
                }
            }
            // Not a message after all.
            None => match around.pop() {
                Some((after, before)) => (rest, count) = (after, before),
                None => return false,
            },
        }
        if count > limit {
            return true;
        }
    }
}

/// What stands first in a message, and what follows it.
enum Field<'a> {
    /// A number.
    Plain(&'a [u8]),
    /// The beginning of a group.
    Group(&'a [u8]),
    /// Bytes with a length.
    Sized(&'a [u8], &'a [u8]),
}

fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let (key, bytes) = varint(bytes)?;
    if key >> 3 == 0 {
        return None;
    }
    Some(match key & 7 {
        0 => Field::Plain(varint(bytes)?.1),
        1 => Field::Plain(bytes.get(8..)?),
        2 => {
            let (length, bytes) = varint(bytes)?;
            let (content, after) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            Field::Sized(content, after)
        }
        3 => Field::Group(bytes),
        4 => Field::Plain(bytes),
        5 => Field::Plain(bytes.get(4..)?),
        _ => return None,
    })
}

/// A number in groups of seven bits, the lowest first; ten groups at the most.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (n, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).wrapping_shl(7 * n as u32);
        if *byte < 0x80 {
            return Some((value, bytes.get(n.saturating_add(1)..)?));
        }
    }
    None
}

/// As deep as prost goes: nothing below is unfolded.
const MAX_DEPTH: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A field with a length.
    fn sized(content: &[u8]) -> Vec<u8> {
        let mut length = content.len();
        let mut out = vec![0x0a];
        while length >= 0x80 {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        [out, content.to_vec()].concat()
    }

    #[test]
    fn records_are_counted_wherever_they_are() {
        let empty = sized(b"").repeat(10);
        let table: [(&str, Vec<u8>, usize); 10] = [
            ("nothing", vec![], 0),
            ("empty ones", empty.clone(), 10),
            ("one that holds them", sized(&empty), 11),
            ("two that hold them", [sized(&empty), sized(&empty)].concat(), 22),
            ("numbers of all kinds", vec![8, 0x96, 1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0x1d, 0, 0, 0, 0], 0),
            ("groups", [0x0b, 0x0c].repeat(5), 5),
            ("a text", sized("what reads as no message".as_bytes()), 1),
            ("a text between others", [sized(b"\x0a\x7f"), empty.clone()].concat(), 11),
            ("a field without a number", [empty.clone(), vec![0x02, 0x00]].concat(), 10),
            ("a length beyond the end", [empty, vec![0x0a, 0x05, 0x0a]].concat(), 10),
        ];
        for (name, bytes, count) in table {
            assert!(!has_more_records_than(&bytes, count), "{name}: not more than {count}");
            assert!(count == 0 || has_more_records_than(&bytes, count - 1), "{name}: {count}");
        }
    }

    #[test]
    fn what_turns_out_to_be_no_message_is_not_counted() {
        let text = sized(&[sized(b"").repeat(10), vec![0]].concat());
        assert!(!has_more_records_than(&text.repeat(10), 20));
    }

    #[test]
    fn records_in_records_are_followed_as_deep_as_they_are_unfolded() {
        let deep = (0..200).fold(Vec::new(), |inner, _| sized(&inner));
        assert!(has_more_records_than(&deep, MAX_DEPTH));
        assert!(!has_more_records_than(&deep, MAX_DEPTH + 1));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_count_more_than_there_are(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(!has_more_records_than(&bytes, bytes.len()));
            let _ = has_more_records_than(&bytes, 3);
        }
    }
}
