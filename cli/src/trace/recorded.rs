//! Whole calls out of a recording, to be made again or answered from.
//!
//! In: lines. Out: a [`Recorded`] for each call, in the order in which they began. What followed what is kept beside
//! the times, because a call that is made again is faster or slower, and its order still has to hold:
//!
//! ```text
//!   client   "a" (after 0)              "b" (after 1)   end (after 1)
//!   server               "A" (after 1)                              "B" (after 3: two messages and the end)
//! ```
//!
//! Unlike the other readers of recordings this one keeps messages, so it stops at [`MOST_BYTES`].
//!
//! Must not know: what is done with the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use wirewright::inspect::frame_header::FrameKind;
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, Head, Part, What};
use wirewright::recording::Line;

use super::calls::{Calls, End};
use super::conns::{Conns, Place};
use super::unfold::unfold;
use super::{source, words};
use crate::failure::Failure;

/// One call, whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// Its number among all calls of the recording, from 1.
    pub(crate) number: u64,
    pub(crate) conn: u32,
    /// `/package.Service/Method`.
    pub(crate) path: String,
    /// The fields of the request head, pseudo-fields and all.
    pub(crate) request: Fields,
    /// What the client said.
    pub(crate) asked: Vec<Spoken>,
    /// When the client ended its half; `None` if it never did.
    pub(crate) asked_all: Option<Mark>,
    /// The fields of the response head, and when it came; `None` if there was none.
    pub(crate) head: Option<(Fields, Mark)>,
    /// What the server said.
    pub(crate) answered: Vec<Spoken>,
    /// The fields of the trailers, or of a Trailers-Only response.
    pub(crate) trailers: Fields,
    /// How it ended.
    pub(crate) end: End,
    /// How much the client had said when the server ended it.
    pub(crate) ended_after: usize,
    /// When its head crossed, and when the last thing that was seen of it.
    pub(crate) began: Duration,
    pub(crate) ended: Duration,
    /// The same as places in the order of all that was seen.
    pub(crate) order: (u64, u64),
    /// Why it can be neither made nor answered again.
    pub(crate) trouble: Option<String>,
}

/// The fields of a header block: lower-case names, and values as they travelled.
pub(crate) type Fields = Vec<(String, Bytes)>;

/// When something was said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) at: Duration,
    /// How much the other side had said by then: its messages, and one for the end of a client's half.
    pub(crate) after: usize,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) mark: Mark,
    /// The message itself, unfolded if it was compressed.
    pub(crate) bytes: Bytes,
    pub(crate) was_compressed: bool,
}

impl Recorded {
    /// Whether it was over before the recording was, by the server's word or by a reset of its.
    pub(crate) fn was_ended_by_server(&self) -> bool {
        !matches!(self.end, End::Open | End::Reset { by: Direction::ToServer, .. })
    }

    /// How much the client has said: its messages, and one for the end of its half.
    fn said(&self) -> usize {
        self.asked.len() + usize::from(self.asked_all.is_some())
    }

    /// The value of a field of the trailers.
    pub(crate) fn trailer(&self, name: &str) -> Option<&Bytes> {
        value(&self.trailers, name)
    }
}

/// The value of the first field of this name.
pub(crate) fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a Bytes> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) calls: Vec<Recorded>,
    /// The fields whose values were replaced.
    pub(crate) redacted: Vec<String>,
    /// What could not be read.
    pub(crate) warning: Option<String>,
}

/// Which calls are wanted.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Wanted {
    /// Only this call, by its number in the recording; may be given again
    #[arg(long = "call", value_name = "N")]
    calls: Vec<u64>,
    /// Only calls on this stream
    #[arg(long, value_name = "ID")]
    stream: Option<u32>,
    /// Only calls on this connection
    #[arg(long, value_name = "N")]
    conn: Option<u32>,
}

impl Wanted {
    fn has(&self, number: u64, conn: u32, stream: u32) -> bool {
        (self.calls.is_empty() || self.calls.contains(&number))
            && self.stream.is_none_or(|wanted| wanted == stream)
            && self.conn.is_none_or(|wanted| wanted == conn)
    }
}

