//! What a server suffers, and for how long: permits for handlers, idle and old connections, silent and slow peers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use wirewright::policy::keepalive::KeepaliveConfig;
use wirewright::{Interceptor, Response, Server, ServerBuilder};

use crate::support::frame::{self, CANCEL, Frame, NO_ERROR};
use crate::support::peer::{Caller, PREFACE, Peer, message, request};
use crate::support::talk::{Stub, Talk};
use crate::support::{all_quiet, settle, within};

/// What the observer of a server was told.
type Events = Arc<Mutex<Vec<String>>>;

fn observed<I: Interceptor>(server: ServerBuilder<I>) -> (ServerBuilder<I>, Events) {
    let events = Events::default();
    let seen = events.clone();
    (server.on_event(move |event| seen.lock().unwrap().push(event.to_string())), events)
}

fn server() -> (ServerBuilder<()>, Events) {
    observed(Server::builder().add_service(Talk::new(Stub::default())))
}

/// A server whose unary handlers wait until they are let go.
fn patient() -> (ServerBuilder<()>, Arc<Semaphore>) {
    let go = Arc::new(Semaphore::new(0));
    let goes = go.clone();
    let talk = Stub::one(move |request| {
        let go = goes.clone();
        async move {
            go.acquire().await.unwrap().forget();
            Ok(Response::new(request.into_inner()))
        }
    });
    (Server::builder().add_service(talk), go)
}

fn ask(peer: &mut Peer, stream: u32) {
    peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("hi"));
}

async fn status_of(peer: &mut Peer, stream: u32) -> String {
    peer.tale(stream).await.pop().unwrap()
}

const SERVED: &str = "HEADERS END_STREAM grpc-status: 0";

