//! The field tree of a frame: what each of its bytes is, from the outermost name to the innermost.
//!
//! In: a frame, then the header block or the messages that it turns out to hold. Out: [`Node`]s, a parent before its
//! children. The nodes without children partition the frame:
//!
//! ```text
//!   00 00 0c  00  01  00 00 00 01  00  00 00 00 07  0a 05 77 6f 72 6c 64
//!   |-------- frame header ------| |------------- message -------------|    depth 0
//!   |-------| |-| |-| |----------| |-| |----------| |-- 1: "world" ----|    depth 1
//!                                                   |--| |-| |---------|    depth 2
//! ```
//!
//! Must not know: recordings, or how a page looks.

use std::ops::Range;

use wirewright::inspect::frame_header::FrameHeader;
use wirewright::inspect::frames::Frame;
use wirewright::inspect::hpack::{Entry, Field as HeaderField};
use wirewright::inspect::protobuf::{Field, Fields, Value};
use wirewright::inspect::{Head, Part, Span, SpanKind};

use super::role::{Family, Role, Roles};
use super::why;
use crate::explain::frame as told;
use crate::trace::words;

/// A stretch of a frame's bytes, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// How many nodes it lies in.
    pub(super) depth: u8,
    /// Where its bytes are, counted from the frame's first.
    pub(super) range: Range<usize>,
    /// The number of its role.
    pub(super) role: usize,
    /// What these very bytes say; may be empty.
    pub(super) note: String,
    /// What its bytes are, if nothing lies in it.
    leaf: Option<SpanKind>,
}

