//! What we rely on in the `h2` crate, each fact as a test against that crate alone.
//!
//! None of this is promised by h2. When one of these fails after an update, the room that relies on it has to be
//! looked at: `src/transport/h2/mod.rs` has the list.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;

use crate::support::frame::{CANCEL, ENHANCE_YOUR_CALM, Frame, NO_ERROR};
use crate::support::peer::{HEAD, Peer, framed, request};
use crate::support::{all_quiet, settle, within};

type Accepted = (Request<RecvStream>, SendResponse<Bytes>);

/// An h2 server with these settings, and a scripted client.
async fn server(builder: &h2::server::Builder) -> (Peer, mpsc::UnboundedReceiver<Accepted>) {
    let (near, far) = duplex(1 << 20);
    let mut peer = Peer::client(near);
    peer.flush().await;
    let mut connection = builder.handshake::<_, Bytes>(far).await.unwrap();
    let (tx, rx) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(accepted)) = connection.accept().await {
            let _ = tx.send(accepted);
        }
    });
    (peer, rx)
}

type Client = h2::client::SendRequest<Bytes>;
type ClientConnection = h2::client::Connection<DuplexStream, Bytes>;

/// An h2 client with these settings that nobody moves yet, and a scripted server that has said nothing.
async fn client(builder: &h2::client::Builder) -> (Peer, Client, ClientConnection) {
    let (near, far) = duplex(1 << 20);
    let (client, connection) = builder.handshake(far).await.unwrap();
    let mut peer = Peer::silent(near);
    peer.hear_preface().await;
    (peer, client, connection)
}

/// The same, with both at work, and the client's SETTINGS answered.
async fn settled_client(builder: &h2::client::Builder, settings: &[(u16, u32)]) -> (Peer, Client) {
    let (mut peer, client, connection) = client(builder).await;
    peer.settings(settings).flush().await;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    while peer.any().await != Frame::SettingsAck {}
    (peer, client)
}

fn call() -> Request<()> {
    Request::post("http://in.memory/test.Talk/Many").body(()).unwrap()
}

/// The frames that come before the answer to a PING.
async fn until_ping(peer: &mut Peer) -> Vec<Frame> {
    settle().await;
    peer.ping(*b"all said");
    let mut frames = Vec::new();
    loop {
        match peer.any().await {
            Frame::Ping { ack: true, .. } => return frames,
            Frame::Settings(_) | Frame::SettingsAck => {}
            Frame::Eof => {
                frames.push(Frame::Eof);
                return frames;
            }
            frame => frames.push(frame),
        }
    }
}

fn calm(frames: &[Frame]) -> bool {
    frames.iter().any(|frame| {
        matches!(frame, Frame::GoAway { reason: ENHANCE_YOUR_CALM, debug, .. } if debug == "too_many_data_frames")
    })
}

async fn end(mut peer: Peer) {
    peer.flush().await;
    peer.hang_up().await;
    all_quiet().await;
}

/// An empty message: the smallest frame that flow control lets pass in numbers.
fn smallest() -> Vec<u8> {
    framed(0, 0, b"")
}

#[tokio::test]
async fn unread_small_frames_within_the_window_kill_a_connection_of_default_settings() {
    let (mut peer, mut streams) = server(&h2::server::Builder::new()).await;
    peer.headers(1, &request("/a/b"));
    for _ in 0..100 {
        peer.data(1, &smallest());
    }
    assert_eq!(until_ping(&mut peer).await, [], "a hundred are within the default budget");
    let unread = within(streams.recv()).await.unwrap();
    for _ in 0..100 {
        peer.data(1, &smallest());
    }
    assert!(calm(&until_ping(&mut peer).await), "two hundred are not");
    drop(unread);
    end(peer).await;
}

#[tokio::test]
async fn with_a_budget_derived_from_the_window_flow_control_alone_decides() {
    let mut builder = h2::server::Builder::new();
    let (mut peer, mut streams) = server(builder.data_frame_budget(65_535_usize.div_ceil(5) * 251)).await;
    peer.headers(1, &request("/a/b"));
    for _ in 0..65_535 / 5 {
        peer.data(1, &smallest());
    }
    assert_eq!(until_ping(&mut peer).await, []);
    drop(within(streams.recv()).await.unwrap());
    end(peer).await;
}

/// A15: h2 counts them.
#[tokio::test]
async fn the_hundred_and_first_empty_frame_kills_a_connection_whatever_its_settings() {
    let (mut peer, mut streams) = server(h2::server::Builder::new().data_frame_budget(1 << 30)).await;
    peer.headers(1, &request("/a/b"));
    for _ in 0..100 {
        peer.data(1, b"");
    }
    assert_eq!(until_ping(&mut peer).await, []);
    assert!(calm(&until_ping(peer.data(1, b"")).await));
    drop(within(streams.recv()).await);
    end(peer).await;
}

