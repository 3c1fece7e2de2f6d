//! `RecvHalf`: what the peer says on one stream.
//!
//! In: frames. Out: the response head (on a client), chunks of bytes, then trailers or the plain end.
//!
//! On a client it also holds the stream's [`Slot`](super::client::Origin), and knows how far the call had come, so
//! that its errors say whether the call can be made again.
//!
//! Must not know: what the bytes mean. One task polls it; see the room's front page.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;

#[cfg(feature = "client")]
use super::client::Origin;
use crate::transport::error::{Cause, TransportError};

/// The receiving half of a stream.
#[derive(Debug)]
pub(crate) struct RecvHalf {
    state: State,
    /// What a client's stream owes its connection.
    #[cfg(feature = "client")]
    origin: Option<Origin>,
}

#[derive(Debug)]
enum State {
    /// A client that waits for the response head.
    #[cfg(feature = "client")]
    Head(h2::client::ResponseFuture),
    /// Bytes may come.
    Data(h2::RecvStream),
    /// The bytes have ended; trailers may come.
    Trailers(h2::RecvStream),
    /// After the end, or after the stream has broken.
    Done,
}

impl RecvHalf {
    #[cfg(feature = "client")]
    pub(super) fn opened(response: h2::client::ResponseFuture, origin: Origin) -> Self {
        RecvHalf { state: State::Head(response), origin: Some(origin) }
    }

    #[cfg(feature = "server")]
    pub(super) fn accepted(stream: h2::RecvStream) -> Self {
        RecvHalf {
            state: State::Data(stream),
            #[cfg(feature = "client")]
            origin: None,
        }
    }

    /// A half on which nothing is said.
    #[cfg(feature = "server")]
    pub(crate) fn over() -> Self {
        RecvHalf {
            state: State::Done,
            #[cfg(feature = "client")]
            origin: None,
        }
    }

    /// The response head, and whether it is also the end of the stream (a client's first question).
    #[cfg(feature = "client")]
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(http::response::Parts, bool), TransportError>> {
        let State::Head(response) = &mut self.state else {
            return Poll::Ready(Err(Cause::Closed.into()));
        };
        match ready!(std::pin::Pin::new(response).poll(cx)) {
            Ok(response) => {
                let (parts, stream) = response.into_parts();
                let ended = stream.is_end_stream();
                if let Some(origin) = &mut self.origin {
                    origin.answered();
                }
                match ended {
                    true => self.done(),
                    false => self.state = State::Data(stream),
                }
                Poll::Ready(Ok((parts, ended)))
            }
            Err(error) => self.broken(error),
        }
    }

    /// The next bytes; `None` when no more will come.
    ///
    /// They are a loan until [`release`](RecvHalf::release) gives their number back.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let State::Data(stream) = &mut self.state else {
            return Poll::Ready(None);
        };
        match ready!(stream.poll_data(cx)) {
            Some(Ok(bytes)) => Poll::Ready(Some(Ok(bytes))),
            Some(Err(error)) => self.broken(error).map(Some),
            None => {
                if let State::Data(stream) = std::mem::replace(&mut self.state, State::Done) {
                    self.state = State::Trailers(stream);
                }
                Poll::Ready(None)
            }
        }
    }

    /// The next bytes, for which the peer may at once send others.
    #[cfg(feature = "server")]
    pub(crate) fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let chunk = ready!(self.poll_chunk(cx));
        if let Some(Ok(bytes)) = &chunk {
            self.release(bytes.len());
        }
        Poll::Ready(chunk)
    }

    /// The trailers, once the bytes have ended; `None` if the stream ended without any.
    pub(crate) fn poll_trailers(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, TransportError>> {
        let State::Trailers(stream) = &mut self.state else {
            return Poll::Ready(Ok(None));
        };
        match ready!(stream.poll_trailers(cx)) {
            Ok(trailers) => {
                self.done();
                Poll::Ready(Ok(trailers))
            }
            Err(error) => self.broken(error),
        }
    }

    /// Lets the peer send this many bytes more.
    pub(crate) fn release(&mut self, bytes: usize) {
        if let State::Data(stream) | State::Trailers(stream) = &mut self.state {
            // The only error is giving back more than was taken, and callers give back what `poll_chunk` gave.
            let _ = stream.flow_control().release_capacity(bytes);
        }
    }

    fn broken<T>(&mut self, error: h2::Error) -> Poll<Result<T, TransportError>> {
        let cause = Cause::from(error);
        #[cfg(feature = "client")]
        let error = match &mut self.origin {
            Some(origin) => origin.explain(cause),
            None => cause.into(),
        };
        #[cfg(not(feature = "client"))]
        let error = cause.into();
        self.done();
        Poll::Ready(Err(error))
    }

    /// Lets go of the stream.
    fn done(&mut self) {
        self.state = State::Done;
        #[cfg(feature = "client")]
        {
            self.origin = None;
        }
    }
}
