//! The levels of HTTP/2's windows, made out from the bytes that cross a connection.
//!
//! In: chunks of bytes, both ways. Out: a [`Level`] when a window falls below a quarter of what it had at the most, when
//! it is used up, and when it has half of that again (RFC 9113 6.9):
//!
//! ```text
//!   65535 |\
//!         | \                ____
//!    half |--\--------------/-----  open     said once after the others
//! quarter |---\------------/------  low
//!       0 |____\__________/_______  empty    the sender waits
//!              DATA       WINDOW_UPDATE
//! ```
//!
//! Between a quarter and a half nothing is said, so a window that swings about a mark is not told of at every swing.
//! Of most frames only the header is looked at; a connection that does not begin as HTTP/2 does is not looked at.
//!
//! Must not know: what frames carry, or where levels are told.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::inspect::Direction;
use crate::inspect::content::Content;
use crate::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use crate::inspect::frames::{Frame, PREFACE};

/// Follows the windows of one connection.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    /// What the client may send, and what the server may.
    ways: [Way; 2],
    /// Whether this is not HTTP/2.
    is_foreign: bool,
}

/// A window has reached a mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// The stream; `None` is the connection's own window.
    pub(crate) stream: Option<u32>,
    /// Which way the bytes go that it lets through.
    pub(crate) sender: Direction,
    pub(crate) mark: Mark,
    /// How many bytes may still be sent; below 0 after SETTINGS have made it smaller.
    pub(crate) room: i64,
}

/// How full a window is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Half of the most that it had, or more; as every window begins.
    #[default]
    Open,
    /// Less than a quarter.
    Low,
    /// Nothing.
    Empty,
}

impl Mark {
    /// As recordings spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mark::Open => "open",
            Mark::Low => "low",
            Mark::Empty => "empty",
        }
    }
}

impl Windows {
    /// Takes in the next bytes of a direction; tells of the windows that thereby reach a mark.
    pub(crate) fn push(&mut self, direction: Direction, bytes: &[u8], tell: &mut impl FnMut(Level)) {
        let mut left = bytes;
        while !left.is_empty() && !self.is_foreign {
            let [client, server] = &mut self.ways;
            let (own, other) = match direction {
                Direction::ToServer => (client, server),
                Direction::ToClient => (server, client),
            };
            let taken = own.skip.min(left.len());
            own.skip -= taken;
            left = left.get(taken..).unwrap_or_default();
            if direction == Direction::ToServer && !own.has_begun {
                let rest = own.hold(PREFACE.len(), left);
                self.is_foreign = !PREFACE.starts_with(&own.held);
                left = rest;
                if own.held.len() == PREFACE.len() {
                    own.held.clear();
                    own.has_begun = true;
                }
                continue;
            }
            left = own.hold(FrameHeader::LEN, left);
            let Some(header) = own.held.first_chunk().map(FrameHeader::read) else { continue };
            let is_read = matches!(header.kind, FrameKind::Settings | FrameKind::WindowUpdate);
            // Lossless: 24 bits.
            let length = header.length as usize;
            if is_read && length <= MOST_READ_BYTES {
                left = own.hold(FrameHeader::LEN + length, left);
                if own.held.len() < FrameHeader::LEN + length {
                    continue;
                }
                let bytes = Bytes::copy_from_slice(&own.held);
                other.follow(turned(direction), &Frame { offset: 0, header, bytes }, tell);
            } else {
                own.skip = length;
                own.send(direction, &header, tell);
                other.hear(direction, &header);
            }
            own.held.clear();
        }
    }
}

/// What may be sent one way.
#[derive(Debug)]
struct Way {
    /// The beginning of a frame, as far as it is looked into.
    held: Vec<u8>,
    /// How much of a frame is still to be passed over.
    skip: usize,
    /// Whether the preface has come.
    has_begun: bool,
    conn: Window,
    /// Of the streams on which more may be sent.
    streams: BTreeMap<u32, Window>,
    /// What a stream begins with.
    initial: i64,
}

