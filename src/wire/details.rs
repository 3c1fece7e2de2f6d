//! `grpc-status-details-bin`: a `google.rpc.Status`, as far as it must be read.
//!
//! In: the decoded bytes. Out: the code and message inside, or nothing if the
//! bytes are no such message. The details proper stay packed: only the
//! application knows their types.
//!
//! ```text
//!   message Status {                    tag byte
//!     int32 code = 1;                   0x08   varint
//!     string message = 2;               0x12   length, UTF-8
//!     repeated google.protobuf.Any      0x1a   length, message
//!       details = 3;
//!   }
//!   message Any {
//!     string type_url = 1;              0x0a   length, UTF-8
//!     bytes value = 2;                  0x12   length, bytes
//!   }
//! ```
//!
//! It is read by hand so that this room needs no code generator to speak its
//! own protocol: two fields of wire format are less than a dependency.
//!
//! Source: google/rpc/status.proto; the protobuf guide "Encoding". Must not
//! know: headers, and what a mismatch means.

use super::percent;

/// The part of a `google.rpc.Status` that trailers repeat.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusMessage {
    /// The code as the sender wrote it, of the seventeen or not.
    pub(super) code: i32,
    /// The message, for people; no more of it than of a `grpc-message` is kept.
    pub(super) message: String,
}

/// Reads the bytes; `None` if they are not a `google.rpc.Status`.
pub(super) fn decode(bytes: &[u8]) -> Option<StatusMessage> {
    let mut status = StatusMessage { code: 0, message: String::new() };
    let mut reader = Reader(bytes);
    while let Some(field) = reader.next_field()? {
        match field {
            // An int32 travels as 64 bits of which the upper half repeats the sign.
            (1, Field::Varint(code)) => status.code = code as i32,
            (2, Field::Bytes(text)) => {
                let text = std::str::from_utf8(text).ok()?;
                status.message = percent::cut(text, percent::MAX_ACCEPTED_BYTES).to_owned();
            }
            (3, Field::Bytes(any)) => check_any(any)?,
            _ => {}
        }
    }
    Some(status)
}

/// Checks that the bytes are a `google.protobuf.Any`.
fn check_any(bytes: &[u8]) -> Option<()> {
    let mut reader = Reader(bytes);
    while let Some(field) = reader.next_field()? {
        if let (1, Field::Bytes(type_url)) = field {
            std::str::from_utf8(type_url).ok()?;
        }
    }
    Some(())
}

/// The value of a field, by how it travels.
enum Field<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2: strings, bytes and messages.
    Bytes(&'a [u8]),
    /// Wire types 1 and 5: eight or four bytes, which no field here uses.
    Fixed,
}

/// The rest of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The number and value of the next field; `Some(None)` at the end, `None` for
    /// bytes that are no field.
    fn next_field(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || tag > u64::from(u32::MAX) {
            return None;
        }
        let field = match tag & 0b111 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            // Groups, which proto3 does not have.
            _ => return None,
        };
        Some(Some((number, field)))
    }

    /// A number of up to 64 bits, seven in a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // The tenth byte has room for one bit only.
            if shift == 63 && *byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The next `len` bytes.
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use prost::Message;

    /// The message as prost reads it, to be compared with.
    #[derive(Clone, PartialEq, Message)]
    struct Reference {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }

    fn status(code: i32, message: &str) -> Option<StatusMessage> {
        Some(StatusMessage { code, message: message.to_owned() })
    }

    #[test]
    fn the_two_fields_are_read_and_others_skipped() {
        let table: [(&[u8], Option<StatusMessage>); 12] = [
            (b"", status(0, "")),
            (b"\x08\x05", status(5, "")),
            (b"\x08\x05\x12\x02hi", status(5, "hi")),
            (b"\x12\x02hi\x08\x05", status(5, "hi")),
            // The last of several wins, as protobuf has it.
            (b"\x08\x05\x08\x07", status(7, "")),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", status(-1, "")),
            // An Any, and unknown fields of each wire type.
            (b"\x08\x05\x1a\x06\x0a\x01t\x12\x01v", status(5, "")),
            (b"\x20\x01\x29........\x32\x01.\x3d....", status(0, "")),
            // A known number with another wire type is an unknown field.
            (b"\x0a\x01.\x10\x01", status(0, "")),
            (b"\x12\x05short", status(0, "short")),
            (b"\x82\x01\x00", status(0, "")),
            ("\x12\x02\u{e9}".as_bytes(), status(0, "\u{e9}")),
        ];
        for (bytes, expected) in table {
            assert_eq!(decode(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_status_is_nothing() {
        let table: [&[u8]; 12] = [
            b"\x08",
            b"\x08\x80",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
            b"\x12\x05four",
            b"\x12\x01\xff",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x1a\x01\x0a",
            b"\x1a\x03\x0a\x01\xff",
            b"\x00\x00",
            b"\x0b\x0c",
            b"\x29short",
        ];
        for bytes in table {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_message_without_end_is_cut() {
        let bytes = Reference { code: 1, message: "x".repeat(9000), details: vec![] }.encode_to_vec();
        assert_eq!(decode(&bytes).unwrap().message.len(), 8192);
    }

    proptest! {
        #[test]
        fn what_prost_writes_is_read(
            code in any::<i32>(),
            message in "\\PC{0,40}",
            any in prop::collection::vec(("[a-z/.]{0,20}", prop::collection::vec(any::<u8>(), 0..20)), 0..3),
        ) {
            let details = any.into_iter().map(|(type_url, value)| Any { type_url, value }).collect();
            let bytes = Reference { code, message: message.clone(), details }.encode_to_vec();
            prop_assert_eq!(decode(&bytes), status(code, &message));
        }

        #[test]
        fn what_is_read_from_noise_is_what_prost_reads(
            noise in prop::collection::vec(prop_oneof![Just(0x08), Just(0x12), Just(0x1a), 0..6_u8, any::<u8>()], 0..12),
        ) {
            // prost refuses more (a known field of another wire type) and reads groups, which are refused here.
            if let Ok(reference) = Reference::decode(&noise[..]) {
                let may_have_a_group = noise.iter().any(|byte| byte & 0b111 == 3);
                let read = decode(&noise);
                prop_assert!(
                    read == status(reference.code, &reference.message) || (read.is_none() && may_have_a_group)
                );
            }
        }
    }
}
