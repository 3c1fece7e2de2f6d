//! Messages again, from what they were compressed to.
//!
//! In: a message as it crossed, and what its head said of the algorithm (`grpc-encoding`). Out: the message, or why
//! nobody here can have it.
//!
//! Must not know: where messages come from.

use bytes::Bytes;
use wirewright::{Compressor, Deflate, Gzip, Zstd};

use super::words;

/// A message again, from what it was compressed to; it may unfold to `room` bytes.
///
/// # Errors
///
/// Why it cannot be had, in words.
pub(crate) fn unfold(message: &[u8], encoding: Option<&[u8]>, room: usize) -> Result<Bytes, String> {
    let told = |error: wirewright::DecompressError| error.to_string();
    match encoding {
        Some(b"gzip") => Gzip::default().decompress(message, room).map_err(told),
        Some(b"deflate") => Deflate::default().decompress(message, room).map_err(told),
        Some(b"zstd") => Zstd::default().decompress(message, room).map_err(told),
        Some(other) => Err(format!("its messages are compressed with {}", words::printable(other))),
        None => Err("its messages are compressed, and nobody said how".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_unfolds_to_no_more_than_there_is_room_for() {
        let all: [&dyn Compressor; 3] = [&Gzip::default(), &Deflate::default(), &Zstd::default()];
        for compressor in all {
            let (name, folded) = (compressor.name(), compressor.compress(&[0; 100_000]).unwrap());
            let unfold = |room| unfold(&folded, Some(name.as_bytes()), room);
            assert_eq!(unfold(100_000).unwrap().len(), 100_000, "{name}");
            assert!(unfold(99_999).unwrap_err().contains("99999"), "{name}");
        }
        assert!(unfold(b"x", Some(b"snappy"), 1).unwrap_err().contains("snappy"));
        assert!(unfold(b"x", None, 1).is_err());
    }
}
