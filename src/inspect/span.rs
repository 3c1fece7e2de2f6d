//! A span: one stretch of bytes, what role it plays, and what it says.
//!
//! In come no bytes at all, only positions; out come [`Span`]s that partition
//! an input. Positions count from the first byte of one direction of a
//! connection (or of a header block or message, where a function says so):
//!
//! ```text
//!   0        3  4  5           9              17
//!   |--------|--|--|-----------|---------------|
//!    length   ty fl  stream id    ping data        no gaps, no overlaps
//! ```
//!
//! A header block or a message may be scattered over several frames; it is
//! explained as one piece, and [`place`] then moves its spans to where the
//! bytes really are.
//!
//! This file must not know how any format is read; it knows only which
//! section of which document defines each role.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A stretch of bytes that has one meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where the bytes are. Never empty.
    pub range: Range<usize>,
    /// Which role the bytes play in their format.
    pub kind: SpanKind,
    /// What these very bytes say, in a few words: `3`, `END_STREAM`.
    ///
    /// Empty where the role already says everything.
    pub note: Cow<'static, str>,
}

impl Span {
    /// A span over `range`.
    pub fn new(range: Range<usize>, kind: SpanKind, note: impl Into<Cow<'static, str>>) -> Self {
        Self { range, kind, note: note.into() }
    }
}

/// The role a stretch of bytes plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanKind {
    /// The 24 bytes with which every client begins.
    Preface,
    /// Frame header, bytes 0 to 2: how many bytes of content follow.
    FrameLength,
    /// Frame header, byte 3: which of the ten frame types, or an unknown one.
    FrameType,
    /// Frame header, byte 4: eight flags.
    FrameFlags,
    /// Frame header, bytes 5 to 8: one reserved bit and the stream.
    StreamId,
    /// How many bytes of padding end the frame.
    PadLength,
    /// Bytes that hide the true length and mean nothing.
    Padding,
    /// The stream that a stream depends on, with the exclusive bit.
    Dependency,
    /// A stream's share beside its siblings.
    Weight,
    /// Part of a header block, still compressed.
    HeaderFragment,
    /// The content of DATA frames, where no messages can be told apart.
    Data,
    /// Why a stream or a connection ended.
    ErrorCode,
    /// Which setting.
    SettingId,
    /// What the setting is set to.
    SettingValue,
    /// The stream that a PUSH_PROMISE reserves.
    PromisedStream,
    /// Eight bytes that must come back unchanged.
    PingData,
    /// The last stream that the sender of a GOAWAY may have acted on.
    LastStream,
    /// Free text for whoever debugs a GOAWAY.
    DebugData,
    /// By how much a window grows.
    WindowIncrement,
    /// The content of a frame whose type nobody has defined.
    UnknownContent,
    /// HPACK: a whole field, or the name of one, by its index in the tables.
    FieldIndex,
    /// HPACK: says that a field follows in letters, and how to remember it.
    FieldForm,
    /// HPACK: length of a name, and whether it is Huffman coded.
    NameLength,
    /// HPACK: a name in letters.
    Name,
    /// HPACK: length of a value, and whether it is Huffman coded.
    ValueLength,
    /// HPACK: a value in letters.
    Value,
    /// HPACK: the sender makes its table this large.
    TableSize,
    /// gRPC: is the message compressed?
    MessageFlag,
    /// gRPC: how long the message is.
    MessageLength,
    /// gRPC: the message.
    Message,
    /// Protobuf: a field's number and how its value is written.
    FieldTag,
    /// Protobuf: the length of what follows.
    FieldLength,
    /// Protobuf: a field's value.
    FieldValue,
    /// Bytes that cannot be what their place asks for; the note says why.
    Damaged,
}

impl SpanKind {
    /// The section of the document that gives bytes this role.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Preface => "RFC 9113 3.4",
            Self::FrameLength | Self::FrameType | Self::FrameFlags | Self::StreamId => "RFC 9113 4.1",
            Self::UnknownContent => "RFC 9113 5.5",
            Self::Data | Self::PadLength | Self::Padding => "RFC 9113 6.1",
            Self::HeaderFragment => "RFC 9113 4.3",
            Self::Dependency | Self::Weight => "RFC 9113 6.3",
            Self::ErrorCode => "RFC 9113 7",
            Self::SettingId | Self::SettingValue => "RFC 9113 6.5.1",
            Self::PromisedStream => "RFC 9113 6.6",
            Self::PingData => "RFC 9113 6.7",
            Self::LastStream | Self::DebugData => "RFC 9113 6.8",
            Self::WindowIncrement => "RFC 9113 6.9",
            Self::FieldIndex => "RFC 7541 6.1",
            Self::FieldForm => "RFC 7541 6.2",
            Self::NameLength | Self::Name | Self::ValueLength | Self::Value => "RFC 7541 5.2",
            Self::TableSize => "RFC 7541 6.3",
            Self::MessageFlag | Self::MessageLength | Self::Message => {
                "PROTOCOL-HTTP2 \"Length-Prefixed-Message\""
            }
            Self::FieldTag | Self::FieldLength | Self::FieldValue => "Protocol Buffers \"Encoding\"",
            // Damage has no section of its own: its note names what is broken.
            Self::Damaged => "",
        }
    }
}

