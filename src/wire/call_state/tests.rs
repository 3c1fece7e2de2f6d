//! The order of a call: every short sequence of events, against the grammar written another way.

use super::Event::{Eof, Head, Message, Reset};
use super::*;

const OK: Event = Event::Trailers { ok: true };
const ERROR: Event = Event::Trailers { ok: false };

const KINDS: [MethodKind; 4] =
    [MethodKind::Unary, MethodKind::ServerStreaming, MethodKind::ClientStreaming, MethodKind::BidiStreaming];

fn client(kind: MethodKind, events: &[Event]) -> Result<ClientState, Violation> {
    events.iter().try_fold(ClientState::new(kind), |state, event| state.on(*event))
}

fn server(kind: MethodKind, events: &[Event]) -> Result<ServerState, Violation> {
    events.iter().try_fold(ServerState::new(kind), |state, event| state.on(*event))
}

fn answer(kind: MethodKind, events: &[Event]) -> Result<AnswerState, Violation> {
    events.iter().try_fold(AnswerState::new(kind), |state, event| state.on(*event))
}

#[test]
fn every_kind_of_response_has_its_order() {
    use MethodKind::{BidiStreaming, ClientStreaming, ServerStreaming, Unary};
    let legal: [(MethodKind, &[Event]); 14] = [
        (Unary, &[Head, Message, OK]),
        (Unary, &[Head, Message, ERROR]),
        (Unary, &[Head, ERROR]),
        (Unary, &[ERROR]),
        (Unary, &[Head, Message, OK, Eof, Reset]),
        (Unary, &[Reset]),
        (Unary, &[Head, Reset, Eof]),
        (ClientStreaming, &[Head, Message, OK]),
        (ServerStreaming, &[OK]),
        (ServerStreaming, &[Head, OK]),
        (ServerStreaming, &[Head, Message, Message, Message, OK]),
        (ServerStreaming, &[Head, Message, ERROR]),
        (BidiStreaming, &[Head, Message, Message, OK]),
        (BidiStreaming, &[ERROR, Eof]),
    ];
    for (kind, events) in legal {
        assert!(client(kind, events).is_ok_and(ClientState::is_over), "{kind:?} {events:?}");
        assert!(answer(kind, events).is_ok_and(AnswerState::is_over), "{kind:?} {events:?}");
    }
}

#[test]
fn every_violation_of_a_response_has_its_name() {
    use MethodKind::{BidiStreaming, ClientStreaming, ServerStreaming, Unary};
    let illegal: [(MethodKind, &[Event], Violation); 14] = [
        (Unary, &[Message], Violation::MessageBeforeHead),
        (Unary, &[Head, Head], Violation::SecondHead),
        (BidiStreaming, &[Head, Message, Head], Violation::SecondHead),
        (Unary, &[OK], Violation::NoResponse),
        (Unary, &[Head, OK], Violation::NoResponse),
        (ClientStreaming, &[Head, OK], Violation::NoResponse),
        (Unary, &[Head, Message, Message], Violation::ManyResponses),
        (ClientStreaming, &[Head, Message, Message], Violation::ManyResponses),
        (Unary, &[Eof], Violation::EofWithoutTrailers),
        (ServerStreaming, &[Head, Message, Eof], Violation::EofWithoutTrailers),
        (ServerStreaming, &[OK, Message], Violation::MessageAfterEnd),
        (ServerStreaming, &[OK, Head], Violation::HeadersAfterEnd),
        (ServerStreaming, &[OK, ERROR], Violation::HeadersAfterEnd),
        (ServerStreaming, &[Reset, Message], Violation::MessageAfterEnd),
    ];
    for (kind, events, violation) in illegal {
        assert_eq!(client(kind, events), Err(violation), "{kind:?} {events:?}");
        assert_eq!(answer(kind, events), Err(violation), "{kind:?} {events:?}");
    }
}

