//! `Story`: what a recording holds, laid out as the page shows it.
//!
//! In: lines of a recording. Out: [`Row`]s, one for each frame and whatever else happened, each with its bytes and their
//! [`Tree`]; and the calls. Rows are short and all of them are held; what is behind them is packed in batches as soon as
//! nothing more can become known of it, so that a page may be built of far more than it shows at once.
//!
//! ```text
//!   Line --> Conns --> Skim --> Row + Tree --> Batch, packed when the next one is full
//!                        |
//!                        +--> Calls
//!                        +--> Gatherer --> messages that no frame shows by itself, told with their last row
//! ```
//!
//! Must not know: files, HTML.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use wirewright::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use wirewright::inspect::frames::{Frame, PREFACE};
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, Head, Part, SpanKind, What};
use wirewright::recording::Line;
use wirewright::wire::tables::reason_name;

use super::batch::{Batch, Detail, Whole};
use super::gather::{Gathered, Gatherer, Half};
use super::role::{Role, Roles};
use super::row::{Kind, Row, Texts, Why};
use super::tree::{self, Tree};
use super::why;
use crate::explain::{fields, frame as told};
use crate::style;
use crate::trace::calls::{Call, Calls};
use crate::trace::conns::{Conns, Place, headline};
use crate::trace::words;

/// What a recording holds.
#[derive(Debug, Default)]
pub(super) struct Story {
    conns: Conns,
    /// What is told, apart from who reads it.
    tale: Tale,
}

/// See [`Story`].
#[derive(Debug, Default)]
pub(super) struct Tale {
    pub(super) rows: Vec<Row>,
    pub(super) texts: Texts,
    pub(super) whys: Vec<Why>,
    why_numbers: HashMap<Why, usize>,
    pub(super) roles: Roles,
    /// The connections in the order in which they began: their numbers, and what is known of them.
    pub(super) conns: Vec<(u32, String)>,
    pub(super) calls: Calls,
    /// The calls that are over.
    pub(super) ended: Vec<Call>,
    /// What made the recording, and when: microseconds since 1970.
    pub(super) tool: (String, u64),
    pub(super) batches: Vec<Batch>,
    /// The frame that was seen last: its row, and where it begins in its direction.
    current: Option<(usize, usize)>,
    /// The frames of header blocks that are not whole: rows, and where they are.
    fragments: BTreeMap<(u32, Direction), Vec<Fragment>>,
    gatherer: Gatherer,
    /// The rows of each message that lies in several, in the order in which they became whole.
    pub(super) spreads: Vec<Vec<usize>>,
    /// How many bytes the rows hold.
    bytes: usize,
    /// How many rows there was no room for.
    pub(super) left_off: u64,
}

impl Story {
    /// Takes in a line.
    pub(super) fn read(&mut self, line: &Line<'_>) {
        let Story { conns, tale } = self;
        match line {
            Line::Head(head) => tale.tool = (head.tool.clone(), head.t0_us),
            Line::Conn(conn) => {
                tale.conns.push((conn.conn, headline(conn)));
                let text = headline(conn);
                let text = text.split_once("  ").map_or("", |(_, rest)| rest);
                tale.remark(Kind::Conn, Some(conn.conn), None, conn.at, text, false);
            }
            Line::Event(event) => {
                let details: Vec<_> =
                    event.details.iter().map(|(key, value)| format!("{key} {value}")).collect();
                let text = format!("{}  {}", event.name, details.join(", "));
                tale.remark(Kind::Event, event.conn, event.stream, event.at, text.trim_end(), false);
            }
            _ => {}
        }
        conns.read(line, |place, skim| tale.see(place, &skim));
        if let Line::End { conn, at, why } = line {
            tale.ended.extend(tale.calls.leave(Some(*conn)));
            tale.gatherer.leave(Some(*conn));
            if !why.is_empty() {
                tale.remark(Kind::End, Some(*conn), None, *at, why, false);
            }
        }
    }

    /// Ends what the recording has left open.
    pub(super) fn finish(&mut self) {
        let Story { conns, tale } = self;
        conns.finish(|place, skim| tale.see(place, &skim));
        tale.ended.extend(tale.calls.leave(None));
        tale.gatherer.leave(None);
    }

    /// What has been told so far.
    pub(super) fn tale(&self) -> &Tale {
        &self.tale
    }
}

