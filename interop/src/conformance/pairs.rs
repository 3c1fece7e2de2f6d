//! Metadata as the suite writes it: names, each with a list of texts.
//!
//! In: the suite's headers. Out: metadata, and back. Binary values are base64 in both, so here they are decoded on
//! the way in and encoded on the way out.

use wirewright::Metadata;
use wirewright::metadata::{Value, binary};

use crate::protocol::connectrpc::conformance::v1::Header;

/// The metadata that these headers stand for.
///
/// # Errors
///
/// Says which header metadata cannot carry.
pub(super) fn metadata<'a>(headers: impl IntoIterator<Item = &'a Header>) -> Result<Metadata, String> {
    let mut metadata = Metadata::new();
    for Header { name, value } in headers {
        for value in value {
            let added = match is_binary(name) {
                // A value that is no base64 is meant to be sent as the bytes that it is.
                true => {
                    let bytes = binary::decode(value.as_bytes());
                    metadata.append_bin(name, &bytes.unwrap_or_else(|| value.clone().into_bytes()))
                }
                false => metadata.append(name, value),
            };
            added.map_err(|error| error.to_string())?;
        }
    }
    Ok(metadata)
}

/// The headers that stand for this metadata.
pub(super) fn headers(metadata: &Metadata) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for (name, value) in metadata.iter() {
        let value = match value {
            Value::Ascii(text) => text.to_owned(),
            Value::Binary(bytes) => binary::encode(&bytes),
            Value::Opaque(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        match headers.last_mut().filter(|last| last.name == name) {
            // The values of one name come together.
            Some(last) => last.value.push(value),
            None => headers.push(Header { name: name.to_owned(), value: vec![value] }),
        }
    }
    headers
}

fn is_binary(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("-bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_the_way_through_metadata() {
        let header = |name: &str, values: &[&str]| Header {
            name: name.into(),
            value: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let sent = vec![header("x-a", &["1", "2"]), header("x-b-bin", &["q80"])];
        assert_eq!(headers(&metadata(&sent).unwrap()), sent);
    }

    #[test]
    fn a_name_that_cannot_travel_is_told() {
        let header = Header { name: "grpc-status".into(), value: vec!["0".into()] };
        assert!(metadata([&header]).unwrap_err().contains("grpc-status"));
    }
}