impl Default for Way {
    fn default() -> Self {
        Way {
            held: Vec::new(),
            skip: 0,
            has_begun: false,
            conn: Window::new(INITIAL),
            streams: BTreeMap::new(),
            initial: INITIAL,
        }
    }
}

impl Way {
    /// Holds bytes until there are so many; gives the others.
    fn hold<'b>(&mut self, len: usize, bytes: &'b [u8]) -> &'b [u8] {
        let (now, later) = bytes.split_at(len.saturating_sub(self.held.len()).min(bytes.len()));
        self.held.extend_from_slice(now);
        later
    }

    /// The owner of these windows sends a frame.
    fn send(&mut self, sender: Direction, header: &FrameHeader, tell: &mut impl FnMut(Level)) {
        let id = header.stream_id;
        match header.kind {
            FrameKind::Headers if sender == Direction::ToServer => self.begin(id),
            FrameKind::Data => {
                let taken = -i64::from(header.length);
                self.conn.add(taken, (None, sender), tell);
                if let Some(window) = self.streams.get_mut(&id) {
                    window.add(taken, (Some(id), sender), tell);
                }
            }
            _ => {}
        }
        if header.has(Flag::EndStream) || header.kind == FrameKind::RstStream {
            self.streams.remove(&id);
        }
    }

    /// The other side sends a frame that is not about windows.
    fn hear(&mut self, sender: Direction, header: &FrameHeader) {
        match header.kind {
            FrameKind::Headers if sender == Direction::ToServer => self.begin(header.stream_id),
            FrameKind::RstStream => drop(self.streams.remove(&header.stream_id)),
            _ => {}
        }
    }

    /// A client's head begins a stream, both ways.
    fn begin(&mut self, stream: u32) {
        if self.streams.len() < MOST_STREAMS {
            self.streams.entry(stream).or_insert(Window::new(self.initial));
        }
    }

    /// The other side says how much may be sent.
    fn follow(&mut self, sender: Direction, frame: &Frame, tell: &mut impl FnMut(Level)) {
        let id = frame.header.stream_id;
        match frame.content() {
            Content::WindowUpdate { increment } if id == 0 => {
                self.conn.add(increment.into(), (None, sender), tell);
            }
            Content::WindowUpdate { increment } => {
                if let Some(window) = self.streams.get_mut(&id) {
                    window.add(increment.into(), (Some(id), sender), tell);
                }
            }
            Content::Settings { settings, .. } => {
                let Some(setting) = settings.iter().rfind(|setting| setting.id == INITIAL_WINDOW_SIZE) else {
                    return;
                };
                let moved = i64::from(setting.value) - self.initial;
                self.initial += moved;
                for (id, window) in &mut self.streams {
                    window.add(moved, (Some(*id), sender), tell);
                }
            }
            _ => {}
        }
    }
}

/// How much may be sent.
#[derive(Debug)]
struct Window {
    room: i64,
    /// The most that it was.
    most: i64,
    mark: Mark,
}

impl Window {
    fn new(room: i64) -> Window {
        Window { room, most: room, mark: Mark::Open }
    }

    fn add(&mut self, change: i64, (stream, sender): (Option<u32>, Direction), tell: &mut impl FnMut(Level)) {
        self.room += change;
        self.most = self.most.max(self.room);
        let mark = match self.mark {
            _ if self.room <= 0 => Mark::Empty,
            _ if self.room >= self.most / 2 => Mark::Open,
            Mark::Open if self.room < self.most / 4 => Mark::Low,
            before => before,
        };
        if mark != self.mark {
            self.mark = mark;
            tell(Level { stream, sender, mark, room: self.room });
        }
    }
}

fn turned(direction: Direction) -> Direction {
    match direction {
        Direction::ToServer => Direction::ToClient,
        Direction::ToClient => Direction::ToServer,
    }
}

