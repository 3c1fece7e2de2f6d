//! What our frames look like to a peer that is not us.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use wirewright::{Code, Request, Response, Server, Status};

use crate::support::frame::{CANCEL, Frame, NO_ERROR};
use crate::support::peer::{Caller, HEAD, OK, answerer, message, request};
use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::{Farewell, all_quiet, settle, within};

fn serve(stub: Stub) -> wirewright::ServerBuilder<()> {
    Server::builder().add_service(Talk::new(stub))
}

/// Nothing has been said, as a PING shows whose answer comes next.
async fn assert_silent(caller: &mut Caller) {
    settle().await;
    caller.peer.ping(*b"silence?");
    let frame = loop {
        match caller.peer.any().await {
            Frame::Settings(_) | Frame::SettingsAck | Frame::Window { .. } => {}
            frame => break frame,
        }
    };
    assert_eq!(frame, Frame::Ping { ack: true, opaque: *b"silence?" });
}

#[tokio::test(start_paused = true)]
async fn a_request_head_puts_pseudo_fields_and_the_call_definition_before_metadata() {
    let (channel, mut door) = answerer(|endpoint| endpoint.user_agent("shop/2.1"));
    let mut request = Request::new("hi".to_owned()).with_timeout(Duration::from_millis(1_500));
    request.metadata_mut().insert("x-a", "1").unwrap();
    request.metadata_mut().insert_bin("x-b-bin", &[255]).unwrap();
    let call = tokio::spawn(async move { channel.unary(&ONE, request).await });
    let mut peer = door.server().await;
    let (stream, fields) = peer.request().await;
    assert_eq!(
        fields,
        [
            ":method: POST",
            ":scheme: http",
            ":authority: in.memory:1",
            ":path: /test.Talk/One",
            "te: trailers",
            "grpc-timeout: 1500m",
            "content-type: application/grpc",
            concat!("user-agent: shop/2.1 grpc-rust-wirewright/", env!("CARGO_PKG_VERSION")),
            "x-a: 1",
            "x-b-bin: /w",
        ]
    );
    assert_eq!(
        peer.next().await,
        Frame::Data { stream, bytes: message("hi").into(), end: true },
        "the message ends the request"
    );
    peer.headers(stream, HEAD).data(stream, &message("ho")).trailers(stream, OK).flush().await;
    assert_eq!(within(call).await.unwrap().unwrap().get_ref(), "ho");
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_call_without_a_deadline_sends_no_timeout() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = tokio::spawn(async move { channel.unary(&ONE, Request::new(String::new())).await });
    let mut peer = door.server().await;
    let (stream, fields) = peer.request().await;
    assert!(!fields.iter().any(|field| field.starts_with("grpc-timeout")), "{fields:?}");
    assert_eq!(peer.next().await, Frame::Data { stream, bytes: message("").into(), end: true });
    call.abort();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_dropped_call_of_any_kind_is_reset_with_cancel() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let unary = tokio::spawn(async move { calls.unary(&ONE, Request::new("a".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    unary.abort();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });

    let replies = within(channel.server_streaming(&MANY_REPLIES, Request::new("b".into()))).await.unwrap();
    let (stream, _) = peer.whole_request().await;
    drop(replies);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });

    let mut upload = within(channel.client_streaming(&MANY_REQUESTS, Request::new(()))).await.unwrap();
    within(upload.send("c".into())).await.unwrap();
    let (stream, _) = peer.request().await;
    assert_eq!(peer.next().await, Frame::Data { stream, bytes: message("c").into(), end: false });
    drop(upload);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });

    let (mut sender, replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    within(sender.send("d".into())).await.unwrap();
    let (stream, _) = peer.request().await;
    assert_eq!(peer.next().await, Frame::Data { stream, bytes: message("d").into(), end: false });
    drop(sender);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL }, "the sender alone");
    drop(replies);

    let (mut sender, replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    let (stream, _) = peer.request().await;
    drop(replies);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL }, "the reading half alone");
    assert!(within(sender.send("e".into())).await.is_err());
    drop((sender, channel));
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_call_dropped_before_its_first_frame_never_looks_complete() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move {
        // Both are opened in one go, so that the first is gone before the connection's task sees it.
        drop(calls.bidi_streaming(&MANY, Request::new(())).await.unwrap());
        calls.bidi_streaming(&MANY, Request::new(())).await.unwrap()
    });
    let mut peer = door.server().await;
    peer.flush().await;
    let halves = within(opening).await.unwrap();
    drop(halves);
    let tale = peer.tale(3).await;
    assert!(!tale.iter().any(|line| line.contains("END_STREAM")), "{tale:?}");
    assert_eq!(tale.last().unwrap(), "RST_STREAM 8");
    drop(channel);
    peer.hang_up().await;
    all_quiet().await;
}

