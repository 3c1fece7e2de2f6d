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

/// The part of a `google.rpc.Status` that trailers repeat.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusMessage {
    /// The code as the sender wrote it, of the seventeen or not.
    pub(super) code: i32,
    /// The message, for people.
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
            (2, Field::Bytes(text)) => status.message = std::str::from_utf8(text).ok()?.to_owned(),
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
