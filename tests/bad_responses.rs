//! Servers that break the rules, or are no servers of gRPC: each call ends with the code of the tables.

use wirewright::{Code, Request, Status, Streaming};

use crate::support::frame::{self, CANCEL, Frame, NO_ERROR};
use crate::support::peer::{Door, HEAD, OK, Peer, answerer, framed, message};
use crate::support::talk::{MANY, ONE};
use crate::support::{all_quiet, within};

/// What a call came to: the messages that arrived, and its end.
pub type Outcome = (Vec<String>, Result<(), Status>);

/// Makes a unary and a bidi call to a server that answers so.
pub async fn outcomes(answer: impl Fn(&mut Peer, u32)) -> [Outcome; 2] {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let mut unary = tokio::spawn(async move { calls.unary(&ONE, Request::new("?".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    answer(&mut peer, stream);
    peer.flush().await;
    // A call that was refused is made again once, and answered in the same way.
    let one = tokio::select! {
        one = &mut unary => one,
        (mut next, stream) = another_request(&mut door) => {
            answer(&mut next, stream);
            peer = next;
            peer.flush().await;
            unary.await
        }
        stream = bidi_request(&mut peer) => {
            answer(&mut peer, stream);
            peer.flush().await;
            unary.await
        }
    };
    let one = match one.unwrap() {
        Ok(response) => (vec![response.into_inner()], Ok(())),
        Err(status) => (Vec::new(), Err(status)),
    };
    // A connection that the answer has ended is followed by another.
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await.unwrap() });
    let (mut peer, stream) = tokio::select! {
        next = another_request(&mut door) => next,
        stream = bidi_request(&mut peer) => (peer, stream),
    };
    let (mut sender, mut replies) = within(opening).await.unwrap();
    within(sender.send("?".into())).await.unwrap();
    answer(&mut peer, stream);
    peer.flush().await;
    let mut reading = tokio::spawn(async move {
        let (messages, end) = all(&mut replies).await;
        for _ in 0..1_000 {
            assert!(matches!(within(replies.message()).await, Ok(None)), "after the end there is nothing");
        }
        (messages, end)
    });
    let read = tokio::select! {
        read = &mut reading => read,
        (mut next, stream) = another_request(&mut door) => {
            answer(&mut next, stream);
            peer = next;
            peer.flush().await;
            reading.await
        }
        stream = bidi_request(&mut peer) => {
            answer(&mut peer, stream);
            peer.flush().await;
            reading.await
        }
    };
    while within(sender.send("more".into())).await.is_ok() {}
    drop((sender, channel));
    peer.hang_up().await;
    all_quiet().await;
    [one, read.unwrap()]
}

/// Every message, and how they ended.
async fn all(replies: &mut Streaming<String>) -> Outcome {
    let mut messages = Vec::new();
    loop {
        match within(replies.message()).await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, Ok(())),
            Err(status) => return (messages, Err(status)),
        }
    }
}

/// A request on another connection.
async fn another_request(door: &mut Door) -> (Peer, u32) {
    let mut peer = door.server().await;
    let stream = peer.request().await.0;
    (peer, stream)
}

/// The next request on a connection that lives; never returns on one that does not.
async fn bidi_request(peer: &mut Peer) -> u32 {
    loop {
        match peer.any_unhurried().await {
            Frame::Headers { stream, .. } => return stream,
            Frame::Eof => std::future::pending().await,
            _ => {}
        }
    }
}

/// Both calls end with this code, and a text that contains this.
async fn ends(what: &str, code: Code, text: &str, answer: impl Fn(&mut Peer, u32)) {
    for (kind, (_, end)) in ["unary", "bidi"].iter().zip(outcomes(answer).await) {
        let status = end.expect_err(what);
        assert_eq!(status.code(), code, "{what}, {kind}: {status}");
        assert!(status.message().contains(text), "{what}, {kind}: {status}");
        assert!(!status.message().contains('\n'), "{what}, {kind}: more than a line");
    }
}

