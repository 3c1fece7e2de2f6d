//! The nine bytes that begin every frame: how long, what for, whose.
//!
//! In come nine bytes, any nine; out come a [`FrameHeader`] or the spans of
//! its four fields (RFC 9113 4.1 "Frame Format"):
//!
//! ```text
//!   0    1    2     3      4     5    6    7    8
//!  +----+----+----+------+-------+-+--+----+----+----+
//!  |    length    | type | flags |R|     stream      |
//!  +--------------+------+-------+-+-----------------+
//! ```
//!
//! Which flags exist depends on the type; bit 0x01 is END_STREAM on DATA and
//! ACK on PING.
//!
//! This file must not know what follows a header.

use std::borrow::Cow;
use std::fmt;

use super::cursor::{Cursor, Note};
use super::damage::Damage;
use super::span::SpanKind;

/// The nine bytes that begin every frame (RFC 9113 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    /// How many bytes follow the header; at most 24 bits.
    pub length: u32,
    /// What the frame is for.
    pub kind: FrameKind,
    /// Eight flags, whose meaning depends on the type.
    pub flags: u8,
    /// Which stream the frame belongs to; 0 is the connection itself.
    pub stream_id: u32,
}

impl FrameHeader {
    /// 3 bytes of length, 1 of type, 1 of flags, 4 of stream.
    pub const LEN: usize = 9;

    /// Reads a header; any nine bytes are one.
    pub fn read(bytes: &[u8; Self::LEN]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *bytes;
        Self {
            length: u32::from_be_bytes([0, l0, l1, l2]),
            kind: FrameKind::from_u8(kind),
            flags,
            // The highest bit is reserved and ignored by receivers.
            stream_id: u32::from_be_bytes([s0, s1, s2, s3]) & STREAM_ID_MASK,
        }
    }

    /// Whether the frame is of this kind and has this flag.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0 && flag.is_of(self.kind)
    }

    /// The flags by name: `END_STREAM END_HEADERS`, or `no flags`.
    ///
    /// Bits that the frame's type does not define follow as a number.
    pub fn flag_names(&self) -> Cow<'static, str> {
        let mut names = Cow::Borrowed("");
        let mut left = self.flags;
        for flag in Flag::ALL.into_iter().filter(|flag| self.has(*flag)) {
            left &= !flag.bit();
            names = match &*names {
                "" => flag.name().into(),
                // What ends a call, and so the only pair that is common.
                "END_STREAM" if flag == Flag::EndHeaders => "END_STREAM END_HEADERS".into(),
                before => format!("{before} {}", flag.name()).into(),
            };
        }
        match (names.is_empty(), left) {
            (true, 0) => "no flags".into(),
            (false, 0) => names,
            (true, left) => format!("{left:#04x}").into(),
            (false, left) => format!("{names} {left:#04x}").into(),
        }
    }

    /// The length, to count with.
    pub(super) fn content_len(&self) -> usize {
        // Lossless: 24 bits fit a usize on every platform with a network.
        self.length as usize
    }
}

impl fmt::Display for FrameHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.length == 1 { "" } else { "s" };
        write!(f, "{}, {} byte{s}, {}, stream {}", self.kind, self.length, self.flag_names(), self.stream_id)
    }
}

/// The types of frames (RFC 9113 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// 0: a stretch of a stream's data; gRPC's messages travel here.
    Data,
    /// 1: begins a header block.
    Headers,
    /// 2: an opinion about a stream's weight; obsolete.
    Priority,
    /// 3: ends a stream at once, both ways.
    RstStream,
    /// 4: what the sender wishes the receiver to know of its limits.
    Settings,
    /// 5: reserves a stream for an answer nobody asked for; not used by gRPC.
    PushPromise,
    /// 6: must be answered; measures the way there and back.
    Ping,
    /// 7: no new streams, please.
    GoAway,
    /// 8: the receiver has room again.
    WindowUpdate,
    /// 9: goes on with a header block.
    Continuation,
    /// Any other number; receivers ignore such frames.
    Unknown(u8),
}

impl FrameKind {
    /// The type with this number.
    pub const fn from_u8(number: u8) -> Self {
        match number {
            0 => Self::Data,
            1 => Self::Headers,
            2 => Self::Priority,
            3 => Self::RstStream,
            4 => Self::Settings,
            5 => Self::PushPromise,
            6 => Self::Ping,
            7 => Self::GoAway,
            8 => Self::WindowUpdate,
            9 => Self::Continuation,
            other => Self::Unknown(other),
        }
    }