impl Tale {
    fn see(&mut self, place: Place, skim: &Skim<'_>) {
        if self.is_full() {
            self.left_off += u64::from(matches!(skim, Skim::Frame { .. }));
            return;
        }
        self.ended.extend(self.calls.see(place.conn, place.direction, place.at, skim));
        match skim {
            Skim::Preface => self.preface(place),
            Skim::JoinedLate => {
                let text = "the beginning of this connection is missing: some fields cannot be known";
                self.remark(Kind::Event, Some(place.conn), None, place.at, text, true);
            }
            Skim::Frame { offset, header, bytes } => self.frame(place, *offset, *header, bytes),
            Skim::Block(what) => {
                self.gatherer.heed(place.conn, place.direction, what);
                self.block(place, what);
            }
            Skim::Part(part) => self.part(place, part),
            Skim::End(stream) => {
                let Place { conn, direction, .. } = place;
                self.gatherer.end(Half { conn, stream: *stream, direction });
            }
            Skim::Damaged { bytes: [], why, .. } => self.blame(&why.to_string()),
            Skim::Damaged { bytes, why, .. } => self.damaged(place, bytes, &why.to_string()),
            _ => {}
        }
    }

    /// Whether a page can hold more.
    fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    fn preface(&mut self, place: Place) {
        let tree = Tree::of_one(&mut self.roles, PREFACE.len(), SpanKind::Preface, "");
        let (why, _) = why::span(SpanKind::Preface);
        let why = self.why("RFC 9113 3.4", why);
        let remark = self.texts.number("the client speaks HTTP/2 from its first byte");
        let row = Row { kind: Kind::Preface, remark, why, ..Row::at(place) };
        self.add(row, Detail { bytes: Bytes::from_static(PREFACE), tree, ..Detail::default() });
        self.current = None;
    }

    fn frame(&mut self, place: Place, offset: usize, header: FrameHeader, bytes: &[u8]) {
        let frame = Frame { offset, header, bytes: Bytes::copy_from_slice(bytes) };
        let tree = Tree::of_frame(&mut self.roles, &frame);
        let (remark, style) = told::remark(&header, bytes);
        let flags = if header.flags == 0 { String::new() } else { header.flag_names().into_owned() };
        let why = self.why(told::section(header.kind), why::frame(&header));
        let row = Row {
            kind: Kind::Frame(header.kind),
            stream: header.stream_id,
            ends: header.has(Flag::EndStream),
            flags: self.texts.number(&flags),
            remark: self.texts.number(&remark),
            why,
            // A connection that ends in peace is nothing to look for among errors.
            is_bad: style == style::BAD && !remark.ends_with(reason_name(0)),
            ..Row::at(place)
        };
        let number = self.rows.len();
        if is_fragment(header.kind) {
            let key = (place.conn, place.direction);
            self.fragments.entry(key).or_default().push((number, frame.range()));
        }
        self.current = Some((number, offset));
        self.add(row, Detail { bytes: frame.bytes, tree, ..Detail::default() });
    }

    /// A header block is whole: its frames can be told.
    fn block(&mut self, place: Place, what: &What) {
        let frames = self.fragments.remove(&(place.conn, place.direction)).unwrap_or_default();
        let Some(head) = what.head() else {
            return;
        };
        let (remark, style) = fields::moment(what);
        let (section, why) = why::block(what).unwrap_or_default();
        let why = self.why(section, why);
        let remark = self.texts.number(&remark);
        let first = frames.iter().rev().find(|(row, _)| self.begins_block(*row)).map(|(row, _)| *row);
        if let Some(row) = first.and_then(|row| self.rows.get_mut(row)) {
            (row.remark, row.why) = (remark, why);
            row.is_bad |= style == style::BAD;
        }
        for (row, range) in frames {
            self.share(row, &range, head);
        }
    }

    fn begins_block(&self, row: usize) -> bool {
        let kind = self.rows.get(row).map(|row| row.kind);
        matches!(kind, Some(Kind::Frame(FrameKind::Headers | FrameKind::PushPromise)))
    }

    /// Tells the share of a header block that one of its frames holds.
    fn share(&mut self, row: usize, frame: &Range<usize>, head: &Head) {
        let mut before = 0;
        for piece in &head.block.pieces {
            if frame.start <= piece.start && piece.end <= frame.end {
                let place = piece.start - frame.start..piece.end - frame.start;
                if let Some(detail) = detail(&mut self.batches, row) {
                    detail.tree.tell_block(&mut self.roles, head, before, place);
                }
            }
            before += piece.len();
        }
    }

