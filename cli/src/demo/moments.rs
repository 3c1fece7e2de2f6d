//! The recorded bytes, read back: what each call consisted of.
//!
//! In: the log of one connection. Out: for each call its moments, in the order in which they crossed the socket:
//!
//! ```text
//!   events      RequestHead  Message Message HalfClosed  ResponseHead  Message  Trailers HalfClosed
//!   moments     head         messages, END_STREAM        head          message  trailers, END_STREAM
//! ```
//!
//! gRPC's messages and HTTP/2's frames know nothing of each other's boundaries (PROTOCOL-HTTP2,
//! "Length-Prefixed-Message"), so messages that one DATA frame carried are one moment here.
//!
//! Must not know: how any of it is printed, or which calls were made.

use std::time::Duration;

use wirewright::inspect::event::Head;
use wirewright::inspect::frame_header::FrameHeader;
use wirewright::inspect::{Direction, Event, EventLog, Message, What};

/// What crossed one connection, call by call.
#[derive(Debug)]
pub(super) struct Recorded {
    /// The calls in the order in which they began.
    pub(super) calls: Vec<RecordedCall>,
    /// How many bytes each direction carried in all.
    pub(super) total: Carried,
    /// What belongs to no call, by name, each once, in the order in which it first crossed.
    pub(super) connection: Vec<&'static str>,
}

/// What crossed one stream.
#[derive(Debug)]
pub(super) struct RecordedCall {
    /// Its number in HTTP/2.
    pub(super) stream_id: u32,
    /// Its moments, in order.
    pub(super) moments: Vec<Moment>,
}

impl RecordedCall {
    /// Which method was called, as the head has it.
    pub(super) fn path(&self) -> Option<&[u8]> {
        match &self.moments.first()?.said {
            Said::Head(head) => head.get(":path").map(AsRef::as_ref),
            _ => None,
        }
    }
}

/// How many bytes went which way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Carried {
    /// From the client to the server.
    pub(super) to_server: usize,
    /// From the server to the client.
    pub(super) to_client: usize,
}

impl Recorded {
    /// Reads a log.
    pub(super) fn read(log: &EventLog) -> Recorded {
        let total = Carried {
            to_server: log.bytes(Direction::ToServer).len(),
            to_client: log.bytes(Direction::ToClient).len(),
        };
        let (mut calls, mut connection) = (Vec::new(), Vec::new());
        for (stream_id, events) in log.calls() {
            if stream_id == 0 {
                for name in events.iter().map(|event| name(&event.what)) {
                    if !connection.contains(&name) {
                        connection.push(name);
                    }
                }
            } else {
                calls.push(RecordedCall { stream_id, moments: moments(events) });
            }
        }
        Recorded { calls, total, connection }
    }
}

/// One thing that one side said in a call.
#[derive(Debug)]
pub(super) struct Moment {
    /// Who said it: the side that the bytes travel away from.
    pub(super) direction: Direction,
    /// When its last byte crossed the client's socket, counted from the call's first.
    pub(super) at: Duration,
    /// What was said.
    pub(super) said: Said,
    /// Whether the side also says that it has said everything.
    pub(super) ends_stream: bool,
}

/// What was said.
#[derive(Debug)]
pub(super) enum Said {
    /// The request head or the response head.
    Head(Head),
    /// One message, or several that one DATA frame carried whole.
    Messages(Vec<Message>),
    /// How the call ended.
    Trailers(Head),
    /// How the call ended, where the server had said nothing before.
    TrailersOnly(Head),
    /// Nothing but that there will be no more: an empty DATA frame.
    End,
    /// Something that calls seldom need, by the name of its frame.
    Other(&'static str),
}

/// Puts the events of one stream together.
fn moments(events: Vec<Event>) -> Vec<Moment> {
    let start = events.first().map_or(Duration::ZERO, |event| event.at);
    let mut moments: Vec<Moment> = Vec::new();
    for Event { direction, at, range, what, .. } in events {
        let last = moments.last_mut().filter(|last| last.direction == direction);
        let said = match (what, last) {
            (What::HalfClosed, Some(last)) if last.is_in_frame(range.end - FLAGS_END) => {
                last.ends_stream = true;
                continue;
            }
            (What::HalfClosed, _) => Said::End,
            (What::Message(message), Some(Moment { said: Said::Messages(messages), .. }))
                if goes_on(messages, &message) =>
            {
                messages.push(message);
                continue;
            }
            (What::Message(message), _) => Said::Messages(vec![message]),
            (What::RequestHead(head) | What::ResponseHead(head), _) => Said::Head(head),
            (What::Trailers(head), _) => Said::Trailers(head),
            (What::TrailersOnly(head), _) => Said::TrailersOnly(head),
            (what, _) => Said::Other(name(&what)),
        };
        let ends_stream = matches!(said, Said::End);
        moments.push(Moment { direction, at: at.saturating_sub(start), said, ends_stream });
    }
    moments
}

/// Whether a message lies in the frame in which the last of these ends: then no frame header stands between.
fn goes_on(messages: &[Message], message: &Message) -> bool {
    let is_next = messages.last().is_some_and(|last| last.range().end == message.range().start);
    is_next && message.pieces.len() == 1
}

impl Moment {
    /// Whether the frame that begins at `offset` said it, or the last part of it.
    fn is_in_frame(&self, offset: usize) -> bool {
        match &self.said {
            Said::Head(head) | Said::Trailers(head) | Said::TrailersOnly(head) => {
                head.block.range.start == offset
            }
            // Pieces begin where a frame's content does, except that a frame may hold several messages.
            Said::Messages(messages) => {
                let mut pieces = messages.iter().flat_map(|message| &message.pieces);
                pieces.any(|piece| piece.range.start == offset + FrameHeader::LEN)
            }
            Said::End | Said::Other(_) => false,
        }
    }
}

/// What HTTP/2 calls it.
fn name(what: &What) -> &'static str {
    match what {
        What::Preface => "the preface",
        What::Settings { .. } => "SETTINGS",
        What::Ping { .. } => "PING",
        What::WindowUpdate { .. } => "WINDOW_UPDATE",
        What::GoAway { .. } => "GOAWAY",
        What::Reset { .. } => "RST_STREAM",
        What::Data(_) => "DATA without messages",
        What::InterimHead(_) => "HEADERS, interim",
        What::Damaged(_) => "bytes that make no sense",
        _ => "other frames",
    }
}

