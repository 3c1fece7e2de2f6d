//! Lessons: mistakes that programs of gRPC are known to make with their peers, each with the bytes that show it.
//!
//! A row of the first table is what a server answers to a call, written as it goes over the wire, and how that call
//! must end. `one` is a unary call and `many` one that streams both ways, because the same bytes can be right for one
//! of them and wrong for the other. The second table is the same for what a client sends. What cannot be written as a
//! row (silence, time, a panic) follows as tests of its own.
//!
//! ```text
//!   Head(&[(":status", "200"), ..])          HEADERS
//!   Data(b"\0\0\0\0\x03\x0a\x01!")           DATA: flag 0, length 3, and the message: field 1, one byte, "!"
//!   Last(b"..")                              DATA with END_STREAM
//!   Tail(&[("grpc-status", "0")])            HEADERS with END_STREAM: trailers, or all there is
//!   Reset(8)                                 RST_STREAM with the reason CANCEL
//! ```

use std::time::Duration;

use wirewright::{Code, Request, Response, Server};

use crate::bad_responses::outcomes;
use crate::support::peer::{Caller, Peer, answerer, request};
use crate::support::talk::{MANY, MANY_REPLIES, ONE, Stub, Talk};
use crate::support::{House, all_quiet, within};

type Fields = &'static [(&'static str, &'static str)];

