//! Windows, quotas and what waits for them: nothing is lost when a call ends at an awkward moment.

use wirewright::transport::Http2Settings;
use wirewright::{Code, Request, Response, Server, ServerBuilder};

use crate::support::frame::{CANCEL, Frame};
use crate::support::peer::{Caller, HEAD, OK, answerer_under, framed, message, request};
use crate::support::talk::{MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::weather::{Sky, a_while};
use crate::support::{all_quiet, settle, within};

/// A stub whose bidi method waits for ever without reading.
pub(super) fn deaf() -> Stub {
    Stub {
        many: Box::new(|requests, _| {
            Box::pin(async move {
                let _requests = requests;
                std::future::pending().await
            })
        }),
        ..Stub::default()
    }
}

/// A stub whose bidi method reads one message and then ends, or waits to be cancelled, as that message says.
fn hasty() -> Stub {
    Stub {
        many: Box::new(|requests, _| {
            Box::pin(async move {
                let mut requests = requests.into_inner();
                match requests.message().await?.as_deref() {
                    Some("end") => Ok(()),
                    _ => std::future::pending().await,
                }
            })
        }),
        ..Stub::default()
    }
}

fn serve(stub: Stub) -> ServerBuilder<()> {
    Server::builder().add_service(Talk::new(stub))
}

/// S41: a call that waits for window is dropped, and its place goes to the next, with a server of one stream.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_for_window_frees_its_place() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        channel.wake();
        let mut peer = door.server().await;
        // MAX_CONCURRENT_STREAMS and INITIAL_WINDOW_SIZE.
        peer.settings(&[(3, 1), (4, 0)]).flush().await;
        while peer.any().await != Frame::SettingsAck {}
        while peer.any().await != Frame::SettingsAck {}
        for round in 0..3 {
            let calls = channel.clone();
            let blocked = tokio::spawn(async move {
                let mut upload = calls.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
                loop {
                    upload.send("x".repeat(10_000)).await.unwrap();
                }
            });
            let (stream, _) = peer.request().await;
            let calls = channel.clone();
            let next = tokio::spawn(async move { calls.unary(&ONE, Request::new("next".into())).await });
            settle().await;
            blocked.abort();
            let heard = peer.next().await;
            assert_eq!(heard, Frame::Reset { stream, reason: CANCEL }, "round {round}, {sky:?}");
            let (stream, _) = peer.request().await;
            peer.window(stream, 1_000).flush().await;
            while !matches!(peer.next().await, Frame::Data { end: true, .. }) {}
            peer.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
            assert_eq!(within(next).await.unwrap().unwrap().into_inner(), "!", "round {round}, {sky:?}");
            let _ = blocked.await;
        }
        drop(channel);
        peer.hang_up().await;
        all_quiet().await;
    }
}

/// S42, S45, S46: calls that end in every awkward way give back the window of their connection, to the last byte.
///
/// A byte that is lost each time is missed in the end: what is sent is several times the connection's window, and a
/// server that had given back less would call the last of it an overrun.
#[tokio::test(start_paused = true)]
async fn a_connections_window_is_whole_after_calls_that_end_in_every_way() {
    const ROUNDS: u32 = 12;
    const WINDOW: usize = 4_096;
    for sky in Sky::ALL {
        let small = Http2Settings::server().stream_window(WINDOW as u32).connection_window(65_535);
        let mut caller = Caller::under(sky, serve(hasty()).http2(small)).await;
        let mut sent = 0;
        for n in 0..ROUNDS * 4 {
            let stream = 2 * n + 1;
            let first = match n % 4 {
                // Read in part and cancelled; answered early; refused for its length; never accepted at all.
                0 | 3 => message("wait"),
                1 => message("end"),
                _ => framed(0, u32::MAX, b"too much"),
            };
            let path = if n % 4 == 3 { "/test.Talk/None" } else { "/test.Talk/Many" };
            let peer = &mut caller.peer;
            peer.headers(stream, &request(path)).data(stream, &first);
            // The rest of the window of the stream: one long message that never ends.
            let rest = framed(0, 1_000_000, &vec![0; WINDOW - first.len() - 5]);
            peer.data(stream, &rest);
            sent += first.len() + rest.len();
            assert!(peer.flush().await, "{sky:?}: cut after {sent} bytes");
            a_while().await;
            if n % 4 == 0 {
                peer.reset(stream, CANCEL).flush().await;
                a_while().await;
            } else {
                let last = peer.tale(stream).await.pop().unwrap();
                assert!(last != "Eof" && !last.starts_with("GOAWAY"), "{sky:?}: {last} after {sent} bytes");
            }
        }
        assert!(sent > 2 * 65_535, "{sent} bytes would not tell");
        let stream = 2 * ROUNDS * 4 + 1;
        caller.peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("fine?"));
        assert_eq!(
            caller.peer.tale(stream).await.last().unwrap(),
            "HEADERS END_STREAM grpc-status: 0",
            "{sky:?}"
        );
        caller.close().await;
    }
}

/// S43: a request that waits for window ends with its deadline, and the connection goes on.
#[tokio::test(start_paused = true)]
async fn a_large_request_into_a_shut_window_ends_with_its_deadline() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        let calls = channel.clone();
        let large = Request::new("x".repeat(1_000_000)).with_timeout(std::time::Duration::from_secs(5));
        let large = tokio::spawn(async move { calls.unary(&ONE, large).await });
        let mut peer = door.server().await;
        let (stream, _) = peer.request().await;
        let status = within(large).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{sky:?}: {status}");
        let mut heard = peer.next().await;
        while matches!(heard, Frame::Data { .. }) {
            heard = peer.next().await;
        }
        assert_eq!(heard, Frame::Reset { stream, reason: CANCEL }, "{sky:?}");
        let calls = channel.clone();
        let next = tokio::spawn(async move { calls.unary(&ONE, Request::new("next".into())).await });
        peer.window(0, 1_000_000).flush().await;
        let (stream, _) = peer.whole_request().await;
        peer.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
        let answer: Response<String> = within(next).await.unwrap().unwrap();
        assert_eq!(answer.into_inner(), "!", "{sky:?}");
        drop(channel);
        peer.hang_up().await;
        all_quiet().await;
    }
}

/// S44: after many calls that were cut off, a server has as many streams and handlers to give as at first.
#[tokio::test(start_paused = true)]
async fn places_come_back_after_calls_that_were_cut_off() {
    for sky in Sky::ALL {
        let server = serve(deaf()).max_handlers_per_connection(10);
        let mut caller = Caller::under(sky, server).await;
        let mut stream = 1;
        for _ in 0..5 {
            let first = stream;
            for _ in 0..10 {
                caller.peer.headers(stream, &request("/test.Talk/Many")).data(stream, &message("?"));
                stream += 2;
            }
            caller.peer.flush().await;
            a_while().await;
            for n in 0..10 {
                caller.peer.reset(first + 2 * n, CANCEL);
            }
            caller.peer.flush().await;
            a_while().await;
        }
        for _ in 0..10 {
            caller.peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("?"));
            let tale = caller.peer.tale(stream).await;
            assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0", "{sky:?}: {tale:?}");
            stream += 2;
        }
        caller.close().await;
    }
}
