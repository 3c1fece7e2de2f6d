//! Tells a recording, frame by frame, in the order in which it happened.
//!
//! In: lines. Out: the page. A frame is told when it is whole; a header block when its last frame is; a call in one line
//! when its end has been seen. Nothing is kept but what is not over, so a recording may be as long as it likes.
//!
//! ```text
//!   #20   10.305 ms  -->  HEADERS  stream 3  9+28 B  END_HEADERS     request head: /grpc.health.v1.Health/Check
//!        00 00 1c 01 04 00 00 00 03   length 28, HEADERS, END_HEADERS, stream 3
//!        c4                           :path   /grpc.health.v1.Health/Check   dynamic 68
//! ```
//!
//! Must not know: what single bytes mean.

use prost_reflect::DescriptorPool;
use wirewright::inspect::frame_header::{FrameHeader, FrameKind};
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, Part, What};
use wirewright::recording::Line;

use super::bytes::Rows;
use super::learnt::Learnt;
use super::{Wanted, fields, frame, messages, named};
use crate::failure::Failure;
use crate::style;
use crate::trace::calls::{Call, Calls};
use crate::trace::conns::{Conns, Place, headline};
use crate::trace::page::{Page, WIDTH, clip, pad};
use crate::trace::words;

/// Tells a recording.
#[derive(Debug, Default)]
pub(super) struct Teller {
    conns: Conns,
    story: Story,
}

/// What is told, apart from who reads it.
#[derive(Debug, Default)]
struct Story {
    wanted: Wanted,
    /// What describes the messages, if anything does.
    schema: Option<DescriptorPool>,
    learnt: Learnt,
    calls: Calls,
    rows: Rows,
    /// How many frames there were, in all connections.
    frames: u64,
    /// How many bytes there were.
    bytes: u64,
    /// The frame that is being told.
    frame: Option<Told>,
    /// Its bytes.
    held: Vec<u8>,
    /// Holds a part of its heading.
    line: String,
    /// Why nothing more can be written.
    failed: Option<Failure>,
}

/// A frame of which the beginning has been told, or nothing yet.
#[derive(Clone, Copy, Debug)]
struct Told {
    number: u64,
    place: Place,
    offset: usize,
    header: FrameHeader,
    /// Up to where its bytes have been told; 0 if its heading has not.
    to: usize,
}

impl Teller {
    pub(super) fn new(wanted: Wanted, schema: Option<DescriptorPool>) -> Teller {
        Teller { story: Story { wanted, schema, ..Story::default() }, ..Teller::default() }
    }

    /// Tells what a line adds.
    pub(super) fn tell(&mut self, line: &Line<'_>, page: &mut Page) -> Result<(), Failure> {
        let story = &mut self.story;
        match line {
            Line::Conn(conn) if story.wanted.conn(conn.conn) && story.wanted.frame.is_none() => {
                if story.frames > 0 {
                    page.end_line()?;
                }
                page.line(style::STRONG, headline(conn))?;
            }
            Line::Event(event) if story.wanted.everything() => {
                let details: Vec<_> =
                    event.details.iter().map(|(key, value)| format!("{key} {value}")).collect();
                page.end_line()?;
                let moment = words::moment(event.at);
                page.put(style::QUIET, format_args!("      {moment:>12}  ...  "));
                page.line(style::PLAIN, format_args!("{}  {}", event.name, details.join(", ")))?;
            }
            _ => {}
        }
        if let Line::Bytes(chunk) = line {
            story.bytes += chunk.bytes.len() as u64;
        }
        self.conns.read(line, |place, skim| story.see(place, &skim, page));
        story.settle(page)?;
        if let Line::End { conn, at, why } = line
            && story.wanted.everything()
            && !why.is_empty()
        {
            page.end_line()?;
            page.line(style::QUIET, format_args!("conn {conn} over after {}: {why}", words::moment(*at)))?;
        }
        Ok(())
    }