/// One frame, as the server of a row says it.
#[derive(Clone, Copy)]
enum Say {
    Head(Fields),
    Data(&'static [u8]),
    Last(&'static [u8]),
    Tail(Fields),
    Reset(u32),
}

/// How a call must end.
#[derive(Clone, Copy)]
enum Ends {
    /// Well, with so many messages.
    Well(usize),
    /// With this code, and a message that has this in it.
    Badly(Code, &'static str),
}

/// A mistake, and what is right.
struct Lesson {
    /// What the server does.
    server: &'static str,
    /// What programs have made of it.
    mistake: &'static str,
    wire: &'static [Say],
    one: Ends,
    many: Ends,
}

use Ends::{Badly, Well};
use Say::{Data, Head, Last, Reset, Tail};

/// The head of a good response.
const GOOD: Fields = &[(":status", "200"), ("content-type", "application/grpc")];

/// A good end.
const OK: Fields = &[("grpc-status", "0")];

/// A message: the flag, the length, and a string of one character in field 1.
const MESSAGE: &[u8] = b"\0\0\0\0\x03\x0a\x01!";

/// The same end for a call of either kind.
const fn both(server: &'static str, mistake: &'static str, wire: &'static [Say], end: Ends) -> Lesson {
    Lesson { server, mistake, wire, one: end, many: end }
}

const OF_SERVERS: &[Lesson] = &[
    both("answers well", "", &[Head(GOOD), Data(MESSAGE), Tail(OK)], Well(1)),
    // What is added to an error must not take its place.
    both(
        "adds details that are not base64",
        "a panic in the task of the client",
        &[
            Head(GOOD),
            Data(MESSAGE),
            Tail(&[("grpc-status", "5"), ("grpc-message", "no cat"), ("grpc-status-details-bin", "!!!")]),
        ],
        Badly(Code::NotFound, "no cat"),
    ),
    both(
        "adds details that are no google.rpc.Status: a field with the number 0",
        "the code is lost",
        &[
            Head(GOOD),
            Tail(&[("grpc-status", "5"), ("grpc-message", "no cat"), ("grpc-status-details-bin", "AAEC")]),
        ],
        Badly(Code::NotFound, "no cat"),
    ),
    both(
        "adds details with another code: 08 05, which is 5",
        "one of the two is believed, and not everywhere the same",
        &[Head(GOOD), Data(MESSAGE), Tail(&[("grpc-status", "7"), ("grpc-status-details-bin", "CAU")])],
        Badly(Code::Internal, "grpc-status-details-bin mismatch: it says 5, grpc-status says 7"),
    ),
    // Between two programs of gRPC there is often one that is none.
    both(
        "is a proxy with a page for people",
        "'<' is read as a flag of compression: INTERNAL, so nobody tries again",
        &[Head(&[(":status", "502"), ("content-type", "text/html")]), Last(b"<html>502 Bad Gateway</html>")],
        Badly(Code::Unavailable, "HTTP 502, content-type text/html: <html>502 Bad Gateway</html>"),
    ),
    both(
        "is a web page, with a stray grpc-status",
        "OK",
        &[
            Head(&[(":status", "200"), ("content-type", "text/html"), ("grpc-status", "0")]),
            Last(b"<html>Welcome</html>"),
        ],
        Badly(Code::Unknown, "HTTP 200, content-type text/html: <html>Welcome</html>"),
    ),
    both(
        "is a web page, and nothing follows the head",
        "OK",
        &[Tail(&[(":status", "200"), ("content-type", "text/html"), ("grpc-status", "0")])],
        Badly(Code::Unknown, "HTTP 200, content-type text/html"),
    ),
    // A stream that stops is not a stream that ends.
    both(
        "resets with NO_ERROR after the message",
        "OK, or UNKNOWN, because the reason was thrown away on the way up",
        &[Head(GOOD), Data(MESSAGE), Reset(0)],
        Badly(Code::Internal, "stream reset with NO_ERROR by the peer"),
    ),
    both(
        "ends without trailers",
        "OK: a truncated stream reads as a short one",
        &[Head(GOOD), Last(MESSAGE)],
        Badly(Code::Internal, "without sending trailers"),
    ),
    both(
        "ends well in the middle of a message",
        "OK, without the message",
        &[Head(GOOD), Data(b"\0\0\0\0\x03\x0a"), Tail(OK)],
        Badly(Code::Internal, "stream ended inside a message: 1 of 3 bytes arrived"),
    ),
    both(
        "fails in the middle of a message",
        "INTERNAL: the truncation is told and the reason is not",
        &[Head(GOOD), Data(b"\0\0\0\0\x03\x0a"), Tail(&[("grpc-status", "15"), ("grpc-message", "disk")])],
        Badly(Code::DataLoss, "disk"),
    ),
    both(
        "announces a message of four gibibytes",
        "room for all of it is taken at once",
        &[Head(GOOD), Data(b"\0\xff\xff\xff\xff\x0a")],
        Badly(
            Code::ResourceExhausted,
            "message of 4294967295 bytes is larger than the limit of 4194304 bytes",
        ),
    ),
    // The kind of a method says how many messages there are.
    Lesson {
        server: "answers a unary call twice",
        mistake: "the second message is dropped in silence",
        wire: &[Head(GOOD), Data(MESSAGE), Data(MESSAGE), Tail(OK)],
        one: Badly(Code::Unimplemented, "more than one response message"),
        many: Well(2),
    },
    Lesson {
        server: "says OK and nothing else",
        mistake: "an empty message is made up",
        wire: &[Head(GOOD), Tail(OK)],
        one: Badly(Code::Unimplemented, "status OK without a response message"),
        many: Well(0),
    },
    Lesson {
        server: "says OK and nothing else, in one block",
        mistake: "the same",
        wire: &[Tail(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "0")])],
        one: Badly(Code::Unimplemented, "status OK without a response message"),
        many: Well(0),
    },
    // The status is in the trailers, once, and it is a number.
    both(
        "has a code of another world",
        "a panic, or a code that no switch has a case for",
        &[Head(GOOD), Data(MESSAGE), Tail(&[("grpc-status", "9999"), ("grpc-message", "ouch")])],
        Badly(Code::Unknown, "unknown grpc-status 9999: ouch"),
    ),
    both(
        "has trailers without a status",
        "OK",
        &[Head(GOOD), Data(MESSAGE), Tail(&[("x-took", "3")])],
        Badly(Code::Unknown, "trailers without grpc-status"),
    ),
    both(
        "has two statuses",
        "the first is believed",
        &[Head(GOOD), Data(MESSAGE), Tail(&[("grpc-status", "0"), ("grpc-status", "5")])],
        Badly(Code::Unknown, "malformed grpc-status: it is there more than once"),
    ),
    both(
        "has a status in its head, then messages, then another",
        "the first is believed",
        &[
            Head(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")]),
            Data(MESSAGE),
            Tail(OK),
        ],
        Well(1),
    ),
    both(
        "has a status in its head, then messages, and no trailers",
        "OK",
        &[
            Head(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "0")]),
            Last(MESSAGE),
        ],
        Badly(Code::Internal, "without sending trailers"),
    ),
    both(
        "has trailers, and then trailers that end the stream",
        "the first are believed",
        &[Head(GOOD), Data(MESSAGE), Head(OK), Tail(&[("grpc-status", "5")])],
        Badly(Code::Internal, "PROTOCOL_ERROR"),
    ),
    both(
        "has trailers that end the stream, and then more",
        "the call that has ended fails",
        &[Head(GOOD), Data(MESSAGE), Tail(OK), Tail(&[("grpc-status", "5")])],
        Well(1),
    ),
    // A head that is only for now, RFC 9110, section 15.2.
    both(
        "sends an interim head first",
        "it is taken for the head",
        &[Head(&[(":status", "103")]), Head(GOOD), Data(MESSAGE), Tail(OK)],
        Well(1),
    ),
    both(
        "ends the stream with an interim head",
        "a wait for ever",
        &[Tail(&[(":status", "103")])],
        Badly(Code::Internal, "PROTOCOL_ERROR"),
    ),
    both(
        "compresses as nobody has offered",
        "the compressed bytes are decoded as they are",
        &[
            Head(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip")]),
            Data(b"\x01\0\0\0\x02\x1f\x8b"),
            Tail(OK),
        ],
        Badly(Code::Internal, "gzip was not offered"),
    ),
];

/// S24, S27, S33, S35, S36, A22, A23, A29: each line of the table.
#[tokio::test]
async fn what_servers_do_and_what_it_means() {
    for lesson in OF_SERVERS {
        let answer = |peer: &mut Peer, stream| {
            for say in lesson.wire {
                match say {
                    Head(fields) => peer.headers(stream, fields),
                    Data(bytes) => peer.data(stream, bytes),
                    Last(bytes) => peer.last_data(stream, bytes),
                    Tail(fields) => peer.trailers(stream, fields),
                    Reset(reason) => peer.reset(stream, *reason),
                };
            }
        };
        let calls = outcomes(answer).await;
        for ((kind, expected), (messages, end)) in
            [("one", lesson.one), ("many", lesson.many)].iter().zip(calls)
        {
            let (server, mistake) = (lesson.server, lesson.mistake);
            let what = format!("{kind}: a server {server} (elsewhere: {mistake}) and the call ends {end:?}");
            match (expected, end) {
                (Well(count), Ok(())) => assert_eq!(messages.len(), *count, "{what}"),
                (Badly(code, text), Err(status)) => {
                    assert_eq!(status.code(), *code, "{what}");
                    assert!(status.message().contains(text), "{what}");
                    assert!(!status.message().contains('\n'), "{what}");
                }
                _ => panic!("{what}"),
            }
        }
    }
}

/// A mistake of a client, and the answer.
struct Told {
    client: &'static str,
    method: &'static str,
    /// A field beside those that every request has.
    field: Option<(&'static str, &'static str)>,
    bytes: &'static [u8],
    /// What the trailers have in them.
    answer: &'static str,
}

const OF_CLIENTS: &[Told] = &[
    Told { client: "asks well", method: "One", field: None, bytes: MESSAGE, answer: "grpc-status: 0" },
    Told {
        client: "sends no message where there is one",
        method: "One",
        field: None,
        bytes: b"",
        answer: "grpc-status: 12 | grpc-message: no request message",
    },
    Told {
        client: "sends two",
        method: "One",
        field: None,
        bytes: b"\0\0\0\0\x03\x0a\x01!\0\0\0\0\x03\x0a\x01?",
        answer: "grpc-status: 12 | grpc-message: more than one request message",
    },
    Told {
        client: "leaves off in a message",
        method: "Many",
        field: None,
        bytes: b"\0\0\0\0\x03\x0a",
        answer: "grpc-status: 13 | grpc-message: stream ended inside a message: 1 of 3 bytes arrived",
    },
    Told {
        client: "announces four gibibytes",
        method: "One",
        field: None,
        bytes: b"\0\xff\xff\xff\xff\x0a",
        answer: "grpc-status: 8 | grpc-message: message of 4294967295 bytes is larger than the limit of 4194304 bytes",
    },
    Told {
        client: "compresses without saying how",
        method: "One",
        field: None,
        bytes: b"\x01\0\0\0\x02\x1f\x8b",
        answer: "grpc-status: 13 | grpc-message: message is flagged compressed, but grpc-encoding is absent or identity",
    },
    Told {
        client: "compresses as the server cannot",
        method: "One",
        field: Some(("grpc-encoding", "snappy")),
        bytes: b"\x01\0\0\0\x01\0",
        answer: "grpc-status: 12",
    },
    Told {
        client: "has a timeout of nine digits, which elsewhere is no timeout at all",
        method: "One",
        field: Some(("grpc-timeout", "123456789S")),
        bytes: MESSAGE,
        answer: "grpc-status: 13",
    },
];

/// S23, A22, A23, A28: each line of the table.
#[tokio::test]
async fn what_clients_do_and_what_they_are_told() {
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(Stub::default()))).await;
    for (told, stream) in OF_CLIENTS.iter().zip((1..).step_by(2)) {
        let path = format!("/test.Talk/{}", told.method);
        let mut head = request(&path);
        head.extend(told.field);
        caller.peer.headers(stream, &head).last_data(stream, told.bytes);
        let line = caller.peer.tale(stream).await.pop().unwrap();
        let whole = line.starts_with("HEADERS END_STREAM") && line.contains(told.answer);
        assert!(whole, "a client {}, and is told {line}", told.client);
    }
    caller.close().await;
}

