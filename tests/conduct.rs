//! Clients that have work done in vain: slowed where honest ones may do the same, sent away where none does.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use wirewright::Server;
use wirewright::policy::conduct::Rate;

use crate::support::frame::{CANCEL, ENHANCE_YOUR_CALM, Frame};
use crate::support::peer::{Caller, Peer, framed, message, request};
use crate::support::settle;
use crate::support::talk::{Stub, Talk};

const SERVED: &str = "HEADERS END_STREAM grpc-status: 0";

/// A good call, and when it was answered.
async fn served(peer: &mut Peer, stream: u32) -> Duration {
    let start = Instant::now();
    peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("hi"));
    assert_eq!(peer.tale(stream).await.pop().unwrap(), SERVED);
    start.elapsed()
}

/// Calls that are reset when their handlers are at work.
async fn take_back(peer: &mut Peer, calls: u32, first: u32) -> u32 {
    for n in 0..calls {
        peer.headers(first + 2 * n, &request("/test.Talk/Many"));
        peer.flush().await;
        settle().await;
        peer.reset(first + 2 * n, CANCEL);
        peer.flush().await;
        settle().await;
    }
    first + 2 * calls
}

/// A stub whose bidirectional calls say nothing and do not end.
fn silent() -> Stub {
    Stub {
        many: Box::new(|requests, _| {
            Box::pin(async move {
                let _requests = requests;
                pending().await
            })
        }),
        ..Stub::default()
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_back_more_calls_than_suffered_is_not_read_for_a_while_and_then_served() {
    let rate = Rate { burst: 20, per_second: 10 };
    let server = Server::builder().add_service(Talk::new(silent())).max_resets(rate);
    let mut caller = Caller::of(server).await;
    let next = take_back(&mut caller.peer, 20, 1).await;
    assert_eq!(served(&mut caller.peer, next).await, Duration::ZERO, "so many are suffered");
    let next = take_back(&mut caller.peer, 11, next + 2).await;
    let rest = served(&mut caller.peer, next).await;
    assert!(rest > Duration::ZERO && rest <= Duration::from_secs(2), "{rest:?}");
    // And who keeps to the rate is never slowed again.
    let mut next = next + 2;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        next = take_back(&mut caller.peer, 1, next).await;
    }
    assert_eq!(served(&mut caller.peer, next).await, Duration::ZERO);
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_cannot_be_read_count_as_ten() {
    let server = || {
        Server::builder()
            .add_service(Talk::new(Stub::default()))
            .max_receive_message_size(100)
            .max_resets(Rate { burst: 30, per_second: 10 })
    };
    let far_too_long = framed(0, u32::MAX, b"");
    let without_a_method = request("/test.Talk");
    for (head, bytes) in [(request("/test.Talk/One"), far_too_long), (without_a_method, message("hi"))] {
        let mut caller = Caller::of(server()).await;
        for stream in [1, 3, 5, 7] {
            caller.peer.headers(stream, &head).last_data(stream, &bytes);
            assert_ne!(caller.peer.tale(stream).await.pop().unwrap(), SERVED);
        }
        assert_eq!(served(&mut caller.peer, 9).await, Duration::from_secs(1));
        caller.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_breaks_http2_on_one_stream_after_another_is_told_to_calm_down() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let server = Server::builder()
        .add_service(Talk::new(silent()))
        .max_faults(Rate { burst: 20, per_second: 1 })
        .on_event(move |event| seen.lock().unwrap().push(event.to_string()));
    let mut caller = Caller::of(server).await;
    let mut other = caller.another().await;
    let overflow = 0x7fff_ffff;
    for n in 0..21 {
        let stream = 2 * n + 1;
        caller.peer.headers(stream, &request("/test.Talk/Many")).window(stream, overflow);
        caller.peer.flush().await;
        settle().await;
    }
    let end = loop {
        if let end @ (Frame::GoAway { .. } | Frame::Eof) = caller.peer.any_unhurried().await {
            break end;
        }
    };
    assert!(matches!(end, Frame::GoAway { reason: ENHANCE_YOUR_CALM, .. }), "{end:?}");
    assert_eq!(caller.peer.any_unhurried().await, Frame::Eof);
    assert!(events.lock().unwrap()[0].contains("broke HTTP/2"), "{events:?}");
    assert_eq!(served(&mut other, 1).await, Duration::ZERO, "others are not concerned");
    other.hang_up().await;
    caller.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_honest_clients_do_is_not_counted() {
    let one = Rate { burst: 1, per_second: 1 };
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let mut caller = Caller::of(server.max_resets(one).max_faults(one)).await;
    for n in 0..50 {
        let stream = 4 * n + 1;
        // Not there: the client's mistake, and nobody's work.
        caller.peer.headers(stream, &request("/test.Nobody/One")).last_data(stream, &message("hi"));
        let end = caller.peer.tale(stream).await.pop().unwrap();
        assert!(end.contains("grpc-status: 12"), "{end}");
        assert_eq!(served(&mut caller.peer, stream + 2).await, Duration::ZERO);
    }
    caller.close().await;
}
