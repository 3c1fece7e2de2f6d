//! Calls, put together from what is seen of a connection: what they are called, what they cost, how they ended.
//!
//! In: [`Skim`]s, with their direction and time. Out: a [`Call`] when its end has been seen. Only calls that are not
//! over are remembered.
//!
//! Must not know: how calls are shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wirewright::Code;
use wirewright::inspect::frame_header::{FrameHeader, FrameKind};
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, Head, What};
use wirewright::wire::tables::reason_name;

use super::words;

/// One call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// Its number among all calls of the recording, from 1.
    pub(crate) number: u64,
    pub(crate) conn: u32,
    pub(crate) stream: u32,
    /// `/package.Service/Method`, if the head could be read; shared, because most calls are to few methods.
    path: Arc<str>,
    /// The timeout that the client gave it, as written.
    pub(crate) timeout: Option<String>,
    /// When its head crossed.
    pub(crate) began: Duration,
    /// When the client had said everything.
    pub(crate) asked: Option<Duration>,
    /// When the first byte of an answer crossed.
    pub(crate) answered: Option<Duration>,
    /// When the last thing that was seen of it crossed.
    pub(crate) last: Duration,
    /// What went to the server, and what to the client.
    pub(crate) cost: [Cost; 2],
    pub(crate) end: End,
    /// Which stream frames are still to come of; the answer may be there before the question is over.
    halves: [bool; 2],
}

/// What one direction of a call cost, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Nine for each frame.
    pub(crate) frames: u64,
    /// Header blocks, compressed.
    pub(crate) fields: u64,
    /// Five for each message.
    pub(crate) prefixes: u64,
    /// The messages themselves.
    pub(crate) messages: u64,
    /// Windows, padding, resets.
    pub(crate) other: u64,
    /// How many messages there were.
    pub(crate) count: u64,
}

impl Cost {
    pub(crate) fn total(&self) -> u64 {
        self.frames + self.fields + self.prefixes + self.messages + self.other
    }

    pub(crate) fn add(&mut self, other: &Cost) {
        self.frames += other.frames;
        self.fields += other.fields;
        self.prefixes += other.prefixes;
        self.messages += other.messages;
        self.other += other.other;
        self.count += other.count;
    }
}

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// It had not, when the recording ended.
    #[default]
    Open,
    /// The server said how: the code, and its message as written.
    Status { code: u32, message: String, trailers_only: bool },
    /// The server ended its half and did not say how.
    NoStatus,
    /// One side gave it up.
    Reset { by: Direction, code: u32 },
}

impl End {
    /// The code's name, or what there was instead of one.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        match self {
            End::Open => "(still open)".into(),
            End::Status { code, .. } => Code::from_u32(*code).name().into(),
            End::NoStatus => "(no status)".into(),
            End::Reset { by, code } => {
                let who = if *by == Direction::ToServer { "client" } else { "server" };
                format!("(reset by the {who}: {})", reason_name(*code)).into()
            }
        }
    }

    pub(crate) fn is_ok(&self) -> bool {
        matches!(self, End::Status { code: 0, .. })
    }
}

impl Call {
    /// `Service/Method`, without the package if that is asked for.
    pub(crate) fn method(&self) -> &str {
        self.path.strip_prefix('/').unwrap_or(&self.path)
    }

    /// Its method alone: `Check`.
    pub(crate) fn short(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// From its head to the last thing that was seen of it.
    pub(crate) fn took(&self) -> Duration {
        self.last.saturating_sub(self.began)
    }
}

/// The calls that are not over.
///
/// Nearly all that is seen is of the call that was seen last, so that one is found without a search.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Which of the slots the call of a connection's stream has.
    open: BTreeMap<Key, usize>,
    slots: Vec<Call>,
    /// The slots that no call has.
    free: Vec<usize>,
    /// The call that was looked for last.
    found: Option<(Key, usize)>,
    /// The path of the call that began last.
    path: Arc<str>,
    /// How many calls have begun.
    pub(crate) begun: u64,
    /// The stream of the frame that was seen last.
    latest: u32,
    /// What the connections spent beside calls.
    pub(crate) beside: [Cost; 2],
}

/// A connection, and a stream of it.
type Key = (u32, u32);

impl Calls {
    /// Notes what was seen; gives the call that is thereby over, if one is.
    pub(crate) fn see(
        &mut self,
        conn: u32,
        direction: Direction,
        at: Duration,
        skim: &Skim<'_>,
    ) -> Option<Call> {
        let way = usize::from(direction == Direction::ToClient);
        match skim {
            Skim::Preface => self.beside.get_mut(way)?.other += 24,
            Skim::Frame { header, bytes, .. } => return self.on_frame(conn, direction, at, header, bytes),
            Skim::Block(what) => self.on_block(conn, at, what),
            Skim::Part(part) => {
                // The frame that is shown before has been counted as other; here it is told apart.
                let cost = self.current(conn, way)?;
                cost.prefixes += part.prefix.len() as u64;
                cost.messages += part.content.len() as u64;
                cost.other = cost.other.saturating_sub((part.prefix.len() + part.content.len()) as u64);
                cost.count += u64::from(part.ends);
            }
            Skim::End(stream) => return self.half_close(conn, direction, *stream, at),
            Skim::Damaged { bytes, .. } => self.beside.get_mut(way)?.other += bytes.len() as u64,
            _ => {}
        }
        None
    }

