//! Base64 as gRPC uses it: padded or not on the way in, unpadded on the way out.
//!
//! In: bytes. Out: text for a `-bin` header, and back. Source: PROTOCOL-HTTP2, "Requests": implementations
//! must accept padded and unpadded values and should emit unpadded ones. The alphabet is that of RFC 4648,
//! section 4.
//!
//! Must not know: commas. A line that joins several values is split before it comes here.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The text of these bytes, without padding.
pub fn encode(bytes: &[u8]) -> String {
    UNPADDED.encode(bytes)
}

/// The bytes of this text; `None` if it is not base64.
///
/// Padding is there whole or not at all. Half of it (`qw=` for `qw==`) is neither of the two spellings that the
/// document names, and other implementations refuse it.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let engine = if text.len().is_multiple_of(4) { &PADDED } else { &UNPADDED };
    engine.decode(text).ok()
}

/// Whether the text is base64, without keeping the bytes.
pub fn is_valid(text: &[u8]) -> bool {
    decode(text).is_some()
}

/// What is sent, and read where the length says that padding was left out.
const UNPADDED: GeneralPurpose = engine(DecodePaddingMode::RequireNone);

/// What is read where the length says that padding is there, or not needed.
const PADDED: GeneralPurpose = engine(DecodePaddingMode::RequireCanonical);

/// Lenient in what it accepts, strict in what it sends. Bits that no byte uses must still be zero, because a
/// value that decodes in two ways could pass one check and mean something else to the next.
const fn engine(padding: DecodePaddingMode) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(padding);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padded_and_unpadded_read_the_same_and_unpadded_is_sent() {
        let table: [(&str, &str, &[u8]); 4] = [
            ("", "", b""),
            ("qw", "qw==", &[0xab]),
            ("q80", "q80=", &[0xab, 0xcd]),
            ("q83v", "q83v", &[0xab, 0xcd, 0xef]),
        ];
        for (unpadded, padded, bytes) in table {
            assert_eq!(encode(bytes), unpadded);
            assert_eq!(decode(unpadded.as_bytes()).as_deref(), Some(bytes));
            assert_eq!(decode(padded.as_bytes()).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["!!!", "q", "q83v=", "q8_v", "q 80", "qx", "=", "q80=q80="] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
            assert!(!is_valid(text.as_bytes()));
        }
    }

    #[test]
    fn half_a_padding_is_no_padding() {
        assert_eq!(decode(b"qw=="), Some(vec![0xab]));
        assert_eq!(decode(b"qw="), None);
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert!(!text.contains('='));
            prop_assert_eq!(decode(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn no_text_makes_decoding_fail_badly(text in proptest::collection::vec(any::<u8>(), 0..50)) {
            if let Some(bytes) = decode(&text) {
                let unpadded: Vec<u8> = text.into_iter().filter(|byte| *byte != b'=').collect();
                prop_assert_eq!(encode(&bytes).into_bytes(), unpadded);
            }
        }
    }
}
