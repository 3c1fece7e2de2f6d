//! Compression of messages, each by itself.
//!
//! In: a message and the encoding that both sides have agreed on. Out: framed bytes, and back. Source:
//! PROTOCOL-HTTP2, "Message-Encoding"; gRPC `doc/compression.md`. No state is carried from one message to the
//! next, because each may be sent or skipped alone.
//!
//! ```text
//!   client                                       server
//!   grpc-encoding: gzip            ---->         knows gzip?  no -> UNIMPLEMENTED, and the list of what it knows
//!   grpc-accept-encoding: gzip                   answers in gzip, or in nothing
//!   [1|len|deflated]               ---->         limit counts twice: what arrives, and what it unfolds to
//! ```
//!
//! Must not know: which algorithms there are (`compressors`, and whoever implements [`Compressor`]).

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::message::Message;
use crate::status::Status;
use crate::wire::{self, AcceptEncoding, Encoding, Frame, WireError};

/// An algorithm that compresses messages, known by a name that both sides use.
///
/// The library ships `Gzip` and `Deflate` (feature `gzip`) and `Zstd` (feature `zstd`); any other is added to an
/// endpoint or a server by its `compression` setter.
pub trait Compressor: Send + Sync + 'static {
    /// The name in `grpc-encoding`, such as `gzip`: lower-case letters, digits and `-`.
    fn name(&self) -> &'static str;

    /// The message, compressed.
    ///
    /// # Errors
    ///
    /// If the algorithm fails; the call then ends `INTERNAL`.
    fn compress(&self, message: &[u8]) -> Result<Vec<u8>, String>;

    /// The message again.
    ///
    /// Must stop as soon as the message turns out longer than `limit` bytes: a few kilobytes may unfold to
    /// gigabytes.
    ///
    /// # Errors
    ///
    /// [`DecompressError`], which decides how the call ends.
    fn decompress(&self, message: &[u8], limit: usize) -> Result<Bytes, DecompressError>;
}

/// Why a message could not be decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecompressError {
    /// It is longer than the limit: `RESOURCE_EXHAUSTED`.
    #[error("message unfolds to more than the limit of {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// It is not what the encoding says: `INTERNAL`.
    #[error("message cannot be decompressed: {0}")]
    Invalid(String),
}

impl From<DecompressError> for Status {
    fn from(error: DecompressError) -> Status {
        match &error {
            DecompressError::TooLarge { .. } => Status::resource_exhausted(error.to_string()),
            DecompressError::Invalid(_) => Status::internal(error.to_string()),
        }
    }
}

/// The algorithms that one side knows, in the order in which it prefers them.
#[derive(Clone, Default)]
pub(crate) struct Encodings {
    names: Vec<&'static str>,
    compressors: Vec<Arc<dyn Compressor>>,
}

impl Encodings {
    /// Adds an algorithm, in place of one of its name.
    pub(crate) fn add(&mut self, compressor: impl Compressor) {
        let (name, compressor) = (compressor.name(), Arc::new(compressor));
        match self.names.iter().position(|known| *known == name).and_then(|at| self.compressors.get_mut(at)) {
            Some(known) => *known = compressor,
            None => {
                self.names.push(name);
                self.compressors.push(compressor);
            }
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The encoding of this name; identity if it is not known.
    pub(crate) fn named(&self, name: &str) -> Encoding {
        self.names.iter().find(|known| **known == name).map_or(Encoding::Identity, |n| Encoding::Named(n))
    }

    /// The list for `grpc-accept-encoding`.
    pub(crate) fn accept(&self) -> AcceptEncoding {
        AcceptEncoding::new(&self.names)
    }

    fn get(&self, encoding: Encoding) -> Option<&dyn Compressor> {
        let Encoding::Named(name) = encoding else {
            return None;
        };
        let at = self.names.iter().position(|known| *known == name)?;
        self.compressors.get(at).map(|compressor| &**compressor)
    }

    /// Appends a message in this encoding, with its prefix.
    ///
    /// An empty message is not worth compressing, and grpc-go does not either.
    #[inline]
    pub(crate) fn encode<M: Message>(
        &self,
        message: &M,
        encoding: Encoding,
        limit: usize,
        out: &mut BytesMut,
    ) -> Result<(), Status> {
        let compressor = self.get(encoding).filter(|_| message.encoded_len() > 0);
        match compressor {
            Some(compressor) => compress(compressor, message, limit, out),
            None => Ok(wire::encode_message(message, limit, out)?),
        }
    }

    /// A message that came in this encoding.
    pub(crate) fn decode(&self, frame: Frame, encoding: Encoding, limit: usize) -> Result<Arrived, Status> {
        encoding.admit(&frame)?;
        let compressed = frame.compressed;
        let bytes = match self.get(encoding).filter(|_| compressed) {
            Some(compressor) => compressor.decompress(&frame.bytes, limit)?,
            None => frame.bytes,
        };
        Ok(Arrived { bytes, compressed })
    }
}

/// Appends a message, compressed, with its prefix.
fn compress<M: Message>(
    compressor: &dyn Compressor,
    message: &M,
    limit: usize,
    out: &mut BytesMut,
) -> Result<(), Status> {
    let size = message.encoded_len();
    if size > limit {
        return Err(WireError::TooLarge { size: size as u64, limit }.into());
    }
    let mut plain = BytesMut::with_capacity(size);
    message.encode(&mut plain);
    let compressed = compressor.compress(&plain).map_err(|error| {
        Status::internal(format!("message cannot be compressed with {}: {error}", compressor.name()))
    })?;
    Ok(wire::encode_compressed(&compressed, out)?)
}

/// A message that has arrived, still encoded as protobuf but not compressed any more.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) bytes: Bytes,
    /// Whether it was compressed on the wire.
    pub(crate) compressed: bool,
}

impl fmt::Debug for Encodings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.fmt(f)
    }
}
