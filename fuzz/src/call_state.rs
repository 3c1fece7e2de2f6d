//! `call_state`: the order of a call against a naive model.
//!
//! ```text
//!   kind of method | event | event | ...
//! ```
//!
//! An event that is refused leaves the state as it was, so that one input tries what may come after many others.

use wirewright::MethodKind;
use wirewright::wire::{AnswerState, ClientState, Event, ServerState, Violation};

/// Walks the three machines and the model side by side.
pub fn call_state(input: &[u8]) {
    let Some((kind, events)) = input.split_first() else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let (mut client, mut answer, mut server) =
        (ClientState::new(kind), AnswerState::new(kind), ServerState::new(kind));
    let (mut response, mut request) = (Half::default(), Half::default());
    for event in events.iter().map(|event| EVENTS[usize::from(*event) % EVENTS.len()]) {
        let may = response.hears_response(event, kind.server_streams());
        assert_eq!(client.on(event).map(|next| client = next), may, "client, {event:?}");
        assert_eq!(answer.on(event).map(|next| answer = next), may, "answer, {event:?}");
        let may = request.hears_request(event, kind.client_streams());
        assert_eq!(server.on(event).map(|next| server = next), may, "server, {event:?}");

        assert_eq!(client.is_over(), response.over);
        assert_eq!(answer.is_over(), response.over);
        assert_eq!(answer.is_untouched(), !response.head && !response.over);
        assert_eq!(server.is_over(), request.over);
    }
}

/// What has been heard of one half of a call.
#[derive(Default)]
struct Half {
    head: bool,
    messages: usize,
    over: bool,
}

impl Half {
    fn hears_response(&mut self, event: Event, streams: bool) -> Result<(), Violation> {
        match event {
            Event::Reset => self.over = true,
            Event::Eof if self.over => {}
            Event::Eof => return Err(Violation::EofWithoutTrailers),
            Event::Head if self.over => return Err(Violation::HeadersAfterEnd),
            Event::Head if self.head => return Err(Violation::SecondHead),
            Event::Head => self.head = true,
            Event::Message if self.over => return Err(Violation::MessageAfterEnd),
            Event::Message if !self.head => return Err(Violation::MessageBeforeHead),
            Event::Message if !streams && self.messages == 1 => return Err(Violation::ManyResponses),
            Event::Message => self.messages += 1,
            Event::Trailers { .. } if self.over => return Err(Violation::HeadersAfterEnd),
            Event::Trailers { ok: true } if !streams && self.messages == 0 => {
                return Err(Violation::NoResponse);
            }
            Event::Trailers { .. } => self.over = true,
        }
        Ok(())
    }

    fn hears_request(&mut self, event: Event, streams: bool) -> Result<(), Violation> {
        match event {
            Event::Reset => self.over = true,
            Event::Head | Event::Trailers { .. } => return Err(Violation::HeadersInRequest),
            Event::Message if self.over => return Err(Violation::MessageAfterEnd),
            Event::Message if !streams && self.messages == 1 => return Err(Violation::ManyRequests),
            Event::Message => self.messages += 1,
            Event::Eof if !self.over && !streams && self.messages == 0 => return Err(Violation::NoRequest),
            Event::Eof => self.over = true,
        }
        Ok(())
    }
}

const KINDS: [MethodKind; 4] =
    [MethodKind::Unary, MethodKind::ServerStreaming, MethodKind::ClientStreaming, MethodKind::BidiStreaming];

const EVENTS: [Event; 6] = [
    Event::Head,
    Event::Message,
    Event::Trailers { ok: true },
    Event::Trailers { ok: false },
    Event::Eof,
    Event::Reset,
];
