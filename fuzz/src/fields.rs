//! Header blocks written as text, so that seeds can be read and mutations hit.
//!
//! In: lines of `name: value`. Out: the fields that HTTP allows; lines that are no field are passed over, because
//! an HTTP/2 engine refuses them before gRPC is asked.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A header block: pseudo-fields apart, the last of each counting.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) method: Option<Vec<u8>>,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) headers: HeaderMap,
}

/// The block that this text writes.
pub(crate) fn read(text: &[u8]) -> Block {
    let mut block = Block::default();
    for line in text.split(|byte| *byte == b'\n') {
        // The first byte may be the colon of a pseudo-field.
        let Some(colon) = line.iter().skip(1).position(|byte| *byte == b':').map(|at| at + 1) else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii_start());
        match name {
            b":method" => block.method = Some(value.to_vec()),
            b":path" => block.path = Some(value.to_vec()),
            b":authority" => block.authority = Some(value.to_vec()),
            _ => {
                if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
                {
                    // More than any engine lets through at our limits.
                    if block.headers.len() < 1000 {
                        block.headers.append(name, value);
                    }
                }
            }
        }
    }
    block
}

/// Every value under every `-bin` name is base64.
pub(crate) fn binary_is_valid(headers: &HeaderMap) -> bool {
    let lines = headers.iter().filter(|(name, _)| {
        // Details are an addition to a status, which stands without them.
        name.as_str().ends_with("-bin") && *name != "grpc-status-details-bin"
    });
    lines
        .flat_map(|(_, value)| value.as_bytes().split(|byte| *byte == b','))
        .all(|value| crate::base64::model(value.trim_ascii()).is_some())
}

/// What metadata passes on: every field that is not the protocol's own, by name and in order.
pub(crate) fn passed_on(headers: &HeaderMap) -> Vec<(String, Vec<Vec<u8>>)> {
    let names = headers.keys().filter(|name| !wirewright::metadata::is_reserved(name.as_str()));
    let values =
        |name: &HeaderName| headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
    let mut all: Vec<(String, Vec<Vec<u8>>)> = names.map(|name| (name.to_string(), values(name))).collect();
    all.sort();
    all
}
