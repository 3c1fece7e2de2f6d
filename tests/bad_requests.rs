//! Clients that break the rules, or are no clients of gRPC: each gets an answer that it understands, and harms no
//! other call.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirewright::transport::{Connector, TcpIncoming, pipe};
use wirewright::{Address, Server};

use crate::support::frame::{self, CANCEL, ENHANCE_YOUR_CALM, Frame, NO_ERROR, PROTOCOL_ERROR};
use crate::support::peer::{Caller, framed, message, request};
use crate::support::talk::{Stub, Talk};
use crate::support::{all_quiet, within};

async fn caller() -> Caller {
    Caller::of(Server::builder().add_service(Talk::new(Stub::default()))).await
}

/// The same connection still answers a good call.
async fn still_fine(caller: &mut Caller, stream: u32) {
    caller.peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("fine?"));
    assert_eq!(caller.peer.tale(stream).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
}

/// What is answered to a whole request with this head and these bytes: the last line.
async fn answer(caller: &mut Caller, stream: u32, head: &[(&str, &str)], bytes: &[u8]) -> String {
    caller.peer.headers(stream, head).last_data(stream, bytes);
    caller.peer.tale(stream).await.pop().unwrap()
}

/// A good head with one field changed.
fn with<'a>(path: &'a str, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut head = request(path);
    head.retain(|(other, _)| *other != name);
    let at = if name.starts_with(':') { 0 } else { head.len() };
    head.insert(at, (name, value));
    head
}

/// S9, S10, S12, S37, A26, A28: paths, timeouts and metadata that mean nothing.
#[tokio::test]
async fn a_head_that_cannot_be_answered_is_refused_in_one_block() {
    let one = "/test.Talk/One";
    let table = [
        (with(one, ":path", "/test.Talk/Nope"), "200", 12, "unknown method Nope for service test.Talk"),
        (with(one, ":path", "/test.Nobody/One"), "200", 12, "unknown service test.Nobody"),
        (with(one, ":path", "/One"), "200", 12, "malformed method name: /One"),
        (with(one, ":path", "/"), "200", 12, "malformed method name: /"),
        (with(one, ":path", "//One"), "200", 12, "malformed method name: //One"),
        (with(one, ":path", "/test.Talk/"), "200", 12, "malformed method name: /test.Talk/"),
        (with(one, ":path", "/TEST.talk/One"), "200", 12, "unknown service TEST.talk"),
        (
            with(one, "content-type", "application/grpc+json"),
            "200",
            12,
            "content-type application/grpc+json names a message format this server does not speak",
        ),
        (
            with(one, "grpc-timeout", "123456789m"),
            "400",
            13,
            "malformed grpc-timeout: 10 characters are not 1 to 8 digits and a unit",
        ),
        (
            with(one, "grpc-timeout", "5"),
            "400",
            13,
            "malformed grpc-timeout: 1 characters are not 1 to 8 digits and a unit",
        ),
        (
            with(one, "grpc-timeout", "5s"),
            "400",
            13,
            "malformed grpc-timeout: byte 0x73 is not one of the units H, M, S, m, u, n",
        ),
        (with(one, "grpc-timeout", "-5S"), "400", 13, "malformed grpc-timeout: byte 0x2d is not a digit"),
        (with(one, "x-a-bin", "*"), "400", 13, "malformed x-a-bin: not base64"),
    ];
    let mut caller = caller().await;
    for (n, (head, http, code, text)) in table.iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        let line = answer(&mut caller, stream, head, &message("?")).await;
        let expected = format!(
            "HEADERS END_STREAM :status: {http} | content-type: application/grpc | grpc-status: {code} | grpc-message: {text}"
        );
        assert_eq!(line, expected);
    }
    still_fine(&mut caller, 2 * table.len() as u32 + 1).await;
    caller.close().await;
}

/// S12, S13: the wrong method and the wrong content-type.
#[tokio::test]
async fn a_peer_that_does_not_speak_grpc_is_told_so_in_words() {
    let one = "/test.Talk/One";
    let is_not = "is not application/grpc";
    let allow = " | allow: POST";
    let table = [
        (with(one, ":method", "GET"), "405", 13, "HTTP method GET is not POST".to_owned(), allow),
        (with(one, ":method", "PUT"), "405", 13, "HTTP method PUT is not POST".to_owned(), allow),
        (with(one, "content-type", "text/html"), "415", 2, format!("content-type text/html {is_not}"), ""),
        (
            with(one, "content-type", "application/grpc-web"),
            "415",
            2,
            format!("content-type application/grpc-web {is_not}"),
            "",
        ),
    ];
    let mut caller = caller().await;
    for (n, (head, http, code, text, allow)) in table.iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        caller.peer.headers(stream, head).last_data(stream, &message("?"));
        let tale = caller.peer.tale(stream).await;
        let head = format!(
            "HEADERS :status: {http} | content-type: text/plain; charset=utf-8 | grpc-status: {code} | grpc-message: {text}{allow}"
        );
        assert_eq!(tale.first(), Some(&head));
        assert_eq!(tale.last(), Some(&format!("DATA END_STREAM {text}; this server speaks gRPC\\n")));
    }
    still_fine(&mut caller, 2 * table.len() as u32 + 1).await;
    caller.close().await;
}

