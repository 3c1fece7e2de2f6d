//! Servers that break a rule of HTTP/2, leave, or end a call early: every call ends once, with what was said last.

use std::time::Duration;

use wirewright::{Channel, Code, Endpoint, Request, Response, Status};

use super::clients::IMPOSSIBLE_SETTINGS;
use crate::support::frame::{self, CANCEL, Frame, NO_ERROR};
use crate::support::peer::{HEAD, OK, Peer, answerer, answerer_under, framed, message};
use crate::support::talk::{MANY, MANY_REPLIES, ONE, Stub};
use crate::support::weather::{Sky, a_while};
use crate::support::{House, all_quiet, within};

type Call = tokio::task::JoinHandle<Result<Response<String>, Status>>;

/// A unary call under way.
fn call(channel: &Channel) -> Call {
    let channel = channel.clone();
    tokio::spawn(async move { channel.unary(&ONE, Request::new("?".into())).await })
}

/// The call succeeds on this connection.
async fn still_fine(channel: &Channel, peer: &mut Peer) {
    let call = call(channel);
    let (stream, _) = peer.whole_request().await;
    peer.headers(stream, HEAD).data(stream, &message("fine")).trailers(stream, OK).flush().await;
    assert_eq!(within(call).await.unwrap().unwrap().into_inner(), "fine");
}

/// Lets the channel go, and the servers that it had.
async fn close(channel: Channel, peers: impl IntoIterator<Item = Peer>) {
    drop(channel);
    for peer in peers {
        peer.hang_up().await;
    }
    all_quiet().await;
}

/// A21, A30: what no server may say ends its connection, its call ends with an error, and the next one is made anew.
#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_http2_loses_its_connection_and_no_call_hangs() {
    type Fault = (&'static str, u8, u8, u32, Vec<u8>);
    let pushed = [&2_u32.to_be_bytes()[..], &frame::block(&[(":method", b"GET")])].concat();
    let mut faults: Vec<Fault> = vec![
        ("a push that was not allowed", PUSH_PROMISE, frame::END_HEADERS, 1, pushed),
        ("a head on a stream that no one opened", frame::HEADERS, frame::END_HEADERS, 7, block(HEAD)),
        ("a head on a stream of its own", frame::HEADERS, frame::END_HEADERS, 2, block(HEAD)),
        ("DATA on the connection", frame::DATA, 0, 0, b"x".to_vec()),
        ("a PING of seven bytes", frame::PING, 0, 0, vec![0; 7]),
        ("an overflow of the connection's window", frame::WINDOW_UPDATE, 0, 0, MOST_WINDOW.to_vec()),
        ("a reset of the connection", frame::RST_STREAM, 0, 0, vec![0; 4]),
        ("HPACK that means nothing", frame::HEADERS, frame::END_HEADERS, 1, vec![0xff; 9]),
        ("a frame over the limit", frame::DATA, 0, 1, vec![0; 16_385]),
    ];
    for (id, value) in IMPOSSIBLE_SETTINGS {
        let setting = [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        faults.push(("SETTINGS that are impossible", frame::SETTINGS, 0, 0, setting));
    }
    for sky in Sky::ALL {
        for (what, kind, flags, stream, content) in &faults {
            let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
            let first = call(&channel);
            let mut bad = door.server().await;
            let _ = bad.whole_request().await;
            bad.frame(*kind, *flags, *stream, content);
            let heard = bad.next().await;
            assert!(matches!(heard, Frame::GoAway { .. }), "{what}, {sky:?}: {heard}");
            let status = within(first).await.unwrap().expect_err(what);
            let expected = [Code::Internal, Code::Unavailable, Code::ResourceExhausted];
            assert!(expected.contains(&status.code()), "{what}, {sky:?}: {status}");
            let next = call(&channel);
            let mut good = door.server().await;
            let (stream, _) = good.whole_request().await;
            good.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
            assert_eq!(within(next).await.unwrap().unwrap().into_inner(), "!", "{what}, {sky:?}");
            close(channel, [bad, good]).await;
        }
    }
}

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    frame::block(&fields)
}

/// S4, A30: a server that overruns the window of a stream, or makes its own overflow, loses that stream alone.
#[tokio::test(start_paused = true)]
async fn a_server_that_overruns_a_window_loses_the_stream_alone() {
    for sky in Sky::ALL {
        for overflow in [false, true] {
            let small = wirewright::transport::Http2Settings::client().stream_window(10_000);
            let (channel, mut door) = answerer_under(sky, |endpoint| endpoint.http2(small));
            let calls = channel.clone();
            let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
            let mut peer = door.server().await;
            let (stream, _) = peer.request().await;
            let (sender, mut replies) = within(opening).await.unwrap().unwrap();
            if overflow {
                peer.frame(frame::WINDOW_UPDATE, 0, stream, &MOST_WINDOW);
            } else {
                peer.headers(stream, HEAD).data(stream, &[0; 10_001]);
            }
            let heard = peer.next().await;
            assert!(matches!(heard, Frame::Reset { reason: 3, .. }), "{sky:?}, overflow {overflow}: {heard}");
            let mut end = within(replies.message()).await;
            while end.is_ok() {
                end = within(replies.message()).await;
            }
            let status = end.unwrap_err();
            assert_eq!(status.code(), Code::Internal, "{sky:?}, overflow {overflow}: {status}");
            drop((sender, replies));
            still_fine(&channel, &mut peer).await;
            close(channel, [peer]).await;
        }
    }
}

