//! `grpc-message`: text of any language in the printable ASCII of a header.
//!
//! In: the message of a status. Out: a header value that any HTTP/2 stack lets
//! through; and back.
//!
//! ```text
//!   sent as they are    0x20..=0x24  0x26..=0x7E     space to ~, but not %
//!   sent as %XX         every other byte of the UTF-8, in upper-case hex
//!
//!   "50% of caf\u{e9}"   ->   50%25 of caf%C3%A9
//! ```
//!
//! Decoding never fails, because a status with a damaged text is still the
//! status: a `%` without two hex digits stays as it is, and bytes that are not
//! UTF-8 become U+FFFD.
//!
//! Source: PROTOCOL-HTTP2 "Responses", the rules `Status-Message` and
//! `Percent-Encoded`. Must not know: statuses, headers.

use std::borrow::Cow;

/// How much of a message is sent, in bytes of text: 1 KiB.
///
/// Every byte may become three, so the header value stays below 3 KiB, well
/// within the 8 KiB of header fields that careful peers allow. A longer text,
/// say the path of a field nested a hundred levels deep, would make such a peer
/// drop the whole status.
pub const MAX_SENT_BYTES: usize = 1024;

/// How much of a received message is kept, in bytes of text: 8 KiB.
///
/// That is all a peer can say within the header limit that PROTOCOL-HTTP2
/// suggests; what goes beyond serves no reader and would fill the logs.
pub const MAX_ACCEPTED_BYTES: usize = 8 * 1024;

/// The text as `grpc-message` carries it.
///
/// Text beyond [`MAX_SENT_BYTES`] is cut off between two characters. A space at
/// either end is encoded too: RFC 9113 section 8.2.1 lets receivers treat a
/// field value with outer spaces as malformed, and proxies trim them.
pub fn encode(message: &str) -> Cow<'_, str> {
    let message = cut(message, MAX_SENT_BYTES);
    let outer_space = message.starts_with(' ') || message.ends_with(' ');
    if !outer_space && message.bytes().all(is_plain) {
        return Cow::Borrowed(message);
    }
    let last = message.len().saturating_sub(1);
    let mut out = String::with_capacity(message.len().saturating_mul(3));
    for (at, byte) in message.bytes().enumerate() {
        if is_plain(byte) && (byte != b' ' || (at != 0 && at != last)) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 0x0f));
        }
    }
    Cow::Owned(out)
}

/// The text that a `grpc-message` means; at most [`MAX_ACCEPTED_BYTES`] of it.
pub fn decode(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len().min(KEPT_BYTES));
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        if bytes.len() == KEPT_BYTES {
            break;
        }
        let hidden = if *first == b'%' { escaped(tail) } else { None };
        let skipped = if hidden.is_some() { 2 } else { 0 };
        bytes.push(hidden.unwrap_or(*first));
        rest = tail.get(skipped..).unwrap_or_default();
    }
    let mut text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    let end = cut(&text, MAX_ACCEPTED_BYTES).len();
    text.truncate(end);
    text
}

/// The longest beginning of `text` that has at most `limit` bytes.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// The byte that two hex digits at the beginning of `tail` write, in either case.
fn escaped(tail: &[u8]) -> Option<u8> {
    let [high, low, ..] = tail else { return None };
    let (high, low) = (char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?);
    u8::try_from(high << 4 | low).ok()
}

/// Whether the byte travels as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x24 | 0x26..=0x7e)
}

/// The upper-case hex digit of a number below 16.
fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

/// How many bytes are decoded before the cut: a character that begins within
/// the limit may end up to three bytes after it.
const KEPT_BYTES: usize = MAX_ACCEPTED_BYTES + 3;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_coded_as_the_protocol_says() {
        let table = [
            ("", ""),
            ("plain text, ~!\"#$&'()", "plain text, ~!\"#$&'()"),
            ("100%", "100%25"),
            ("\u{7f}", "%7F"),
            ("caf\u{e9}", "caf%C3%A9"),
            // The text of the interop test case special_status_message.
            (
                "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n",
                "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A",
            ),
            (" in between ", "%20in between%20"),
            (" ", "%20"),
        ];
        for (text, value) in table {
            assert_eq!(encode(text), value);
            assert_eq!(decode(value.as_bytes()), text);
        }
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(encode("no feature at this point"), Cow::Borrowed(_)));
    }

    #[test]
    fn damaged_text_is_kept_as_far_as_it_can_be_read() {
        let table: [(&[u8], &str); 10] = [
            (b"%", "%"),
            (b"50% off", "50% off"),
            (b"%2", "%2"),
            (b"%zz", "%zz"),
            (b"%2%41", "%2A"),
            (b"%c3%a9", "\u{e9}"),
            (b"%C3", "\u{fffd}"),
            (b"%FF!", "\u{fffd}!"),
            (b"\xff", "\u{fffd}"),
            ("caf\u{e9}".as_bytes(), "caf\u{e9}"),
        ];
        for (value, text) in table {
            assert_eq!(decode(value), text, "{value:?}");
        }
    }

    #[test]
    fn long_text_is_cut_between_two_characters() {
        let long = "\u{263a}".repeat(1000);
        let sent = decode(encode(&long).as_bytes());
        assert_eq!(sent.len(), 1023);
        assert!(long.starts_with(&sent));

        let accepted = decode("\u{263a}".repeat(10_000).as_bytes());
        assert_eq!(accepted.len(), 8190);
        assert!(!accepted.contains('\u{fffd}'));
        assert_eq!(decode(&[b'x'; 9000]).len(), 8192);
        assert!(decode(&[0xff; 9000]).len() <= 8192);
        assert!(decode(&[b'x'; 100_000]).capacity() <= 8195);
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
            let value = encode(&text);
            prop_assert!(value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            prop_assert!(!value.starts_with(' ') && !value.ends_with(' '));
            prop_assert_eq!(decode(value.as_bytes()), text);
        }

        #[test]
        fn no_bytes_make_it_fail_badly(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(&value).len() <= value.len() * 3);
        }
    }
}
