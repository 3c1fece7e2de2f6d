//! The order of a call: what may come next, on either side.
//!
//! In: one [`Event`] at a time. Out: the next state, or the [`Violation`] that
//! ends the call. A call is two halves, and each half has a grammar of its own:
//!
//! ```text
//!  request half, heard by the server (its head is what created the call)
//!
//!                  Message                      Eof
//!      +--------+ ---------> +--------+ ----------------------> +------+
//!      | 0 msgs |            | 1 or   | <-+ Message, if the     | Over |
//!      +--------+            | more   | --+ client streams      +------+
//!           |                +--------+                            ^
//!           +------------------------------------------------------+
//!                     Eof, if the client streams
//!
//!  response half, said by the server and heard by the client
//!
//!                   Head                       Trailers
//!      +--------+ ---------> +--------+ ----------------------> +------+
//!      | Before |            | Within | <-+ Message: one, or    | Over |
//!      +--------+            +--------+ --+ any number if the   +------+
//!           |                               server streams         ^
//!           +------------------------------------------------------+
//!                     Trailers, alone: Trailers-Only
//! ```
//!
//! Reset ends either half from anywhere. Once a half is over, a Reset or an Eof
//! changes nothing: a server that answers early resets with NO_ERROR after its
//! trailers, and the trailers stand.
//!
//! Source: PROTOCOL-HTTP2 "Requests" and "Responses" for the order; grpc's
//! doc/statuscodes.md for the number of messages: a side that gets none where
//! one is due, or two, says UNIMPLEMENTED, because the two must have different
//! ideas of the method. Must not know: bytes, streams, time.

use crate::{Code, MethodKind, Status};

/// Something that happened in one half of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The head of a response.
    Head,
    /// One whole message.
    Message,
    /// The trailers of a response, or a Trailers-Only response.
    Trailers {
        /// Whether they say that the call succeeded.
        ok: bool,
    },
    /// The stream ended without trailers; in the request half: half-closed.
    Eof,
    /// The stream was reset.
    Reset,
}

/// What a client has heard of a response, and so what it may hear next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientState(ResponseHalf);

/// What a server has heard of a request, and so what it may hear next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerState {
    /// Whether the client may send more than one message, and must not send one.
    streams: bool,
    /// The box of the drawing.
    phase: Phase,
    /// How many messages have come, as far as it matters.
    count: Count,
}

/// What a server has said of a response, and so what it may say next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerState(ResponseHalf);

/// An event that has no place where it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A message of a response before its head.
    #[error("message before the response head")]
    MessageBeforeHead,
    /// A second head.
    #[error("second response head")]
    SecondHead,
    /// A head in the request half after the call began, or trailers there.
    #[error("headers inside the request")]
    HeadersInRequest,
    /// A message after the end of its half.
    #[error("message after the end of the stream")]
    MessageAfterEnd,
    /// A head or trailers after the end of the response.
    #[error("headers after the end of the stream")]
    HeadersAfterEnd,
    /// The response ended without trailers, so nobody knows how it went.
    #[error("server closed the stream without sending trailers")]
    EofWithoutTrailers,
    /// No request message for a method that takes exactly one.
    #[error("no request message, but the method takes exactly one")]
    NoRequest,
    /// More than one request message for a method that takes exactly one.
    #[error("more than one request message, but the method takes exactly one")]
    ManyRequests,
    /// Success without a response message for a method that returns exactly one.
    #[error("status OK without a response message, but the method returns exactly one")]
    NoResponse,
    /// More than one response message for a method that returns exactly one.
    #[error("more than one response message, but the method returns exactly one")]
    ManyResponses,
}

impl ClientState {
    /// A call that has just been sent.
    pub const fn new(kind: MethodKind) -> ClientState {
        ClientState(ResponseHalf::new(kind))
    }

    /// The state after this event has arrived.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that the server committed; the call ends with it, and
    /// the stream is to be reset.
    pub const fn on(self, event: Event) -> Result<ClientState, Violation> {
        match self.0.on(event) {
            Ok(half) => Ok(ClientState(half)),
            Err(violation) => Err(violation),
        }
    }

    /// Whether the response is over.
    pub const fn is_over(self) -> bool {
        matches!(self.0.phase, Phase::Over)
    }
}

impl AnswerState {
    /// A call that has just arrived.
    pub const fn new(kind: MethodKind) -> AnswerState {
        AnswerState(ResponseHalf::new(kind))
    }

