//! `percent`: text through `grpc-message` and back.

use http::HeaderValue;
use wirewright::wire::percent::{MAX_ACCEPTED_BYTES, MAX_SENT_BYTES, decode, encode};

/// Reads the input as a header value, and as a text to be sent.
pub fn percent(input: &[u8]) {
    assert_eq!(decode(input), model(input));
    let text = String::from_utf8_lossy(input);
    let sent = encode(&text);
    assert!(sent.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "not printable: {sent:?}");
    assert_eq!(sent.trim(), sent, "a space at the edge gets lost on the way");
    assert!(HeaderValue::from_str(&sent).is_ok());
    assert_eq!(decode(sent.as_bytes()), cut(&text, MAX_SENT_BYTES));
}

/// Undoes `%XX` wherever it stands, and keeps everything else as it is.
fn model(value: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let hex = value.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        match hex.and_then(|hex| std::str::from_utf8(hex).ok()) {
            Some(hex) if value[at] == b'%' => {
                bytes.push(u8::from_str_radix(hex, 16).expect("two hex digits"));
                at += 3;
            }
            _ => {
                bytes.push(value[at]);
                at += 1;
            }
        }
    }
    cut(&String::from_utf8_lossy(&bytes), MAX_ACCEPTED_BYTES).to_owned()
}

/// As many whole characters as fit.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let whole = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= limit);
    &text[..whole.last().unwrap_or(0)]
}
