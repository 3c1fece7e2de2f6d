//! HTTP/2 frames as bytes, as far as the misbehaving server needs them.
//!
//! In: frames. Out: bytes, and back. Header blocks are written with literal fields only and are never read: what a
//! client asks for does not matter here.
//!
//! ```text
//!   | length (24) | type (8) | flags (8) | stream (32) | content ...
//! ```
//!
//! Source: RFC 9113, section 4.1; RFC 7541, section 6.2.2.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) content: Vec<u8>,
}

impl Frame {
    pub(super) fn new(kind: u8, flags: u8, stream: u32, content: impl Into<Vec<u8>>) -> Frame {
        Frame { kind, flags, stream, content: content.into() }
    }

    /// DATA, with this much padding if any.
    pub(super) fn data(stream: u32, bytes: &[u8], padding: Option<u8>) -> Frame {
        let Some(padding) = padding else {
            return Frame::new(DATA, 0, stream, bytes);
        };
        let content = [&[padding], bytes, &vec![0; usize::from(padding)][..]].concat();
        Frame::new(DATA, PADDED, stream, content)
    }

    /// HEADERS with these fields; `:status: 200` comes first where it is the head of a response.
    pub(super) fn headers(stream: u32, flags: u8, status: bool, fields: &[(&str, &str)]) -> Frame {
        // Field 8 of the static table is `:status: 200`.
        let mut block = if status { vec![0x88] } else { Vec::new() };
        for (name, value) in fields {
            block.push(0);
            for text in [name, value] {
                // All texts here are shorter than the 127 bytes at which a length takes a second one.
                block.push(u8::try_from(text.len().min(126)).unwrap_or_default());
                block.extend_from_slice(text.as_bytes());
            }
        }
        Frame::new(HEADERS, flags | END_HEADERS, stream, block)
    }

    /// Appends the frame to what is to be sent.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.content.len()).unwrap_or(u32::MAX).to_be_bytes();
        out.extend_from_slice(&length[1..]);
        out.extend_from_slice(&[self.kind, self.flags]);
        out.extend_from_slice(&self.stream.to_be_bytes());
        out.extend_from_slice(&self.content);
    }

    /// The next frame; `None` at the end of the connection.
    pub(super) async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Frame>> {
        let mut head = [0; 9];
        match io.read_exact(&mut head).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
        let mut content = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
        io.read_exact(&mut content).await?;
        // The highest bit of a stream's number is reserved, and ignored.
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
        Ok(Some(Frame { kind, flags, stream, content }))
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number that the content begins with; 0 where there is none.
    pub(super) fn number(&self) -> u32 {
        self.content.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }
}

/// Types of frames (RFC 9113, section 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;

/// Flags of frames.
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read() {
        let frame = Frame::data(7, b"abc", Some(2));
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        assert_eq!(bytes, [0, 0, 6, DATA, PADDED, 0, 0, 0, 7, 2, b'a', b'b', b'c', 0, 0]);
        let mut pipe = bytes.as_slice();
        assert_eq!(Frame::read(&mut pipe).await.unwrap(), Some(frame));
        assert_eq!(Frame::read(&mut pipe).await.unwrap(), None);
    }
}