/// The flags are the fifth byte of a frame's header (RFC 9113 4.1), so they end five bytes after its first.
const FLAGS_END: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;

    /// A frame of stream 1.
    fn frame(kind: u8, flags: u8, content: &[u8]) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &[kind, flags, 0, 0, 0, 1], content].concat()
    }

    /// What the moments of a stream are, in one word or two each.
    fn read(frames: &[(Direction, Vec<u8>)]) -> Vec<String> {
        let mut log = EventLog::new();
        log.record(Direction::ToServer, Duration::ZERO, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        for (nth, (direction, bytes)) in frames.iter().enumerate() {
            log.record(*direction, Duration::from_millis(10 + nth as u64), bytes);
        }
        let recorded = Recorded::read(&log);
        assert_eq!(recorded.connection, ["the preface"]);
        let [call] = &recorded.calls[..] else { panic!("{recorded:?}") };
        let told = call.moments.iter().map(|moment| {
            let what = match &moment.said {
                Said::Head(_) => "head".to_owned(),
                Said::Messages(messages) => format!("{} messages", messages.len()),
                Said::Trailers(_) => "trailers".to_owned(),
                Said::TrailersOnly(_) => "trailers only".to_owned(),
                Said::End => "end".to_owned(),
                Said::Other(name) => (*name).to_owned(),
            };
            let end = if moment.ends_stream { " END_STREAM" } else { "" };
            format!("{} {} {what}{end}", moment.at.as_millis(), moment.direction)
        });
        told.collect()
    }

    fn up(kind: u8, flags: u8, content: &[u8]) -> (Direction, Vec<u8>) {
        (Direction::ToServer, frame(kind, flags, content))
    }

    fn down(kind: u8, flags: u8, content: &[u8]) -> (Direction, Vec<u8>) {
        (Direction::ToClient, frame(kind, flags, content))
    }

    /// `:method: POST`, which is enough of a head, and `:status: 200`, which is too.
    const POST: &[u8] = &[0x83];
    const OK: &[u8] = &[0x88];

    #[test]
    fn messages_of_one_frame_are_one_moment_and_those_of_two_are_two() {
        let told = read(&[
            up(HEADERS, END_HEADERS, POST),
            up(DATA, 0, b"\0\0\0\0\x01a\0\0\0\0\x01b"),
            up(DATA, 0, b"\0\0\0\0\x01c\0\0\0\0\x03d"),
            up(DATA, END_STREAM, b"ef"),
        ]);
        let expected = ["0 --> head", "1 --> 2 messages", "2 --> 1 messages", "3 --> 1 messages END_STREAM"];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_end_that_comes_alone_is_a_moment_of_its_own() {
        let told = read(&[
            up(HEADERS, END_HEADERS, POST),
            up(DATA, 0, b"\0\0\0\0\0"),
            up(DATA, END_STREAM, b""),
            down(HEADERS, END_HEADERS, OK),
            down(HEADERS, END_HEADERS | END_STREAM, b"\0\x01a\x01b"),
        ]);
        let expected = ["0 --> head", "1 --> 1 messages", "2 --> end END_STREAM", "3 <-- head"];
        assert_eq!(told[..4], expected);
        assert_eq!(told[4], "4 <-- trailers END_STREAM");
    }

    #[test]
    fn a_call_may_be_refused_or_given_up() {
        let refused =
            read(&[up(HEADERS, END_HEADERS | END_STREAM, POST), down(HEADERS, END_HEADERS | END_STREAM, OK)]);
        assert_eq!(refused, ["0 --> head END_STREAM", "1 <-- trailers only END_STREAM"]);
        let given_up = read(&[up(HEADERS, END_HEADERS, POST), up(RST_STREAM, 0, &[0, 0, 0, 8])]);
        assert_eq!(given_up, ["0 --> head", "1 --> RST_STREAM"]);
    }
}
