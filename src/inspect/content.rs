//! What a frame says once its header is off: ten types, and unknown ones.
//!
//! In comes a frame header and the bytes after it; out comes [`Content`].
//! The layouts are those of RFC 9113 6 "Frame Definitions"; `?` marks what
//! only a flag brings:
//!
//! ```text
//!  DATA           pad length? | data .............. | padding?
//!  HEADERS        pad length? | dependency? weight? | fragment ... | padding?
//!  PRIORITY       dependency 4 | weight 1
//!  RST_STREAM     error code 4
//!  SETTINGS       (identifier 2 | value 4) *
//!  PUSH_PROMISE   pad length? | promised stream 4 | fragment ... | padding?
//!  PING           8 bytes
//!  GOAWAY         last stream 4 | error code 4 | debug data ...
//!  WINDOW_UPDATE  increment 4
//!  CONTINUATION   fragment ...
//! ```
//!
//! This file must not know how frames are cut from a stream of bytes.

use bytes::Bytes;

use super::cursor::{Cursor, Note};
use super::damage::Damage;
use super::frame_header::{Flag, FrameHeader, FrameKind, STREAM_ID_MASK};
use super::span::SpanKind;
use crate::wire::tables::reason_name;

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// DATA: bytes of a stream.
    Data {
        /// The bytes, without padding.
        data: Bytes,
        /// Where they begin, counted from the end of the frame header.
        at: usize,
    },
    /// HEADERS: the beginning of a header block.
    Headers {
        /// Where the sender would put the stream; obsolete, seldom sent.
        priority: Option<Priority>,
        /// The first part of the block, or all of it.
        fragment: Bytes,
        /// Where it begins, counted from the end of the frame header.
        at: usize,
    },
    /// PRIORITY: where the sender would put the stream; obsolete.
    Priority(Priority),
    /// RST_STREAM: the stream ends at once.
    RstStream {
        /// Why; see [`reason_name`].
        code: u32,
    },
    /// SETTINGS: limits of the sender, or the answer to the receiver's.
    Settings {
        /// Whether this only acknowledges.
        is_ack: bool,
        /// The settings, in the order sent.
        settings: Vec<Setting>,
    },
    /// PUSH_PROMISE: reserves a stream and begins its header block.
    PushPromise {
        /// The stream that is reserved.
        promised: u32,
        /// The first part of the block, or all of it.
        fragment: Bytes,
        /// Where it begins, counted from the end of the frame header.
        at: usize,
    },
    /// PING: eight bytes, to be sent back.
    Ping {
        /// Whether this is the answer.
        is_ack: bool,
        /// The eight bytes.
        data: [u8; 8],
    },
    /// GOAWAY: no new streams.
    GoAway {
        /// The last stream that may have been acted on.
        last_stream: u32,
        /// Why; see [`reason_name`].
        code: u32,
        /// Free text.
        debug: Bytes,
    },
    /// WINDOW_UPDATE: room for more bytes.
    WindowUpdate {
        /// How many more.
        increment: u32,
    },
    /// CONTINUATION: more of a header block. The whole frame is the fragment.
    Continuation {
        /// The next part of the block.
        fragment: Bytes,
    },
    /// A frame of a type that RFC 9113 does not define.
    Unknown {
        /// All its bytes after the header.
        content: Bytes,
    },
    /// The bytes do not fit the frame's type.
    Damaged(Damage),
}

/// Where a sender would put a stream among its siblings (RFC 9113 5.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// Whether it would push its siblings below itself.
    pub is_exclusive: bool,
    /// The stream that it depends on.
    pub depends_on: u32,
    /// Its share, 1 to 256; one byte holds it less one.
    pub weight: u16,
}

/// One setting: a number that says which, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which setting; see [`setting_name`].
    pub id: u16,
    /// Its value.
    pub value: u32,
}

/// Reads what follows a frame header.
pub(super) fn read(header: &FrameHeader, cursor: &mut Cursor) -> Result<Content, Damage> {
    // Offsets in the content count from where the cursor is now.
    let whole = cursor.claimed();
    let content = match header.kind {
        FrameKind::Data => {
            let pad = pad_length(header, cursor)?;
            let at = whole - cursor.claimed();
            let data = take_padded(cursor, pad, SpanKind::Data)?;
            Content::Data { data, at }
        }
        FrameKind::Headers => {
            let pad = pad_length(header, cursor)?;
            let priority = match header.has(Flag::Priority) {
                true => Some(priority(cursor)?),
                false => None,
            };
            let at = whole - cursor.claimed();
            let fragment = take_padded(cursor, pad, SpanKind::HeaderFragment)?;
            Content::Headers { priority, fragment, at }
        }
        FrameKind::Priority => Content::Priority(priority(cursor)?),
        FrameKind::RstStream => Content::RstStream { code: error_code(cursor)? },
        FrameKind::Settings => {
            Content::Settings { is_ack: header.has(Flag::Ack), settings: settings(cursor)? }
        }
        FrameKind::PushPromise => {
            let pad = pad_length(header, cursor)?;
            let promised = stream(cursor, SpanKind::PromisedStream)?;
            let at = whole - cursor.claimed();
            let fragment = take_padded(cursor, pad, SpanKind::HeaderFragment)?;
            Content::PushPromise { promised, fragment, at }
        }
        FrameKind::Ping => {
            Content::Ping { is_ack: header.has(Flag::Ack), data: cursor.array(SpanKind::PingData)? }
        }
        FrameKind::GoAway => Content::GoAway {
            last_stream: stream(cursor, SpanKind::LastStream)?,
            code: error_code(cursor)?,
            debug: cursor.take(cursor.claimed(), SpanKind::DebugData),
        },
        FrameKind::WindowUpdate => Content::WindowUpdate { increment: window_increment(cursor)? },
        FrameKind::Continuation => {
            Content::Continuation { fragment: cursor.take(cursor.claimed(), SpanKind::HeaderFragment) }
        }
        FrameKind::Unknown(_) => {
            Content::Unknown { content: cursor.take(cursor.claimed(), SpanKind::UnknownContent) }
        }
    };
    cursor.end()?;
    Ok(content)
}

