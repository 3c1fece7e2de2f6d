//! Clients that break a rule of HTTP/2 or say what cannot be meant: the damage stays with their stream, or with their
//! connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wirewright::{Response, Server, ServerBuilder};

use crate::support::frame::{self, CANCEL, ENHANCE_YOUR_CALM, Frame, PROTOCOL_ERROR};
use crate::support::peer::{Caller, Peer, message, request};
use crate::support::settle;
use crate::support::talk::{Stub, Talk};
use crate::support::weather::Sky;

fn serve(stub: Stub) -> ServerBuilder<()> {
    Server::builder().add_service(Talk::new(stub))
}

/// A stub that repeats what the head says of `x-a`.
fn says_x_a() -> ServerBuilder<()> {
    Server::builder().add_service(Stub::one(|request| async move {
        let x_a = request.metadata().get("x-a").unwrap_or("nothing").to_owned();
        Ok(Response::new(x_a))
    }))
}

/// A good call on this stream succeeds.
async fn still_fine(peer: &mut Peer, stream: u32) {
    peer.headers(stream, &request("/test.Talk/One")).last_data(stream, &message("fine?"));
    let tale = peer.tale(stream).await;
    assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0", "{tale:?}");
}

/// The reason of the GOAWAY that must come next, and the end of the connection after it.
async fn sent_away(peer: &mut Peer, what: &str) -> u32 {
    let Frame::GoAway { reason, .. } = peer.next().await else { panic!("{what}: not sent away") };
    assert_eq!(peer.next().await, Frame::Eof, "{what}");
    reason
}

/// S1, S2: stream numbers that no client may use.
#[tokio::test(start_paused = true)]
async fn a_stream_number_that_is_even_or_goes_back_ends_the_connection_and_no_other() {
    for sky in Sky::ALL {
        let mut caller = Caller::under(sky, serve(Stub::default())).await;
        for (what, numbers) in [("even", &[4_u32][..]), ("lower than the last", &[5, 3])] {
            let mut other = caller.another().await;
            for number in numbers {
                other.headers(*number, &request("/test.Talk/Many"));
            }
            assert_eq!(sent_away(&mut other, what).await, PROTOCOL_ERROR, "{what}, {sky:?}");
        }
        still_fine(&mut caller.peer, 1).await;
        caller.close().await;
    }
}

/// S3: a stream that overruns its window is reset, and the others live.
#[tokio::test(start_paused = true)]
async fn a_stream_that_overruns_its_window_is_reset_alone() {
    for sky in Sky::ALL {
        let mut caller = Caller::under(sky, serve(super::windows::deaf())).await;
        caller.peer.headers(1, &request("/test.Talk/Many"));
        for _ in 0..4 {
            caller.peer.data(1, &[0; 16_384]);
        }
        caller.peer.data(1, b"!");
        assert_eq!(
            caller.peer.next().await,
            Frame::Reset { stream: 1, reason: FLOW_CONTROL_ERROR },
            "{sky:?}"
        );
        still_fine(&mut caller.peer, 3).await;
        caller.close().await;
    }
}

/// A1, A10: resets by the thousand, before the calls were even looked at.
#[tokio::test(start_paused = true)]
async fn a_client_that_opens_and_resets_in_bulk_is_sent_away() {
    let started = Arc::new(AtomicUsize::new(0));
    let count = started.clone();
    let server = Server::builder().add_service(Stub::one(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::pending()
    }));
    let mut caller = Caller::of(server).await;
    let mut other = caller.another().await;
    for n in 0..1_000 {
        let stream = 2 * n + 1;
        other.headers(stream, &request("/test.Talk/One")).data(stream, &message("?")).reset(stream, CANCEL);
    }
    other.flush().await;
    let heard = other.next().await;
    assert!(matches!(heard, Frame::GoAway { reason: ENHANCE_YOUR_CALM, .. }), "{heard}");
    let started = started.load(Ordering::Relaxed);
    assert!(started <= 100, "{started} handlers were started");
    caller.peer.headers(1, &request("/test.Talk/Many")).end(1);
    assert_eq!(caller.peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    caller.close().await;
}

/// A3: a server that is made to reset streams itself has no more handlers than it may, and drops each with its stream.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_made_to_reset_keeps_no_handlers() {
    const CALLS: u32 = 1_000;
    for (what, fault) in [
        ("a window that overflows", (frame::WINDOW_UPDATE, 0x7fff_ffff_u32.to_be_bytes().to_vec())),
        ("more bytes than the head announced", (frame::DATA, vec![0; 2])),
    ] {
        let at_work = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (inside, peak) = (at_work.clone(), most.clone());
        let stub = Stub {
            many: Box::new(move |_, _| {
                let (inside, peak) = (inside.clone(), peak.clone());
                Box::pin(async move {
                    let _inside = Inside::enter(inside, &peak);
                    std::future::pending().await
                })
            }),
            ..Stub::default()
        };
        let mut caller = Caller::of(serve(stub)).await;
        for n in 0..CALLS {
            let stream = 2 * n + 1;
            let head = [&request("/test.Talk/Many")[..], &[("content-length", "1")]].concat();
            caller.peer.headers(stream, &head).flush().await;
            settle().await;
            caller.peer.frame(fault.0, 0, stream, &fault.1);
            let heard = caller.peer.next().await;
            assert!(matches!(heard, Frame::Reset { .. }), "{what}, call {n}: {heard}");
        }
        settle().await;
        assert_eq!(at_work.load(Ordering::Relaxed), 0, "{what}: handlers outlive their streams");
        assert!(most.load(Ordering::Relaxed) <= 2, "{what}: {} at once", most.load(Ordering::Relaxed));
        still_fine(&mut caller.peer, 2 * CALLS + 1).await;
        caller.close().await;
    }
}