    /// A share of a message, in the latest frame.
    fn part(&mut self, Place { conn, direction, .. }: Place, part: &Part) {
        let Some((number, offset)) = self.current else { return };
        let Some(Detail { bytes, tree, .. }) = detail(&mut self.batches, number) else { return };
        let mut told = tree.tell_part(&mut self.roles, part, offset, bytes);
        let content = part.content.start - offset..part.content.end - offset;
        let content = bytes.get(content).map(|share| bytes.slice_ref(share)).unwrap_or_default();
        let stream = self.rows.get(number).map_or(0, |row| row.stream);
        if let Some(gathered) = self.gatherer.add(Half { conn, stream, direction }, number, part, &content) {
            let is_told = tree::is_whole(part) && part.flag == 0;
            if !is_told {
                told = self.whole(number, &gathered);
            }
            if gathered.rows.len() > 1 {
                self.spreads.push(gathered.rows);
            }
        }
        // What the first message says is worth more than that it is one.
        if let Some(row) = self.rows.get_mut(number).filter(|row| !row.is_told) {
            (row.remark, row.is_told) = (self.texts.number(&told), true);
        }
    }

    /// Tells a message that has become whole below the row in which it ends; gives what it says in a line.
    fn whole(&mut self, row: usize, gathered: &Gathered) -> String {
        let Some(Detail { wholes, .. }) = detail(&mut self.batches, row) else { return String::new() };
        let taken: usize = wholes.iter().map(|whole| whole.bytes.len()).sum();
        let (note, bytes) = gathered.told();
        let shown = bytes.len().min(tree::MOST_BYTES.saturating_sub(taken));
        let tail =
            if shown < bytes.len() { format!("; the first {shown} B are shown") } else { String::new() };
        let about = why::whole(gathered.content.is_ok(), gathered.encoding.is_some());
        let (tree, line) = Tree::of_message(&mut self.roles, about, format!("{note}{tail}"), &bytes, shown);
        self.bytes += shown;
        wholes.push(Whole { bytes: bytes.slice(..shown), tree });
        format!("{note}  {line}").trim_end().to_owned()
    }

    /// Says of the latest frame what is wrong with it.
    fn blame(&mut self, why: &str) {
        let Some(row) = self.current.and_then(|(row, _)| self.rows.get_mut(row)) else { return };
        row.is_bad = true;
        let said = self.texts.get(row.remark);
        // A frame that cannot be read says so itself.
        if !said.contains(why) {
            let both = if said.is_empty() { why.to_owned() } else { format!("{said}; {why}") };
            row.remark = self.texts.number(&both);
        }
    }

    fn damaged(&mut self, place: Place, bytes: &[u8], why: &str) {
        let tree = Tree::of_one(&mut self.roles, bytes.len(), SpanKind::Damaged, why);
        let number = self.why("RFC 9113 4.1", "These bytes are no frame, so nothing can be said of them.");
        let remark = self.texts.number(why);
        let row = Row { kind: Kind::Damaged, remark, why: number, is_bad: true, ..Row::at(place) };
        self.add(row, Detail { bytes: Bytes::copy_from_slice(bytes), tree, ..Detail::default() });
        self.current = None;
    }

    /// A row without bytes.
    fn remark(
        &mut self,
        kind: Kind,
        conn: Option<u32>,
        stream: Option<u32>,
        at: Duration,
        text: &str,
        is_bad: bool,
    ) {
        if self.is_full() {
            return;
        }
        let why = match kind {
            Kind::Conn => "A connection begins. All calls between the same two ends share it, as streams.",
            Kind::End => "The connection is over.",
            _ => "Something that no byte of the connection tells; the recorder heard of it from the library.",
        };
        let why = self.why("", why);
        let remark = self.texts.number(text);
        let (conn, stream) = (conn.unwrap_or(0), stream.unwrap_or(0));
        let row = Row { kind, conn, stream, direction: None, at, remark, why, is_bad, ..Row::default() };
        self.add(row, Detail::default());
    }

