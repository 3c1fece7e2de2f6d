//! Floods: frames that are cheap to send and that no call needs.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use wirewright::{Request, Response, Server};

use super::windows::deaf;
use crate::support::frame::{self, Frame};
use crate::support::peer::{Caller, HEAD, OK, PREFACE, answerer, message, request};
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{all_quiet, settle, within};

/// Frames that a server answers by itself, or passes over.
const CHEAP: [(&str, u8, u32, &[u8]); 4] = [
    ("PING", frame::PING, 0, b"pingpong"),
    ("SETTINGS", frame::SETTINGS, 0, b""),
    ("PRIORITY", 2, 1, &[0, 0, 0, 3, 16]),
    ("a frame of no known type", 0x0b, 0, b"what is this"),
];

/// S5, S6, A8, A9: a client that asks and does not listen is no longer read, and holds up no end.
#[tokio::test(start_paused = true)]
async fn who_floods_and_does_not_listen_is_no_longer_read() {
    for (what, kind, stream, content) in &CHEAP[..2] {
        let mut caller = Caller::of(Server::builder().add_service(Talk::new(Stub::default()))).await;
        let mut io = caller.connect().await;
        let mut frames = bytes::BytesMut::new();
        frame::write(&mut frames, frame::SETTINGS, 0, 0, b"");
        io.write_all(PREFACE).await.unwrap();
        io.write_all(&frames.split()).await.unwrap();
        for _ in 0..100 {
            frame::write(&mut frames, *kind, 0, *stream, content);
        }
        let mut taken = 0;
        while timeout(Duration::from_secs(1), io.write_all(&frames)).await.is_ok() {
            taken += frames.len();
            assert!(taken < MOST_TAKEN, "{what}: {taken} bytes were taken while nobody reads the answers");
        }
        let stopped = Instant::now();
        caller.stop();
        caller.peer.hang_up_after().flush().await;
        caller.ended().await;
        assert!(stopped.elapsed() <= Duration::from_secs(31), "{what}: {:?}", stopped.elapsed());
        drop(io);
        drop(caller);
        all_quiet().await;
    }
}

/// Two pipes of 64 KiB, and what the engine reads ahead.
const MOST_TAKEN: usize = 1024 * 1024;

/// S7: a client that does not listen may still begin its calls, up to its windows.
#[tokio::test(start_paused = true)]
async fn who_does_not_listen_may_still_begin_its_calls() {
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let stub = Stub {
        many: Box::new(move |requests, _| {
            let started = started.clone();
            Box::pin(async move {
                let mut requests = requests.into_inner();
                let first = requests.message().await?;
                let _ = started.send(first.is_some());
                std::future::pending().await
            })
        }),
        ..Stub::default()
    };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(stub))).await;
    for n in 0..100 {
        caller.peer.headers(2 * n + 1, &request("/test.Talk/Many")).data(2 * n + 1, &message("begun"));
        assert!(caller.peer.flush().await);
    }
    for n in 0..100 {
        assert_eq!(within(starts.recv()).await, Some(true), "call {n}");
    }
    for n in 0..100 {
        caller.peer.reset(2 * n + 1, frame::CANCEL);
    }
    caller.close().await;
}