/// S33: on the side of the server.
#[tokio::test]
async fn an_unknown_encoding_is_refused_with_those_that_are_known() {
    let mut caller = caller().await;
    let line =
        answer(&mut caller, 1, &with("/test.Talk/One", "grpc-encoding", "snappy"), &message("?")).await;
    assert!(line.contains("grpc-status: 12") && line.contains("snappy is not supported"), "{line}");
    assert!(line.contains("grpc-accept-encoding: identity"), "{line}");
    caller.close().await;
}

/// S9, A26: what HTTP/2 refuses before gRPC can.
#[tokio::test]
async fn a_path_without_a_slash_is_a_broken_stream_and_no_more() {
    let mut caller = caller().await;
    caller.peer.trailers(1, &with("x", ":path", "test.Talk-One"));
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 1, reason: PROTOCOL_ERROR });
    still_fine(&mut caller, 3).await;
    caller.close().await;
}

#[tokio::test]
async fn bytes_that_are_no_messages_get_the_code_of_their_fault() {
    let limit = "message of 4294967295 bytes is larger than the limit of 4194304 bytes";
    let decode = "the message could not be decoded: ";
    let table = [
        (framed(7, 0, b""), 13, "message flag is 7, but only 0 (plain) and 1 (compressed) exist"),
        (framed(255, 0, b""), 13, "message flag is 255, but only 0 (plain) and 1 (compressed) exist"),
        (framed(1, 1, b"x"), 13, "message is flagged compressed, but grpc-encoding is absent or identity"),
        (framed(0, u32::MAX, b"x"), 8, limit),
        (framed(0, 5, b"abc"), 13, "stream ended inside a message: 3 of 5 bytes arrived"),
        (b"\0\0".to_vec(), 13, "stream ended inside a message: 2 of 5 bytes arrived"),
        (framed(0, 2, &[0x0a, 0xff]), 13, decode),
    ];
    let mut caller = caller().await;
    let mut stream = 1;
    for (bytes, code, text) in &table {
        for method in ["One", "ManyReplies", "ManyRequests", "Many"] {
            let line = answer(&mut caller, stream, &request(&format!("/test.Talk/{method}")), bytes).await;
            let expected = format!("grpc-status: {code} | grpc-message: {text}");
            assert!(line.starts_with("HEADERS END_STREAM") && line.contains(&expected), "{method}: {line}");
            stream += 2;
        }
    }
    still_fine(&mut caller, stream).await;
    caller.close().await;
}

/// A22: on the side of the server.
#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_its_bytes_come() {
    let mut caller = caller().await;
    caller.peer.headers(1, &request("/test.Talk/One")).data(1, &framed(0, u32::MAX, b""));
    let tale = caller.peer.tale(1).await;
    assert!(tale.len() == 1 && tale[0].contains("grpc-status: 8"), "{tale:?}");
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 1, reason: NO_ERROR });
    still_fine(&mut caller, 3).await;
    caller.close().await;
}

/// S23: none, and two.
#[tokio::test]
async fn a_method_of_one_message_takes_one() {
    let mut caller = caller().await;
    let two = [message("a"), message("b")].concat();
    let mut stream = 1;
    for method in ["/test.Talk/One", "/test.Talk/ManyReplies"] {
        for (bytes, text) in [(&b""[..], "no request message"), (&two[..], "more than one request message")] {
            let line = answer(&mut caller, stream, &request(method), bytes).await;
            assert!(line.contains(&format!("grpc-status: 12 | grpc-message: {text}")), "{line}");
            stream += 2;
        }
        caller.peer.trailers(stream, &request(method));
        let line = caller.peer.tale(stream).await.pop().unwrap();
        assert!(line.contains("grpc-status: 12 | grpc-message: no request message"), "{line}");
        stream += 2;
    }
    still_fine(&mut caller, stream).await;
    caller.close().await;
}