    /// The type's number.
    pub const fn to_u8(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Headers => 1,
            Self::Priority => 2,
            Self::RstStream => 3,
            Self::Settings => 4,
            Self::PushPromise => 5,
            Self::Ping => 6,
            Self::GoAway => 7,
            Self::WindowUpdate => 8,
            Self::Continuation => 9,
            Self::Unknown(number) => number,
        }
    }

    /// The type's name in RFC 9113; `None` if it has none.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Data => "DATA",
            Self::Headers => "HEADERS",
            Self::Priority => "PRIORITY",
            Self::RstStream => "RST_STREAM",
            Self::Settings => "SETTINGS",
            Self::PushPromise => "PUSH_PROMISE",
            Self::Ping => "PING",
            Self::GoAway => "GOAWAY",
            Self::WindowUpdate => "WINDOW_UPDATE",
            Self::Continuation => "CONTINUATION",
            Self::Unknown(_) => return None,
        })
    }
}

impl fmt::Display for FrameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "type {:#04x}", self.to_u8()),
        }
    }
}

/// The flags that some type of frame defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// On SETTINGS and PING: this answers yours.
    Ack,
    /// On DATA and HEADERS: the sender's half of the stream ends here.
    EndStream,
    /// On whatever carries a header block: the block ends here.
    EndHeaders,
    /// The frame begins with a pad length and ends with padding.
    Padded,
    /// HEADERS begins with a dependency and a weight.
    Priority,
}

impl Flag {
    /// All flags, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Ack, Self::EndStream, Self::EndHeaders, Self::Padded, Self::Priority];

    /// The flag's bit; two flags share one, on different types of frames.
    pub const fn bit(self) -> u8 {
        match self {
            Self::Ack | Self::EndStream => 0x01,
            Self::EndHeaders => 0x04,
            Self::Padded => 0x08,
            Self::Priority => 0x20,
        }
    }

    /// The flag's name in RFC 9113.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ack => "ACK",
            Self::EndStream => "END_STREAM",
            Self::EndHeaders => "END_HEADERS",
            Self::Padded => "PADDED",
            Self::Priority => "PRIORITY",
        }
    }

    /// Whether frames of this type have the flag.
    const fn is_of(self, kind: FrameKind) -> bool {
        use FrameKind::{Continuation, Data, Headers, Ping, PushPromise, Settings};
        match self {
            Self::Ack => matches!(kind, Settings | Ping),
            Self::EndStream => matches!(kind, Data | Headers),
            Self::EndHeaders => matches!(kind, Headers | PushPromise | Continuation),
            Self::Padded => matches!(kind, Data | Headers | PushPromise),
            Self::Priority => matches!(kind, Headers),
        }
    }
}

/// Walks over a frame header for its trail.
pub(super) fn mark(cursor: &mut Cursor) -> Result<(), Damage> {
    let length = cursor.number::<3>(SpanKind::FrameLength, |length| length.to_string().into())?;
    let mut kind = FrameKind::Data;
    cursor.number::<1>(SpanKind::FrameType, |number| {
        // Lossless: one byte was read.
        kind = FrameKind::from_u8(number as u8);
        kind.name().map_or_else(|| kind.to_string().into(), Note::Borrowed)
    })?;
    cursor.number::<1>(SpanKind::FrameFlags, |flags| {
        let header = FrameHeader { length, kind, flags: flags as u8, stream_id: 0 };
        header.flag_names()
    })?;
    cursor.number::<4>(SpanKind::StreamId, |id| (id & STREAM_ID_MASK).to_string().into())?;
    Ok(())
}

/// A stream identifier has 31 bits; the highest bit is reserved.
pub(super) const STREAM_ID_MASK: u32 = 0x7fff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_named_by_the_type_of_their_frame() {
        let cases = [
            (0, 0x01, "END_STREAM"),
            (4, 0x01, "ACK"),
            (8, 0x00, "no flags"),
            (8, 0x01, "0x01"),
            (1, 0x45, "END_STREAM END_HEADERS 0x40"),
        ];
        for (kind, flags, names) in cases {
            let header = FrameHeader::read(&[0, 0, 0, kind, flags, 0, 0, 0, 0]);
            assert_eq!(header.flag_names(), names);
        }
    }
}