/// The nodes of one frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// Bytes that all are the same thing.
    pub(super) fn of_one(roles: &mut Roles, len: usize, kind: SpanKind, note: &str) -> Tree {
        let mut tree = Tree::default();
        tree.leaf(roles, 0, &Span::new(0..len, kind, note.to_owned()));
        tree
    }

    /// A frame, as far as it can be told by itself.
    pub(super) fn of_frame(roles: &mut Roles, frame: &Frame) -> Tree {
        let mut tree = Tree::default();
        let spans = frame.spans();
        let FrameHeader { length, kind, stream_id, .. } = frame.header;
        let note = format!("{kind}, {length} B, stream {stream_id}");
        let lead = frame.bytes.len().min(FrameHeader::LEN);
        let name = "frame header";
        let why =
            "Nine bytes begin every frame: how long it is, what it is for, eight flags, and whose it is.";
        tree.group(roles, 0, 0..lead, (name, "RFC 9113 4.1", why, Family::Frame), note);
        let relative = |span: &Span| {
            let start = span.range.start - frame.offset;
            Span { range: start..start + span.range.len(), ..span.clone() }
        };
        let mut spans = spans.iter().map(relative).peekable();
        while let Some(span) = spans.next() {
            let depth = u8::from(span.range.start < lead);
            let Some(value) = spans.next_if(|_| span.kind == SpanKind::SettingId) else {
                tree.leaf(roles, depth, &span);
                continue;
            };
            tree.setting(roles, frame, &span, &value);
        }
        tree
    }

    /// A setting and its value, side by side.
    fn setting(&mut self, roles: &mut Roles, frame: &Frame, id: &Span, value: &Span) {
        let number = |range: &Range<usize>| {
            let bytes = frame.bytes.get(range.clone()).unwrap_or_default();
            bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
        };
        // Lossless: a setting's number has two bytes.
        let which = number(&id.range) as u16;
        let setting = wirewright::inspect::content::Setting { id: which, value: number(&value.range) };
        let (name, given, _) = told::setting(setting);
        let role = (name.as_str(), "RFC 9113 6.5.2", why::setting(which), Family::Control);
        self.group(roles, 0, id.range.start..value.range.end, role, given);
        self.leaf(roles, 1, id);
        self.leaf(roles, 1, value);
    }

    /// Tells the share of a header block that a frame holds: the block's bytes from `before` on, which lie at `place`.
    pub(super) fn tell_block(&mut self, roles: &mut Roles, head: &Head, before: usize, place: Range<usize>) {
        let mut told = Tree::default();
        let here = before..before + place.len();
        for entry in &head.entries {
            let range = entry.range();
            if range.start >= here.end || range.end <= here.start {
                continue;
            }
            let spans = entry.spans();
            let shift = |span: &Span| {
                let cut = span.range.start.max(here.start)..span.range.end.min(here.end);
                let is_begun = span.range.start < here.start;
                let start = place.start + cut.start.saturating_sub(here.start);
                let note = if is_begun { "continued".into() } else { span.note.clone() };
                Span { range: start..start + cut.len(), kind: span.kind, note }
            };
            let is_here = |span: &&Span| span.range.start < here.end && span.range.end > here.start;
            let spans: Vec<_> = spans.iter().filter(is_here).map(shift).collect();
            let (Some(first), Some(last)) = (spans.first(), spans.last()) else { continue };
            if let Entry::Field(field) = entry {
                told.header_field(roles, first.range.start..last.range.end, field);
            }
            let depth = u8::from(matches!(entry, Entry::Field(_)));
            spans.iter().for_each(|span| told.leaf(roles, depth, span));
        }
        self.replace(roles, SpanKind::HeaderFragment, place, told);
    }

    fn header_field(&mut self, roles: &mut Roles, range: Range<usize>, field: &HeaderField) {
        let (name, value) = (field.name.to_string(), field.value.to_string());
        let (section, why) = why::field(&name);
        let meaning = match (&field.name.bytes, &field.value.bytes) {
            (Ok(name), Ok(value)) => words::meaning(name, value),
            _ => None,
        };
        let note = match meaning {
            Some(meaning) if name != ":status" && name != "te" => format!("{value}  ({meaning})"),
            _ => value,
        };
        self.group(roles, 0, range, (&clip(&name, MOST_NAME), section, why, Family::Fields), note);
    }

    /// Tells a share of a message; `bytes` are the frame's, which begins at `offset` of its direction.
    ///
    /// Gives what it says in a line.
    pub(super) fn tell_part(
        &mut self,
        roles: &mut Roles,
        part: &Part,
        offset: usize,
        bytes: &[u8],
    ) -> String {
        let here = |range: &Range<usize>| range.start - offset..range.end - offset;
        let (prefix, content) = (here(&part.prefix), here(&part.content));
        let whole = prefix.start..content.end;
        let mut told = Tree::default();
        let note = share(part, content.len() as u64);
        let why = "A message with the five bytes that gRPC puts in front of it: is it compressed, and how long is it?";
        let section = "PROTOCOL-HTTP2 \"Length-Prefixed-Message\"";
        told.group(roles, 0, whole.clone(), ("message", section, why, Family::Prefix), note.clone());
        let mut line = note.clone();
        let mut lengths = prefix.clone();
        if part.begins && !prefix.is_empty() {
            lengths.start += 1;
            let note = match part.flag {
                0 => "not compressed",
                1 => "compressed",
                _ => "neither 0 nor 1, which is an error",
            };
            told.leaf(roles, 1, &Span::new(prefix.start..lengths.start, SpanKind::MessageFlag, note));
        }
        if !lengths.is_empty() {
            let is_known = part.ends || part.length > 0;
            let note =
                if is_known { part.length.to_string() } else { "goes on in the next frame".to_owned() };
            told.leaf(roles, 1, &Span::new(lengths, SpanKind::MessageLength, note));
        }
        if !content.is_empty() {
            let bytes = bytes.get(content.clone()).unwrap_or_default();
            let read = Fields::read(bytes);
            let is_plain = is_whole(part) && part.flag == 0 && bytes.len() <= MOST_BYTES;
            match is_plain && !read.fields.is_empty() && count(&read) <= MOST_FIELDS {
                true => {
                    line = clip(&format!("{note}  {read}"), MOST_LINE);
                    told.fields(roles, 1, content.start, &read);
                }
                false => {
                    let note = if part.before > 0 { "continued" } else { "" };
                    told.leaf(roles, 1, &Span::new(content, SpanKind::Message, note));
                }
            }
        }
        self.replace(roles, SpanKind::Data, whole, told);
        line
    }

    /// A message that stands by itself, as far as its first `shown` bytes; `role` is what it is called, and why.
    ///
    /// Gives its fields in a line, too.
    pub(super) fn of_message(
        roles: &mut Roles,
        (name, why): (&str, &'static str),
        note: String,
        bytes: &[u8],
        shown: usize,
    ) -> (Tree, String) {
        let mut tree = Tree::default();
        let section = "PROTOCOL-HTTP2 \"Length-Prefixed-Message\"";
        tree.group(roles, 0, 0..bytes.len(), (name, section, why, Family::Message), note);
        let read = Fields::read(bytes);
        let mut line = String::new();
        if !read.fields.is_empty() && count(&read) <= MOST_FIELDS {
            line = clip(&read.to_string(), MOST_LINE);
            tree.fields(roles, 1, 0, &read);
        } else if !bytes.is_empty() {
            tree.leaf(roles, 1, &Span::new(0..bytes.len(), SpanKind::Message, ""));
        }
        // What begins beyond what is shown is left out, and what goes on there ends there.
        tree.nodes.retain(|node| node.range.start < shown || bytes.is_empty());
        tree.nodes.iter_mut().for_each(|node| node.range.end = node.range.end.min(shown));
        (tree, line)
    }

    /// The fields of a message whose first byte is at `start`.
    fn fields(&mut self, roles: &mut Roles, depth: u8, start: usize, read: &Fields<'_>) {
        for field in &read.fields {
            self.field(roles, depth, start, field);
        }
        if !read.unread.is_empty() {
            let span =
                Span::new(shifted(&read.unread, start), SpanKind::Damaged, "no field that protobuf knows");
            self.leaf(roles, depth, &span);
        }
    }

    fn field(&mut self, roles: &mut Roles, depth: u8, start: usize, field: &Field<'_>) {
        let Field { number, tag, length, range, value } = field;
        let (wire_type, what, end) = match value {
            Value::Varint(_) => ("VARINT", "integer, bool or enum", range.end),
            Value::I64(_) => ("I64", "fixed64, sfixed64 or double", range.end),
            Value::I32(_) => ("I32", "fixed32, sfixed32 or float", range.end),
            Value::Text(_) => ("LEN", "text, presumably", range.end),
            Value::Bytes(_) => ("LEN", "bytes, or packed numbers", range.end),
            Value::Message(_) => ("LEN", "message, presumably", range.end),
            Value::Group(_, end) => ("SGROUP", "group", end.end),
        };
        let shown = match value {
            Value::Message(_) | Value::Group(..) => format!("{{ {} B }}", range.len()),
            Value::Bytes(bytes) => format!("`{}`", hexadecimal(bytes)),
            value => clip(&value.to_string(), MOST_NOTE),
        };
        let why =
            "One field of the message. Its name and type stand in the .proto; the wire has only a number.";
        let role = ("field", "Protocol Buffers \"Encoding\"", why, Family::Message);
        self.group(roles, depth, shifted(&(tag.start..end), start), role, format!("{number}: {shown}"));
        let note = format!("field {number}, {wire_type}");
        self.leaf(roles, depth + 1, &Span::new(shifted(tag, start), SpanKind::FieldTag, note));
        if !length.is_empty() {
            let note = range.len().to_string();
            self.leaf(roles, depth + 1, &Span::new(shifted(length, start), SpanKind::FieldLength, note));
        }
        match value {
            Value::Message(inner) => self.fields(roles, depth + 1, start, inner),
            Value::Group(inner, end) => {
                self.fields(roles, depth + 1, start, inner);
                let note = format!("field {number} ends, EGROUP");
                self.leaf(roles, depth + 1, &Span::new(shifted(end, start), SpanKind::FieldTag, note));
            }
            _ if range.is_empty() => {}
            _ => {
                let span = Span::new(shifted(range, start), SpanKind::FieldValue, format!("{shown}, {what}"));
                self.leaf(roles, depth + 1, &span);
            }
        }
    }

    fn group(
        &mut self,
        roles: &mut Roles,
        depth: u8,
        range: Range<usize>,
        (name, section, why, family): (&str, &'static str, &'static str, Family),
        note: String,
    ) {
        let role = roles.group(Role { name: name.to_owned(), section, why, family });
        self.nodes.push(Node { depth, range, role, note: clip(&note, MOST_NOTE), leaf: None });
    }

    fn leaf(&mut self, roles: &mut Roles, depth: u8, span: &Span) {
        let Span { range, kind, note } = span;
        let node = Node {
            depth,
            range: range.clone(),
            role: roles.span(*kind),
            note: clip(note, MOST_NOTE),
            leaf: Some(*kind),
        };
        self.nodes.push(node);
    }

    /// Puts finer nodes in the place of a part of the one that is there; what is left of it stays.
    fn replace(&mut self, roles: &mut Roles, kind: SpanKind, place: Range<usize>, told: Tree) {
        let holds = |node: &Node| {
            node.leaf == Some(kind) && node.range.start <= place.start && place.end <= node.range.end
        };
        let Some(at) = self.nodes.iter().position(holds).filter(|_| !place.is_empty()) else { return };
        let old = self.nodes.remove(at).range;
        let mut finer = Tree::default();
        for (left, is_first) in [(old.start..place.start, true), (place.end..old.end, false)] {
            if !is_first {
                finer.nodes.extend(told.nodes.iter().cloned());
            }
            if !left.is_empty() {
                finer.leaf(roles, 0, &Span::new(left, kind, ""));
            }
        }
        self.nodes.splice(at..at, finer.nodes);
    }

    /// The nodes in which nothing lies; they partition the frame's bytes.
    #[cfg(test)]
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.leaf.is_some())
    }
}