    fn add(&mut self, row: Row, detail: Detail) {
        self.bytes += detail.bytes.len();
        self.rows.push(Row { len: detail.bytes.len(), ..row });
        if self.batches.last().is_none_or(Batch::is_full) {
            // A block that goes on from one batch into the next can still be told; older ones have had their time.
            let older = self.batches.len().saturating_sub(2);
            self.batches.get_mut(older..).into_iter().flatten().take(1).for_each(|batch| {
                if batch.is_full() {
                    batch.pack();
                }
            });
            self.batches.push(Batch::default());
        }
        if let Some(batch) = self.batches.last_mut() {
            batch.push(detail);
        }
    }

    fn why(&mut self, section: &'static str, text: &'static str) -> usize {
        let Tale { whys, why_numbers, .. } = self;
        let why = Why { section, text };
        *why_numbers.entry(why).or_insert_with(|| {
            whys.push(why);
            whys.len() - 1
        })
    }

    /// The table of what bytes can be.
    pub(super) fn roles(&self) -> &[Role] {
        self.roles.all()
    }

    /// What the page has to say about what it does not show, if anything.
    pub(super) fn shortage(&self) -> Option<String> {
        let (kept, left) = (self.rows.len(), self.left_off);
        let size = words::size(self.bytes as u64);
        let frames = if left == 1 { "frame" } else { "frames" };
        let told = || {
            format!(
                "only the first {kept} rows ({size}) are shown; {left} {frames} came after them, which \
                 `wright explain` tells"
            )
        };
        (left > 0).then(told)
    }
}

/// A frame of a header block: its row, and where it is in its direction.
type Fragment = (usize, Range<usize>);

/// What is behind a row, unless it has been packed already.
fn detail(batches: &mut [Batch], row: usize) -> Option<&mut Detail> {
    batches.get_mut(row / Batch::ROWS)?.get_mut(row % Batch::ROWS)
}

fn is_fragment(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation)
}

/// Two and a half times what the page is tested with; a browser holds it, and a person will not read it.
const MOST_ROWS: usize = 250_000;

