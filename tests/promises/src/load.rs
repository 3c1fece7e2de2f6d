//! The service that everything is measured with, as far as both libraries share it.
//!
//! ```text
//!   Echo    unary               the message comes back
//!   Flow    server streaming    asked with `size, count`: so many messages of that size
//!   Early   client streaming    answers without having read anything
//!   Hold    client streaming    reads nothing until the gate opens; then answers with `count, sum`
//!   Deaf    bidi streaming      drops its input, sends one message, and stays
//!   Sleep   unary               never answers; the server notes how late it was dropped
//!   Work    unary               burns a millisecond of processor time, and the message comes back
//!   Tree    unary               reads its message with prost
//! ```
//!
//! Messages are plain bytes: what is measured is how they travel.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use wirewright::RawMessage;

/// What Flow is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) size: u32,
    /// `u32::MAX` is for ever.
    pub(crate) count: u32,
}

impl Wish {
    pub(crate) fn endless(size: usize) -> Wish {
        Wish { size: size as u32, count: u32::MAX }
    }

    pub(crate) fn message(self) -> RawMessage {
        let mut bytes = BytesMut::new();
        bytes.put_u32(self.size);
        bytes.put_u32(self.count);
        RawMessage(bytes.freeze())
    }

    pub(crate) fn read(message: &RawMessage) -> Wish {
        let mut bytes = message.0.clone();
        let wish = bytes.try_get_u32().and_then(|size| Ok(Wish { size, count: bytes.try_get_u32()? }));
        wish.unwrap_or(Wish { size: 0, count: 0 })
    }

    /// What Flow sends again and again. All calls share it, so that what grows with calls is the library's.
    pub(crate) fn reply(self) -> RawMessage {
        let mut replies = REPLIES.lock().unwrap_or_else(PoisonError::into_inner);
        replies.entry(self.size).or_insert_with(|| filler(self.size as usize)).clone()
    }
}

static REPLIES: Mutex<BTreeMap<u32, RawMessage>> = Mutex::new(BTreeMap::new());

/// What Tree reads: nested, repeated, and much larger in memory than on the wire.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Tree {
    #[prost(message, repeated, tag = "1")]
    pub(crate) children: Vec<Tree>,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) value: Vec<u8>,
}

/// Keeps a core busy.
pub(crate) fn burn(time: std::time::Duration) {
    let until = std::time::Instant::now() + time;
    while std::time::Instant::now() < until {
        std::hint::spin_loop();
    }
}

/// What Hold has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) count: u64,
    /// All bytes, added.
    pub(crate) sum: u64,
}

impl Heard {
    pub(crate) fn add(&mut self, message: &RawMessage) {
        self.count += 1;
        self.sum += message.0.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    }

    pub(crate) fn message(self) -> RawMessage {
        let mut bytes = BytesMut::new();
        bytes.put_u64(self.count);
        bytes.put_u64(self.sum);
        RawMessage(bytes.freeze())
    }

    pub(crate) fn read(mut bytes: &[u8]) -> Heard {
        let heard = bytes.try_get_u64().and_then(|count| Ok(Heard { count, sum: bytes.try_get_u64()? }));
        heard.unwrap_or_default()
    }
}

/// A message of this size; its bytes are those of the alphabet, so that a lost one shows in a sum.
pub(crate) fn filler(size: usize) -> RawMessage {
    RawMessage((0..size).map(|n| b'a' + (n % 26) as u8).collect::<Vec<u8>>().into())
}

/// An empty message.
pub(crate) fn empty() -> RawMessage {
    RawMessage(Bytes::new())
}

/// Which library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Tonic,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Ours => "wirewright",
            Kind::Tonic => "tonic",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Kind, crate::Failure> {
        let kind = [Kind::Ours, Kind::Tonic].into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| format!("{text:?} is neither wirewright nor tonic").into())
    }
}