/// Counts who is inside, and how many have been at once.
struct Inside(Arc<AtomicUsize>);

impl Inside {
    fn enter(inside: Arc<AtomicUsize>, peak: &AtomicUsize) -> Inside {
        peak.fetch_max(inside.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        Inside(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A4: a header block in ever more pieces, empty ones too.
#[tokio::test(start_paused = true)]
async fn a_header_block_in_very_many_pieces_ends_the_connection() {
    for (what, piece) in [("empty", &b""[..]), ("of a byte", b"\0")] {
        let mut caller = Caller::of(serve(Stub::default())).await;
        let mut other = caller.another().await;
        let block = frame::block(&[(":method", b"POST")]);
        other.frame(frame::HEADERS, frame::END_STREAM, 1, &block);
        for _ in 0..1_000 {
            other.frame(CONTINUATION, 0, 1, piece);
        }
        sent_away(&mut other, what).await;
        still_fine(&mut caller.peer, 1).await;
        caller.close().await;
    }
}

/// A7: a call that is refused leaves the table of HPACK as its block made it, so the next call reads the right field.
#[tokio::test(start_paused = true)]
async fn a_refused_head_does_not_shift_the_table_for_the_next() {
    let long = "y".repeat(6_000);
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refusals: [(&str, Vec<(&str, &str)>); 4] = [
        ("no such method", request("/test.Talk/None")),
        ("no path at all", request("One")),
        ("a forbidden field", [&request("/test.Talk/One")[..], &[("connection", "close")]].concat()),
        ("too many fields", [&request("/test.Talk/One")[..], &many, &[("x-l", &long)]].concat()),
    ];
    for sky in Sky::ALL {
        for (what, refused) in &refusals {
            let mut caller = Caller::under(sky, says_x_a()).await;
            // The last field of the block enters the table, as number 62 (RFC 7541, section 6.2.1).
            let mut block = block_of(refused);
            block.extend(b"\x40\x03x-a\x03one");
            caller.peer.frame(frame::HEADERS, frame::END_HEADERS | frame::END_STREAM, 1, &block);
            let refusal = caller.peer.tale(1).await.pop().unwrap();
            assert!(!refusal.contains("grpc-status: 0"), "{what}: {refusal}");

            let mut block = block_of(&request("/test.Talk/One"));
            block.push(0x80 | 62);
            caller.peer.frame(frame::HEADERS, frame::END_HEADERS, 3, &block).last_data(3, &message("?"));
            let tale = caller.peer.tale(3).await;
            let answer = tale.iter().find(|line| line.starts_with("DATA")).map(String::as_str);
            assert_eq!(
                answer,
                Some("DATA \\x00\\x00\\x00\\x00\\x05\\n\\x03one"),
                "{what}, {sky:?}: {tale:?}"
            );
            caller.close().await;
        }
    }
}

fn block_of(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    frame::block(&fields)
}

/// A13, A25: names that are no names, and values that no field may have, reach no handler.
#[tokio::test(start_paused = true)]
async fn fields_that_http_forbids_reach_no_handler() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let server = Server::builder().add_service(Stub::one(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Response::new(request.into_inner())) }
    }));
    let mut caller = Caller::of(server).await;
    let fields = [
        ("", "no name at all"),
        ("X-Upper", "letters that HTTP/2 does not have"),
        ("x a", "a space"),
        ("x\0a", "a zero"),
        (":unknown", "a pseudo-field that there is not"),
        ("x-value", "one\r\ntwo"),
        ("x-value", "nul\0nul"),
    ];
    for (name, value) in fields {
        let mut other = caller.another().await;
        let head = [&request("/test.Talk/One")[..], &[(name, value)]].concat();
        other.headers(1, &head).last_data(1, &message("?"));
        let heard = other.next().await;
        let refused = matches!(heard, Frame::Reset { reason: PROTOCOL_ERROR, .. } | Frame::GoAway { .. });
        assert!(refused, "{name:?}: {heard}");
        other.hang_up().await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0, "a handler was reached");
    caller.peer.headers(1, &request("/test.Talk/Many")).end(1);
    assert_eq!(caller.peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    caller.close().await;
}

/// A21: values of SETTINGS that HTTP/2 does not allow end the connection at once, and nothing spins.
#[tokio::test(start_paused = true)]
async fn impossible_settings_end_the_connection() {
    let mut caller = Caller::of(serve(Stub::default())).await;
    for (id, value) in IMPOSSIBLE_SETTINGS {
        let mut other = caller.another().await;
        other.settings(&[(id, value)]);
        sent_away(&mut other, &format!("SETTINGS {id} = {value}")).await;
    }
    still_fine(&mut caller.peer, 1).await;
    caller.close().await;
}

/// ENABLE_PUSH, INITIAL_WINDOW_SIZE and MAX_FRAME_SIZE out of their ranges (RFC 9113, section 6.5.2).
pub(super) const IMPOSSIBLE_SETTINGS: [(u16, u32); 5] =
    [(2, 2), (4, 0x8000_0000), (5, 0), (5, 16_383), (5, 0x0100_0000)];

pub(super) const FLOW_CONTROL_ERROR: u32 = 3;
pub(super) const CONTINUATION: u8 = 9;