/// A page of more bytes than this is nothing to mail; `wright explain` has no such bound.
const MOST_BYTES: usize = 128 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::source;
    use proptest::prelude::*;
    use wirewright::recording::Chunk;

    fn story(file: &str) -> Story {
        let mut story = Story::default();
        let read = source::read(file, &mut |line| {
            story.read(line);
            Ok(())
        });
        assert_eq!(read.unwrap(), None, "{file}");
        story.finish();
        story
    }

    fn files() -> Vec<String> {
        let root = env!("CARGO_MANIFEST_DIR");
        let folders = ["src/lesson/recordings", "tests/recordings"];
        let entries = folders.map(|folder| std::fs::read_dir(format!("{root}/{folder}")).unwrap());
        entries.into_iter().flatten().map(|entry| entry.unwrap().path().display().to_string()).collect()
    }

    #[test]
    fn every_byte_of_every_recording_lies_in_exactly_one_leaf() {
        for file in files() {
            let story = story(&file);
            let mut bytes = 0;
            for batch in &story.tale().batches {
                let Batch::Open(details) = batch else { panic!("{file} has more rows than a batch") };
                for detail in details {
                    let wholes = detail.wholes.iter().map(|whole| (&whole.tree, whole.bytes.len()));
                    for (tree, len) in [(&detail.tree, detail.bytes.len())].into_iter().chain(wholes) {
                        let mut at = 0;
                        for leaf in tree.leaves() {
                            assert_eq!(leaf.range.start, at, "{file}: {leaf:?}");
                            at = leaf.range.end;
                        }
                        assert_eq!(at, len, "{file}");
                    }
                    bytes += detail.bytes.len();
                }
            }
            let mut recorded = 0;
            let _ = source::read(&file, &mut |line| {
                if let Line::Bytes(chunk) = line {
                    recorded += chunk.bytes.len();
                }
                Ok(())
            });
            assert_eq!(bytes, recorded, "{file}");
        }
    }

    #[test]
    fn a_parent_holds_its_children() {
        for file in files() {
            let story = story(&file);
            for batch in &story.tale().batches {
                let Batch::Open(details) = batch else { panic!("{file} has more rows than a batch") };
                for nodes in details.iter().map(|detail| &detail.tree.nodes) {
                    for (nth, node) in nodes.iter().enumerate().filter(|(_, node)| node.depth > 0) {
                        let parent = nodes[..nth].iter().rfind(|other| other.depth < node.depth).unwrap();
                        assert!(parent.depth + 1 == node.depth, "{file}: {node:?} in {parent:?}");
                        assert!(parent.range.start <= node.range.start && node.range.end <= parent.range.end);
                    }
                }
            }
        }
    }

    #[test]
    fn frames_are_counted_as_explain_counts_them() {
        let story = story("lesson:4");
        let rows = &story.tale().rows;
        let frames: Vec<_> = rows.iter().filter(|row| matches!(row.kind, Kind::Frame(_))).collect();
        assert_eq!(frames.len(), 10);
        let said = |row: &Row| story.tale().texts.get(row.remark).to_owned();
        assert_eq!(said(frames[6]), "request head: /lesson.School/Greet");
        assert_eq!(story.tale().ended.len(), 1);
    }

    #[test]
    fn a_block_in_two_frames_is_told_in_both() {
        // HEADERS without END_HEADERS, then CONTINUATION: `:method: POST` in one byte, and `a: b` cut in its middle.
        let story = story("000003 01 00 00000001 83 40 01  000003 09 04 00000001 61 01 62");
        let tale = story.tale();
        let Some(Batch::Open(details)) = tale.batches.first() else { panic!("no batch") };
        let told = |row: usize| -> Vec<String> {
            let name = |node: &super::super::tree::Node| {
                format!("{:?} {} {}", node.range, tale.roles()[node.role].name, node.note)
            };
            let nodes = details[row].tree.nodes.iter().filter(|node| node.range.start >= 9);
            nodes.map(name).collect()
        };
        let first = tale.rows.iter().position(|row| matches!(row.kind, Kind::Frame(_))).unwrap();
        assert_eq!(
            told(first)[2..],
            ["10..12 a b", "10..11 field in letters remembered", "11..12 name length 1 byte"]
        );
        assert_eq!(
            told(first + 1),
            ["9..12 a b", "9..10 name a", "10..11 value length 1 byte", "11..12 value b"]
        );
    }

    /// What stands below a row: its nodes, in words.
    fn wholes(tale: &Tale, row: usize) -> Vec<String> {
        let Some(Batch::Open(details)) = tale.batches.first() else { panic!("no batch") };
        let name = |node: &super::super::tree::Node| {
            format!("{:?} {} {}", node.range, tale.roles()[node.role].name, node.note)
        };
        details[row].wholes.iter().flat_map(|whole| whole.tree.nodes.iter().map(name)).collect()
    }

    fn said(tale: &Tale, row: usize) -> &str {
        tale.texts.get(tale.rows[row].remark)
    }

    #[test]
    fn a_compressed_message_is_told_unfolded() {
        let story = story("lesson:8");
        let tale = story.tale();
        let row = tale.rows.iter().position(|row| row.kind == Kind::Frame(FrameKind::Data)).unwrap();
        let told = wholes(tale, row);
        assert_eq!(told[0], "0..303 unfolded message 303 B out of 31 B of gzip");
        assert!(told[1].starts_with("0..303 field 1: \"ha ha ha"), "{}", told[1]);
        assert_eq!(told[2..4], ["0..1 field tag field 1, LEN", "1..3 field length 300"]);
        assert!(said(tale, row).starts_with("303 B out of 31 B of gzip  1: \"ha ha"), "{}", said(tale, row));
        assert!(tale.spreads.is_empty(), "it lies in one frame");
    }

    #[test]
    fn a_message_in_several_frames_is_told_with_the_last() {
        // A head, then `1: "world"` in three frames, the last of which begins another message.
        let text = "000002 01 04 00000001 83 86  000008 00 00 00000001 00 00000007 0a 05 77 \
                    000002 00 00 00000001 6f 72  000008 00 01 00000001 6c 64 00 00000001 08";
        let story = story(text);
        let tale = story.tale();
        let rows: Vec<_> =
            (0..tale.rows.len()).filter(|row| tale.rows[*row].kind == Kind::Frame(FrameKind::Data)).collect();
        let [first, second, last] = rows[..] else { panic!("{rows:?}") };
        assert_eq!(tale.spreads, [[first, second, last]]);
        assert!(wholes(tale, first).is_empty() && wholes(tale, second).is_empty());
        assert_eq!(
            wholes(tale, last),
            [
                "0..7 whole message 7 B in 3 frames",
                "0..7 field 1: \"world\"",
                "0..1 field tag field 1, LEN",
                "1..2 field length 5",
                "2..7 field value \"world\", text, presumably"
            ]
        );
        assert_eq!(said(tale, last), "7 B in 3 frames  1: \"world\"");
        assert_eq!(said(tale, second), "bytes 3 to 5 of 7");
    }

    #[test]
    fn of_a_long_message_the_first_bytes_are_told() {
        let story = story("lesson:9");
        let tale = story.tale();
        let rows = tale.spreads.first().expect("its answer does not fit a frame");
        let told = wholes(tale, *rows.last().unwrap());
        assert_eq!(told[0], "0..65536 whole message 75004 B in 5 frames; the first 65536 B are shown");
        assert_eq!(told[3], "1..4 field length 75000");
        assert!(told[4].starts_with("4..65536 field value \"All happy families"), "{}", told[4]);
    }

    #[test]
    fn what_does_not_fit_a_page_is_counted_and_told() {
        let mut story = Story::default();
        story.tale.bytes = MOST_BYTES;
        let ping = b"\0\0\x08\x06\0\0\0\0\0--------";
        let chunk = Chunk { conn: 1, at: Duration::ZERO, direction: Direction::ToClient, bytes: ping };
        story.read(&Line::Bytes(chunk));
        assert!(story.tale().rows.is_empty());
        let shortage = story.tale().shortage().unwrap();
        assert!(shortage.contains("; 1 frame came after them"), "{shortage}");
    }

    #[test]
    fn rows_that_are_settled_are_packed_and_can_be_unpacked() {
        let mut story = Story::default();
        let ping = b"\0\0\x08\x06\0\0\0\0\0--------";
        for _ in 0..3 * Batch::ROWS {
            let chunk = Chunk { conn: 1, at: Duration::ZERO, direction: Direction::ToClient, bytes: ping };
            story.read(&Line::Bytes(chunk));
        }
        let [Batch::Packed(first), Batch::Open(_), Batch::Open(_)] = &story.tale().batches[..] else {
            panic!("the first of three is packed")
        };
        let unpacked: serde_json::Value =
            serde_json::from_reader(flate2::read::GzDecoder::new(&first[..])).unwrap();
        assert_eq!(unpacked["rows"].as_array().unwrap().len(), Batch::ROWS);
        assert_eq!(unpacked["rows"][511][0], "AAAIBgAAAAAALS0tLS0tLS0=");
    }

    /// Bytes as anybody may send them: frames of all types with any content, and rubbish.
    fn pieces() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
        let content = proptest::collection::vec(any::<u8>(), 0..40);
        let frame =
            (0..11_u8, any::<u8>(), 0..4_u8, content.clone()).prop_map(|(kind, flags, stream, content)| {
                let len = u8::try_from(content.len()).unwrap();
                [&[0, 0, len, kind, flags, 0, 0, 0, stream][..], &content].concat()
            });
        // Heads that begin calls, so that the data after them are messages.
        let head = (1..4_u8, 0..2_u8)
            .prop_map(|(stream, flags)| vec![0, 0, 2, 1, 4 | flags, 0, 0, 0, stream, 0x83, 0x86]);
        let bytes = prop_oneof![4 => frame, 3 => head, 1 => content, 1 => Just(PREFACE.to_vec())];
        proptest::collection::vec((any::<bool>(), bytes), 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn whatever_is_recorded_every_byte_lies_in_exactly_one_leaf(pieces in pieces()) {
            let mut story = Story::default();
            for (nth, (is_up, bytes)) in pieces.iter().enumerate() {
                let direction = if *is_up { Direction::ToServer } else { Direction::ToClient };
                let at = Duration::from_micros(nth as u64);
                story.read(&Line::Bytes(Chunk { conn: 1, at, direction, bytes }));
            }
            story.finish();
            let mut told = 0;
            for batch in &story.tale().batches {
                let Batch::Open(details) = batch else { panic!("too many rows") };
                for detail in details {
                    let wholes = detail.wholes.iter().map(|whole| (&whole.tree, whole.bytes.len()));
                    for (tree, len) in [(&detail.tree, detail.bytes.len())].into_iter().chain(wholes) {
                        let mut at = 0;
                        for leaf in tree.leaves() {
                            prop_assert_eq!(leaf.range.start, at);
                            at = leaf.range.end;
                        }
                        prop_assert_eq!(at, len);
                    }
                    told += detail.bytes.len();
                }
            }
            prop_assert_eq!(told, pieces.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
        }
    }
}