#[tokio::test]
async fn frames_for_a_reader_that_was_dropped_are_charged_and_never_paid_back() {
    for is_read in [true, false] {
        let (mut peer, mut streams) = server(h2::server::Builder::new().data_frame_budget(10_000)).await;
        peer.headers(1, &request("/a/b")).flush().await;
        let (request, _respond) = within(streams.recv()).await.unwrap();
        let mut body = Some(request.into_body());
        if !is_read {
            body = None;
        }
        let mut frames = Vec::new();
        for _ in 0..10 {
            for _ in 0..10 {
                peer.data(1, &smallest());
            }
            frames.extend(until_ping(&mut peer).await);
            if let Some(body) = &mut body {
                for _ in 0..10 {
                    within(body.data()).await.unwrap().unwrap();
                }
            }
            if calm(&frames) {
                break;
            }
        }
        assert_eq!(calm(&frames), !is_read);
        drop(body);
        drop(_respond);
        end(peer).await;
    }
}

#[tokio::test]
async fn dropping_the_sending_half_does_not_reset_and_dropping_both_does() {
    let (mut peer, mut client) = settled_client(&h2::client::Builder::new(), &[]).await;
    let (response, send) = client.send_request(call(), false).unwrap();
    assert_eq!(peer.request().await.0, 1);
    drop(send);
    assert_eq!(until_ping(&mut peer).await, []);
    drop(response);
    assert_eq!(peer.next().await, Frame::Reset { stream: 1, reason: CANCEL });
    drop(client);
    end(peer).await;
}

#[tokio::test]
async fn a_server_that_drops_a_stream_after_its_trailers_resets_with_no_error() {
    let (mut peer, mut streams) = server(&h2::server::Builder::new()).await;
    peer.headers(1, &request("/a/b")).flush().await;
    let (request, mut respond) = within(streams.recv()).await.unwrap();
    respond.send_response(Response::new(()), true).unwrap();
    drop((request, respond));
    assert!(matches!(peer.next().await, Frame::Headers { end: true, .. }));
    assert_eq!(peer.next().await, Frame::Reset { stream: 1, reason: NO_ERROR });
    end(peer).await;
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll_capacity(send: &mut SendStream<Bytes>, waker: &Arc<Count>) -> bool {
    send.poll_capacity(&mut Context::from_waker(&Waker::from(waker.clone()))).is_ready()
}

#[tokio::test]
async fn a_half_stores_one_waker() {
    let (mut peer, mut client) =
        settled_client(&h2::client::Builder::new(), &[(INITIAL_WINDOW_SIZE, 0)]).await;
    let (response, mut send) = client.send_request(call(), false).unwrap();
    send.reserve_capacity(10);
    let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
    assert!(!poll_capacity(&mut send, &first));
    assert!(!poll_capacity(&mut send, &second));
    peer.request().await;
    peer.window(1, 10);
    until_ping(&mut peer).await;
    assert_eq!((first.0.load(Ordering::Relaxed), second.0.load(Ordering::Relaxed)), (0, 1));
    drop((response, send, client));
    end(peer).await;
}

#[tokio::test]
async fn after_an_early_answer_the_sending_half_fails_and_the_receiving_half_knows_why() {
    let (mut peer, mut client) = settled_client(&h2::client::Builder::new(), &[]).await;
    let (response, mut send) = client.send_request(call(), false).unwrap();
    peer.request().await;
    let answer = [HEAD, &[("grpc-status", "7")]].concat();
    peer.trailers(1, &answer).reset(1, NO_ERROR);
    assert_eq!(until_ping(&mut peer).await, []);
    let closed = send.send_data(Bytes::from_static(b"x"), false).unwrap_err();
    assert!(closed.reason().is_none(), "{closed:?}");
    // Though the stream was reset after its end, the end is what the reader sees.
    let response = within(response).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "7");
    assert!(response.body().is_end_stream());
    drop((response, send, client));
    end(peer).await;
}

#[tokio::test]
async fn frames_for_forgotten_streams_are_counted_for_life() {
    for ours in [false, true] {
        let mut builder = h2::client::Builder::new();
        if ours {
            builder.max_local_error_reset_streams(None);
        }
        let (mut peer, mut client) = settled_client(&builder, &[]).await;
        // One more than are remembered by default, so that the last is forgotten at once.
        for n in 0..51 {
            let (response, send) = client.send_request(call(), false).unwrap();
            assert_eq!(peer.request().await.0, 2 * n + 1);
            drop((response, send));
            assert_eq!(peer.next().await, Frame::Reset { stream: 2 * n + 1, reason: CANCEL });
        }
        // One at a time: each is answered with a reset, and each answer is counted.
        let mut late = 0;
        let cut = loop {
            match peer.data(101, b"late").next().await {
                Frame::Reset { stream: 101, .. } if late == 1_100 => break false,
                Frame::Reset { stream: 101, .. } => late += 1,
                Frame::GoAway { debug, .. } if debug == "too_many_internal_resets" => break true,
                other => panic!("{other}"),
            }
        };
        assert_eq!((cut, late), if ours { (false, 1_100) } else { (true, 1_024) });
        drop(client);
        end(peer).await;
    }
}

