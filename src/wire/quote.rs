//! What a peer sent, made fit for a status message or a log.
//!
//! In: bytes of any kind. Out: text without control characters, of bounded
//! length. Terminals and log files obey control characters, so text of a peer
//! is never repeated as it came (reliability: log injection).
//!
//! Must not know: where the bytes stood.

/// The text of these bytes, escaped, at most `limit` bytes long.
///
/// Letters of any script stay readable; control characters, backslashes and
/// the invisible characters that reorder text become escapes; bytes that are
/// not UTF-8 become U+FFFD. What does not fit is cut between two characters.
pub(super) fn quote(bytes: &[u8], limit: usize) -> String {
    // A character takes at least one byte, so no more input than `limit` can be shown. Three more bytes let
    // a character that begins before the cut be seen whole; what they add is cut again below.
    let input = bytes.get(..limit.saturating_add(3)).unwrap_or(bytes);
    let mut out = String::new();
    let mut room = limit;
    for character in String::from_utf8_lossy(input).chars() {
        let before = out.len();
        match character {
            // `escape_debug` would escape quotes too, which a page of HTML is full of.
            '"' | '\'' => out.push(character),
            _ => out.extend(character.escape_debug()),
        }
        let cost = out.len().saturating_sub(before);
        let Some(left) = room.checked_sub(cost) else {
            out.truncate(before);
            break;
        };
        room = left;
    }
    out
}

/// How much of a header value a fault repeats, in bytes: enough to recognise it,
/// too little to fill a log.
pub(super) const VALUE_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_letters_are_not() {
        let table: [(&[u8], &str); 6] = [
            (b"text/html", "text/html"),
            (b"<p class=\"x\">it's</p>", "<p class=\"x\">it's</p>"),
            (b"a\r\nb\x1b[31m", "a\\r\\nb\\u{1b}[31m"),
            ("caf\u{e9} \u{263a}".as_bytes(), "caf\u{e9} \u{263a}"),
            (b"\xff!", "\u{fffd}!"),
            ("\u{202e}back".as_bytes(), "\\u{202e}back"),
        ];
        for (bytes, text) in table {
            assert_eq!(quote(bytes, 100), text);
        }
    }

    #[test]
    fn the_limit_holds_and_no_character_is_split() {
        assert_eq!(quote(b"abcdef", 3), "abc");
        assert_eq!(quote("\u{263a}\u{263a}".as_bytes(), 5), "\u{263a}");
        assert_eq!(quote("\u{263a}\u{263a}".as_bytes(), 6), "\u{263a}\u{263a}");
        // What is left of a cut character must not pass for a damaged one.
        assert_eq!(quote("x\u{1f608}".as_bytes(), 4), "x");
        assert_eq!(quote(b"a\n", 2), "a");
        assert_eq!(quote(b"anything", 0), "");
    }
}
