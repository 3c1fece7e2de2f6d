//! `RequestReader`: what a server hears of one call after its head, in order.
//!
//! In: the receiving half of a stream. Out: the bytes of each message, then the end of the request. The order and
//! number of messages are watched by [`ServerState`](crate::wire::ServerState).
//!
//! Must not know: message types, deadlines, interceptors.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::compress::Arrived;
use super::half_message::HalfMessage;
use super::shared::CallSettings;
use crate::method::MethodKind;
use crate::status::Status;
use crate::transport::{RecvHalf, TransportError};
use crate::wire::{Encoding, Event, MessageDecoder, ServerState};

/// Reads one request.
#[derive(Debug)]
pub(super) struct RequestReader {
    recv: RecvHalf,
    decoder: MessageDecoder,
    order: ServerState,
    encoding: Encoding,
    /// Bytes that have come.
    received: u64,
    /// The message that has begun and is waited for; made when one first is.
    half: Option<Box<HalfMessage>>,
}

impl RequestReader {
    /// Reads one message of up to `limit` bytes, until [`set_kind`](RequestReader::set_kind) says otherwise.
    pub(super) fn new(recv: RecvHalf, encoding: Encoding, limit: usize) -> Self {
        let (decoder, order) = (MessageDecoder::new(limit), ServerState::new(MethodKind::Unary));
        RequestReader { recv, decoder, order, encoding, received: 0, half: None }
    }

    /// Says which sides stream, before anything is read.
    pub(super) fn set_kind(&mut self, kind: MethodKind) {
        self.order = ServerState::new(kind);
    }

    /// This reader, and the half that it would read from; the one that stays behind has nothing to read.
    pub(super) fn take(&mut self) -> (RequestReader, RecvHalf) {
        let mut taken = std::mem::replace(self, RequestReader::new(RecvHalf::over(), self.encoding, 0));
        let recv = std::mem::replace(&mut taken.recv, RecvHalf::over());
        (taken, recv)
    }

    /// The next message of the bytes that `poll_chunk` gives; `None` when the client has half-closed after a whole
    /// number of them.
    pub(super) fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
        settings: &CallSettings,
        mut poll_chunk: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>>,
    ) -> Poll<Result<Option<Arrived>, Status>> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                self.half = None;
                self.order = self.order.on(Event::Message)?;
                let message = settings.encodings.decode(frame, self.encoding, settings.receive)?;
                return Poll::Ready(Ok(Some(message)));
            }
            match poll_chunk(cx) {
                Poll::Pending => return self.poll_half(cx, settings).map(Err),
                Poll::Ready(Some(chunk)) => {
                    let chunk = chunk?;
                    self.received = self.received.saturating_add(chunk.len() as u64);
                    self.decoder.push(chunk);
                }
                Poll::Ready(None) => {
                    self.half = None;
                    self.decoder.finish()?;
                    self.order = self.order.on(Event::Eof)?;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// Ready with the end of a call whose message is too long in coming, or holds too much meanwhile.
    fn poll_half(&mut self, cx: &mut Context<'_>, settings: &CallSettings) -> Poll<Status> {
        let held = self.decoder.buffered();
        if held == 0 {
            return Poll::Pending;
        }
        let rules = &settings.half_messages;
        let half = self.half.get_or_insert_with(|| Box::new(HalfMessage::new(rules)));
        half.poll(cx, rules, held, self.received)
    }

    /// The only message of a request that has exactly one.
    ///
    /// The end of the request is waited for, because a second message makes it invalid.
    pub(super) async fn single(&mut self, settings: &CallSettings) -> Result<Arrived, Status> {
        let mut recv = std::mem::replace(&mut self.recv, RecvHalf::over());
        let mut message = None;
        while let Some(next) = poll_fn(|cx| self.poll_message(cx, settings, |cx| recv.poll_taken(cx))).await?
        {
            message = Some(next);
        }
        // The order has refused an end without a message already.
        message.ok_or_else(|| Status::unimplemented("no request message"))
    }
}