impl fmt::Display for SpanKind {
    /// The role in plain words: `frame length`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preface => "preface",
            Self::FrameLength => "frame length",
            Self::FrameType => "frame type",
            Self::FrameFlags => "flags",
            Self::StreamId => "stream",
            Self::PadLength => "pad length",
            Self::Padding => "padding",
            Self::Dependency => "dependency",
            Self::Weight => "weight",
            Self::HeaderFragment => "header fragment",
            Self::Data => "data",
            Self::ErrorCode => "error code",
            Self::SettingId => "setting",
            Self::SettingValue => "set to",
            Self::PromisedStream => "promised stream",
            Self::PingData => "ping data",
            Self::LastStream => "last stream",
            Self::DebugData => "debug data",
            Self::WindowIncrement => "window grows",
            Self::UnknownContent => "unknown content",
            Self::FieldIndex => "field by index",
            Self::FieldForm => "field in letters",
            Self::NameLength => "name length",
            Self::Name => "name",
            Self::ValueLength => "value length",
            Self::Value => "value",
            Self::TableSize => "table size",
            Self::MessageFlag => "message flag",
            Self::MessageLength => "message length",
            Self::Message => "message",
            Self::FieldTag => "field tag",
            Self::FieldLength => "field length",
            Self::FieldValue => "field value",
            Self::Damaged => "damaged",
        })
    }
}

/// Whether `spans` cover `whole` in order, without gap, overlap or empty span.
///
/// This is the promise that every function of this room that returns spans
/// keeps; tests and fuzz targets ask it of arbitrary bytes.
pub fn is_partition(spans: &[Span], whole: Range<usize>) -> bool {
    let mut at = whole.start;
    for span in spans {
        if span.range.start != at || span.range.end <= at {
            return false;
        }
        at = span.range.end;
    }
    at == whole.end
}

/// Moves spans of something scattered to where its bytes really are.
///
/// `spans` partition a header block or message whose bytes, joined, lie at
/// `pieces` of the input. A span that crosses from one piece into the next
/// becomes two; the second one's note says that it goes on.
pub fn place(spans: &[Span], pieces: &[Range<usize>]) -> Vec<Span> {
    let mut placed = Vec::with_capacity(spans.len() + pieces.len());
    let mut pieces = pieces.iter();
    // `here` is what is left of the current piece.
    let mut here = 0..0;
    for span in spans {
        let mut left = span.range.len();
        let mut note = span.note.clone();
        while left > 0 {
            if here.is_empty() {
                let Some(next) = pieces.next() else {
                    return placed;
                };
                here = next.clone();
                continue;
            }
            let end = here.end.min(here.start + left);
            left -= end - here.start;
            placed.push(Span::new(here.start..end, span.kind, note));
            here.start = end;
            note = Cow::Borrowed("continued");
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(range: Range<usize>) -> Span {
        Span::new(range, SpanKind::Data, "")
    }

    #[test]
    fn a_partition_has_no_gap_no_overlap_and_no_empty_span() {
        let cases: &[(&[Range<usize>], bool)] = &[
            (&[0..3, 3..9], true),
            (&[0..1, 1..9], true),
            (&[0..3, 4..9], false),
            (&[0..3, 2..9], false),
            (&[0..3, 3..3, 3..9], false),
            (&[0..3, 3..8], false),
            (&[], false),
        ];
        for (ranges, expected) in cases {
            let spans: Vec<_> = ranges.iter().cloned().map(span).collect();
            assert_eq!(is_partition(&spans, 0..9), *expected, "{ranges:?}");
        }
        assert!(is_partition(&[], 4..4), "nothing partitions nothing");
    }

    #[test]
    fn a_span_across_a_frame_boundary_becomes_two() {
        let spans = [span(0..2), span(2..7), span(7..8)];
        let placed = place(&spans, &[109..113, 122..126]);
        let ranges: Vec<_> = placed.iter().map(|span| span.range.clone()).collect();
        assert_eq!(ranges, [109..111, 111..113, 122..125, 125..126]);
        assert_eq!(placed[2].note, "continued");
    }

    #[test]
    fn empty_pieces_take_no_bytes() {
        let placed = place(&[span(0..2)], &[5..5, 9..10, 20..20, 30..31]);
        let ranges: Vec<_> = placed.iter().map(|span| span.range.clone()).collect();
        assert_eq!(ranges, [9..10, 30..31]);
    }
}
