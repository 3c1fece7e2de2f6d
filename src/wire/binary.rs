//! `-bin` headers: whether every value in a block is what its name promises.
//!
//! In: a header block. Out: the first name with a value that is not base64.
//! Values are decoded again when an application reads them; here they are only
//! checked, once, where the peer can still be told.
//!
//! ```text
//!   trace-bin: q80          one value, unpadded
//!   trace-bin: q80=         the same value, padded
//!   trace-bin: q80, qw      two values in one line
//! ```
//!
//! Source: PROTOCOL-HTTP2 "Requests", the rule `Binary-Header` and the text on
//! Custom-Metadata: values must be split at commas before they are decoded, and
//! padding is accepted. Must not know: which headers mean what.

use http::{HeaderMap, HeaderName};

use super::{WireError, header};
use crate::metadata::binary;

/// Checks that every `-bin` header of the block holds base64.
///
/// All but `grpc-status-details-bin`, which is no metadata but an addition to a
/// status: if it is damaged, the status stands without it.
///
/// # Errors
///
/// [`WireError::BadBinary`] with the name of the first that does not.
pub fn validate_binary(headers: &HeaderMap) -> Result<(), WireError> {
    for (name, value) in headers {
        if is_binary(name) && !values(value.as_bytes()).all(binary::is_valid) {
            return Err(WireError::BadBinary(name.as_str().to_owned()));
        }
    }
    Ok(())
}

/// The values that one line of a `-bin` header joins.
pub(super) fn values(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Whether the values under this name must be base64.
fn is_binary(name: &HeaderName) -> bool {
    // Header names of HTTP/2 are in lower case.
    name.as_str().ends_with("-bin") && *name != header::GRPC_STATUS_DETAILS
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn verdict(name: &'static str, value: &'static str) -> Result<(), WireError> {
        let mut headers = HeaderMap::new();
        headers.append("x-first-bin", HeaderValue::from_static("q80"));
        headers.append(name, HeaderValue::from_static(value));
        validate_binary(&headers)
    }

    #[test]
    fn base64_passes_in_every_spelling() {
        for value in ["", "q80", "q80=", "q83v", "q80,qw", "q80=, qw==", " q80 ,", ","] {
            assert_eq!(verdict("x-bin", value), Ok(()), "{value:?}");
        }
    }

    #[test]
    fn what_is_not_base64_is_reported_by_name() {
        for value in ["!", "q", "q80,!", "q80 qw", "q_-v", "q80=qw=="] {
            let error = WireError::BadBinary("x-bin".to_owned());
            assert_eq!(verdict("x-bin", value), Err(error), "{value:?}");
        }
    }

    #[test]
    fn other_headers_may_hold_what_they_like() {
        assert_eq!(verdict("x-text", "!"), Ok(()));
        assert_eq!(verdict("x-binary", "!"), Ok(()));
        assert_eq!(verdict("grpc-status-details-bin", "!"), Ok(()));
    }
}