#[tokio::test(start_paused = true)]
async fn a_call_beyond_the_handlers_of_its_connection_waits_a_second_and_is_turned_away() {
    let (server, go) = patient();
    let mut caller = Caller::of(server.max_handlers_per_connection(1)).await;
    ask(&mut caller.peer, 1);
    caller.peer.flush().await;
    settle().await;
    let start = Instant::now();
    ask(&mut caller.peer, 3);
    let refused = status_of(&mut caller.peer, 3).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert!(refused.contains("grpc-status: 8"), "{refused}");
    // One that is served in time notices nothing but the wait.
    ask(&mut caller.peer, 5);
    caller.peer.flush().await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    go.add_permits(2);
    assert_eq!(status_of(&mut caller.peer, 5).await, SERVED);
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_handlers_of_all_connections_are_counted_together() {
    let (server, go) = patient();
    let mut caller = Caller::of(server.max_handlers(1)).await;
    let mut other = caller.another().await;
    ask(&mut caller.peer, 1);
    caller.peer.flush().await;
    settle().await;
    ask(&mut other, 1);
    other.flush().await;
    settle().await;
    go.add_permits(1);
    assert_eq!(status_of(&mut caller.peer, 1).await, SERVED);
    go.add_permits(1);
    assert_eq!(status_of(&mut other, 1).await, SERVED);
    other.hang_up().await;
    caller.close().await;
}

/// S8, A2: one after the other, each given time to start.
#[tokio::test(start_paused = true)]
async fn a_client_that_resets_its_calls_has_never_more_handlers_than_it_may() {
    const CALLS: u32 = 500;
    let at_work = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counted = at_work.clone();
    let talk = Stub::one(move |_| {
        let counted = counted.clone();
        async move {
            struct Inside(Arc<Mutex<(usize, usize)>>);
            impl Drop for Inside {
                fn drop(&mut self) {
                    self.0.lock().unwrap().0 -= 1;
                }
            }
            {
                let mut counted = counted.lock().unwrap();
                counted.0 += 1;
                counted.1 = counted.1.max(counted.0);
            }
            let _inside = Inside(counted);
            std::future::pending().await
        }
    });
    let mut caller = Caller::of(Server::builder().add_service(talk).max_handlers_per_connection(5)).await;
    for n in 0..CALLS {
        ask(&mut caller.peer, 2 * n + 1);
        caller.peer.flush().await;
        settle().await;
        caller.peer.reset(2 * n + 1, CANCEL);
    }
    caller.peer.flush().await;
    settle().await;
    let (left, most) = *at_work.lock().unwrap();
    assert_eq!(left, 0, "a handler goes with its stream");
    assert!(most <= 5, "{most} handlers at once");
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_limit_wait_at_the_door() {
    let (server, _) = server();
    let mut caller = Caller::of(server.max_connections(1)).await;
    ask(&mut caller.peer, 1);
    assert_eq!(status_of(&mut caller.peer, 1).await, SERVED);
    let mut second = caller.another().await;
    ask(&mut second, 1);
    second.flush().await;
    settle().await;
    let first = std::mem::replace(&mut caller.peer, second);
    first.hang_up().await;
    assert_eq!(status_of(&mut caller.peer, 1).await, SERVED);
    caller.close().await;
}

/// The next frame that says that a connection ends.
async fn farewell(peer: &mut Peer) -> Frame {
    loop {
        if let end @ (Frame::GoAway { .. } | Frame::Eof) = peer.any_unhurried().await {
            return end;
        }
    }
}

fn is_first_goaway(frame: &Frame) -> bool {
    matches!(frame, Frame::GoAway { last: 0x7fff_ffff, reason: NO_ERROR, .. })
}

/// S58: idleness.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_told_to_go() {
    let (server, _) = server();
    let mut caller = Caller::of(server.max_connection_idle(Duration::from_secs(300))).await;
    ask(&mut caller.peer, 1);
    assert_eq!(status_of(&mut caller.peer, 1).await, SERVED);
    let start = Instant::now();
    assert!(is_first_goaway(&farewell(&mut caller.peer).await));
    assert_eq!(start.elapsed(), Duration::from_secs(300));
    assert!(matches!(farewell(&mut caller.peer).await, Frame::GoAway { last: 1, reason: NO_ERROR, .. }));
    assert_eq!(farewell(&mut caller.peer).await, Frame::Eof);
    caller.close().await;
}

/// S58: age.
#[tokio::test(start_paused = true)]
async fn an_old_connection_is_told_to_go_and_its_calls_end_within_the_grace() {
    let (server, go) = patient();
    let (server, events) = observed(
        server.max_connection_age(Duration::from_secs(600)).max_connection_age_grace(Duration::from_secs(30)),
    );
    let mut caller = Caller::of(server).await;
    let start = Instant::now();
    ask(&mut caller.peer, 1);
    assert!(is_first_goaway(&farewell(&mut caller.peer).await));
    let age = start.elapsed();
    assert!((540..=660).contains(&age.as_secs()), "{age:?}");
    assert!(matches!(farewell(&mut caller.peer).await, Frame::GoAway { last: 1, .. }));
    assert_eq!(farewell(&mut caller.peer).await, Frame::Eof);
    assert_eq!(start.elapsed(), age + Duration::from_secs(30));
    assert!(events.lock().unwrap()[0].contains("age"), "{events:?}");
    drop(go);
    caller.close().await;
}

/// S58: keepalive of a server.
#[tokio::test(start_paused = true)]
async fn a_silent_client_is_asked_and_then_closed() {
    let keepalive = KeepaliveConfig::new(Duration::from_secs(60));
    let keepalive = KeepaliveConfig { without_calls: true, timeout: Duration::from_secs(5), ..keepalive };
    let (server, events) = server();
    let mut caller = Caller::of(server.keepalive(keepalive)).await;
    caller.peer.flush().await;
    // It answers for ten minutes, and then no more.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(600) {
        assert!(!matches!(caller.peer.any_unhurried().await, Frame::Eof | Frame::GoAway { .. }));
    }
    let last = Instant::now();
    caller.peer.rude();
    assert_eq!(farewell(&mut caller.peer).await, Frame::Eof);
    assert_eq!(last.elapsed(), Duration::from_secs(65));
    assert!(events.lock().unwrap()[0].ends_with("it did not answer a PING"), "{events:?}");
    caller.close().await;
}