#[tokio::test]
async fn values_that_are_odd_but_legal_arrive() {
    let stub = Stub {
        one: Box::new(|request| {
            let metadata = request.metadata();
            let odd = metadata.get("x-latin").map(str::to_owned);
            let bytes = metadata.get_bin("x-b-bin").unwrap_or_default();
            let empty = if metadata.get("x-empty") == Some("") { "empty" } else { "absent" };
            let text = format!("{odd:?} {:02x} {empty}", bytes[0]);
            Box::pin(async move { Ok(wirewright::Response::new(text)) })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(stub))).await;
    let mut fields: Vec<(&str, &[u8])> =
        request("/test.Talk/One").iter().map(|(n, v)| (*n, v.as_bytes())).collect();
    fields.extend([("x-latin", &b"caf\xe9"[..]), ("x-b-bin", b"AA=="), ("x-empty", b"")]);
    caller
        .peer
        .frame(frame::HEADERS, frame::END_HEADERS, 1, &frame::block(&fields))
        .last_data(1, &message(""));
    let tale = caller.peer.tale(1).await;
    assert!(tale[1].ends_with("None 00 empty"), "{tale:?}");
    assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    caller.close().await;
}

/// S11, A25: fields that belong to a connection.
#[tokio::test]
async fn te_may_be_absent_and_other_forbidden_fields_may_not() {
    let mut caller = caller().await;
    let mut head = request("/test.Talk/One");
    head.retain(|(name, _)| *name != "te");
    let line = answer(&mut caller, 1, &head, &message("?")).await;
    assert_eq!(line, "HEADERS END_STREAM grpc-status: 0");
    for (n, field) in
        [("te", "gzip"), ("connection", "close"), ("transfer-encoding", "chunked")].iter().enumerate()
    {
        let stream = 2 * n as u32 + 3;
        caller.peer.trailers(stream, &with("/test.Talk/One", field.0, field.1));
        assert_eq!(caller.peer.next().await, Frame::Reset { stream, reason: PROTOCOL_ERROR }, "{field:?}");
    }
    still_fine(&mut caller, 9).await;
    caller.close().await;
}

#[tokio::test]
async fn trailers_from_a_client_end_its_request() {
    let mut caller = caller().await;
    caller.peer.headers(1, &request("/test.Talk/One")).data(1, &message("?")).trailers(1, &[("x", "y")]);
    let line = caller.peer.tale(1).await.pop().unwrap();
    assert!(line.starts_with("HEADERS END_STREAM"), "{line}");
    still_fine(&mut caller, 3).await;
    caller.close().await;
}

#[tokio::test]
async fn a_reset_in_a_message_is_not_the_end_of_the_request() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let stub = Stub {
        many: Box::new(move |requests, _| {
            let tell = tell.clone();
            Box::pin(async move {
                let mut requests = requests.into_inner();
                struct Report(tokio::sync::mpsc::UnboundedSender<&'static str>, &'static str);
                impl Drop for Report {
                    fn drop(&mut self) {
                        let _ = self.0.send(self.1);
                    }
                }
                let mut report = Report(tell, "dropped");
                report.1 = match requests.message().await {
                    Ok(None) => "complete",
                    Ok(Some(_)) => "a message",
                    Err(_) => "cancelled",
                };
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(stub))).await;
    caller.peer.headers(1, &request("/test.Talk/Many")).data(1, &message("half")[..6]).flush().await;
    caller.peer.reset(1, CANCEL).flush().await;
    let heard = within(told.recv()).await.unwrap();
    assert!(["dropped", "cancelled"].contains(&heard), "{heard}");
    caller.close().await;
}

/// S1, A7: with HPACK that means nothing.
#[tokio::test]
async fn faults_of_the_connection_end_it_and_nothing_else() {
    let mut caller = caller().await;
    for (what, fault) in [
        ("an even stream", (frame::HEADERS, frame::END_HEADERS, 2, frame::block(&[(":method", b"POST")]))),
        ("DATA on an idle stream", (frame::DATA, 0, 7, vec![1])),
        ("a PING on a stream", (frame::PING, 0, 1, vec![0; 8])),
        ("a window of nothing", (frame::WINDOW_UPDATE, 0, 0, vec![0; 4])),
        (
            "HPACK that means nothing",
            (frame::HEADERS, frame::END_HEADERS | frame::END_STREAM, 1, vec![0xff; 9]),
        ),
        ("a frame over the limit", (frame::DATA, 0, 1, vec![0; 16_385])),
    ] {
        let mut peer = caller.another().await;
        let (kind, flags, stream, content) = fault;
        peer.frame(kind, flags, stream, &content);
        let frame = peer.next().await;
        assert!(matches!(frame, Frame::GoAway { .. }), "{what}: {frame}");
        assert_eq!(peer.next().await, Frame::Eof, "{what}");
    }
    still_fine(&mut caller, 1).await;
    caller.close().await;
}

/// S16, A5: a large head, and a bomb.
#[tokio::test]
async fn heads_over_the_limit_are_431_and_far_over_it_the_end() {
    let mut caller = caller().await;
    let long = "x".repeat(8_000);
    let head = [&request("/test.Talk/One")[..], &[("x-a", &long)]].concat();
    assert_eq!(answer(&mut caller, 1, &head, &message("?")).await, "HEADERS END_STREAM grpc-status: 0");
    let head = [&request("/test.Talk/One")[..], &[("x-a", &long), ("x-b", "12345678")]].concat();
    let head = [&head[..], &[("x-c", &long), ("x-d", &long[..600])]].concat();
    let fields: Vec<_> = head.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
    let block = frame::block(&fields);
    let (first, rest) = block.split_at(block.len().min(16_384));
    caller.peer.frame(frame::HEADERS, frame::END_STREAM, 3, first).frame(9, frame::END_HEADERS, 3, rest);
    assert_eq!(caller.peer.tale(3).await, ["HEADERS END_STREAM :status: 431"]);
    still_fine(&mut caller, 5).await;

    // The bomb: fields that the table repeats in a byte each.
    let mut block =
        frame::block(&request("/test.Talk/One").iter().map(|(n, v)| (*n, v.as_bytes())).collect::<Vec<_>>());
    block.extend([0x40, 1, b'x', 127, 0xa1, 0x1e]);
    block.extend([b'y'; 4_000]);
    block.extend([0x80 | 62; 1_000]);
    caller.peer.frame(frame::HEADERS, frame::END_STREAM | frame::END_HEADERS, 7, &block);
    let frame = caller.peer.next().await;
    assert!(matches!(frame, Frame::GoAway { reason: ENHANCE_YOUR_CALM, .. }), "{frame}");
    caller.close().await;
}

/// A6: on the side of the server.
#[tokio::test]
async fn more_fields_than_fit_in_a_calls_head_are_refused() {
    let mut caller = caller().await;
    let many: Vec<_> = (0..200).map(|n| format!("x-{n}")).collect();
    let head = [request("/test.Talk/One"), many.iter().map(|name| (name.as_str(), "")).collect()].concat();
    let line = answer(&mut caller, 1, &head, &message("?")).await;
    assert!(line.contains(":status: 431") && line.contains("grpc-status: 8"), "{line}");
    caller.close().await;
}

/// What a server tells its observer of one connection that says this.
async fn event_of(first_bytes: &[u8]) -> (String, Vec<u8>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let server = Server::builder()
        .add_service(Talk::new(Stub::default()))
        .on_event(move |event| seen.lock().unwrap().push(event.to_string()));
    let (connector, incoming) = pipe();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let mut io = connector.connect(&Address::Memory).await.unwrap();
    io.write_all(first_bytes).await.unwrap();
    let mut heard = Vec::new();
    within(io.read_to_end(&mut heard)).await.unwrap();
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
    let events = events.lock().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    (events[0].clone(), heard)
}

/// A32: HTTP/1 is no beginning of HTTP/2 here.
#[tokio::test]
async fn who_speaks_something_else_is_told_apart_in_the_log() {
    let hello = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3].repeat(4);
    let table: [(&[u8], &str); 3] = [
        (b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", "the peer sent an HTTP/1 request"),
        (b"POST /test.Talk/One HTTP/1.1\r\nHost: x\r\n\r\n", "the peer sent an HTTP/1 request"),
        (&hello, "the peer sent a TLS ClientHello to a plaintext port"),
    ];
    for (bytes, text) in table {
        let (event, _) = event_of(bytes).await;
        assert!(event.starts_with("connection from in-memory pipe failed: "), "{event}");
        assert!(event.contains(text), "{event}");
        assert!(!event.contains('\n'), "{event}");
    }
}

#[tokio::test]
async fn a_garbled_socket_harms_no_other() {
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = incoming.local_address().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let mut garbled = TcpStream::connect(address).await.unwrap();
    // More than the preface has bytes: what is left unread must not turn the goodbye into a reset.
    garbled.write_all(&b"GET / HTTP/1.1\r\nx: y\r\n".repeat(100)).await.unwrap();
    let channel = wirewright::Endpoint::new(address.to_string()).unwrap().connect().await.unwrap();
    let reply =
        within(channel.unary(&crate::support::talk::ONE, wirewright::Request::new("hi".into()))).await;
    assert_eq!(reply.unwrap().get_ref(), "hi");
    let mut heard = Vec::new();
    within(garbled.read_to_end(&mut heard)).await.unwrap();
    drop(channel);
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
}
