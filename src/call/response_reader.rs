//! `ResponseReader`: what a client hears of one call, in order.
//!
//! In: the receiving half of a stream. Out: the response head, the bytes of each message, the trailers of a call
//! that ended well; or the status of one that did not. The order is watched by
//! [`ClientState`](crate::wire::ClientState), so a server that breaks it ends the call, and a stream that is cut
//! short never reads as a success.
//!
//! ```text
//!   Head --Response-Headers--> Messages --trailers--> Over
//!     |  --Trailers-Only-----> Ended ---------------> Over     the status waits for the first question
//!     +--not gRPC at all-----> Foreign --> Ended             a little of the content is read for the status
//! ```
//!
//! Must not know: message types, deadlines, interceptors.

use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};

use super::compress::Arrived;
use super::shared::CallSettings;
use crate::metadata::Metadata;
use crate::method::MethodKind;
use crate::status::{Origin, Status};
use crate::transport::{Cause, RecvHalf, TransportError};
use crate::wire::{
    ClientState, EXCERPT_LIMIT_BYTES, Encoding, Event, MessageDecoder, NotGrpc, ResponseHead, ResponseStart,
    Trailers,
};

/// Reads one response.
#[derive(Debug)]
pub(super) struct ResponseReader {
    recv: RecvHalf,
    decoder: MessageDecoder,
    order: ClientState,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Head,
    Messages(Encoding),
    Ended(Box<Trailers>),
    Foreign(Box<NotGrpc>, BytesMut),
    Over,
}

/// What comes after the head.
#[derive(Debug)]
pub(super) enum Item {
    /// A message.
    Message(Arrived),
    /// The call ended well, with this metadata in its trailers.
    End(Metadata),
}

impl ResponseReader {
    pub(super) fn new(recv: RecvHalf, kind: MethodKind, limit: usize) -> Self {
        let (decoder, order) = (MessageDecoder::new(limit), ClientState::new(kind));
        ResponseReader { recv, decoder, order, phase: Phase::Head }
    }

    /// Whether the head has not been read yet.
    pub(super) fn awaits_head(&self) -> bool {
        matches!(self.phase, Phase::Head | Phase::Foreign(..))
    }

    /// How the call ended, with the metadata of its trailers, if it failed before a head and nobody was told yet.
    pub(super) fn early_end(&self) -> Option<(&Status, &Metadata)> {
        match &self.phase {
            Phase::Ended(trailers) => trailers.end.as_ref().err().map(|status| (status, &trailers.metadata)),
            _ => None,
        }
    }

