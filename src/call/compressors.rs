//! The algorithms that the library ships: gzip, deflate, zstd.
//!
//! In: a message. Out: fewer bytes, mostly, and back. Names are those of gRPC `doc/compression.md`; `deflate` means
//! the zlib format of RFC 1950, as in HTTP.
//!
//! Must not know: prefixes, headers, or when to compress.

use std::io::Read;

use bytes::Bytes;

use super::compress::{Compressor, DecompressError};

/// gzip (RFC 1952).
#[cfg(feature = "gzip")]
#[derive(Clone, Copy, Debug)]
pub struct Gzip {
    level: u32,
}

/// deflate in its zlib wrapping (RFC 1950).
#[cfg(feature = "gzip")]
#[derive(Clone, Copy, Debug)]
pub struct Deflate {
    level: u32,
}

/// Zstandard (RFC 8878).
#[cfg(feature = "zstd")]
#[derive(Clone, Copy, Debug)]
pub struct Zstd {
    level: i32,
}

#[cfg(feature = "gzip")]
impl Gzip {
    /// gzip at this level: 1 is fast, 9 is small.
    pub fn level(level: u32) -> Gzip {
        Gzip { level: level.min(9) }
    }
}

#[cfg(feature = "gzip")]
impl Default for Gzip {
    fn default() -> Self {
        Gzip { level: FAST }
    }
}

#[cfg(feature = "gzip")]
impl Compressor for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn compress(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(message, flate2::Compression::new(self.level));
        encoder.read_to_end(&mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn decompress(&self, message: &[u8], limit: usize) -> Result<Bytes, DecompressError> {
        let mut decoder = flate2::bufread::GzDecoder::new(message);
        let out = unfold(&mut decoder, message.len(), limit)?;
        nothing_left(decoder.into_inner())?;
        Ok(out)
    }
}

#[cfg(feature = "gzip")]
impl Default for Deflate {
    fn default() -> Self {
        Deflate { level: FAST }
    }
}

#[cfg(feature = "gzip")]
impl Compressor for Deflate {
    fn name(&self) -> &'static str {
        "deflate"
    }

    fn compress(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut encoder = flate2::read::ZlibEncoder::new(message, flate2::Compression::new(self.level));
        encoder.read_to_end(&mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn decompress(&self, message: &[u8], limit: usize) -> Result<Bytes, DecompressError> {
        let mut decoder = flate2::bufread::ZlibDecoder::new(message);
        let out = unfold(&mut decoder, message.len(), limit)?;
        nothing_left(decoder.into_inner())?;
        Ok(out)
    }
}

#[cfg(feature = "zstd")]
impl Default for Zstd {
    fn default() -> Self {
        // The algorithm's own default.
        Zstd { level: 3 }
    }
}

#[cfg(feature = "zstd")]
impl Compressor for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn compress(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        zstd::bulk::compress(message, self.level).map_err(|error| error.to_string())
    }

    fn decompress(&self, message: &[u8], limit: usize) -> Result<Bytes, DecompressError> {
        let invalid = |error: std::io::Error| DecompressError::Invalid(error.to_string());
        let mut decoder = zstd::stream::read::Decoder::with_buffer(message).map_err(invalid)?;
        // A frame may ask for a window of gigabytes to be unfolded in; more than 8 MiB is not given (RFC 8878,
        // section 3.1.1.1.2, recommends that much).
        decoder.window_log_max(WINDOW_LOG).map_err(invalid)?;
        unfold(&mut decoder, message.len(), limit)
    }
}

/// Reads at most `limit` bytes, growing only as they come.
fn unfold(reader: &mut impl Read, compressed: usize, limit: usize) -> Result<Bytes, DecompressError> {
    let mut out = Vec::with_capacity(compressed.saturating_mul(EXPECTED_RATIO).min(limit));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(most).read_to_end(&mut out);
    read.map_err(|error| DecompressError::Invalid(error.to_string()))?;
    if out.len() > limit {
        return Err(DecompressError::TooLarge { limit });
    }
    Ok(Bytes::from(out))
}

/// Bytes after the end could be anything, and two readers could disagree on what they are.
#[cfg(feature = "gzip")]
fn nothing_left(rest: &[u8]) -> Result<(), DecompressError> {
    match rest.len() {
        0 => Ok(()),
        n => Err(DecompressError::Invalid(format!("{n} bytes follow the end of the compressed data"))),
    }
}

/// What a first allocation bets on; protobuf text and logs shrink to a quarter or so.
const EXPECTED_RATIO: usize = 4;

/// Level 1 compresses some ten times faster than level 6 and loses little on messages.
#[cfg(feature = "gzip")]
const FAST: u32 = 1;

/// 8 MiB.
#[cfg(feature = "zstd")]
const WINDOW_LOG: u32 = 23;

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Box<dyn Compressor>> {
        vec![
            #[cfg(feature = "gzip")]
            Box::new(Gzip::default()),
            #[cfg(feature = "gzip")]
            Box::new(Deflate::default()),
            #[cfg(feature = "zstd")]
            Box::new(Zstd::default()),
        ]
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let noise: Vec<u8> = (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for compressor in all() {
            for message in [&b""[..], b"a", &[0; 100_000], &noise] {
                let compressed = compressor.compress(message).unwrap();
                assert_eq!(compressor.decompress(&compressed, message.len()).unwrap(), message);
            }
        }
    }

    #[test]
    fn a_bomb_stops_one_byte_past_the_limit() {
        for compressor in all() {
            let bomb = compressor.compress(&vec![0; 8 << 20]).unwrap();
            assert!(bomb.len() < 100_000, "{} made {}", compressor.name(), bomb.len());
            let error = compressor.decompress(&bomb, 1_000).unwrap_err();
            assert_eq!(error, DecompressError::TooLarge { limit: 1_000 });
        }
    }

    #[test]
    fn cut_and_damaged_and_continued_data_is_invalid() {
        for compressor in all() {
            let whole = compressor.compress(&[7; 3_000]).unwrap();
            let mut damaged = whole.clone();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x55;
            let continued = [&whole[..], b"more"].concat();
            for wrong in [&whole[..whole.len() - 1], &b"nonsense"[..], &continued] {
                let error = compressor.decompress(wrong, 10_000).unwrap_err();
                assert!(matches!(error, DecompressError::Invalid(_)), "{}: {error}", compressor.name());
            }
            // Damage is found by a checksum or by structure, or changes the bytes; it never panics.
            let _ = compressor.decompress(&damaged, 10_000);
        }
    }
}