#[tokio::test]
async fn a_stream_cut_short_is_never_ok() {
    let m = message("hello");
    let closed = "without sending trailers";
    ends("END_STREAM for trailers", Code::Internal, closed, |p, s| {
        p.headers(s, HEAD).last_data(s, &m);
    })
    .await;
    ends("an empty DATA for trailers", Code::Internal, closed, |p, s| {
        p.headers(s, HEAD).data(s, &m).end(s);
    })
    .await;
    ends("END_STREAM in a message", Code::Internal, "inside a message", |p, s| {
        p.headers(s, HEAD).last_data(s, &m[..8]);
    })
    .await;
    ends("END_STREAM in a prefix", Code::Internal, "inside a message", |p, s| {
        p.headers(s, HEAD).last_data(s, &m[..3]);
    })
    .await;
    ends("trailers in a message", Code::Internal, "inside a message", |p, s| {
        p.headers(s, HEAD).data(s, &m[..8]).trailers(s, OK);
    })
    .await;
    // To HTTP/2 this is a fault of the connection, which ends all calls on it.
    ends("no head at all", Code::Unavailable, "PROTOCOL_ERROR by this side", |p, s| {
        p.data(s, &m).trailers(s, OK);
    })
    .await;
    ends("the socket closed in a message", Code::Unavailable, "connection", |p, s| {
        p.headers(s, HEAD).data(s, &m[..8]).go_away(s, NO_ERROR, b"").raw(b"\0\0\x01\0");
        p.hang_up_after();
    })
    .await;
}

/// S30: every reason.
#[tokio::test]
async fn a_reset_is_the_code_of_its_reason_wherever_it_comes() {
    let table = [
        (0, Code::Internal),
        (1, Code::Internal),
        (2, Code::Internal),
        (3, Code::Internal),
        (4, Code::Internal),
        (5, Code::Internal),
        (6, Code::Internal),
        (7, Code::Unavailable),
        (8, Code::Cancelled),
        (9, Code::Internal),
        (10, Code::Internal),
        (11, Code::ResourceExhausted),
        (12, Code::PermissionDenied),
        (13, Code::Internal),
        (99, Code::Unknown),
    ];
    for (reason, code) in table {
        ends("before the head", code, "stream reset with", |p, s| {
            p.reset(s, reason);
        })
        .await;
        ends("in a message", code, "by the peer", |p, s| {
            p.headers(s, HEAD).data(s, &message("hello")[..8]).reset(s, reason);
        })
        .await;
        ends("after the messages", code, "by the peer", |p, s| {
            p.headers(s, HEAD).data(s, &message("hello")).reset(s, reason);
        })
        .await;
    }
}

#[tokio::test]
async fn a_reset_with_no_error_after_the_trailers_changes_nothing() {
    for (messages, end) in outcomes(|p, s| {
        p.headers(s, HEAD).data(s, &message("!")).trailers(s, OK).reset(s, NO_ERROR);
    })
    .await
    {
        assert_eq!(messages, ["!"]);
        end.unwrap();
    }
    ends("Trailers-Only", Code::Aborted, "enough", |p, s| {
        let all = [HEAD, &[("grpc-status", "10"), ("grpc-message", "enough")]].concat();
        p.trailers(s, &all).reset(s, NO_ERROR);
    })
    .await;
}