/// Reads the calls of a file.
///
/// # Errors
///
/// If the file cannot be read, or holds none of the calls that are wanted.
pub(crate) fn read(file: &str, wanted: &Wanted) -> Result<Recording, Failure> {
    let (mut conns, mut keeper) = (Conns::default(), Keeper::new(wanted));
    let mut redacted = Vec::new();
    let warning = source::read(file, &mut |line| {
        if let Line::Head(head) = line {
            redacted.clone_from(&head.redact);
        }
        conns.read(line, |place, skim| keeper.see(place, &skim));
        if keeper.kept <= MOST_BYTES {
            return Ok(());
        }
        let what = format!("the calls of {file} hold more than {}", words::size(MOST_BYTES as u64));
        Err(Failure::cannot(what, "--call N or --conn N takes some of them"))
    })?;
    conns.finish(|place, skim| keeper.see(place, &skim));
    let begun = keeper.calls.begun;
    let calls = keeper.finish();
    if calls.is_empty() {
        let hint = format!("`wright timeline {file}` shows what it holds");
        let what = match begun {
            0 => format!("{file} holds no call"),
            1 => format!("the one call in {file} is not the one that is wanted"),
            begun => format!("none of the {begun} calls in {file} is wanted"),
        };
        return Err(Failure::cannot(what, hint));
    }
    Ok(Recording { calls, redacted, warning })
}

/// Keeps what is wanted.
struct Keeper<'a> {
    wanted: &'a Wanted,
    calls: Calls,
    open: BTreeMap<(u32, u32), Open>,
    over: Vec<Recorded>,
    /// How many bytes are kept.
    kept: usize,
    /// How much has been seen.
    seen: u64,
    /// The stream of the latest frame, and its bytes.
    stream: u32,
    offset: usize,
    frame: Vec<u8>,
}

/// A call that is not over, and the messages that have begun.
#[derive(Default)]
struct Open {
    call: Recorded,
    coming: [Vec<u8>; 2],
}