/// RFC 9113 6.9.2: what every window begins with until SETTINGS say otherwise.
const INITIAL: i64 = 65_535;

/// RFC 9113 6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 0x4;

/// A hundred settings, ten times as many as there are; nobody's windows are worth more memory.
const MOST_READ_BYTES: usize = 600;

/// Ten times what servers let a client have at once; it bounds what a connection makes us remember.
const MOST_STREAMS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::rewrite::write_frame;

    /// Frames of one side: type, flags, stream, content.
    type Frames<'a> = &'a [(FrameKind, u8, u32, &'a [u8])];

    fn bytes(frames: Frames<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, flags, stream, content) in frames {
            write_frame(*kind, *flags, *stream, content, &mut bytes);
        }
        bytes
    }

    /// What is told while these cross, cut into steps.
    fn told(said: &[(Direction, Vec<u8>)], step: usize) -> Vec<String> {
        let (mut windows, mut told) = (Windows::default(), Vec::new());
        for (direction, bytes) in said {
            for piece in bytes.chunks(step) {
                windows.push(*direction, piece, &mut |Level { stream, sender, mark, room }| {
                    told.push(format!("{sender} {stream:?} {} {room}", mark.name()));
                });
            }
        }
        told
    }

    #[test]
    fn a_window_is_told_of_at_its_marks_whichever_way_and_however_the_bytes_are_cut() {
        use Direction::{ToClient, ToServer};
        use FrameKind::{Data, Headers, Settings, WindowUpdate};
        let full = vec![7; 16_384];
        let request =
            [&PREFACE[..], &bytes(&[(Settings, 0, 0, b"\0\x04\0\0\x40\0"), (Headers, 4, 1, b"\x82")])];
        let small = [0, 0, 0x20, 0];
        let said = [
            (ToServer, request.concat()),
            // The server's stream has 16,384 bytes, because the client's SETTINGS said so.
            (ToClient, bytes(&[(Headers, 4, 1, b"\x88"), (Data, 0, 1, &full)])),
            (ToServer, bytes(&[(WindowUpdate, 0, 1, &small[..3]), (WindowUpdate, 0, 1, &small)])),
            // The client's have 65,535: four frames but a byte.
            (ToServer, bytes(&[(Data, 0, 1, &full), (Data, 0, 1, &full), (Data, 0, 1, &full)])),
            (ToServer, bytes(&[(Data, 0, 1, &full[..16_383])])),
            (ToClient, bytes(&[(WindowUpdate, 0, 0, &[0, 0, 0xff, 0]), (WindowUpdate, 0, 1, &small)])),
            (ToServer, bytes(&[(Data, 1, 1, b"")])),
            (ToClient, bytes(&[(WindowUpdate, 0, 1, &[0, 0, 0xff, 0])])),
        ];
        for step in [1, 7, 100_000] {
            assert_eq!(
                told(&said, step),
                [
                    "<-- Some(1) empty 0",
                    "<-- Some(1) open 8192",
                    "--> None empty 0",
                    "--> Some(1) empty 0",
                    "--> None open 65280",
                ],
                "{step}"
            );
        }
    }

    #[test]
    fn low_is_told_once_and_open_only_from_half_on() {
        let mut window = Window::new(100);
        let mut marks = Vec::new();
        for change in [-70, -10, 15, -15, 25, 10, -60, -60] {
            window.add(change, (None, Direction::ToServer), &mut |level| {
                marks.push((level.mark.name(), level.room));
            });
        }
        assert_eq!(marks, [("low", 20), ("open", 55), ("empty", -5)]);
    }

    #[test]
    fn what_is_not_http2_is_not_looked_at() {
        let said = [(Direction::ToServer, b"GET / HTTP/1.1\r\n\r\n and much more".to_vec())];
        assert!(told(&said, 5).is_empty());
    }
}