/// How much of a message a share of it is.
fn share(part: &Part, len: u64) -> String {
    let packed = if part.flag == 1 { ", compressed" } else { "" };
    match (is_whole(part), part.length) {
        (true, 0) => "empty".to_owned(),
        (true, length) => format!("{}{packed}", words::size(u64::from(length))),
        (false, 0) => "its prefix is not whole yet".to_owned(),
        (false, length) if len == 0 => format!("its prefix; {length} bytes{packed} follow"),
        (false, length) => {
            let end = u64::from(part.before) + len;
            format!("bytes {} to {end} of {length}{packed}", part.before)
        }
    }
}

/// Whether all of a message lies in this share; its prefix may have come before.
pub(super) fn is_whole(part: &Part) -> bool {
    part.before == 0 && part.ends
}

fn shifted(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// How many fields there are, those of inner messages included.
fn count(fields: &Fields<'_>) -> usize {
    let inner = fields.fields.iter().map(|field| match &field.value {
        Value::Message(inner) | Value::Group(inner, _) => 1 + count(inner),
        _ => 1,
    });
    inner.sum()
}

/// The first digits of some bytes.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    words::hex(bytes, MOST_DIGITS, &mut text);
    text
}

/// The beginning of a text; the bytes beside it are all there.
fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}..", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Nobody reads more of a value in one line.
const MOST_NOTE: usize = 400;