/// A18: within a header block.
#[tokio::test(start_paused = true)]
async fn half_a_header_block_is_suffered_for_ten_seconds_however_it_trickles() {
    let block = frame::block(&[(":method", b"POST"), (":path", b"/test.Talk/One")]);
    for trickle in [false, true] {
        let (server, events) = server();
        let mut caller = Caller::of(server).await;
        caller.peer.rude().flush().await;
        settle().await;
        let start = Instant::now();
        // HEADERS without END_HEADERS: CONTINUATION is owed.
        caller.peer.frame(frame::HEADERS, 0, 1, &block).flush().await;
        if trickle {
            caller.peer.raw(&[0, 0, 100, 9, 0, 0, 0, 0, 1]);
            for _ in 0..8 {
                caller.peer.raw(b"x").flush().await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        assert_eq!(farewell(&mut caller.peer).await, Frame::Eof);
        assert_eq!(start.elapsed(), Duration::from_secs(10), "trickle: {trickle}");
        assert!(events.lock().unwrap()[0].ends_with("it began something and did not go on"), "{events:?}");
        caller.close().await;
    }
}

/// S19, A18: within the beginning.
#[tokio::test(start_paused = true)]
async fn a_preface_without_settings_is_suffered_for_ten_seconds() {
    let (server, events) = server();
    let mut caller = Caller::of(server).await;
    caller.peer.flush().await;
    let mut peer = Peer::silent(caller.connect().await);
    let start = Instant::now();
    peer.rude().raw(PREFACE).flush().await;
    assert_eq!(farewell(&mut peer).await, Frame::Eof);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let is_told = |event: &String| event.ends_with("it began something and did not go on");
    assert!(events.lock().unwrap().iter().any(is_told), "{events:?}");
    caller.stop();
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_is_asked_once_after_it_fell_silent_and_kept() {
    let (server, events) = server();
    let mut caller = Caller::of(server).await;
    ask(&mut caller.peer, 1);
    assert_eq!(status_of(&mut caller.peer, 1).await, SERVED);
    let mut pings = 0;
    let start = Instant::now();
    while let Ok(frame) =
        tokio::time::timeout_at(start + Duration::from_secs(3_600), caller.peer.any_unhurried()).await
    {
        assert!(!matches!(frame, Frame::Eof | Frame::GoAway { .. }), "{frame}");
        pings += usize::from(matches!(frame, Frame::Ping { ack: false, .. }));
    }
    assert!(pings <= 2, "{pings} questions in an hour");
    assert!(events.lock().unwrap().is_empty());
    ask(&mut caller.peer, 3);
    assert_eq!(status_of(&mut caller.peer, 3).await, SERVED);
    caller.close().await;
}

/// A12, A17: a connection.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_suffered_for_a_minute() {
    let stub = Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                loop {
                    replies.send("x".repeat(10_000)).await?;
                }
            })
        }),
        ..Stub::default()
    };
    let (server, events) = observed(Server::builder().add_service(Talk::new(stub)));
    let mut caller = Caller::of(server).await;
    // Window in plenty, but nothing is read.
    caller.peer.window(0, 0x7000_0000);
    caller.peer.settings(&[(4, 0x7000_0000)]);
    caller.peer.headers(1, &request("/test.Talk/ManyReplies")).last_data(1, &message("")).flush().await;
    settle().await;
    let start = Instant::now();
    while events.lock().unwrap().is_empty() {
        tokio::time::advance(Duration::from_secs(1)).await;
        settle().await;
        assert!(start.elapsed() < Duration::from_secs(70), "it is still suffered");
    }
    assert!(start.elapsed() >= Duration::from_secs(59), "{:?}", start.elapsed());
    assert!(events.lock().unwrap()[0].ends_with("it takes nothing of what is sent to it"), "{events:?}");
    caller.stop();
    within(caller.ended()).await;
    drop(caller);
    all_quiet().await;
}