    /// Tells what is left, and how much it was in all.
    pub(super) fn finish(&mut self, page: &mut Page) -> Result<(), Failure> {
        let story = &mut self.story;
        self.conns.finish(|place, skim| story.see(place, &skim, page));
        story.settle(page)?;
        if !story.wanted.everything() {
            return if story.rows.told == 0 { Err(none(&story.wanted)) } else { Ok(()) };
        }
        for call in story.calls.leave(None) {
            story.summary(&call, page)?;
        }
        page.end_line()?;
        let (frames, bytes, told) = (story.frames, story.bytes, story.rows.told);
        if told == bytes {
            page.line(style::QUIET, format_args!("{frames} frames, {bytes} bytes, and every byte told once"))
        } else {
            page.line(style::BAD, format_args!("{frames} frames, {bytes} bytes, of which {told} were told"))
        }
    }
}

impl Story {
    /// Tells what was seen; what goes wrong is kept for the end of the line.
    fn see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) {
        if self.failed.is_none()
            && let Err(failure) = self.try_see(place, skim, page)
        {
            self.failed = Some(failure);
        }
    }

    fn try_see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) -> Result<(), Failure> {
        let call = self.calls.see(place.conn, place.direction, place.at, skim);
        match skim {
            Skim::Preface => self.preface(place, page)?,
            Skim::JoinedLate if self.wanted.everything() => {
                page.line(
                    style::BAD,
                    "the beginning of this connection is missing: some fields cannot be known",
                )?;
            }
            Skim::Frame { offset, header, bytes } => {
                self.end_frame(page)?;
                self.frames += 1;
                self.held.clear();
                self.held.extend_from_slice(bytes);
                let told = Told { number: self.frames, place, offset: *offset, header: *header, to: 0 };
                self.frame = Some(told);
                // A header block says what its frame is, so the frame waits for it.
                if header.kind != FrameKind::Headers && header.kind != FrameKind::Continuation {
                    self.heading(None, page)?;
                }
            }
            Skim::Block(what) => self.block(what, page)?,
            Skim::Part(part) => self.part(part, page)?,
            Skim::Damaged { range, bytes, why } => self.damaged(place, range.start, bytes, why, page)?,
            _ => {}
        }
        if let Some(call) = call {
            self.end_frame(page)?;
            self.summary(&call, page)?;
        }
        Ok(())
    }

    /// Ends a line of the recording: whatever has been seen is told.
    fn settle(&mut self, page: &mut Page) -> Result<(), Failure> {
        self.end_frame(page)?;
        self.failed.take().map_or(Ok(()), Err)
    }

    fn is_wanted(&self, told: &Told) -> bool {
        self.wanted.conn(told.place.conn) && self.wanted.frame(told.number, told.header.stream_id)
    }

    fn preface(&mut self, place: Place, page: &mut Page) -> Result<(), Failure> {
        if !self.wanted.conn(place.conn)
            || self.wanted.frame.is_some()
            || self.wanted.stream.is_some_and(|s| s > 0)
        {
            return Ok(());
        }
        page.end_line()?;
        page.put(style::QUIET, format_args!("      {:>12}", words::moment(place.at)));
        page.put(fields::speaker(place.direction), format_args!("  {}  PREFACE", place.direction));
        page.line(style::QUIET, "  the client speaks HTTP/2 from its first byte")?;
        let preface = wirewright::inspect::frames::PREFACE;
        self.rows.say(page, preface, style::PLAIN, words::printable(preface))
    }

    /// The heading of the frame, and the row of its header.
    fn heading(&mut self, what: Option<&What>, page: &mut Page) -> Result<(), Failure> {
        let Some(told) = self.frame else { return Ok(()) };
        let Told { number, place, header, .. } = told;
        if !self.is_wanted(&told) {
            return Ok(());
        }
        let (remark, remark_style) = match what {
            Some(what) => fields::moment(what),
            None => frame::remark(&header, &self.held),
        };
        page.end_line()?;
        let line = &mut self.line;
        line.clear();
        line.push('#');
        words::number(number, line);
        pad(line, 6);
        words::right(12, line, |line| words::write_moment(place.at, line));
        page.push(style::QUIET, line);
        line.clear();
        line.push_str(if place.direction == Direction::ToServer { "  -->  " } else { "  <--  " });
        frame::write_kind(header.kind, line);
        if header.stream_id != 0 {
            line.push_str("  stream ");
            words::number(header.stream_id.into(), line);
        }
        page.push(fields::speaker(place.direction), line);
        let heading = line.len();
        line.clear();
        line.push_str("  ");
        let content = self.held.len().saturating_sub(FrameHeader::LEN);
        words::number((self.held.len() - content) as u64, line);
        line.push('+');
        words::number(content as u64, line);
        line.push_str(" B");
        frame::write_flags(&header, line);
        line.push_str("  ");
        page.push(style::PLAIN, line);
        let room = WIDTH.saturating_sub(18 + heading + line.len());
        page.push(remark_style, &clip(&remark, room));
        page.end_line()?;
        frame::header(&mut self.rows, page, &header, &self.held)?;
        if let Some(frame) = &mut self.frame {
            frame.to = FrameHeader::LEN;
        }
        Ok(())
    }

    fn block(&mut self, what: &What, page: &mut Page) -> Result<(), Failure> {
        let Some(head) = what.head() else { return Ok(()) };
        self.heading(Some(what), page)?;
        let Some(told) = self.frame.filter(|told| self.is_wanted(told)) else { return Ok(()) };
        let here = head.block.pieces.last().cloned().unwrap_or_default();
        let start = here.start.saturating_sub(told.offset).clamp(FrameHeader::LEN, self.held.len());
        let end = here.end.saturating_sub(told.offset).clamp(start, self.held.len());
        frame::before_block(&mut self.rows, page, &self.held, start)?;
        if head.block.pieces.len() > 1 {
            let last = self.held.get(start..end).unwrap_or_default();
            self.rows.field(page, last, 0, ("fields", "the last part of the block; all of it says:"), "")?;
        }
        fields::rows(&mut self.rows, page, head)?;
        if let Some(frame) = &mut self.frame {
            frame.to = end;
        }
        Ok(())
    }

    /// If a server says by reflection what messages look like, that is learnt.
    fn learn(&mut self, part: &Part) {
        let Some(Told { place, offset, header, .. }) = self.frame else { return };
        let method = self.calls.on_stream(place.conn, header.stream_id).map_or("", Call::method);
        if place.direction == Direction::ToClient && Learnt::is_concerned(method) {
            let place_of = |at: usize| at.saturating_sub(offset);
            let content = place_of(part.content.start)..place_of(part.content.end);
            let content = self.held.get(content).unwrap_or_default();
            self.learnt.hear((place.conn, header.stream_id), part, content, &mut self.schema);
        }
    }

    fn part(&mut self, part: &Part, page: &mut Page) -> Result<(), Failure> {
        self.learn(part);
        let Some(told) = self.frame.filter(|told| self.is_wanted(told)) else { return Ok(()) };
        let place = |at: usize| at.saturating_sub(told.offset);
        if place(part.prefix.start) > told.to {
            let pad = self.held.get(told.to..place(part.prefix.start)).unwrap_or_default();
            self.rows.field(page, pad, 0, ("pad length", "bytes of padding follow the data"), "")?;
        }
        let bytes = |range: &std::ops::Range<usize>| {
            self.held.get(place(range.start)..place(range.end)).unwrap_or_default()
        };
        let Place { conn, direction, .. } = told.place;
        let method = self.calls.on_stream(conn, told.header.stream_id).map(Call::method);
        let pool = self.schema.as_ref();
        let message = pool.zip(method).and_then(|(pool, method)| named::of_call(pool, method, direction));
        let shares = (bytes(&part.prefix), bytes(&part.content));
        messages::rows(&mut self.rows, page, part, shares, message.as_ref())?;
        if let Some(frame) = &mut self.frame {
            frame.to = place(part.content.end);
        }
        Ok(())
    }

    /// Tells what is left of the frame.
    fn end_frame(&mut self, page: &mut Page) -> Result<(), Failure> {
        if self.frame.is_some_and(|told| told.to == 0) {
            self.heading(None, page)?;
        }
        let Some(told) = self.frame.take().filter(|told| self.is_wanted(told)) else { return Ok(()) };
        let rest = self.held.get(told.to..).unwrap_or_default();
        match (rest.is_empty(), told.to) {
            (true, _) => Ok(()),
            (false, FrameHeader::LEN) => frame::rows(&mut self.rows, page, &told.header, &self.held),
            (false, _) => self.rows.field(page, rest, 0, ("padding", "hides the true length"), ""),
        }
    }

    fn damaged(
        &mut self,
        place: Place,
        offset: usize,
        bytes: &[u8],
        why: &wirewright::inspect::Damage,
        page: &mut Page,
    ) -> Result<(), Failure> {
        if !self.wanted.conn(place.conn)
            || (bytes.is_empty() && !self.frame.is_some_and(|told| self.is_wanted(&told)))
        {
            return Ok(());
        }
        if bytes.is_empty() {
            self.end_frame(page)?;
            return page.line(style::BAD, format_args!("     {why}"));
        }
        self.end_frame(page)?;
        page.end_line()?;
        let who = if place.direction == Direction::ToServer { "client" } else { "server" };
        page.put(style::QUIET, format_args!("      {:>12}", words::moment(place.at)));
        page.line(style::BAD, format_args!("  {}  byte {offset} of the {who}: {why}", place.direction))?;
        for line in bytes.chunks(SHOWN_BYTES) {
            self.rows.say(page, line, style::PLAIN, words::printable(line))?;
        }
        Ok(())
    }

    fn summary(&mut self, call: &Call, page: &mut Page) -> Result<(), Failure> {
        let is_wanted =
            self.wanted.conn(call.conn) && self.wanted.stream.is_none_or(|stream| stream == call.stream);
        if !is_wanted || self.wanted.frame.is_some() {
            return Ok(());
        }
        page.end_line()?;
        let line = &mut self.line;
        line.clear();
        line.push_str("  = call ");
        words::number(call.number, line);
        line.push_str("  ");
        page.push(style::STRONG, line);
        page.push(style::PLAIN, call.method());
        page.space(2);
        page.push(if call.end.is_ok() { style::GOOD } else { style::BAD }, &call.end.name());
        line.clear();
        line.push_str("  ");
        words::write_duration(call.took(), line);
        page.push(style::PLAIN, line);
        page.end_line()?;
        line.clear();
        for (way, cost) in ["    up ", ", down "].into_iter().zip(&call.cost) {
            line.push_str(way);
            words::number(cost.messages, line);
            line.push_str(" B of messages in ");
            words::number(cost.total(), line);
            line.push_str(" B");
        }
        page.push(style::QUIET, line);
        page.end_line()
    }
}

fn none(wanted: &Wanted) -> Failure {
    let what = match wanted {
        Wanted { frame: Some((first, last)), .. } if first == last => format!("frame {first}"),
        Wanted { frame: Some((first, last)), .. } => format!("frame {first} to {last}"),
        Wanted { stream: Some(id), .. } => format!("frame of stream {id}"),
        _ => "frame of that connection".to_owned(),
    };
    Failure::Recording(format!(
        "there is no {what} in this recording; `wright timeline FILE` shows which there are"
    ))
}

/// As many as a row shows.
const SHOWN_BYTES: usize = 9;