#[tokio::test]
async fn the_window_of_a_connection_is_given_back_with_that_of_the_stream_and_not_before() {
    let (mut peer, mut streams) = server(&h2::server::Builder::new()).await;
    peer.headers(1, &request("/a/b"));
    for _ in 0..3 {
        peer.data(1, &[0; 16_384]);
    }
    assert_eq!(until_ping(&mut peer).await, [], "unread bytes hold the window of all streams");
    let (request, respond) = within(streams.recv()).await.unwrap();
    let mut body = request.into_body();
    for _ in 0..3 {
        within(body.data()).await.unwrap().unwrap();
    }
    assert_eq!(until_ping(&mut peer).await, [], "nor does reading give it back");
    body.flow_control().release_capacity(3 * 16_384).unwrap();
    let mut windows = until_ping(&mut peer).await;
    windows.sort_by_key(|frame| matches!(frame, Frame::Window { stream: 1, .. }));
    let (bytes, all) = (3 * 16_384, 0);
    assert_eq!(windows, [Frame::Window { stream: all, bytes }, Frame::Window { stream: 1, bytes }]);
    drop((body, respond));
    end(peer).await;
}

#[tokio::test]
async fn bytes_may_be_handed_over_without_room_for_them() {
    let (mut peer, mut client) =
        settled_client(&h2::client::Builder::new(), &[(INITIAL_WINDOW_SIZE, 0)]).await;
    let (response, mut send) = client.send_request(call(), false).unwrap();
    peer.request().await;
    send.send_data(vec![0; 1 << 20].into(), true).unwrap();
    assert_eq!(until_ping(&mut peer).await, []);
    drop((response, send, client));
    end(peer).await;
}

#[tokio::test]
async fn the_arrival_of_settings_shows_in_the_number_of_streams() {
    const UNSETTLED: usize = 1 << 32;
    for (settings, expected) in [(&[][..], usize::MAX), (&[(MAX_CONCURRENT_STREAMS, 7)][..], 7)] {
        let mut builder = h2::client::Builder::new();
        builder.initial_max_send_streams(UNSETTLED);
        let (mut peer, client, mut connection) = client(&builder).await;
        let turn = async |connection: &mut ClientConnection| {
            for _ in 0..10 {
                poll_fn(|cx| {
                    let _ = std::pin::Pin::new(&mut *connection).poll(cx);
                    Poll::Ready(())
                })
                .await;
                tokio::task::yield_now().await;
            }
        };
        turn(&mut connection).await;
        assert_eq!(
            connection.max_concurrent_send_streams(),
            UNSETTLED,
            "the handshake did not wait for SETTINGS"
        );
        peer.settings(settings).flush().await;
        turn(&mut connection).await;
        assert_eq!(connection.max_concurrent_send_streams(), expected);
        drop((client, connection));
        end(peer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_no_clock() {
    let day = Duration::from_secs(24 * 3600);
    let (near, far) = duplex(1024);
    let handshake = h2::server::handshake(far);
    assert!(tokio::time::timeout(day, handshake).await.is_err(), "a peer that says nothing");
    drop(near);

    let (near, far) = duplex(1 << 16);
    let mut peer = Peer::client(near);
    peer.rude().flush().await;
    let mut connection = h2::server::handshake(far).await.unwrap();
    connection.graceful_shutdown();
    let ended = tokio::time::timeout(day, poll_fn(|cx| connection.poll_closed(cx)));
    assert!(ended.await.is_err(), "a peer that does not answer the PING of a graceful end");
    drop(connection);
    end(peer).await;
}

#[tokio::test]
async fn a_header_list_over_the_limit_is_answered_with_431_and_far_over_it_with_the_end() {
    let (mut peer, mut streams) = server(h2::server::Builder::new().max_header_list_size(1_000)).await;
    let long = "x".repeat(1_500);
    let fields = [&request("/a/b")[..], &[("long", &long)]].concat();
    peer.trailers(1, &fields);
    let Frame::Headers { fields, end: true, .. } = peer.next().await else { panic!("no answer") };
    assert_eq!(fields, [":status: 431"]);
    let long = "x".repeat(5_000);
    let fields = [&request("/a/b")[..], &[("long", &long)]].concat();
    peer.trailers(3, &fields);
    assert!(matches!(peer.next().await, Frame::GoAway { reason: ENHANCE_YOUR_CALM, .. }));
    assert!(within(streams.recv()).await.is_none(), "no application sees either");
    end(peer).await;
}

#[tokio::test]
async fn the_debug_text_of_a_goaway_is_found_in_the_printed_error_alone() {
    let (mut peer, mut client) = settled_client(&h2::client::Builder::new(), &[]).await;
    let (response, send) = client.send_request(call(), false).unwrap();
    peer.request().await;
    peer.go_away(0, ENHANCE_YOUR_CALM, b"too_many_pings").flush().await;
    let error = within(response).await.unwrap_err();
    assert!(error.is_go_away() && error.is_remote());
    assert!(error.to_string().ends_with("(b\"too_many_pings\")"), "{error}");
    drop((send, client));
    end(peer).await;
}

// RFC 9113, section 6.5.2.
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
