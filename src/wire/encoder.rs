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
    out.reserve(PREFIX_LEN.saturating_add(announced));
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