#[tokio::test]
async fn a_framing_fault_is_named() {
    ends("flag 7", Code::Internal, "message flag is 7", |p, s| {
        p.headers(s, HEAD).data(s, &framed(7, 0, b"")).trailers(s, OK);
    })
    .await;
    ends("compressed with nothing", Code::Internal, "flagged compressed", |p, s| {
        p.headers(s, HEAD).data(s, &framed(1, 1, b"x")).trailers(s, OK);
    })
    .await;
    let limit = "message of 4294967295 bytes is larger than the limit of 4194304 bytes";
    ends("four gigabytes", Code::ResourceExhausted, limit, |p, s| {
        p.headers(s, HEAD).data(s, &framed(0, u32::MAX, b"x"));
    })
    .await;
    ends("not protobuf", Code::Internal, "could not be decoded", |p, s| {
        p.headers(s, HEAD).data(s, &framed(0, 2, &[0x0a, 0xff])).trailers(s, OK);
    })
    .await;
    ends("not UTF-8", Code::Internal, "could not be decoded", |p, s| {
        p.headers(s, HEAD).data(s, &framed(0, 4, &[0x0a, 2, 0xc3, 0x28])).trailers(s, OK);
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_the_server_resets_the_stream_with_cancel() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let (calls, mut peer);
    calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await.unwrap() });
    peer = door.server().await;
    let (stream, _) = peer.request().await;
    let (_sender, mut replies) = within(opening).await.unwrap();
    peer.headers(stream, HEAD).data(stream, &framed(7, 0, b"")).flush().await;
    within(replies.message()).await.unwrap_err();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    drop((_sender, replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

/// S24, S26, A29: statuses that are none.
#[tokio::test]
async fn faults_in_trailers_are_never_ok() {
    for (fields, code, text) in [
        (&[("grpc-status", "")][..], Code::Unknown, "malformed grpc-status"),
        (&[("grpc-status", "zero")], Code::Unknown, "malformed grpc-status"),
        (&[("grpc-status", "+0")], Code::Unknown, "malformed grpc-status"),
        (&[("grpc-status", "5"), ("grpc-message", "100%zz%4")], Code::NotFound, "100%zz%4"),
        (&[("grpc-status", "5"), ("x-a-bin", "*")], Code::Internal, "malformed x-a-bin: not base64"),
        (&[("grpc-status", "0"), ("x-a-bin", "*")], Code::Internal, "malformed x-a-bin: not base64"),
    ] {
        ends("trailers", code, text, |p, s| {
            p.headers(s, HEAD).data(s, &message("m")).trailers(s, fields);
        })
        .await;
        ends("alone", code, text, |p, s| {
            p.trailers(s, &[HEAD, fields].concat());
        })
        .await;
    }
}

/// S24, S28: pages in the place of answers.
#[tokio::test]
async fn what_is_not_grpc_follows_the_http_table() {
    for (status, code) in [
        ("200", Code::Unknown),
        ("302", Code::Unknown),
        ("400", Code::Internal),
        ("401", Code::Unauthenticated),
        ("403", Code::PermissionDenied),
        ("404", Code::Unimplemented),
        ("429", Code::Unavailable),
        ("431", Code::Unknown),
        ("503", Code::Unavailable),
    ] {
        ends("a page", code, "the proxy says no", |p, s| {
            let head = [(":status", status), ("content-type", "text/html"), ("grpc-status", "0")];
            p.headers(s, &head).last_data(s, b"<h1>the proxy says no</h1>");
        })
        .await;
        ends("a page without content", code, status, |p, s| {
            p.trailers(s, &[(":status", status)]);
        })
        .await;
    }
}

/// S25: fields that cannot be read.
#[tokio::test]
async fn a_head_that_cannot_be_read_is_internal() {
    for (field, text) in [
        (("content-type", "application/grpc+json"), "not the message format"),
        (("x-a-bin", "*"), "malformed x-a-bin"),
    ] {
        ends("a head", Code::Internal, text, |p, s| {
            let mut head = HEAD.to_vec();
            head.retain(|(name, _)| *name != field.0);
            head.push(field);
            p.headers(s, &head).data(s, &message("m")).trailers(s, OK);
        })
        .await;
    }
}

#[tokio::test]
async fn padding_and_any_cut_of_messages_into_frames_are_fine() {
    for (messages, end) in outcomes(|p, s| {
        p.headers(s, HEAD);
        for byte in message("in pieces") {
            p.frame(frame::DATA, frame::PADDED, s, &[3, byte, 0, 0, 0]);
        }
        p.trailers(s, OK);
    })
    .await
    {
        end.unwrap();
        assert_eq!(messages, ["in pieces"]);
    }
}

#[tokio::test]
async fn a_connection_that_is_given_up_is_unavailable() {
    ends("above the last id", Code::Unavailable, "GOAWAY", |p, _| {
        p.go_away(0, NO_ERROR, b"moving");
    })
    .await;
    ends("for a reason", Code::Unavailable, "too_many_pings", |p, _| {
        p.go_away(0, frame::ENHANCE_YOUR_CALM, b"too_many_pings");
    })
    .await;
    ends("nonsense for frames", Code::Unavailable, "", |p, _| {
        p.raw(b"\0\0\x08\x06\0\0\0\0\x01notzero!");
    })
    .await;
}

/// S17, A29: on the side of the client.
#[tokio::test]
async fn a_response_head_over_the_limit_is_internal() {
    let long = "x".repeat(20_000);
    let fields = [HEAD, &[("x-long", &long)]].concat();
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = tokio::spawn(async move { channel.unary(&ONE, Request::new("?".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    let block = frame::block(&fields.iter().map(|(n, v)| (*n, v.as_bytes())).collect::<Vec<_>>());
    let (first, rest) = block.split_at(16_384);
    peer.frame(frame::HEADERS, 0, stream, first).frame(9, frame::END_HEADERS, stream, rest);
    peer.flush().await;
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Internal, "{status}");
    peer.hang_up().await;
    all_quiet().await;
}