    /// Waits for the head. There is none in a Trailers-Only response, whose metadata is that of the trailers
    /// (PROTOCOL-HTTP2, "Responses"), and none in an answer that is not gRPC.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        settings: &CallSettings,
    ) -> Poll<Result<Option<Metadata>, Status>> {
        if let Phase::Foreign(..) = self.phase {
            return self.poll_excerpt(cx).map(Ok);
        }
        let (parts, ended) = ready!(self.recv.poll_head(cx))?;
        let head = match ResponseHead::parse(parts, ended, settings.encodings.names()) {
            ResponseStart::Head(head) => {
                self.order = self.order.on(Event::Head)?;
                self.phase = Phase::Messages(head.encoding);
                Some(head.metadata)
            }
            ResponseStart::TrailersOnly(trailers) => {
                self.phase = Phase::Ended(Box::new(trailers));
                None
            }
            ResponseStart::NotGrpc(answer) => {
                self.phase = Phase::Foreign(Box::new(answer), BytesMut::new());
                return self.poll_excerpt(cx).map(Ok);
            }
            ResponseStart::Invalid(status) => return Poll::Ready(Err(unreadable(status))),
        };
        Poll::Ready(Ok(head))
    }

    /// Reads a little of an answer that is not gRPC, which then counts as one that failed before its head.
    fn poll_excerpt(&mut self, cx: &mut Context<'_>) -> Poll<Option<Metadata>> {
        while let Phase::Foreign(answer, seen) = &mut self.phase {
            let more = seen.len() < EXCERPT_LIMIT_BYTES;
            match if more { ready!(self.recv.poll_chunk(cx)) } else { None } {
                Some(Ok(chunk)) => {
                    let room = EXCERPT_LIMIT_BYTES.saturating_sub(seen.len()).min(chunk.len());
                    seen.extend_from_slice(chunk.get(..room).unwrap_or_default());
                    self.recv.release(chunk.len());
                }
                Some(Err(_)) | None => {
                    let (http_status, status) =
                        (answer.http_status.as_u16(), (**answer).clone().into_status(seen));
                    let explanation = status.message().to_owned();
                    let cause = Cause::NotGrpc { http_status, explanation };
                    let end = Err(status.with_source(TransportError::undecodable(cause)));
                    self.phase = Phase::Ended(Box::new(Trailers { end, metadata: Metadata::new() }));
                }
            }
        }
        Poll::Ready(None)
    }

    /// The next message, or the end. To be asked after the head, and until the first error or end.
    pub(super) fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
        settings: &CallSettings,
    ) -> Poll<Result<Item, Status>> {
        self.poll_next(cx, settings).map_err(unreadable)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, settings: &CallSettings) -> Poll<Result<Item, Status>> {
        loop {
            match &mut self.phase {
                Phase::Messages(encoding) => {
                    if let Some(frame) = self.decoder.next()? {
                        self.order = self.order.on(Event::Message)?;
                        let message = settings.encodings.decode(frame, *encoding, settings.receive)?;
                        return Poll::Ready(Ok(Item::Message(message)));
                    }
                    match ready!(self.recv.poll_chunk(cx)) {
                        Some(chunk) => self.take_in(chunk?),
                        None => return self.poll_end(cx),
                    }
                }
                Phase::Ended(trailers) => {
                    let trailers = Trailers {
                        end: std::mem::replace(&mut trailers.end, Ok(())),
                        metadata: std::mem::take(&mut trailers.metadata),
                    };
                    return Poll::Ready(self.end(trailers));
                }
                Phase::Head | Phase::Foreign(..) | Phase::Over => {
                    return Poll::Ready(Err(Status::internal("the response was read out of order")));
                }
            }
        }
    }

    fn take_in(&mut self, chunk: Bytes) {
        // The window is given back as bytes are asked for: whoever does not read is not sent more.
        self.recv.release(chunk.len());
        self.decoder.push(chunk);
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<Item, Status>> {
        let trailers = ready!(self.recv.poll_trailers(cx))?.map(Trailers::parse);
        let whole = self.decoder.finish();
        Poll::Ready(match trailers {
            // A server that fails in the middle of a message says so, and that is what the caller needs to hear.
            Some(trailers) if trailers.end.is_err() || whole.is_ok() => self.end(trailers),
            Some(_) | None => {
                self.phase = Phase::Over;
                whole?;
                self.order = self.order.on(Event::Eof)?;
                Err(Status::internal("the stream ended without trailers"))
            }
        })
    }

    fn end(&mut self, trailers: Trailers) -> Result<Item, Status> {
        self.phase = Phase::Over;
        self.order = self.order.on(Event::Trailers { ok: trailers.end.is_ok() })?;
        match trailers.end {
            Ok(()) => Ok(Item::End(trailers.metadata)),
            Err(status) => Err(status.with_metadata(trailers.metadata)),
        }
    }
}

/// A status that was made here of what the server said, and does not say yet where it is from.
fn unreadable(status: Status) -> Status {
    if status.origin() == Origin::Remote || std::error::Error::source(&status).is_some() {
        return status;
    }
    let cause = Cause::Undecodable(status.message().to_owned());
    status.with_source(TransportError::undecodable(cause))
}