/// The name of a setting, or `None` for one that nobody has registered.
pub fn setting_name(id: u16) -> Option<&'static str> {
    let known = SETTING_NAMES.iter().find(|(number, _)| *number == id)?;
    Some(known.1)
}

fn pad_length(header: &FrameHeader, cursor: &mut Cursor) -> Result<usize, Damage> {
    if !header.has(Flag::Padded) {
        return Ok(0);
    }
    let pad = cursor.number::<1>(SpanKind::PadLength, |pad| format!("{pad} bytes").into())?;
    // Lossless: one byte was read.
    Ok(pad as usize)
}

/// Takes all but the padding, then the padding.
fn take_padded(cursor: &mut Cursor, pad: usize, kind: SpanKind) -> Result<Bytes, Damage> {
    let room = cursor.claimed();
    let len = room.checked_sub(pad).ok_or(Damage::PaddingTooLong { claimed: pad, room })?;
    let taken = cursor.take(len, kind);
    cursor.take(pad, SpanKind::Padding);
    Ok(taken)
}

fn priority(cursor: &mut Cursor) -> Result<Priority, Damage> {
    let dependency = cursor.number::<4>(SpanKind::Dependency, |id| {
        let exclusive = if id > STREAM_ID_MASK { ", exclusively" } else { "" };
        format!("on stream {}{exclusive}", id & STREAM_ID_MASK).into()
    })?;
    let weight = cursor.number::<1>(SpanKind::Weight, |weight| (weight + 1).to_string().into())?;
    Ok(Priority {
        is_exclusive: dependency > STREAM_ID_MASK,
        depends_on: dependency & STREAM_ID_MASK,
        // Lossless: one byte was read.
        weight: weight as u16 + 1,
    })
}

fn settings(cursor: &mut Cursor) -> Result<Vec<Setting>, Damage> {
    let mut settings = Vec::new();
    while cursor.claimed() > 0 {
        let id = cursor.number::<2>(SpanKind::SettingId, |id| {
            // Lossless: two bytes were read.
            match setting_name(id as u16) {
                Some(name) => name.into(),
                None => format!("{id:#06x}").into(),
            }
        })?;
        let value = cursor.number::<4>(SpanKind::SettingValue, |value| value.to_string().into())?;
        settings.push(Setting { id: id as u16, value });
    }
    Ok(settings)
}

fn error_code(cursor: &mut Cursor) -> Result<u32, Damage> {
    cursor.number::<4>(SpanKind::ErrorCode, |code| format!("{} ({code:#x})", reason_name(code)).into())
}

fn stream(cursor: &mut Cursor, kind: SpanKind) -> Result<u32, Damage> {
    let id = cursor.number::<4>(kind, |id| (id & STREAM_ID_MASK).to_string().into())?;
    Ok(id & STREAM_ID_MASK)
}

fn window_increment(cursor: &mut Cursor) -> Result<u32, Damage> {
    let increment = cursor.number::<4>(SpanKind::WindowIncrement, |increment| {
        // An increment of 0 is an error of the sender, RFC 9113 6.9.
        match increment & STREAM_ID_MASK {
            0 => Note::Borrowed("by nothing, which is an error"),
            increment => format!("by {increment}").into(),
        }
    })?;
    Ok(increment & STREAM_ID_MASK)
}

/// RFC 9113 6.5.2 "Defined Settings", RFC 8441 3 (websockets), RFC 9218 2.1
/// (priorities), and gRPC's own: G1 "True Binary Metadata" of the proposals.
const SETTING_NAMES: [(u16, &str); 9] = [
    (0x1, "HEADER_TABLE_SIZE"),
    (0x2, "ENABLE_PUSH"),
    (0x3, "MAX_CONCURRENT_STREAMS"),
    (0x4, "INITIAL_WINDOW_SIZE"),
    (0x5, "MAX_FRAME_SIZE"),
    (0x6, "MAX_HEADER_LIST_SIZE"),
    (0x8, "ENABLE_CONNECT_PROTOCOL"),
    (0x9, "NO_RFC7540_PRIORITIES"),
    (0xfe03, "GRPC_ALLOW_TRUE_BINARY_METADATA"),
];