    /// The state after this event has been sent.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that sending it would be; it must not be sent.
    pub const fn on(self, event: Event) -> Result<AnswerState, Violation> {
        match self.0.on(event) {
            Ok(half) => Ok(AnswerState(half)),
            Err(violation) => Err(violation),
        }
    }

    /// Whether nothing has been sent yet, so that the answer may still be
    /// Trailers-Only.
    pub const fn is_untouched(self) -> bool {
        matches!(self.0.phase, Phase::Before)
    }

    /// Whether the response is over.
    pub const fn is_over(self) -> bool {
        matches!(self.0.phase, Phase::Over)
    }
}

impl ServerState {
    /// A call whose head has just arrived.
    pub const fn new(kind: MethodKind) -> ServerState {
        ServerState { streams: kind.client_streams(), phase: Phase::Within, count: Count::None }
    }

    /// The state after this event has arrived.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that the client committed; the call ends with it.
    pub const fn on(self, event: Event) -> Result<ServerState, Violation> {
        match (self.phase, event) {
            (_, Event::Reset) | (Phase::Over, Event::Eof) => Ok(self.over()),
            (_, Event::Head | Event::Trailers { .. }) => Err(Violation::HeadersInRequest),
            (Phase::Over, Event::Message) => Err(Violation::MessageAfterEnd),
            (_, Event::Message) => match self.count {
                Count::None => Ok(ServerState { count: Count::Some, ..self }),
                Count::Some if self.streams => Ok(self),
                Count::Some => Err(Violation::ManyRequests),
            },
            (_, Event::Eof) => match self.count {
                Count::None if !self.streams => Err(Violation::NoRequest),
                _ => Ok(self.over()),
            },
        }
    }

    /// Whether the request is over.
    pub const fn is_over(self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    const fn over(self) -> ServerState {
        ServerState { phase: Phase::Over, ..self }
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Status {
        let code = match violation {
            // statuscodes.md: a cardinality violation is UNIMPLEMENTED on the side that notices.
            Violation::NoRequest
            | Violation::ManyRequests
            | Violation::NoResponse
            | Violation::ManyResponses => Code::Unimplemented,
            // The peer does not keep to the protocol; nothing the application did or can do.
            Violation::MessageBeforeHead
            | Violation::SecondHead
            | Violation::HeadersInRequest
            | Violation::MessageAfterEnd
            | Violation::HeadersAfterEnd
            | Violation::EofWithoutTrailers => Code::Internal,
        };
        Status::new(code, violation.to_string())
    }
}

/// The response half, which both sides read by the same grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ResponseHalf {
    /// Whether the server may send any number of messages.
    streams: bool,
    /// The box of the drawing.
    phase: Phase,
    /// How many messages there were, as far as it matters.
    count: Count,
}

impl ResponseHalf {
    const fn new(kind: MethodKind) -> ResponseHalf {
        ResponseHalf { streams: kind.server_streams(), phase: Phase::Before, count: Count::None }
    }

    const fn on(self, event: Event) -> Result<ResponseHalf, Violation> {
        let over = ResponseHalf { phase: Phase::Over, ..self };
        match (self.phase, event) {
            (_, Event::Reset) | (Phase::Over, Event::Eof) => Ok(over),
            (Phase::Over, Event::Message) => Err(Violation::MessageAfterEnd),
            (Phase::Over, Event::Head | Event::Trailers { .. }) => Err(Violation::HeadersAfterEnd),
            (Phase::Before, Event::Head) => Ok(ResponseHalf { phase: Phase::Within, ..self }),
            (Phase::Within, Event::Head) => Err(Violation::SecondHead),
            (Phase::Before, Event::Message) => Err(Violation::MessageBeforeHead),
            (Phase::Within, Event::Message) => match self.count {
                Count::None => Ok(ResponseHalf { count: Count::Some, ..self }),
                Count::Some if self.streams => Ok(self),
                Count::Some => Err(Violation::ManyResponses),
            },
            // An error needs no message, whatever the method returns; success does.
            (_, Event::Trailers { ok }) => match self.count {
                Count::None if ok && !self.streams => Err(Violation::NoResponse),
                _ => Ok(over),
            },
            (_, Event::Eof) => Err(Violation::EofWithoutTrailers),
        }
    }
}

/// The boxes of the drawing. A request has no `Before`: its head made the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Within,
    Over,
}

/// How many messages: only none and some need telling apart, since a second one
/// is either welcome or refused on the spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    None,
    Some,
}

#[cfg(test)]
mod tests;
