//! What happened on a connection: one [`Event`] per thing that was said.
//!
//! Nothing is read here; [`ConnectionReader`](super::ConnectionReader) makes
//! these values, and whoever prints a call matches on them. They follow the
//! four moments of a call (head, messages, response head, trailers), and
//! beside them stand the words that the connection has for itself.
//!
//! This file must not know how any of it is read.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::block::HeaderBlock;
use super::content::{Priority, Setting};
use super::damage::Damage;
use super::frames::Frame;
use super::hpack::{Entry, Field};
use super::message::Message;
use super::span::{self, Span};

/// Which way bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl fmt::Display for Direction {
    /// An arrow, with the client on the left.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToServer => "-->",
            Self::ToClient => "<--",
        })
    }
}

/// Something that was said on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who said it: the side that the bytes travel away from.
    pub direction: Direction,
    /// When its last byte crossed, counted from the start of the recording.
    pub at: Duration,
    /// Of which stream; 0 is the connection itself.
    pub stream_id: u32,
    /// Where its bytes are in the direction, from the first to the last.
    ///
    /// A message spread over frames may have foreign bytes between; its
    /// pieces tell exactly.
    pub range: Range<usize>,
    /// What was said.
    pub what: What,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The client's first 24 bytes.
    Preface,
    /// A client begins a call: method, metadata, timeout.
    RequestHead(Head),
    /// A server announces something before its answer; status 1xx.
    InterimHead(Head),
    /// A server begins its answer.
    ResponseHead(Head),
    /// A server ends a call that it has answered: status and metadata.
    Trailers(Head),
    /// A server ends a call without having answered: head and trailers in one.
    TrailersOnly(Head),
    /// A server reserves a stream; gRPC never does.
    Promise {
        /// The stream that is reserved.
        promised: u32,
        /// What a client would have had to ask.
        head: Head,
    },
    /// A whole message.
    Message(Message),
    /// Bytes of a stream in which messages cannot be told apart: it is not
    /// gRPC, or is over already, or began before the recording.
    Data(Bytes),
    /// The sender says that its half of the stream is over (END_STREAM).
    HalfClosed,
    /// The sender gives up the stream, both halves at once.
    Reset {
        /// Why; see [`reason_name`](crate::wire::tables::reason_name).
        code: u32,
    },
    /// The sender has limits, or has heard the receiver's.
    Settings {
        /// Whether this only acknowledges.
        is_ack: bool,
        /// The settings, in the order sent.
        settings: Vec<Setting>,
    },
    /// The sender measures the way, or answers.
    Ping {
        /// Whether this is the answer.
        is_ack: bool,
        /// The bytes to be answered with.
        data: [u8; 8],
    },
    /// The sender has room again.
    WindowUpdate {
        /// For how many more bytes.
        increment: u32,
    },
    /// The sender will take no new streams.
    GoAway {
        /// The last stream that it may have acted on.
        last_stream: u32,
        /// Why; see [`reason_name`](crate::wire::tables::reason_name).
        code: u32,
        /// Free text.
        debug: Bytes,
    },
    /// The sender has an opinion about a stream's weight.
    Priority(Priority),
    /// A frame of a type that nobody has defined.
    UnknownFrame(Frame),
    /// Something that could not be read, or not to its end.
    Damaged(Damage),
}

impl What {
    /// The head or trailers that were said, if it was one of these.
    pub fn head(&self) -> Option<&Head> {
        match self {
            Self::RequestHead(head)
            | Self::InterimHead(head)
            | Self::ResponseHead(head)
            | Self::Trailers(head)
            | Self::TrailersOnly(head)
            | Self::Promise { head, .. } => Some(head),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn head_mut(&mut self) -> Option<&mut Head> {
        match self {
            Self::RequestHead(head)
            | Self::InterimHead(head)
            | Self::ResponseHead(head)
            | Self::Trailers(head)
            | Self::TrailersOnly(head)
            | Self::Promise { head, .. } => Some(head),
            _ => None,
        }
    }

    /// The same, for keeps.
    pub(super) fn into_head(self) -> Option<Head> {
        match self {
            Self::RequestHead(head)
            | Self::InterimHead(head)
            | Self::ResponseHead(head)
            | Self::Trailers(head)
            | Self::TrailersOnly(head)
            | Self::Promise { head, .. } => Some(head),
            _ => None,
        }
    }
}

/// A head or trailers: a header block, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The block's entries in the order written; they cover all its bytes.
    pub entries: Vec<Entry>,
    /// The block, and where it was.
    pub block: HeaderBlock,
}

impl Head {
    /// The fields in the order written.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.entries.iter().filter_map(Entry::as_field)
    }

    /// The value of the first field with this name, if it is known.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        let is_it = |field: &&Field| field.name.bytes.as_ref().is_ok_and(|bytes| bytes == name);
        self.fields().find(is_it)?.value.bytes.as_ref().ok()
    }

    /// The block, byte by byte, where it is in the direction.
    pub fn spans(&self) -> Vec<Span> {
        let spans: Vec<_> = self.entries.iter().flat_map(Entry::spans).collect();
        span::place(&spans, &self.block.pieces)
    }

    /// Whether any name begins with a colon, as only those of heads do.
    pub(super) fn has_pseudo_field(&self) -> bool {
        self.fields().any(|field| field.name.bytes.as_ref().is_ok_and(|name| name.starts_with(b":")))
    }

    /// Whether any name is unknown.
    pub(super) fn has_unknown_name(&self) -> bool {
        self.fields().any(|field| field.name.bytes.is_err())
    }
}
