//! `RequestReader`: what a server hears of one call after its head, in order.
//!
//! In: the receiving half of a stream. Out: the bytes of each message, then the end of the request. The order and
//! number of messages are watched by [`ServerState`](crate::wire::ServerState).
//!
//! Must not know: message types, deadlines, interceptors.

use std::future::poll_fn;
use std::task::{Poll, ready};

use bytes::Bytes;

use super::compress::Arrived;
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
        settings: &CallSettings,
        mut poll_chunk: impl FnMut() -> Poll<Option<Result<Bytes, TransportError>>>,
    ) -> Poll<Result<Option<Arrived>, Status>> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                self.order = self.order.on(Event::Message)?;
                let message = settings.encodings.decode(frame, self.encoding, settings.receive)?;
                return Poll::Ready(Ok(Some(message)));
            }
            match ready!(poll_chunk()) {
                Some(chunk) => self.decoder.push(chunk?),
                None => {
                    self.decoder.finish()?;
                    self.order = self.order.on(Event::Eof)?;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// The only message of a request that has exactly one.
    ///
    /// The end of the request is waited for, because a second message makes it invalid.
    pub(super) async fn single(&mut self, settings: &CallSettings) -> Result<Arrived, Status> {
        let mut recv = std::mem::replace(&mut self.recv, RecvHalf::over());
        let mut message = None;
        while let Some(next) = poll_fn(|cx| self.poll_message(settings, || recv.poll_taken(cx))).await? {
            message = Some(next);
        }
        // The order has refused an end without a message already.
        message.ok_or_else(|| Status::unimplemented("no request message"))
    }
}