/// A bidi call to a server whose stream windows are shut.
async fn windowless() -> (
    wirewright::Channel,
    crate::support::peer::Peer,
    wirewright::Sender<String>,
    wirewright::Streaming<String>,
    u32,
) {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
    let mut peer = crate::support::peer::Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.settings(&[(INITIAL_WINDOW_SIZE, 0)]).flush().await;
    let (sender, replies) = within(opening).await.unwrap().unwrap();
    let (stream, _) = peer.request().await;
    (channel, peer, sender, replies, stream)
}

#[tokio::test]
async fn a_finished_request_that_cannot_leave_is_cancelled_when_its_reader_is_dropped() {
    let (channel, mut peer, mut sender, replies, stream) = windowless().await;
    within(sender.send("no room for this".into())).await.unwrap();
    within(sender.finish()).await.unwrap();
    settle().await;
    drop(replies);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    drop(channel);
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_finish_that_is_dropped_while_the_request_cannot_leave_cancels() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = tokio::spawn(async move {
        let mut upload = channel.client_streaming(&MANY_REQUESTS, Request::new(())).await?;
        upload.send("no room for this".into()).await?;
        upload.finish().await
    });
    let mut peer = crate::support::peer::Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.settings(&[(INITIAL_WINDOW_SIZE, 0)]).flush().await;
    let (stream, _) = peer.request().await;
    settle().await;
    call.abort();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_cancels_every_kind_of_call_on_the_wire() {
    let (channel, mut door) = answerer(|endpoint| endpoint.timeout(Duration::from_millis(100)));
    let calls = channel.clone();
    let unary = tokio::spawn(async move { calls.unary(&ONE, Request::new("a".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    assert_eq!(within(unary).await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);

    let mut replies =
        within(channel.server_streaming(&MANY_REPLIES, Request::new("b".into()))).await.unwrap();
    let (stream, _) = peer.whole_request().await;
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });

    let (mut sender, mut replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    let (stream, _) = peer.request().await;
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL }, "though nobody reads");
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(within(sender.send("late".into())).await.is_err());
    drop((sender, replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_unary_answer_is_head_message_trailers() {
    let mut caller = Caller::of(serve(Stub::default())).await;
    caller.peer.headers(1, &request("/test.Talk/One")).last_data(1, &message("hi"));
    assert_eq!(
        caller.peer.tale(1).await,
        [
            "HEADERS :status: 200 | content-type: application/grpc",
            "DATA \\x00\\x00\\x00\\x00\\x04\\n\\x02hi",
            "HEADERS END_STREAM grpc-status: 0",
        ]
    );
    caller.close().await;
}

/// S22: frame by frame.
#[tokio::test]
async fn an_early_error_is_one_block_then_no_error() {
    let stub = Stub {
        many: Box::new(|_, _| {
            Box::pin(async {
                let mut status = Status::permission_denied("not you, caf\u{e9}");
                status.metadata_mut().insert("x-why", "moon").unwrap();
                Err(status)
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    caller.peer.headers(1, &request("/test.Talk/Many"));
    let block = "HEADERS END_STREAM :status: 200 | content-type: application/grpc | grpc-status: 7 | \
                 grpc-message: not you, caf%C3%A9 | x-why: moon";
    assert_eq!(caller.peer.tale(1).await, [block]);
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 1, reason: NO_ERROR });

    // A client that has ended its request needs no reset.
    caller.peer.trailers(3, &request("/test.Talk/Many"));
    assert_eq!(caller.peer.tale(3).await, [block]);
    assert_silent(&mut caller).await;
    caller.close().await;
}

#[tokio::test]
async fn an_early_success_is_trailers_then_no_error() {
    let stub = Stub {
        many_requests: Box::new(|_| Box::pin(async { Ok(Response::new("enough".into())) })),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    caller.peer.headers(1, &request("/test.Talk/ManyRequests")).data(1, &message("one"));
    let tale = caller.peer.tale(1).await;
    assert_eq!(tale.len(), 3, "{tale:?}");
    assert_eq!(tale[2], "HEADERS END_STREAM grpc-status: 0");
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 1, reason: NO_ERROR });
    caller.close().await;
}

#[tokio::test]
async fn the_head_waits_for_the_first_message() {
    let go = Arc::new(Notify::new());
    let gone = go.clone();
    let stub = Stub {
        many: Box::new(move |_, replies| {
            let go = gone.clone();
            Box::pin(async move {
                replies.headers_mut().insert("x-head", "1").unwrap();
                go.notified().await;
                replies.send("now".into()).await?;
                go.notified().await;
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    caller.peer.headers(1, &request("/test.Talk/Many")).flush().await;
    assert_silent(&mut caller).await;
    go.notify_one();
    let head = caller.peer.next().await.to_string();
    assert_eq!(head, "HEADERS :status: 200 | content-type: application/grpc | x-head: 1");
    assert_eq!(
        caller.peer.next().await,
        Frame::Data { stream: 1, bytes: message("now").into(), end: false },
        "a message leaves while its handler waits"
    );
    go.notify_one();
    assert_eq!(caller.peer.tale(1).await, ["HEADERS END_STREAM grpc-status: 0"]);
    caller.close().await;
}

/// A stub whose every method waits for ever, and tells when it began and when it was dropped.
fn waiting() -> (Stub, Arc<Notify>, Arc<Notify>) {
    let (began, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let wait = {
        let (began, gone) = (began.clone(), gone.clone());
        move || {
            let (began, farewell) = (began.clone(), Farewell(gone.clone()));
            async move {
                began.notify_one();
                std::future::pending::<()>().await;
                drop(farewell);
                Err(Status::internal("cannot be"))
            }
        }
    };
    let (a, b, c, d) = (wait.clone(), wait.clone(), wait.clone(), wait);
    let stub = Stub {
        one: Box::new(move |_| {
            let wait = a();
            Box::pin(async move { wait.await.map(|()| Response::new(String::new())) })
        }),
        many_replies: Box::new(move |_, _| Box::pin(b())),
        many_requests: Box::new(move |_| {
            let wait = c();
            Box::pin(async move { wait.await.map(|()| Response::new(String::new())) })
        }),
        many: Box::new(move |_, _| Box::pin(d())),
    };
    (stub, began, gone)
}

const METHODS: [&str; 4] =
    ["/test.Talk/One", "/test.Talk/ManyReplies", "/test.Talk/ManyRequests", "/test.Talk/Many"];

/// S48: by RST_STREAM.
#[tokio::test]
async fn a_handler_of_any_kind_is_dropped_when_its_caller_resets() {
    let (stub, began, gone) = waiting();
    let mut caller = Caller::of(serve(stub)).await;
    for (n, path) in METHODS.iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        caller.peer.headers(stream, &request(path)).last_data(stream, &message("")).flush().await;
        within(began.notified()).await;
        caller.peer.reset(stream, CANCEL).flush().await;
        within(gone.notified()).await;
    }
    assert_silent(&mut caller).await;
    caller.close().await;
}

/// S48: by the loss of the connection.
#[tokio::test]
async fn a_handler_of_any_kind_is_dropped_when_its_caller_disconnects() {
    let (stub, began, gone) = waiting();
    let caller = Caller::of(serve(stub)).await;
    for path in METHODS {
        let mut peer = caller.another().await;
        peer.headers(1, &request(path)).last_data(1, &message("")).flush().await;
        within(began.notified()).await;
        peer.hang_up().await;
        within(gone.notified()).await;
    }
    caller.close().await;
}

/// S20: the client does nothing.
#[tokio::test(start_paused = true)]
async fn a_deadline_drops_the_handler_and_is_answered() {
    let (stub, began, gone) = waiting();
    let mut caller = Caller::of(serve(stub)).await;
    for (n, path) in METHODS.iter().enumerate() {
        let stream = 2 * n as u32 + 1;
        let head = [&request(path)[..], &[("grpc-timeout", "50m")]].concat();
        caller.peer.headers(stream, &head).last_data(stream, &message("")).flush().await;
        within(began.notified()).await;
        assert_eq!(
            caller.peer.tale(stream).await,
            ["HEADERS END_STREAM :status: 200 | content-type: application/grpc | grpc-status: 4 | \
              grpc-message: the deadline passed before the call ended"],
            "{path}"
        );
        within(gone.notified()).await;
    }
    caller.close().await;
}

/// S21: and no handler starts.
#[tokio::test(start_paused = true)]
async fn a_timeout_of_zero_is_answered_without_a_handler() {
    let stub = Stub {
        one: Box::new(|_| panic!("the handler ran")),
        many: Box::new(|_, _| panic!("the handler ran")),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    for (stream, path) in [(1, "/test.Talk/One"), (3, "/test.Talk/Many")] {
        let head = [&request(path)[..], &[("grpc-timeout", "0n")]].concat();
        caller.peer.headers(stream, &head).last_data(stream, &message(""));
        let tale = caller.peer.tale(stream).await;
        assert!(tale.len() == 1 && tale[0].contains("grpc-status: 4"), "{tale:?}");
    }
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_kept_though_the_client_gives_no_window() {
    let stub = Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.send("more than a window".repeat(10_000)).await?;
                replies.send("more than a window".repeat(10_000)).await?;
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    let head = [&request("/test.Talk/ManyReplies")[..], &[("grpc-timeout", "50m")]].concat();
    caller.peer.headers(1, &head).last_data(1, &message("")).flush().await;
    // The window is used up, the handler dropped, and the trailers wait for nobody's window.
    let tale = caller.peer.tale(1).await;
    let last = tale.last().unwrap();
    assert!(last.starts_with("HEADERS END_STREAM grpc-status: 4") || last == "RST_STREAM 8", "{last}");
    caller.close().await;
}

#[tokio::test]
async fn the_content_type_of_the_request_is_repeated() {
    let mut caller = Caller::of(serve(Stub::default())).await;
    let mut head = request("/test.Talk/One");
    head[5].1 = "application/grpc+proto";
    caller.peer.headers(1, &head).last_data(1, &message("hi"));
    let tale = caller.peer.tale(1).await;
    assert_eq!(tale[0], "HEADERS :status: 200 | content-type: application/grpc+proto");
    caller.close().await;
}

/// RFC 9113, section 6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 4;
