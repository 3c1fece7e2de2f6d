//! A message becomes five bytes and itself.
//!
//! In: a message and the buffer it shall join. Out: the buffer, longer by one
//! prefix and one message. Nothing is copied twice: the message says its length
//! first, so the prefix is written before it rather than patched in after.
//!
//! ```text
//!  out before   [ ... earlier messages ... ]
//!  out after    [ ... earlier messages ... ][0|len][message]
//!                                           ^ reserved in one step
//! ```
//!
//! Several messages in one buffer are legal on the wire and cheap on the
//! network: PROTOCOL-HTTP2 puts no relation between messages and DATA frames.
//!
//! Source: PROTOCOL-HTTP2 "Requests", `Length-Prefixed-Message`. Must not know:
//! who sends the buffer, or when.

use bytes::{BufMut, BytesMut};

use super::WireError;
use super::prefix::{PREFIX_LEN, Prefix};
use crate::Message;

/// Appends one message with its prefix to `out`.
///
/// `limit` is the largest message, in bytes without the prefix, that this side
/// may send; `usize::MAX` leaves the 4 GiB that a prefix can express.
///
/// # Errors
///
/// [`WireError::TooLarge`] if the message is longer than `limit` or than a
/// prefix can say; nothing has been encoded then.
/// [`WireError::LengthMismatch`] if the message broke its word and wrote
/// another length than it announced: sent anyway, it would shift every message
/// after it. On any error `out` holds what it held before.
pub fn encode_message<M: Message>(message: &M, limit: usize, out: &mut BytesMut) -> Result<(), WireError> {
    let announced = message.encoded_len();
    let too_large = |limit| WireError::TooLarge { size: announced as u64, limit };
    if announced > limit {
        return Err(too_large(limit));
    }
    let len = u32::try_from(announced).map_err(|_| too_large(u32::MAX as usize))?;
    let before = out.len();
    reserve(out, PREFIX_LEN.saturating_add(announced));
    let prefix = Prefix { compressed: false, len };
    out.put_slice(&prefix.to_bytes());
    let start = out.len();
    message.encode(out);
    let written = out.len().saturating_sub(start);
    if written != announced {
        out.truncate(before);
        return Err(WireError::LengthMismatch { announced, written });
    }
    Ok(())
}

/// Appends a message that has been compressed already, flagged so, with its prefix.
///
/// # Errors
///
/// [`WireError::TooLarge`] if it is longer than a prefix can say; `out` is unchanged then.
pub fn encode_compressed(message: &[u8], out: &mut BytesMut) -> Result<(), WireError> {
    let too_large = |_| WireError::TooLarge { size: message.len() as u64, limit: u32::MAX as usize };
    let len = u32::try_from(message.len()).map_err(too_large)?;
    reserve(out, PREFIX_LEN.saturating_add(message.len()));
    out.put_slice(&Prefix { compressed: true, len }.to_bytes());
    out.put_slice(message);
    Ok(())
}

/// Makes room in a buffer. One that has never had any is made anew, which takes half the instructions of growing it.
#[inline]
fn reserve(out: &mut BytesMut, bytes: usize) {
    match out.capacity() {
        0 => *out = BytesMut::with_capacity(bytes),
        _ => out.reserve(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeError, RawMessage};
    use bytes::Bytes;

    /// A message that announces one length and writes another.
    struct Liar {
        announced: usize,
        written: usize,
    }

    impl Message for Liar {
        fn encoded_len(&self) -> usize {
            self.announced
        }

        fn encode(&self, buf: &mut BytesMut) {
            buf.put_bytes(0xaa, self.written);
        }

        fn decode(_: Bytes) -> Result<Self, DecodeError> {
            Err(DecodeError::new("nobody reads this"))
        }
    }

    #[test]
    fn messages_line_up_behind_their_prefixes() {
        let mut out = BytesMut::new();
        encode_message(&"world".to_owned(), 100, &mut out).unwrap();
        encode_message(&(), 100, &mut out).unwrap();
        encode_message(&RawMessage(Bytes::from_static(b"raw")), 100, &mut out).unwrap();
        assert_eq!(&out[..], b"\0\0\0\0\x07\x0a\x05world\0\0\0\0\0\0\0\0\0\x03raw");
    }

    #[test]
    fn the_limit_counts_the_message_without_its_prefix() {
        let message = RawMessage(Bytes::from_static(b"12345"));
        for (limit, fits) in [(5, true), (6, true), (4, false), (0, false)] {
            let mut out = BytesMut::from(&b"before"[..]);
            let result = encode_message(&message, limit, &mut out);
            if fits {
                assert_eq!((result, out.len()), (Ok(()), 16));
            } else {
                assert_eq!(result, Err(WireError::TooLarge { size: 5, limit }));
                assert_eq!(&out[..], b"before");
            }
        }
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn what_no_prefix_can_say_is_refused_before_it_is_encoded() {
        let limit = u32::MAX as usize;
        let mut out = BytesMut::new();
        let result = encode_message(&Liar { announced: limit + 1, written: 0 }, usize::MAX, &mut out);
        assert_eq!(result, Err(WireError::TooLarge { size: 1 << 32, limit }));
        assert_eq!(out.capacity(), 0);
    }

    #[test]
    fn a_message_that_breaks_its_word_is_taken_back() {
        for (announced, written) in [(3, 2), (3, 4), (0, 1), (1, 0)] {
            let mut out = BytesMut::from(&b"before"[..]);
            let result = encode_message(&Liar { announced, written }, 100, &mut out);
            assert_eq!(result, Err(WireError::LengthMismatch { announced, written }));
            assert_eq!(&out[..], b"before");
        }
    }
}