#[test]
fn every_kind_of_request_has_its_order() {
    use MethodKind::{BidiStreaming, ClientStreaming, ServerStreaming, Unary};
    let table: [(MethodKind, &[Event], Result<bool, Violation>); 16] = [
        (Unary, &[], Ok(false)),
        (Unary, &[Message], Ok(false)),
        (Unary, &[Message, Eof], Ok(true)),
        (Unary, &[Message, Eof, Reset, Eof], Ok(true)),
        (Unary, &[Reset], Ok(true)),
        (Unary, &[Eof], Err(Violation::NoRequest)),
        (ServerStreaming, &[Eof], Err(Violation::NoRequest)),
        (Unary, &[Message, Message], Err(Violation::ManyRequests)),
        (ServerStreaming, &[Message, Message], Err(Violation::ManyRequests)),
        (ClientStreaming, &[Eof], Ok(true)),
        (ClientStreaming, &[Message, Message, Message, Eof], Ok(true)),
        (BidiStreaming, &[Message, Reset], Ok(true)),
        (Unary, &[Message, Eof, Message], Err(Violation::MessageAfterEnd)),
        (BidiStreaming, &[Head], Err(Violation::HeadersInRequest)),
        (BidiStreaming, &[OK], Err(Violation::HeadersInRequest)),
        (BidiStreaming, &[Eof, OK], Err(Violation::HeadersInRequest)),
    ];
    for (kind, events, expected) in table {
        assert_eq!(server(kind, events).map(ServerState::is_over), expected, "{kind:?} {events:?}");
    }
}

#[test]
fn an_untouched_answer_may_still_be_trailers_only() {
    for kind in KINDS {
        assert!(AnswerState::new(kind).is_untouched());
        assert!(!answer(kind, &[Head]).unwrap().is_untouched());
        assert!(!answer(kind, &[ERROR]).unwrap().is_untouched());
    }
}

/// Whether a response is complete or may still become so, said without states:
/// by the shape of the whole sequence up to its first end.
fn is_legal_response(kind: MethodKind, events: &[Event]) -> bool {
    let is_end = |event: &Event| matches!(event, Event::Trailers { .. } | Reset);
    let end = events.iter().position(is_end).unwrap_or(events.len());
    let (before, after) = events.split_at(end);
    let messages = before.iter().filter(|event| **event == Message).count();
    let shape = match before {
        [] => true,
        [Head, rest @ ..] => rest.iter().all(|event| *event == Message),
        _ => false,
    };
    let count = match after.first() {
        _ if kind.server_streams() => true,
        Some(Event::Trailers { ok: true }) => messages == 1,
        _ => messages <= 1,
    };
    shape && count && after.iter().skip(1).all(|event| matches!(event, Eof | Reset))
}

#[test]
fn every_sequence_of_up_to_six_events_is_judged_as_its_shape_says() {
    const ALL: [Event; 6] = [Head, Message, OK, ERROR, Eof, Reset];
    for kind in KINDS {
        for number in 0..6_usize.pow(6) {
            let digits = (0..6).map(|at| number / 6_usize.pow(at) % 6);
            let events: Vec<Event> = digits.map(|digit| ALL[digit]).collect();
            for len in 0..=events.len() {
                let events = &events[..len];
                assert_eq!(
                    client(kind, events).is_ok(),
                    is_legal_response(kind, events),
                    "{kind:?} {events:?}"
                );
            }
        }
    }
}

#[test]
fn a_violation_of_number_is_unimplemented_and_of_order_internal() {
    let table = [
        (Violation::NoRequest, Code::Unimplemented),
        (Violation::ManyRequests, Code::Unimplemented),
        (Violation::NoResponse, Code::Unimplemented),
        (Violation::ManyResponses, Code::Unimplemented),
        (Violation::MessageBeforeHead, Code::Internal),
        (Violation::SecondHead, Code::Internal),
        (Violation::HeadersInRequest, Code::Internal),
        (Violation::MessageAfterEnd, Code::Internal),
        (Violation::HeadersAfterEnd, Code::Internal),
        (Violation::EofWithoutTrailers, Code::Internal),
    ];
    for (violation, code) in table {
        let status = Status::from(violation);
        assert_eq!((status.code(), status.message()), (code, violation.to_string().as_str()));
    }
}