/// S29: a server that ends early is told to expect no more, and what it said before is read in full.
#[tokio::test(start_paused = true)]
async fn what_a_server_said_before_it_ended_early_is_read() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        let calls = channel.clone();
        let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
        let mut peer = door.server().await;
        let (stream, _) = peer.request().await;
        let (mut sender, mut replies) = within(opening).await.unwrap().unwrap();
        within(sender.send("on and on".into())).await.unwrap();
        peer.headers(stream, HEAD).data(stream, &message("one")).data(stream, &message("two"));
        peer.trailers(stream, &[("grpc-status", "9"), ("grpc-message", "enough")]).flush().await;
        assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("one"));
        assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("two"));
        let status = within(replies.message()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "enough"));
        while within(sender.send("more".into())).await.is_ok() {}
        let mut heard = peer.next().await;
        while matches!(heard, Frame::Data { .. }) {
            heard = peer.next().await;
        }
        assert!(matches!(heard, Frame::Reset { .. }), "{sky:?}: {heard}");
        drop((sender, replies));
        still_fine(&channel, &mut peer).await;
        close(channel, [peer]).await;
    }
}

/// S30, S32: a reset in the middle of a message, compressed or not, is what the reset says and no damage.
#[tokio::test(start_paused = true)]
async fn a_reset_inside_a_message_is_cancelled_and_not_damage() {
    let gzip = [HEAD, &[("grpc-encoding", "gzip")]].concat();
    for sky in Sky::ALL {
        for (what, head, flag) in [("plain", HEAD.to_vec(), 0), ("compressed", gzip.clone(), 1)] {
            let (channel, mut door) = answerer_under(sky, accepting);
            let bad = call(&channel);
            let mut peer = door.server().await;
            let (stream, _) = peer.whole_request().await;
            peer.headers(stream, &head).data(stream, &framed(flag, 100, &[0x1f, 0x8b])).flush().await;
            a_while().await;
            peer.reset(stream, CANCEL).flush().await;
            let status = within(bad).await.unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Cancelled, "{what}, {sky:?}: {status}");
            still_fine(&channel, &mut peer).await;
            close(channel, [peer]).await;
        }
    }
}

#[cfg(feature = "gzip")]
fn accepting(endpoint: Endpoint) -> Endpoint {
    endpoint.compression(wirewright::Gzip::default())
}

#[cfg(not(feature = "gzip"))]
fn accepting(endpoint: Endpoint) -> Endpoint {
    endpoint
}

/// S31, S45: messages over the limit, one after the other, break neither the connection nor its window.
#[tokio::test(start_paused = true)]
async fn messages_over_the_limit_leave_the_connection_and_its_window_whole() {
    const ROUNDS: usize = 40;
    let small =
        wirewright::transport::Http2Settings::client().stream_window(65_535).connection_window(65_535);
    let (channel, mut door) = answerer(|endpoint| endpoint.http2(small).max_receive_message_size(1_000));
    let mut peer = None;
    for round in 0..ROUNDS {
        let bad = call(&channel);
        let mut server = match peer.take() {
            Some(server) => server,
            None => door.server().await,
        };
        let (stream, _) = server.whole_request().await;
        server.headers(stream, HEAD).data(stream, &framed(0, 10_000, &[0; 10_000])).flush().await;
        let status = within(bad).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "round {round}: {status}");
        let heard = server.next().await;
        assert!(matches!(heard, Frame::Reset { reason: CANCEL, .. }), "round {round}: {heard}");
        peer = Some(server);
    }
    let mut peer = peer.unwrap();
    still_fine(&channel, &mut peer).await;
    close(channel, [peer]).await;
}

/// S51: calls that wait while a server says goodbye twice end well on the connection that they began on.
#[tokio::test(start_paused = true)]
async fn a_call_outlives_two_goodbyes() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        let pending = call(&channel);
        let mut first = door.server().await;
        let (stream, _) = first.whole_request().await;
        first.go_away(0x7fff_ffff, NO_ERROR, b"").flush().await;
        a_while().await;
        let elsewhere = call(&channel);
        let mut second = door.server().await;
        let (other, _) = second.whole_request().await;
        first.go_away(stream, NO_ERROR, b"").flush().await;
        a_while().await;
        second.headers(other, HEAD).data(other, &message("b")).trailers(other, OK).flush().await;
        assert_eq!(within(elsewhere).await.unwrap().unwrap().into_inner(), "b", "{sky:?}");
        first.headers(stream, HEAD).data(stream, &message("a")).trailers(stream, OK).flush().await;
        assert_eq!(within(pending).await.unwrap().unwrap().into_inner(), "a", "{sky:?}");
        assert!(matches!(first.next().await, Frame::GoAway { reason: NO_ERROR, .. } | Frame::Eof), "{sky:?}");
        close(channel, [first, second]).await;
    }
}

