//! How much a peer may take, and that an honest one is never cut.

use std::sync::Arc;

use tokio::sync::Notify;
use wirewright::transport::Http2Settings;
use wirewright::{Code, Method, RawMessage, Request, Response, Server, Status};

use crate::support::frame::{self, CANCEL, Frame, NO_ERROR, REFUSED_STREAM};
use crate::support::peer::{Caller, HEAD, OK, answerer, framed, message, request};
use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::{House, all_quiet, settle, within};

fn serve(stub: Stub) -> wirewright::ServerBuilder<()> {
    Server::builder().add_service(Talk::new(stub))
}

/// A stub whose streaming methods wait for ever without reading.
fn deaf() -> Stub {
    Stub {
        many_requests: Box::new(|requests| {
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(requests);
                Ok(Response::new(String::new()))
            })
        }),
        many: Box::new(|requests, _| {
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(requests);
                Ok(())
            })
        }),
        ..Stub::default()
    }
}

/// A good call on this stream still succeeds.
async fn still_fine(caller: &mut Caller, stream: u32) {
    caller.peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("fine?"));
    let tale = caller.peer.tale(stream).await;
    assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0", "{tale:?}");
}

/// S18: what is told to either peer.
#[tokio::test]
async fn the_settings_say_what_the_limits_are() {
    let mut caller = Caller::of(serve(Stub::default())).await;
    let Frame::Settings(mut settings) = caller.peer.any().await else { panic!("no SETTINGS") };
    settings.sort_unstable();
    // MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE.
    assert_eq!(settings, [(3, 100), (4, 65_536), (5, 16_384), (6, 16_384)]);
    caller.close().await;

    let (channel, mut door) = answerer(|endpoint| endpoint);
    channel.wake();
    let mut peer = door.server().await;
    let Frame::Settings(mut settings) = peer.any().await else { panic!("no SETTINGS") };
    settings.sort_unstable();
    // ENABLE_PUSH is off, and so no stream is a server's to open.
    assert_eq!(settings, [(2, 0), (3, 0), (4, 1 << 20), (5, 16_384), (6, 16_384)]);
    drop(channel);
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn the_hundred_and_first_stream_is_refused() {
    let mut caller = Caller::of(serve(deaf())).await;
    for n in 0..101 {
        caller.peer.headers(2 * n + 1, &request("/test.Talk/Many"));
    }
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 201, reason: REFUSED_STREAM });
    caller.peer.reset(1, CANCEL);
    still_fine(&mut caller, 203).await;
    caller.close().await;
}

/// S44: with a server of ours.
#[tokio::test]
async fn a_client_waits_for_its_turn_beyond_the_limit() {
    let go = Arc::new(Notify::new());
    let gate = go.clone();
    let server = Server::builder().add_service(Stub::one(move |request| {
        let gate = gate.clone();
        async move {
            gate.notified().await;
            Ok(Response::new(request.into_inner()))
        }
    }));
    let house = House::build(server, |endpoint| endpoint);
    let calls: Vec<_> = (0..250)
        .map(|n| {
            let channel = house.channel.clone();
            tokio::spawn(async move { channel.unary(&ONE, Request::new(n.to_string())).await })
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        let all = async {
            loop {
                go.notify_waiters();
                tokio::task::yield_now().await;
            }
        };
        let reply = tokio::select! {
            reply = within(call) => reply.unwrap().unwrap(),
            () = all => unreachable!(),
        };
        assert_eq!(*reply.get_ref(), n.to_string());
    }
    house.close().await;
}

/// S39: 99 of them.
#[tokio::test]
async fn streams_that_a_server_does_not_read_stall_no_other() {
    let mut caller = Caller::of(serve(deaf())).await;
    // SETTINGS and the window of the connection come first.
    settle().await;
    for n in 0..99 {
        let stream = 2 * n + 1;
        caller.peer.headers(stream, &request("/test.Talk/Many"));
        for _ in 0..4 {
            caller.peer.data(stream, &[0; 16_384]);
        }
        caller.peer.flush().await;
    }
    still_fine(&mut caller, 199).await;
    caller.close().await;
}

/// S40: 99 of them.
#[tokio::test]
async fn streams_that_a_client_does_not_read_stall_no_other() {
    let stub = Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                loop {
                    replies.send("z".repeat(64 * 1024)).await?;
                }
            })
        }),
        ..Stub::default()
    };
    let house = House::with(Talk::new(stub));
    let mut unread = Vec::new();
    for _ in 0..15 {
        let replies = house.channel.server_streaming(&MANY_REPLIES, Request::new(String::new()));
        unread.push(within(replies).await.unwrap());
    }
    for _ in 0..5_000 {
        tokio::task::yield_now().await;
    }
    let reply = within(house.channel.unary(&ONE, Request::new("through".into()))).await.unwrap();
    assert_eq!(reply.get_ref(), "through");
    drop(unread);
    house.close().await;
}

