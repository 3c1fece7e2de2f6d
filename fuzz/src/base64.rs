//! `base64`: bytes through a `-bin` header and back, lists included.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use wirewright::Metadata;
use wirewright::metadata::{Value, binary};

/// Reads the input as base64, as a header line, and as bytes to be sent.
pub fn base64(input: &[u8]) {
    assert_eq!(binary::decode(input), model(input), "{}", input.escape_ascii());
    assert_eq!(binary::is_valid(input), model(input).is_some());
    there_and_back(input);
    if let Ok(line) = HeaderValue::from_bytes(input) {
        a_line_reads_like_its_values(line);
    }
}

fn there_and_back(bytes: &[u8]) {
    let mut text = binary::encode(bytes);
    assert!(!text.ends_with('='), "padding is not sent");
    assert_eq!(text.len(), bytes.len().saturating_mul(4).div_ceil(3));
    assert_eq!(binary::decode(text.as_bytes()).as_deref(), Some(bytes));
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    assert_eq!(binary::decode(text.as_bytes()).as_deref(), Some(bytes), "padding is accepted");

    let mut metadata = Metadata::new();
    metadata.insert_bin("x-bin", bytes).expect("a key like any other");
    assert_eq!(metadata.get_bin("x-bin").as_deref(), Some(bytes));
}

/// Commas join, spaces around a value mean nothing, and what cannot be read is handed on as it came.
fn a_line_reads_like_its_values(line: HeaderValue) {
    let parts: Vec<&[u8]> = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    let all = |part: &&[u8]| match model(part) {
        Some(bytes) => (true, Bytes::from(bytes)),
        None => (false, Bytes::copy_from_slice(part)),
    };
    let expected: Vec<(bool, Bytes)> = parts.iter().map(all).collect();
    let readable = expected.iter().filter(|(binary, _)| *binary).map(|(_, bytes)| bytes.clone());

    let metadata = Metadata::from_headers(HeaderMap::from_iter([(KEY, line.clone())]));
    assert!(metadata.get_all_bin("x-list-bin").eq(readable));
    let told: Vec<(bool, Bytes)> = metadata
        .iter()
        .map(|(_, value)| match value {
            Value::Binary(bytes) => (true, bytes),
            Value::Opaque(bytes) => (false, Bytes::copy_from_slice(bytes)),
            Value::Ascii(text) => panic!("text under a binary key: {text:?}"),
        })
        .collect();
    assert_eq!(told, expected);
}

/// RFC 4648 section 4, six bits at a time: padding is either absent or complete, and bits that belong to no byte
/// are zero.
pub(crate) fn model(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().position(|byte| *byte == b'=').unwrap_or(text.len());
    let (digits, padding) = text.split_at(digits);
    if !padding.iter().all(|byte| *byte == b'=') || !(padding.is_empty() || text.len().is_multiple_of(4)) {
        return None;
    }
    if padding.len() > 2 {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits {
        let value = ALPHABET.iter().position(|letter| letter == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // Six bits over: a single digit, which is no byte.
    (count < 6 && bits == 0).then_some(bytes)
}

/// The digits by their value.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A key with binary values.
const KEY: http::HeaderName = http::HeaderName::from_static("x-list-bin");