/// Begins a message of a hundred thousand bytes and sends a few.
fn begin_message(peer: &mut Peer, stream: u32, path: &str) {
    peer.headers(stream, &request(path)).data(stream, &[0, 0, 1, 0x86, 0xa0, 0x0a]);
}

/// A18: within a message.
#[tokio::test(start_paused = true)]
async fn a_message_that_was_begun_and_does_not_come_ends_its_call_and_no_other() {
    for path in ["/test.Talk/One", "/test.Talk/Many"] {
        let (server, _) = server();
        let mut caller = Caller::of(server).await;
        begin_message(&mut caller.peer, 1, path);
        caller.peer.flush().await;
        let start = Instant::now();
        let end = loop {
            match caller.peer.any_unhurried().await {
                Frame::Headers { end: true, fields, .. } => break fields,
                Frame::Eof => panic!("{path}: the connection ended"),
                _ => {}
            }
        };
        assert_eq!(start.elapsed(), Duration::from_secs(30), "{path}");
        assert!(end.contains(&"grpc-status: 1".to_owned()), "{path}: {end:?}");
        ask(&mut caller.peer, 3);
        assert_eq!(status_of(&mut caller.peer, 3).await, SERVED, "{path}");
        caller.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_drip_is_no_progress_and_a_slow_message_is() {
    // A byte a second is far below the least, and two hundred are above it.
    for (bytes, ends) in [(1, true), (200, false)] {
        let (server, _) = server();
        let mut caller = Caller::of(server).await;
        begin_message(&mut caller.peer, 1, "/test.Talk/One");
        let mut ended = false;
        for _ in 0..100 {
            caller.peer.data(1, &vec![0; bytes]).flush().await;
            let second = Duration::from_secs(1);
            if let Ok(Frame::Headers { end: true, .. } | Frame::Reset { .. }) =
                tokio::time::timeout(second, caller.peer.any_unhurried()).await
            {
                ended = true;
                break;
            }
        }
        assert_eq!(ended, ends, "{bytes} bytes a second");
        caller.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_silent_between_messages() {
    let (server, _) = server();
    let mut caller = Caller::of(server).await;
    let peer = &mut caller.peer;
    peer.headers(1, &request("/test.Talk/Many")).data(1, &message("one")).flush().await;
    assert!(matches!(peer.next().await, Frame::Headers { .. }));
    assert!(matches!(peer.next().await, Frame::Data { .. }));
    settle().await;
    while tokio::time::timeout(Duration::ZERO, peer.any_unhurried()).await.is_ok() {}
    let quiet = tokio::time::timeout(Duration::from_secs(300), peer.any_unhurried());
    assert!(quiet.await.is_err(), "five minutes of silence are no fault");
    peer.last_data(1, &message("two"));
    assert_eq!(status_of(peer, 1).await, SERVED);
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_unfinished_messages_hold_is_bounded_for_all_connections_together() {
    let (server, _) = server();
    let mut caller = Caller::of(server.max_half_message_bytes(20_000)).await;
    let mut other = caller.another().await;
    begin_message(&mut caller.peer, 1, "/test.Talk/One");
    caller.peer.data(1, &[0; 15_000]).flush().await;
    settle().await;
    begin_message(&mut other, 1, "/test.Talk/One");
    other.data(1, &[0; 10_000]);
    let refused = loop {
        if let Frame::Headers { end: true, fields, .. } = other.next().await {
            break fields;
        }
    };
    assert!(refused.contains(&"grpc-status: 8".to_owned()), "{refused:?}");
    // With the first call its bytes are gone, and there is room again.
    caller.peer.reset(1, CANCEL).flush().await;
    settle().await;
    begin_message(&mut other, 3, "/test.Talk/One");
    other.data(3, &[0; 10_000]).flush().await;
    settle().await;
    ask(&mut other, 5);
    assert_eq!(status_of(&mut other, 5).await, SERVED, "nothing was said of the one before");
    other.hang_up().await;
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_would_wait_for_too_long_are_turned_away_at_once_and_told_when_to_ask_again() {
    // Each handler keeps the only thread for two milliseconds.
    let busy = Stub::one(|request| async move {
        tokio::time::advance(Duration::from_millis(2)).await;
        Ok(Response::new(request.into_inner()))
    });
    for (sheds, least) in [(true, 20), (false, 0)] {
        let talk = busy.clone();
        let mut server = Server::builder().add_service(talk);
        if sheds {
            server = server.shed_load(Duration::from_millis(5));
        }
        let mut caller = Caller::of(server).await;
        let mut refused = 0;
        for burst in 0..3 {
            let streams = (0..30).map(|n| 1 + 2 * (burst * 30 + n));
            for stream in streams.clone() {
                ask(&mut caller.peer, stream);
            }
            let mut left = streams.count();
            refused = 0;
            while left > 0 {
                if let Frame::Headers { end: true, fields, .. } = caller.peer.next().await {
                    left -= 1;
                    let pushed = fields.contains(&"grpc-retry-pushback-ms: 1000".to_owned());
                    assert_eq!(fields.contains(&"grpc-status: 8".to_owned()), pushed, "{fields:?}");
                    refused += usize::from(pushed);
                }
            }
        }
        assert!((least..30).contains(&refused), "of thirty calls {refused} were turned away");
        assert!(sheds || refused == 0, "nobody is turned away unless it was asked for");
        caller.close().await;
    }
}

/// A client gives a stream no room, or so many bytes every ten seconds: when its call is reset, if it is.
/// A12, A17: a stream.
#[tokio::test(start_paused = true)]
async fn a_stream_whose_client_takes_next_to_nothing_is_cancelled_and_its_connection_lives() {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    for (window, reset_after) in [(0, Some(60)), (100, Some(60)), (1_000, None)] {
        let talk = Stub {
            many_replies: Box::new(|_, replies| {
                Box::pin(async move {
                    loop {
                        replies.send("x".repeat(1_000)).await?;
                    }
                })
            }),
            ..Stub::default()
        };
        let (server, _) = observed(Server::builder().add_service(Talk::new(talk)));
        let mut caller = Caller::of(server).await;
        let peer = &mut caller.peer;
        peer.settings(&[(INITIAL_WINDOW_SIZE, 0)]).flush().await;
        settle().await;
        peer.headers(1, &request("/test.Talk/ManyReplies")).last_data(1, &message("?")).flush().await;
        let start = Instant::now();
        let mut reset = None;
        while reset.is_none() && start.elapsed() < Duration::from_secs(200) {
            let ten = tokio::time::timeout(Duration::from_secs(10), peer.any_unhurried());
            match ten.await {
                Ok(Frame::Reset { stream: 1, reason: CANCEL }) => reset = Some(start.elapsed().as_secs()),
                Ok(Frame::Eof) => panic!("the connection ended"),
                Ok(_) => {}
                Err(_) if window > 0 => drop(peer.window(1, window).flush().await),
                Err(_) => {}
            }
        }
        assert_eq!(reset, reset_after, "{window} bytes every ten seconds");
        peer.settings(&[(INITIAL_WINDOW_SIZE, 65_535)]);
        ask(peer, 3);
        let told = loop {
            match peer.next().await {
                Frame::Headers { stream: 3, end: true, fields } => break fields,
                Frame::Data { bytes, .. } => drop(peer.window(0, bytes.len().max(1) as u32)),
                Frame::Eof => panic!("the connection ended"),
                _ => {}
            }
        };
        assert!(told.contains(&"grpc-status: 0".to_owned()), "{told:?}");
        caller.close().await;
    }
}
