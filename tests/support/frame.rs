//! HTTP/2 frames, raw: written by hand, and read without an engine (RFC 9113, section 4.1).
//!
//! ```text
//!   length 3 | type 1 | flags 1 | stream 4 | content
//! ```

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use wirewright::inspect::hpack::{Form, HpackDecoder};

/// A frame that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// HEADERS, with its fields as `name: value`; those that no table may remember say so.
    Headers { stream: u32, fields: Vec<String>, end: bool },
    /// DATA.
    Data { stream: u32, bytes: Bytes, end: bool },
    /// RST_STREAM.
    Reset { stream: u32, reason: u32 },
    /// SETTINGS, as identifier and value.
    Settings(Vec<(u16, u32)>),
    /// SETTINGS with ACK.
    SettingsAck,
    /// PING.
    Ping { ack: bool, opaque: [u8; 8] },
    /// GOAWAY.
    GoAway { last: u32, reason: u32, debug: Bytes },
    /// WINDOW_UPDATE.
    Window { stream: u32, bytes: u32 },
    /// Anything else, by its type.
    Other(u8),
    /// The connection has ended.
    Eof,
}

impl Frame {
    /// The next frame, once all of it is here.
    pub fn parse(buffer: &mut BytesMut, hpack: &mut HpackDecoder) -> Option<Frame> {
        let length = u32::from_be_bytes([0, *buffer.first()?, *buffer.get(1)?, *buffer.get(2)?]) as usize;
        if buffer.len() < 9 + length {
            return None;
        }
        let head = buffer.split_to(9);
        let (kind, flags) = (head[3], head[4]);
        let stream = word(&head[5..]) & 0x7fff_ffff;
        let content = buffer.split_to(length).freeze();
        let end = flags & END_STREAM != 0;
        Some(match kind {
            DATA => Frame::Data { stream, bytes: content, end },
            HEADERS => {
                assert_eq!(flags & END_HEADERS, END_HEADERS, "a test's header blocks fit one frame");
                let skip = if flags & PRIORITY_FLAG != 0 { 5 } else { 0 };
                let fields = hpack.decode(&content.slice(skip..));
                let fields = fields.iter().filter_map(|entry| {
                    let secret = entry.as_field()?.form == Form::NeverRemembered;
                    Some(if secret { format!("{entry} [never remembered]") } else { entry.to_string() })
                });
                Frame::Headers { stream, fields: fields.collect(), end }
            }
            RST_STREAM => Frame::Reset { stream, reason: word(&content) },
            SETTINGS if flags & ACK != 0 => Frame::SettingsAck,
            SETTINGS => Frame::Settings(
                content
                    .chunks(6)
                    .map(|pair| (u16::from_be_bytes([pair[0], pair[1]]), word(&pair[2..])))
                    .collect(),
            ),
            PING => Frame::Ping { ack: flags & ACK != 0, opaque: content[..8].try_into().unwrap() },
            GOAWAY => Frame::GoAway {
                last: word(&content) & 0x7fff_ffff,
                reason: word(&content[4..]),
                debug: content.slice(8..),
            },
            WINDOW_UPDATE => Frame::Window { stream, bytes: word(&content) },
            other => Frame::Other(other),
        })
    }
}

/// As one line, for tests that compare whole conversations.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = |end: &bool| if *end { " END_STREAM" } else { "" };
        match self {
            Frame::Headers { fields, end, .. } => write!(f, "HEADERS{} {}", ended(end), fields.join(" | ")),
            Frame::Data { bytes, end, .. } => write!(f, "DATA{} {}", ended(end), bytes.escape_ascii()),
            Frame::Reset { reason, .. } => write!(f, "RST_STREAM {reason}"),
            Frame::GoAway { last, reason, debug } => {
                write!(f, "GOAWAY {last:#x} {reason} {}", debug.escape_ascii())
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// One frame, ready for the wire.
pub fn write(out: &mut BytesMut, kind: u8, flags: u8, stream: u32, content: &[u8]) {
    out.put_uint(content.len() as u64, 3);
    out.put_u8(kind);
    out.put_u8(flags);
    out.put_u32(stream);
    out.put_slice(content);
}

/// A header block: every field in letters, none remembered (RFC 7541, section 6.2.2).
pub fn block(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name.as_bytes(), value] {
            length(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    block
}

/// A number with a prefix of seven bits.
fn length(block: &mut Vec<u8>, mut number: usize) {
    if number < 127 {
        return block.push(number as u8);
    }
    block.push(127);
    number -= 127;
    while number >= 128 {
        block.push((number % 128) as u8 | 0x80);
        number /= 128;
    }
    block.push(number as u8);
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;
const PRIORITY_FLAG: u8 = 0x20;

// The reasons that tests name (RFC 9113, section 7).
pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;