    /// The calls that are not over, in the order of their streams.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Call> {
        self.open.values().filter_map(|slot| self.slots.get(*slot))
    }

    /// The call that is open on this stream.
    pub(crate) fn on_stream(&self, conn: u32, stream: u32) -> Option<&Call> {
        let slot = match self.found {
            Some((key, slot)) if key == (conn, stream) => slot,
            _ => *self.open.get(&(conn, stream))?,
        };
        self.slots.get(slot)
    }

    /// The calls that were open when the recording, or one connection, ended.
    pub(crate) fn leave(&mut self, conn: Option<u32>) -> Vec<Call> {
        let is_left = |(of, _): &&Key| conn.is_none_or(|conn| conn == *of);
        let left: Vec<_> = self.open.keys().filter(is_left).copied().collect();
        left.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    /// The call that is open on a stream, to be changed.
    fn find(&mut self, key: Key) -> Option<&mut Call> {
        let slot = match self.found {
            Some((found, slot)) if found == key => slot,
            _ => *self.open.get(&key)?,
        };
        self.found = Some((key, slot));
        self.slots.get_mut(slot)
    }

    fn insert(&mut self, key: Key, call: Call) {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(free) => *free = call,
            None => self.slots.push(call),
        }
        self.open.insert(key, slot);
        self.found = Some((key, slot));
    }

    fn remove(&mut self, key: Key) -> Option<Call> {
        let slot = self.open.remove(&key)?;
        self.free.push(slot);
        self.found = None;
        self.slots.get_mut(slot).map(std::mem::take)
    }

    fn on_frame(
        &mut self,
        conn: u32,
        direction: Direction,
        at: Duration,
        header: &FrameHeader,
        bytes: &[u8],
    ) -> Option<Call> {
        let way = usize::from(direction == Direction::ToClient);
        let content = (bytes.len() as u64).saturating_sub(FrameHeader::LEN as u64);
        let carries_fields = matches!(header.kind, FrameKind::Headers | FrameKind::Continuation);
        let key = (conn, header.stream_id);
        if header.kind == FrameKind::Headers && direction == Direction::ToServer && self.find(key).is_none() {
            self.begun += 1;
            let (number, stream) = (self.begun, header.stream_id);
            self.insert(key, Call { number, conn, stream, began: at, last: at, ..Call::default() });
        }
        self.latest = header.stream_id;
        let cost = if let Some(call) = self.find(key) {
            call.last = at;
            if direction == Direction::ToClient {
                call.answered.get_or_insert(at);
            }
            call.cost.get_mut(way)?
        } else {
            self.beside.get_mut(way)?
        };
        cost.frames += FrameHeader::LEN as u64;
        *(if carries_fields { &mut cost.fields } else { &mut cost.other }) += content;
        if header.kind != FrameKind::RstStream {
            return None;
        }
        let code = bytes
            .get(FrameHeader::LEN..)
            .and_then(|bytes| bytes.first_chunk())
            .map_or(0, |code| u32::from_be_bytes(*code));
        let mut call = self.remove(key)?;
        if call.end == End::Open {
            call.end = End::Reset { by: direction, code };
        }
        Some(call)
    }

    fn on_block(&mut self, conn: u32, at: Duration, what: &What) {
        let (What::RequestHead(head) | What::TrailersOnly(head) | What::Trailers(head)) = what else {
            return;
        };
        let path = matches!(what, What::RequestHead(_)).then(|| self.shared_path(head));
        let Some(call) = self.find((conn, head.block.stream_id)) else { return };
        call.last = at;
        if let Some(path) = path {
            call.path = path;
            call.timeout = printed(head, "grpc-timeout");
            return;
        }
        let code = head.get("grpc-status").and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
        call.end = match code {
            Some(code) => End::Status {
                code,
                message: printed(head, "grpc-message").unwrap_or_default(),
                trailers_only: matches!(what, What::TrailersOnly(_)),
            },
            None => End::NoStatus,
        };
    }

    /// The path of a head: that of the call before, if it is the same.
    fn shared_path(&mut self, head: &Head) -> Arc<str> {
        let path = head.get(":path").map(|path| &path[..]).unwrap_or_default();
        if self.path.as_bytes() != path {
            self.path = words::printable(path).into();
        }
        self.path.clone()
    }

    fn half_close(&mut self, conn: u32, direction: Direction, stream: u32, at: Duration) -> Option<Call> {
        let way = usize::from(direction == Direction::ToClient);
        let call = self.find((conn, stream))?;
        *call.halves.get_mut(way)? = true;
        call.last = at;
        if way == 0 {
            call.asked.get_or_insert(at);
        } else if call.end == End::Open {
            call.end = End::NoStatus;
        }
        if call.halves == [true; 2] { self.remove((conn, stream)) } else { None }
    }

    /// What the frame that was seen last is counted to.
    fn current(&mut self, conn: u32, way: usize) -> Option<&mut Cost> {
        self.find((conn, self.latest))?.cost.get_mut(way)
    }
}

/// The value of a field of a head, if it is there.
pub(crate) fn printed(head: &Head, name: &str) -> Option<String> {
    head.get(name).map(|value| words::printable(value).into_owned())
}
