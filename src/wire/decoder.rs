//! Chunks of a stream become messages.
//!
//! In: the bytes of DATA frames, cut wherever the network liked. Out: one
//! [`Frame`] per message, or the fault that ends the stream.
//!
//! ```text
//!                 5 bytes known, length within the limit
//!      +--------+ -------------------------------------> +---------+
//!      | Prefix |                                        | Message |
//!      +--------+ <------------------------------------- +---------+
//!           |            all bytes here: one Frame
//!           | bad flag, or too large
//!           v
//!      +--------+     The stream may end in Prefix with none of the five
//!      | Failed |     bytes here. Anywhere else it ends Truncated.
//!      +--------+
//! ```
//!
//! Three promises shape the code. A message that lies within one chunk is not
//! copied: its frame is a view of the chunk. The limit is enforced as soon as
//! the length is known, before a byte of the message is kept. And memory
//! follows the bytes that really arrived, never the length a peer claims: a
//! prefix that announces 4 GiB costs five bytes.
//!
//! Source: PROTOCOL-HTTP2 "Requests", `Length-Prefixed-Message`, and "Data
//! frames": boundaries of frames have no relation to messages. Must not know:
//! flow control, how to decompress, what a message means.

use std::mem;

use bytes::{Buf, Bytes};

use super::WireError;
use super::prefix::{PREFIX_LEN, Prefix};

/// One message as it was on the wire, without its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether the prefix flagged the message as compressed.
    pub compressed: bool,
    /// The message, still compressed if `compressed` says so.
    pub bytes: Bytes,
}

/// Cuts a stream of bytes into messages, whatever the chunks.
///
/// The loop around it is `push` a chunk, then `next` until it has none, and
/// `finish` at the end of the stream.
#[derive(Debug)]
pub struct MessageDecoder {
    /// The largest message that is let in, in bytes without the prefix.
    limit: usize,
    /// Which part of a message comes next.
    state: State,
    /// What has arrived of the message in `State::Message`, if it began in an
    /// earlier chunk. Empty while a message may still lie within `chunk`.
    partial: Vec<u8>,
    /// The chunk being read; its bytes follow those of `partial`.
    chunk: Bytes,
    /// Chunks that arrived before the last one was used up, gathered into one
    /// so that a flood of tiny chunks costs their bytes and no more.
    backlog: Vec<u8>,
}

/// The boxes of the drawing above.
#[derive(Debug)]
enum State {
    /// Waiting for five bytes, of which `have` are in `bytes`.
    Prefix { bytes: [u8; PREFIX_LEN], have: usize },
    /// Waiting for the bytes of this message.
    Message(Prefix),
    /// The stream makes no sense any more, and why.
    Failed(WireError),
}

impl MessageDecoder {
    /// A decoder that lets in messages of up to `limit` bytes.
    pub const fn new(limit: usize) -> MessageDecoder {
        MessageDecoder {
            limit,
            state: State::START,
            partial: Vec::new(),
            chunk: Bytes::new(),
            backlog: Vec::new(),
        }
    }

    /// Takes the next chunk of the stream.
    ///
    /// A chunk that arrives while an earlier one is still unread is copied
    /// behind it. Reading with [`next`](Self::next) until it has nothing more
    /// before pushing again avoids that copy.
    pub fn push(&mut self, chunk: Bytes) {
        if matches!(self.state, State::Failed(_)) {
            return;
        }
        if self.chunk.is_empty() && self.backlog.is_empty() {
            self.chunk = chunk;
        } else {
            self.backlog.extend_from_slice(&chunk);
        }
    }