/// The smallest message there is.
fn smallest() -> Vec<u8> {
    framed(0, 0, b"")
}

/// S47, A16: on the side of the server.
#[tokio::test]
async fn thirteen_thousand_small_messages_that_a_server_does_not_read_are_fine() {
    let mut caller = Caller::of(serve(deaf())).await;
    caller.peer.headers(1, &request("/test.Talk/Many"));
    for n in 0..13_000 {
        caller.peer.data(1, &smallest());
        if n % 1_000 == 0 {
            caller.peer.flush().await;
        }
    }
    still_fine(&mut caller, 3).await;
    caller.close().await;
}

/// S47, A16: on the side of the client.
#[tokio::test]
async fn thirteen_thousand_small_messages_that_a_client_does_not_read_are_fine() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await.unwrap() });
    let mut peer = door.server().await;
    let (stream, _) = peer.request().await;
    let (_sender, mut replies) = within(opening).await.unwrap();
    peer.headers(stream, HEAD);
    for n in 0..13_000 {
        peer.data(stream, &smallest());
        if n % 1_000 == 0 {
            peer.flush().await;
        }
    }
    peer.trailers(stream, OK).flush().await;
    settle().await;
    let mut count = 0;
    while within(replies.message()).await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 13_000);
    drop((_sender, replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

/// S42, A10: resets that we send.
#[tokio::test]
async fn thousands_of_cancelled_streams_cost_a_client_no_connection() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let mut peer = None;
    for n in 0..2_000 {
        let opening = channel.bidi_streaming(&MANY, Request::new(()));
        let (sender, replies) = match &mut peer {
            Some(_) => within(opening).await.unwrap(),
            None => {
                let (halves, server) = tokio::join!(within(opening), async {
                    let mut server = door.server().await;
                    server.flush().await;
                    server
                });
                peer = Some(server);
                halves.unwrap()
            }
        };
        let peer = peer.as_mut().unwrap();
        let (stream, _) = peer.request().await;
        assert_eq!(stream, 2 * n + 1, "it is the first connection still");
        drop((sender, replies));
        assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
        // What the server had sent by then comes late.
        peer.headers(stream, HEAD).data(stream, &smallest()).data(stream, &smallest()).flush().await;
    }
    drop(channel);
    peer.unwrap().hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn thousands_of_early_answers_cost_a_server_no_connection() {
    let stub = Stub {
        many_requests: Box::new(|_| Box::pin(async { Err(Status::permission_denied("no")) })),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    for n in 0..2_000 {
        let stream = 2 * n + 1;
        caller.peer.headers(stream, &request("/test.Talk/ManyRequests")).data(stream, &message("more"));
        assert_eq!(caller.peer.tale(stream).await.len(), 1);
        assert_eq!(caller.peer.next().await, Frame::Reset { stream, reason: NO_ERROR });
        // What the client had sent by then comes late.
        caller.peer.data(stream, &smallest()).data(stream, &smallest()).last_data(stream, &smallest());
    }
    still_fine(&mut caller, 4_001).await;
    caller.close().await;
}

#[tokio::test]
async fn a_handler_that_drops_its_requests_harms_no_other_call() {
    let stub = Stub {
        many: Box::new(|requests, replies| {
            drop(requests);
            Box::pin(async move {
                replies.flush().await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(serve(stub)).await;
    // Six streams, each filling its window with the smallest messages there are.
    for stream in [1, 3, 5, 7, 9, 11] {
        caller.peer.headers(stream, &request("/test.Talk/Many")).flush().await;
        assert!(matches!(caller.peer.next().await, Frame::Headers { .. }));
        for _ in 0..13 {
            for _ in 0..1_000 {
                caller.peer.data(stream, &smallest());
            }
            caller.peer.flush().await;
        }
    }
    still_fine(&mut caller, 13).await;
    caller.close().await;
}

#[tokio::test]
async fn a_message_over_the_senders_limit_is_refused_before_it_is_sent() {
    let stub = Stub {
        one: Box::new(|_| Box::pin(async { Ok(Response::new("x".repeat(500))) })),
        many: Box::new(|_, replies| {
            Box::pin(async move {
                replies.send("x".repeat(500)).await?;
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let house = House::build(serve(stub).max_send_message_size(100), |e| e.max_send_message_size(200));
    for size in [10, 300] {
        let request = Request::new("y".repeat(size));
        let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{size}: {status}");
    }
    let (mut sender, mut replies) =
        within(house.channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    let status = within(replies.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(within(sender.send("y".into())).await.is_err());
    let mut upload = within(house.channel.client_streaming(&MANY_REQUESTS, Request::new(()))).await.unwrap();
    assert!(within(upload.send("y".repeat(300))).await.is_err());
    let status = within(upload.finish()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    drop((sender, replies));
    house.close().await;
}

#[tokio::test]
async fn small_windows_slow_a_stream_and_do_not_stop_it() {
    let small = |settings: Http2Settings| settings.stream_window(1_000);
    let server = serve(Stub::default()).http2(small(Http2Settings::server()));
    let house = House::build(server, |endpoint| endpoint.http2(small(Http2Settings::client())));
    let long = "x".repeat(100_000);
    let reply = within(house.channel.unary(&ONE, Request::new(long.clone()))).await.unwrap();
    assert!(*reply.get_ref() == long);
    house.close().await;
}

/// A client that keeps within its windows is never cut, however small its messages and however slow the handlers; and
/// what they read late is all there.
#[tokio::test]
async fn streams_full_of_empty_messages_are_kept_and_read_late() {
    const STREAMS: u32 = 30;
    const EACH: usize = 13_000;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let open = gate.clone();
    let stub = Stub {
        many_requests: Box::new(move |requests| {
            let gate = open.clone();
            Box::pin(async move {
                let _gate = gate.acquire().await.unwrap();
                let (mut requests, mut count) = (requests.into_inner(), 0);
                while requests.message().await?.is_some() {
                    count += 1;
                }
                Ok(Response::new(count.to_string()))
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(stub))).await;
    let mut frames = bytes::BytesMut::new();
    for stream in (0..STREAMS).map(|n| 2 * n + 1) {
        caller.peer.headers(stream, &request("/test.Talk/ManyRequests")).flush().await;
        frames.clear();
        // Each message goes in a frame of its own, as a client sends one now and then.
        for _ in 0..EACH {
            frame::write(&mut frames, frame::DATA, 0, stream, &[0; 5]);
        }
        for part in frames.chunks(16_384) {
            assert!(caller.peer.raw(part).flush().await, "the connection is cut");
            settle_a_little().await;
        }
    }
    settle().await;
    gate.add_permits(STREAMS as usize);
    for stream in (0..STREAMS).map(|n| 2 * n + 1) {
        let tale = caller.peer.end(stream).tale(stream).await;
        assert!(tale.iter().any(|line| line.contains("13000")), "{tale:?}");
    }
    caller.close().await;
}

/// Lets the server take in what was sent.
async fn settle_a_little() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// A24: by the number of records.
#[tokio::test]
async fn a_message_of_very_many_records_is_refused_before_it_is_unfolded_and_a_long_text_is_not() {
    const RAW: Method<RawMessage, RawMessage> = Method::unary("/test.Talk/One");
    let house = House::with(Talk::new(Stub::default()));
    let bomb = RawMessage([0x0a, 0x00].repeat(2_000_000).into());
    let refused = within(house.channel.unary(&RAW, Request::new(bomb))).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    let text = "never mind ".repeat(380_000);
    let echo = within(house.channel.unary(&ONE, Request::new(text.clone()))).await.unwrap();
    assert_eq!(echo.get_ref().len(), text.len());
    house.close().await;
}
