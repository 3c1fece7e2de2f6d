//! `RequestReader`: what a server hears of one call after its head, in order.
//!
//! In: the receiving half of a stream. Out: the bytes of each message, then the end of the request. The order and
//! number of messages are watched by [`ServerState`](crate::wire::ServerState).
//!
//! Must not know: message types, deadlines, interceptors.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use super::compress::Arrived;
use super::shared::CallSettings;
use crate::method::MethodKind;
use crate::status::Status;
use crate::transport::RecvHalf;
use crate::wire::{Encoding, Event, MessageDecoder, ServerState};

/// Reads one request.
#[derive(Debug)]
pub(super) struct RequestReader {
    recv: RecvHalf,
    decoder: MessageDecoder,
    order: ServerState,
    encoding: Encoding,
}

impl RequestReader {
    /// Reads one message of up to `limit` bytes, until [`set_kind`](RequestReader::set_kind) says otherwise.
    pub(super) fn new(recv: RecvHalf, encoding: Encoding, limit: usize) -> Self {
        let (decoder, order) = (MessageDecoder::new(limit), ServerState::new(MethodKind::Unary));
        RequestReader { recv, decoder, order, encoding }
    }

    /// Says which sides stream, before anything is read.
    pub(super) fn set_kind(&mut self, kind: MethodKind) {
        self.order = ServerState::new(kind);
    }

    /// This reader; the one that stays behind has nothing to read.
    pub(super) fn take(&mut self) -> RequestReader {
        std::mem::replace(self, RequestReader::new(RecvHalf::over(), self.encoding, 0))
    }

    /// The next message; `None` when the client has half-closed after a whole number of them.
    pub(super) fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
        settings: &CallSettings,
    ) -> Poll<Result<Option<Arrived>, Status>> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                self.order = self.order.on(Event::Message)?;
                let message = settings.encodings.decode(frame, self.encoding, settings.receive)?;
                return Poll::Ready(Ok(Some(message)));
            }
            match ready!(self.recv.poll_chunk(cx)) {
                Some(chunk) => {
                    let chunk = chunk?;
                    // The window is given back as bytes are asked for: a slow handler slows its client.
                    self.recv.release(chunk.len());
                    self.decoder.push(chunk);
                }
                None => {
                    self.decoder.finish()?;
                    self.order = self.order.on(Event::Eof)?;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// The half itself, for a call that goes on without its reader.
    pub(super) fn into_recv(self) -> RecvHalf {
        self.recv
    }

    /// The only message of a request that has exactly one.
    ///
    /// The end of the request is waited for, because a second message makes it invalid.
    pub(super) async fn single(&mut self, settings: &CallSettings) -> Result<Arrived, Status> {
        let mut message = None;
        while let Some(next) = poll_fn(|cx| self.poll_message(cx, settings)).await? {
            message = Some(next);
        }
        // The order has refused an end without a message already.
        message.ok_or_else(|| Status::unimplemented("no request message"))
    }
}