impl<'a> Keeper<'a> {
    fn new(wanted: &'a Wanted) -> Keeper<'a> {
        Keeper {
            wanted,
            calls: Calls::default(),
            open: BTreeMap::new(),
            over: Vec::new(),
            kept: 0,
            seen: 0,
            stream: 0,
            offset: 0,
            frame: Vec::new(),
        }
    }

    fn see(&mut self, place: Place, skim: &Skim<'_>) {
        self.seen += 1;
        let begun = self.calls.begun;
        let over = self.calls.see(place.conn, place.direction, place.at, skim);
        match skim {
            Skim::Frame { offset, header, bytes } => {
                (self.stream, self.offset) = (header.stream_id, *offset);
                self.frame.clear();
                if header.kind == FrameKind::Data {
                    self.frame.extend_from_slice(bytes);
                }
                let number = self.calls.begun;
                if number > begun && self.wanted.has(number, place.conn, header.stream_id) {
                    let order = (self.seen, self.seen);
                    let call =
                        Recorded { number, conn: place.conn, began: place.at, order, ..Recorded::default() };
                    self.open
                        .insert((place.conn, header.stream_id), Open { call, coming: Default::default() });
                }
            }
            Skim::Block(what) => self.block(place, what),
            Skim::Part(part) => self.part(place, part),
            Skim::End(stream) if place.direction == Direction::ToServer => {
                if let Some(open) = self.open.get_mut(&(place.conn, *stream)) {
                    open.call.asked_all = Some(Mark { at: place.at, after: open.call.answered.len() });
                }
            }
            _ => {}
        }
        if let Some(over) = over {
            self.close(&over);
        }
    }

    fn block(&mut self, place: Place, what: &What) {
        let (What::RequestHead(head)
        | What::ResponseHead(head)
        | What::Trailers(head)
        | What::TrailersOnly(head)) = what
        else {
            return;
        };
        let Some(Open { call, .. }) = self.open.get_mut(&(place.conn, head.block.stream_id)) else { return };
        let fields = match fields_of(head) {
            Ok(fields) => fields,
            Err(why) => {
                call.trouble.get_or_insert(why);
                return;
            }
        };
        self.kept += fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        match what {
            What::RequestHead(_) => {
                let path = value(&fields, ":path").map(|path| words::printable(path).into_owned());
                call.path = path.unwrap_or_default();
                call.request = fields;
            }
            What::ResponseHead(_) => call.head = Some((fields, Mark { at: place.at, after: call.said() })),
            // What a client says in trailers means nothing to gRPC.
            _ if place.direction == Direction::ToServer => {}
            _ => (call.trailers, call.ended_after) = (fields, call.said()),
        }
    }

    fn part(&mut self, place: Place, part: &Part) {
        let Some(Open { call, coming }) = self.open.get_mut(&(place.conn, self.stream)) else { return };
        let is_up = place.direction == Direction::ToServer;
        let [up, down] = coming;
        let coming = if is_up { up } else { down };
        let range =
            part.content.start.saturating_sub(self.offset)..part.content.end.saturating_sub(self.offset);
        let bytes = self.frame.get(range).unwrap_or_default();
        self.kept += bytes.len();
        coming.extend_from_slice(bytes);
        if !part.ends {
            return;
        }
        let bytes = Bytes::from(std::mem::take(coming));
        let was_compressed = part.flag & 1 == 1;
        let head = if is_up { Some(&call.request) } else { call.head.as_ref().map(|(head, _)| head) };
        let bytes = match was_compressed {
            true => {
                let room = MOST_BYTES.saturating_sub(self.kept);
                let encoding = head.and_then(|head| value(head, "grpc-encoding"));
                unfold(&bytes, encoding.map(|name| &name[..]), room)
            }
            false => Ok(bytes),
        };
        match bytes {
            Ok(bytes) => {
                self.kept += if was_compressed { bytes.len() } else { 0 };
                let after = match is_up {
                    true => call.answered.len(),
                    false => call.said(),
                };
                let spoken = Spoken { mark: Mark { at: place.at, after }, bytes, was_compressed };
                if is_up { &mut call.asked } else { &mut call.answered }.push(spoken);
            }
            Err(why) => {
                call.trouble.get_or_insert(why);
            }
        }
    }

    fn close(&mut self, over: &super::calls::Call) {
        if let Some(Open { mut call, .. }) = self.open.remove(&(over.conn, over.stream)) {
            (call.end, call.ended) = (over.end.clone(), over.last);
            call.order.1 = self.seen;
            if !matches!(call.end, End::Status { .. }) {
                call.ended_after = call.said();
            }
            if call.path.is_empty() {
                call.trouble = Some("its head was not recorded".to_owned());
            }
            self.over.push(call);
        }
    }

    fn finish(mut self) -> Vec<Recorded> {
        self.seen += 1;
        for over in self.calls.leave(None) {
            self.close(&over);
        }
        self.over.sort_by_key(|call| call.number);
        self.over
    }
}

/// The fields of a block, if all of them are known.
fn fields_of(head: &Head) -> Result<Fields, String> {
    let known = head.fields().map(|field| {
        let (name, value) = (field.name.bytes.as_ref().ok()?, field.value.bytes.as_ref().ok()?);
        Some((words::printable(name).into_owned(), value.clone()))
    });
    known.collect::<Option<Fields>>().ok_or_else(|| "its fields cannot be read".to_owned())
}

/// What is kept of a recording: it shall not need more memory than a small machine has.
const MOST_BYTES: usize = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(file: &str) -> Vec<Recorded> {
        read(file, &Wanted::default()).unwrap().calls
    }

    #[test]
    fn calls_are_kept_whole() {
        let calls = calls("lesson:1");
        assert_eq!(calls.len(), 1);
        let call = &calls[0];
        assert_eq!((call.asked.len(), call.answered.len()), (1, 1));
        assert!(call.path.starts_with('/') && call.head.is_some() && call.end.is_ok(), "{call:?}");
        assert_eq!(call.trailer("grpc-status").map(|value| &value[..]), Some(&b"0"[..]));
        // The answer came after the one message and the end of the client's half.
        assert_eq!(call.answered[0].mark.after, 2);
    }

    #[test]
    fn every_lesson_yields_its_calls_in_order() {
        for number in 1..=10 {
            let calls = calls(&format!("lesson:{number}"));
            let numbers: Vec<_> = calls.iter().map(|call| call.number).collect();
            assert_eq!(numbers, (1..=calls.len() as u64).collect::<Vec<_>>(), "lesson {number}");
            for call in &calls {
                assert!(call.trouble.is_none() && call.order.0 < call.order.1, "{call:?}");
            }
        }
    }

    #[test]
    fn what_is_not_wanted_is_not_kept() {
        let wanted = Wanted { calls: vec![7], ..Wanted::default() };
        let failure = read("lesson:1", &wanted).unwrap_err();
        assert!(failure.to_string().contains("is not the one that is wanted"), "{failure}");
    }
}