    /// The next whole message, or `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`WireError::BadFlag`] or [`WireError::TooLarge`], once: nothing behind
    /// such a prefix can be trusted, so all later calls return `None`, all
    /// bytes held are dropped and all later chunks ignored.
    #[expect(clippy::should_implement_trait, reason = "None means not yet, which an iterator cannot say")]
    pub fn next(&mut self) -> Result<Option<Frame>, WireError> {
        loop {
            match self.step() {
                Ok(None) if self.refill() => {}
                Ok(found) => return Ok(found),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    /// Says whether the stream may end here; asked once `next` has no more.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`] if a message has begun and not arrived, or if
    /// bytes are left that nobody has asked `next` for. After a failure, that
    /// failure again: a stream that broke never ends well.
    pub fn finish(&self) -> Result<(), WireError> {
        let unread = self.chunk.len().saturating_add(self.backlog.len());
        let (expected, received) = match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Prefix { have: 0, .. } if unread == 0 => return Ok(()),
            State::Prefix { have, .. } => (PREFIX_LEN as u64, *have),
            State::Message(prefix) => (u64::from(prefix.len), self.partial.len()),
        };
        Err(WireError::Truncated { expected, received: received.saturating_add(unread) as u64 })
    }

    /// How many bytes are held that no frame has carried away yet.
    pub fn buffered(&self) -> usize {
        let begun = match &self.state {
            State::Prefix { have, .. } => *have,
            State::Message(_) => PREFIX_LEN,
            State::Failed(_) => 0,
        };
        begun
            .saturating_add(self.partial.len())
            .saturating_add(self.chunk.len())
            .saturating_add(self.backlog.len())
    }

    /// The next whole message, as far as the current chunk has it.
    fn step(&mut self) -> Result<Option<Frame>, WireError> {
        if let State::Prefix { bytes, have } = &mut self.state {
            let Some(bytes) = take_prefix(bytes, have, &mut self.chunk) else { return Ok(None) };
            let prefix = Prefix::parse(bytes)?;
            if prefix.len as usize > self.limit {
                return Err(WireError::TooLarge { size: u64::from(prefix.len), limit: self.limit });
            }
            self.state = State::Message(prefix);
        }
        let State::Message(Prefix { compressed, len }) = self.state else { return Ok(None) };
        let Some(bytes) = self.take_message(len as usize) else { return Ok(None) };
        self.state = State::START;
        Ok(Some(Frame { compressed, bytes }))
    }

    /// The `len` bytes of the current message, if they are all here.
    fn take_message(&mut self, len: usize) -> Option<Bytes> {
        if self.partial.is_empty() && self.chunk.len() >= len {
            return Some(self.chunk.split_to(len));
        }
        let missing = len.saturating_sub(self.partial.len());
        let piece = self.chunk.split_to(missing.min(self.chunk.len()));
        grow(&mut self.partial, piece.len(), len);
        self.partial.extend_from_slice(&piece);
        (self.partial.len() == len).then(|| Bytes::from(mem::take(&mut self.partial)))
    }

    /// Turns to the backlog once the chunk is used up; false if there is none.
    fn refill(&mut self) -> bool {
        if self.backlog.is_empty() {
            return false;
        }
        self.chunk = Bytes::from(mem::take(&mut self.backlog));
        true
    }

    /// Drops everything and remembers why.
    fn fail(&mut self, error: WireError) -> WireError {
        *self = MessageDecoder::new(self.limit);
        self.state = State::Failed(error.clone());
        error
    }
}

impl State {
    /// Between two messages.
    const START: State = State::Prefix { bytes: [0; PREFIX_LEN], have: 0 };
}

/// Moves bytes from the chunk into the prefix; gives the prefix once it is whole.
fn take_prefix(
    bytes: &mut [u8; PREFIX_LEN],
    have: &mut usize,
    chunk: &mut Bytes,
) -> Option<[u8; PREFIX_LEN]> {
    let rest = bytes.get_mut(*have..)?;
    let taken = rest.len().min(chunk.len());
    rest.iter_mut().zip(chunk.iter()).for_each(|(to, from)| *to = *from);
    chunk.advance(taken);
    if chunk.is_empty() {
        // An empty view would keep the memory of the whole chunk alive.
        *chunk = Bytes::new();
    }
    *have = have.saturating_add(taken);
    (*have == PREFIX_LEN).then_some(*bytes)
}

/// Makes room for `more` bytes: twice what is held, but never past `whole`.
///
/// Doubling keeps the copying linear. The cap makes the last step exact, so
/// that a finished message owns no slack. Both depend on bytes held, not on
/// bytes promised.
fn grow(partial: &mut Vec<u8>, more: usize, whole: usize) {
    let needed = partial.len().saturating_add(more);
    if needed > partial.capacity() {
        let target = needed.max(partial.len().saturating_mul(2)).min(whole);
        partial.reserve_exact(target.saturating_sub(partial.len()));
    }
}

#[cfg(test)]
mod tests;