/// A8, A9, A11, A20: a flood that the engine answers by itself costs no call, on its own connection or on another.
#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_that_no_call_needs_costs_no_call() {
    const FRAMES: u32 = 20_000;
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(Stub::default()))).await;
    for (what, kind, of, content) in CHEAP {
        let flooder = caller.connect().await;
        let (mut answers, mut floods) = tokio::io::split(flooder);
        let listens = tokio::spawn(async move {
            let mut all = Vec::new();
            let _ = answers.read_to_end(&mut all).await;
            all.len()
        });
        let mut frames = bytes::BytesMut::new();
        frame::write(&mut frames, frame::SETTINGS, 0, 0, b"");
        floods.write_all(PREFACE).await.unwrap();
        for _ in 0..FRAMES {
            frame::write(&mut frames, kind, 0, of, content);
        }
        let flooding = async {
            for part in frames.chunks(16_384) {
                floods.write_all(part).await.unwrap();
            }
        };
        let mut stream = 1;
        let mut victim = caller.another().await;
        let calling = async {
            for _ in 0..100 {
                victim.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("?"));
                let tale = victim.tale(stream).await;
                assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0", "{what}: {tale:?}");
                stream += 2;
            }
        };
        tokio::join!(flooding, calling);
        victim.hang_up().await;
        floods.shutdown().await.unwrap();
        let heard = within(listens).await.unwrap();
        assert!(heard <= 64 + FRAMES as usize * 17, "{what}: {heard} bytes of answers");
    }
    caller.peer.headers(1, &request("/test.Talk/One")).last_data(1, &message("?"));
    assert_eq!(caller.peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    caller.close().await;
}

/// A30: the same from a server: the call that is under way ends as it should.
#[tokio::test(start_paused = true)]
async fn a_server_that_floods_costs_no_call() {
    for (what, kind, of, content) in CHEAP {
        let (channel, mut door) = answerer(|endpoint| endpoint);
        let calls = channel.clone();
        let call = tokio::spawn(async move { calls.unary(&ONE, Request::new("?".into())).await });
        let mut peer = door.server().await;
        let (stream, _) = peer.whole_request().await;
        for _ in 0..200 {
            for _ in 0..100 {
                peer.frame(kind, 0, of, content);
            }
            peer.flush().await;
            // What is answered must be heard, or neither end could go on.
            while let Ok(frame) = timeout(Duration::from_millis(1), peer.any_unhurried()).await {
                assert_ne!(frame, Frame::Eof, "{what}");
            }
        }
        peer.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
        assert_eq!(within(call).await.unwrap().unwrap().into_inner(), "!", "{what}");
        drop(channel);
        peer.hang_up().await;
        all_quiet().await;
    }
}

/// A31: informational heads by the hundred, and the answer after them.
#[tokio::test(start_paused = true)]
async fn a_flood_of_informational_heads_ends() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let call = tokio::spawn(async move { calls.unary(&ONE, Request::new("?".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    for _ in 0..500 {
        peer.headers(stream, &[(":status", "103"), ("link", "</style.css>")]).flush().await;
        settle().await;
    }
    peer.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
    let answer: Result<Response<String>, _> = within(call).await.unwrap();
    // Either is an end; a hang or a heap of heads is not.
    if let Ok(answer) = answer {
        assert_eq!(answer.into_inner(), "!");
    }
    drop(channel);
    peer.hang_up().await;
    all_quiet().await;
}

/// A14: what a handler may say into a window that is shut is bounded, however much it has to say.
#[tokio::test(start_paused = true)]
async fn a_handler_whose_client_gives_no_window_waits() {
    let said = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = said.clone();
    let stub = Stub {
        many_replies: Box::new(move |_, replies| {
            let count = count.clone();
            Box::pin(async move {
                loop {
                    replies.send("x".repeat(1_000)).await?;
                    count.fetch_add(1_000, std::sync::atomic::Ordering::Relaxed);
                }
            })
        }),
        ..deaf()
    };
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(stub))).await;
    caller.peer.settings(&[(4, 0)]);
    caller.peer.headers(1, &request("/test.Talk/ManyReplies")).last_data(1, &message("?")).flush().await;
    for _ in 0..20 {
        settle().await;
    }
    let said = said.load(std::sync::atomic::Ordering::Relaxed);
    // The outbox, and what the engine may hold of a stream.
    assert!(said > 0 && said <= 32 * 1024 + 64 * 1024 + 2_000, "{said} bytes");
    caller.peer.reset(1, frame::CANCEL).flush().await;
    caller.close().await;
}