/// S53: a proxy says goodbye, and a minute later it hangs up on the stream that is still open.
#[tokio::test(start_paused = true)]
async fn a_goodbye_and_a_minute_later_the_end() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        let calls = channel.clone();
        let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
        let mut first = door.server().await;
        let (stream, _) = first.request().await;
        let (sender, mut replies) = within(opening).await.unwrap().unwrap();
        first
            .headers(stream, HEAD)
            .data(stream, &message("here"))
            .go_away(stream, NO_ERROR, b"")
            .flush()
            .await;
        assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("here"), "{sky:?}");
        let next = call(&channel);
        let mut second = door.server().await;
        let (other, _) = second.whole_request().await;
        second.headers(other, HEAD).data(other, &message("there")).trailers(other, OK).flush().await;
        assert_eq!(within(next).await.unwrap().unwrap().into_inner(), "there", "{sky:?}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        first.hang_up().await;
        let status = within(replies.message()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{sky:?}: {status}");
        drop((sender, replies));
        still_fine(&channel, &mut second).await;
        close(channel, [second]).await;
    }
}

/// S54: a client that has no more to say says goodbye, and the server is not left to guess.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_says_goodbye() {
    for sky in Sky::ALL {
        let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
        let pending = call(&channel);
        let mut peer = door.server().await;
        let (stream, _) = peer.whole_request().await;
        channel.shut_down();
        a_while().await;
        peer.headers(stream, HEAD).data(stream, &message("!")).trailers(stream, OK).flush().await;
        assert_eq!(within(pending).await.unwrap().unwrap().into_inner(), "!", "{sky:?}");
        let heard = peer.next().await;
        assert!(matches!(heard, Frame::GoAway { reason: NO_ERROR, .. }), "{sky:?}: {heard}");
        assert_eq!(peer.next().await, Frame::Eof, "{sky:?}");
        close(channel, [peer]).await;
    }
}

/// S60: a server that makes a call of its own passes on nothing of its caller's metadata.
#[tokio::test(start_paused = true)]
async fn a_server_in_the_middle_passes_on_no_metadata() {
    let back = House::with(Stub::one(|request| async move {
        let names: Vec<String> = request.metadata().iter().map(|(name, _)| name.to_owned()).collect();
        Ok(Response::new(names.join(" ")))
    }));
    let onward = back.channel.clone();
    let front = House::with(Stub::one(move |request| {
        let onward = onward.clone();
        async move { onward.unary(&ONE, Request::new(request.into_inner())).await }
    }));
    let mut request = Request::new("?".to_owned());
    request.metadata_mut().insert("x-secret", "s").unwrap();
    let heard = within(front.channel.unary(&ONE, request)).await.unwrap().into_inner();
    assert!(!heard.contains("x-secret"), "{heard}");
    front.shut().await;
    back.close().await;
}

/// A35: what a server says does not command the terminal that a status is printed on.
#[tokio::test(start_paused = true)]
async fn a_status_prints_on_one_line_whatever_the_server_says() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = call(&channel);
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    let text = "%1B[2J%0D%0Agone %07%C2%9B31m";
    peer.trailers(stream, &[HEAD, &[("grpc-status", "2"), ("grpc-message", text)]].concat()).flush().await;
    let status = within(call).await.unwrap().unwrap_err();
    let printed = format!("{status}");
    assert!(!printed.chars().any(char::is_control), "{printed:?}");
    assert!(printed.contains("gone"), "{printed:?}");
    close(channel, [peer]).await;
}

/// S28: a web page in the place of an answer is repeated in part, however many frames it comes in.
#[tokio::test(start_paused = true)]
async fn a_page_in_very_many_frames_is_repeated_in_part() {
    for sky in Sky::ALL {
        for ended_by in ["DATA", "an empty DATA"] {
            let (channel, mut door) = answerer_under(sky, |endpoint| endpoint);
            let calls = channel.clone();
            let replies = tokio::spawn(async move {
                let mut replies = calls.server_streaming(&MANY_REPLIES, Request::new("?".into())).await?;
                replies.message().await
            });
            let mut peer = door.server().await;
            let (stream, _) = peer.whole_request().await;
            peer.headers(stream, &[(":status", "502"), ("content-type", "text/html")]);
            for _ in 0..500 {
                peer.data(stream, b"<p>bad gateway</p>");
            }
            if ended_by == "DATA" {
                peer.last_data(stream, b"</html>")
            } else {
                peer.end(stream)
            };
            peer.flush().await;
            let status = within(replies).await.unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{ended_by}, {sky:?}: {status}");
            assert!(status.message().contains("bad gateway"), "{ended_by}, {sky:?}: {status}");
            assert!(status.message().len() < 2_048, "{ended_by}, {sky:?}: {}", status.message().len());
            close(channel, [peer]).await;
        }
    }
}

const PUSH_PROMISE: u8 = 5;

/// The largest step of a window, which no window has room for twice.
const MOST_WINDOW: [u8; 4] = 0x7fff_ffff_u32.to_be_bytes();
