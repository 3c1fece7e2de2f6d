//! The 5 bytes in front of every message.
//!
//! In: five bytes from the stream, or a flag and a length. Out: the other one.
//!
//! ```text
//!      0      1      2      3      4      5
//!      +------+------+------+------+------+---------------------
//!      | flag |   length, big-endian u32  | the message ...
//!      +------+------+------+------+------+---------------------
//!        0 plain
//!        1 compressed as grpc-encoding says
//! ```
//!
//! The length counts the bytes that follow on the wire, so for a compressed
//! message it is the compressed length. The prefix knows nothing of HTTP/2:
//! one message may span many DATA frames and one frame may hold many messages.
//!
//! Source: PROTOCOL-HTTP2 "Requests", the rules `Length-Prefixed-Message`,
//! `Compressed-Flag` and `Message-Length`. Must not know: limits, which are the
//! decoder's, and how messages are compressed.

use super::WireError;

/// The length of a prefix in bytes: one for the flag, four for the length.
pub const PREFIX_LEN: usize = 5;

/// What the five bytes before a message say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Whether the message that follows is compressed with the call's encoding.
    pub compressed: bool,
    /// How many bytes follow, as they are on the wire.
    pub len: u32,
}

impl Prefix {
    /// Reads the five bytes.
    ///
    /// Any length is a legal prefix. Whether so long a message is welcome is a
    /// question for the decoder, which knows the limit.
    ///
    /// # Errors
    ///
    /// [`WireError::BadFlag`] if the first byte is neither 0 nor 1: the spec
    /// defines no other, so what follows cannot be understood.
    pub const fn parse(bytes: [u8; PREFIX_LEN]) -> Result<Prefix, WireError> {
        let [flag, a, b, c, d] = bytes;
        let compressed = match flag {
            PLAIN => false,
            COMPRESSED => true,
            other => return Err(WireError::BadFlag(other)),
        };
        Ok(Prefix { compressed, len: u32::from_be_bytes([a, b, c, d]) })
    }

    /// Writes the five bytes.
    pub const fn to_bytes(self) -> [u8; PREFIX_LEN] {
        let flag = if self.compressed { COMPRESSED } else { PLAIN };
        let [a, b, c, d] = self.len.to_be_bytes();
        [flag, a, b, c, d]
    }
}

/// The flag of a message that is sent as it was encoded.
const PLAIN: u8 = 0;

/// The flag of a message that `grpc-encoding` must be undone on.
const COMPRESSED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_flag_and_a_big_endian_length() {
        let cases: [([u8; 5], bool, u32); 6] = [
            ([0, 0, 0, 0, 0], false, 0),
            ([0, 0, 0, 0, 7], false, 7),
            ([1, 0, 0, 1, 0], true, 256),
            ([0, 0x01, 0x02, 0x03, 0x04], false, 0x0102_0304),
            ([0, 0, 0x40, 0, 0], false, 4 << 20),
            ([1, 0xff, 0xff, 0xff, 0xff], true, u32::MAX),
        ];
        for (bytes, compressed, len) in cases {
            let prefix = Prefix { compressed, len };
            assert_eq!(Prefix::parse(bytes), Ok(prefix));
            assert_eq!(prefix.to_bytes(), bytes);
        }
    }

    #[test]
    fn every_flag_but_0_and_1_is_refused_by_its_number() {
        for flag in 2..=u8::MAX {
            let parsed = Prefix::parse([flag, 0, 0, 0, 1]);
            assert_eq!(parsed, Err(WireError::BadFlag(flag)));
        }
    }
}