/// What the list of frames has room for.
const MOST_LINE: usize = 80;

/// Longer than the name of any field that gRPC uses.
const MOST_NAME: usize = 64;

/// As many bytes of a value as fit a line in digits.
const MOST_DIGITS: usize = 24;

/// Longer messages are one leaf, or are shown so far: a page of 64 KiB of fields is read by nobody.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// And so are messages of more fields than a person scrolls through.
const MOST_FIELDS: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn told(tree: &Tree, roles: &Roles) -> Vec<String> {
        let line = |node: &Node| {
            let Node { depth, range, role, note, .. } = node;
            let indent = " ".repeat(usize::from(*depth));
            format!("{indent}{range:?} {} {note}", roles.all()[*role].name).trim_end().to_owned()
        };
        tree.nodes.iter().map(line).collect()
    }

    fn frame(bytes: &'static [u8]) -> Frame {
        let header = FrameHeader::read(bytes.first_chunk().unwrap());
        Frame { offset: 100, header, bytes: Bytes::from_static(bytes) }
    }

    #[test]
    fn a_message_is_told_to_its_last_field() {
        let mut roles = Roles::default();
        let frame = frame(b"\0\0\x0c\0\x01\0\0\0\x01\0\0\0\0\x07\x0a\x05world");
        let mut tree = Tree::of_frame(&mut roles, &frame);
        let part = Part {
            prefix: 109..114,
            content: 114..121,
            begins: true,
            ends: true,
            flag: 0,
            length: 7,
            before: 0,
        };
        tree.tell_part(&mut roles, &part, 100, &frame.bytes);
        let expected = [
            "0..9 frame header DATA, 12 B, stream 1",
            " 0..3 frame length 12",
            " 3..4 frame type DATA",
            " 4..5 flags END_STREAM",
            " 5..9 stream 1",
            "9..21 message 7 B",
            " 9..10 message flag not compressed",
            " 10..14 message length 7",
            " 14..21 field 1: \"world\"",
            "  14..15 field tag field 1, LEN",
            "  15..16 field length 5",
            "  16..21 field value \"world\", text, presumably",
        ];
        assert_eq!(told(&tree, &roles), expected);
    }

    #[test]
    fn settings_stand_beside_their_values() {
        let mut roles = Roles::default();
        let tree = Tree::of_frame(&mut roles, &frame(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"));
        let told = told(&tree, &roles);
        assert_eq!(told[5], "9..15 max_concurrent_streams 100");
        assert_eq!(told[6], " 9..11 setting MAX_CONCURRENT_STREAMS");
        assert_eq!(told[7], " 11..15 set to 100");
    }

    #[test]
    fn a_message_is_told_even_if_its_prefix_came_before_it() {
        let mut roles = Roles::default();
        let prefix = frame(b"\0\0\x05\0\0\0\0\0\x01\0\0\0\0\x07");
        let message = frame(b"\0\0\x07\0\x01\0\0\0\x01\x0a\x05world");
        let mut part = Part {
            prefix: 109..114,
            content: 114..114,
            begins: true,
            ends: false,
            flag: 0,
            length: 7,
            before: 0,
        };
        let mut tree = Tree::of_frame(&mut roles, &prefix);
        assert_eq!(tree.tell_part(&mut roles, &part, 100, &prefix.bytes), "its prefix; 7 bytes follow");
        assert_eq!(told(&tree, &roles)[7], " 10..14 message length 7");
        part = Part { prefix: 109..109, content: 109..116, begins: false, ends: true, ..part };
        let mut tree = Tree::of_frame(&mut roles, &message);
        assert_eq!(tree.tell_part(&mut roles, &part, 100, &message.bytes), "7 B  1: \"world\"");
        assert_eq!(told(&tree, &roles)[6], " 9..16 field 1: \"world\"");
    }
}