/// A call whose halves come with the response head waits for a server that waits for a message.
#[tokio::test]
async fn a_server_that_says_nothing_keeps_nobody_from_sending() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
    let mut peer = door.server().await;
    // Its SETTINGS are all that it says.
    let (stream, _) = peer.request().await;
    let (mut sender, replies) = within(opening).await.unwrap().unwrap();
    within(sender.send("!".into())).await.unwrap();
    let heard = peer.next().await.to_string();
    assert!(heard.contains("DATA"), "the message is here, and the server has said nothing: {heard}");
    peer.reset(stream, 8).flush().await;
    drop((sender, replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

/// S31: and says so.
#[tokio::test]
async fn a_message_over_the_limit_is_resource_exhausted_on_either_side() {
    let small = |endpoint: wirewright::Endpoint| endpoint.max_receive_message_size(100);
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let house = House::build(server.max_receive_message_size(1_000), small);
    for size in [500, 5_000] {
        let request = Request::new("x".repeat(size));
        let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    }
    assert!(within(house.channel.unary(&ONE, Request::new("ok".into()))).await.is_ok());
    house.close().await;
}

/// The timer, the reset that it sends and the answer of the server race; elsewhere CANCELLED wins now and then.
#[tokio::test(start_paused = true)]
async fn a_thousand_timeouts_are_a_thousand_deadline_exceeded_at_the_client() {
    let house = House::with(Stub::one(|_| std::future::pending()));
    for n in 0..1_000 {
        let request = Request::new(String::new()).with_timeout(Duration::from_millis(1 + n % 7));
        let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "call {n}: {status}");
    }
    house.close().await;
}

/// The same for a client that leaves it to the server.
#[tokio::test(start_paused = true)]
async fn a_thousand_timeouts_are_a_thousand_deadline_exceeded_at_the_server() {
    let endless = Stub { one: Box::new(|_| Box::pin(std::future::pending())), ..Stub::default() };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(endless))).await;
    for (n, stream) in (1..).step_by(2).enumerate().take(1_000) {
        let mut head = request("/test.Talk/One");
        let timeout = format!("{}m", 1 + n % 7);
        head.push(("grpc-timeout", &timeout));
        caller.peer.headers(stream, &head).last_data(stream, MESSAGE);
        let line = caller.peer.tale(stream).await.pop().unwrap();
        assert!(
            line.starts_with("HEADERS END_STREAM") && line.contains("grpc-status: 4"),
            "call {n}: {line}"
        );
    }
    caller.close().await;
}

/// Elsewhere the stream just ends, and a reader takes what it has for all there is.
#[tokio::test]
async fn a_handler_that_panics_in_its_stream_does_not_end_it_well() {
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.send("the first of many".into()).await?;
                replies.flush().await?;
                panic!("as asked")
            })
        }),
        one: Box::new(|_| Box::pin(async { Ok(Response::new("fine".into())) })),
        ..Stub::default()
    }));
    let request = Request::new(String::new());
    let mut replies = within(house.channel.server_streaming(&MANY_REPLIES, request)).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap().unwrap(), "the first of many");
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::Unknown);
    assert!(within(house.channel.unary(&ONE, Request::new(String::new()))).await.is_ok(), "others go on");
    drop(replies);
    house.close().await;
}
