//! How servers end, and how they keep going when accepting fails.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Notify;
use tokio::time::Instant;
use wirewright::transport::{Connector, Incoming, pipe};
use wirewright::{Address, Code, PeerInfo, Request, Server, ServerEvent};

use crate::support::frame::{Frame, NO_ERROR, PING};
use crate::support::peer::{Caller, message, request};
use crate::support::talk::{MANY_REPLIES, ONE, Stub, Talk};
use crate::support::{Farewell, House, all_quiet, settle, within};

/// A server with a method `Many` that waits until it is told to go on, and tells when it is gone.
fn patient() -> (wirewright::ServerBuilder<()>, Arc<Notify>, Arc<Notify>) {
    let (go, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (goes, leaves) = (go.clone(), gone.clone());
    let stub = Stub {
        many: Box::new(move |_, replies| {
            let (go, farewell) = (goes.clone(), Farewell(leaves.clone()));
            Box::pin(async move {
                go.notified().await;
                replies.send("done".into()).await?;
                drop(farewell);
                Ok(())
            })
        }),
        ..Stub::default()
    };
    (Server::builder().add_service(Talk::new(stub)), go, gone)
}

/// The next frame that is neither SETTINGS nor a window.
async fn next(caller: &mut Caller) -> Frame {
    loop {
        match caller.peer.any().await {
            Frame::Settings(_) | Frame::SettingsAck | Frame::Window { .. } => {}
            frame => return frame,
        }
    }
}

/// S54, S55: on the side of the server.
#[tokio::test(start_paused = true)]
async fn a_graceful_end_has_two_phases_on_the_wire() {
    let (server, go, _gone) = patient();
    let mut caller = Caller::of(server).await;
    caller.peer.headers(1, &request("/test.Talk/Many")).flush().await;
    caller.peer.rude();
    settle().await;
    caller.stop();
    assert_eq!(
        next(&mut caller).await,
        Frame::GoAway { last: 0x7fff_ffff, reason: NO_ERROR, debug: "".into() }
    );
    let Frame::Ping { ack: false, opaque } = next(&mut caller).await else { panic!("no PING") };
    // This call was on its way when the server began to stop: it is served.
    caller.peer.headers(3, &request("/test.Talk/One")).last_data(3, &message("just in time"));
    assert_eq!(caller.peer.tale(3).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    caller.peer.frame(PING, 1, 0, &opaque);
    assert_eq!(next(&mut caller).await, Frame::GoAway { last: 3, reason: NO_ERROR, debug: "".into() });
    // This one is too late, and was told so.
    caller.peer.headers(5, &request("/test.Talk/One")).last_data(5, &message("too late")).flush().await;
    settle().await;
    assert!(!caller.is_over(), "a call is under way");
    go.notify_one();
    assert_eq!(caller.peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    assert_eq!(caller.peer.next().await, Frame::Reset { stream: 1, reason: NO_ERROR });
    assert_eq!(caller.peer.next().await, Frame::Eof);
    within(caller.ended()).await;
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_with_the_answer_to_the_ping() {
    let (server, ..) = patient();
    let mut caller = Caller::of(server).await;
    caller.peer.flush().await;
    settle().await;
    let start = Instant::now();
    caller.stop();
    assert!(matches!(caller.peer.next().await, Frame::GoAway { last: 0x7fff_ffff, .. }));
    assert!(matches!(caller.peer.next().await, Frame::GoAway { last: 0, .. }));
    assert_eq!(caller.peer.next().await, Frame::Eof);
    within(caller.ended()).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_the_ping_is_waited_for_five_seconds() {
    let (server, ..) = patient();
    let mut caller = Caller::of(server).await;
    caller.peer.rude().flush().await;
    settle().await;
    let start = Instant::now();
    caller.stop();
    within(caller.ended()).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_the_ping_still_gets_the_answer_to_its_call() {
    let (server, go, _gone) = patient();
    let mut caller = Caller::of(server).await;
    caller.peer.rude().headers(1, &request("/test.Talk/Many")).flush().await;
    settle().await;
    caller.stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!caller.is_over());
    go.notify_one();
    let tale = caller.peer.tale(1).await;
    assert_eq!(tale.last().unwrap(), "HEADERS END_STREAM grpc-status: 0", "{tale:?}");
    within(caller.ended()).await;
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_said_nothing_is_waited_for_a_second() {
    let (server, ..) = patient();
    let (connector, incoming) = pipe();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let mut silent = connector.connect(&Address::Memory).await.unwrap();
    settle().await;
    let start = Instant::now();
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    let mut rest = Vec::new();
    within(silent.read_to_end(&mut rest)).await.unwrap();
    all_quiet().await;
}

/// S55: calls that never end.
#[tokio::test(start_paused = true)]
async fn the_grace_is_hard_for_a_stream_that_never_ends() {
    let gone = Arc::new(Notify::new());
    let leaves = gone.clone();
    let stub = Stub {
        many_replies: Box::new(move |_, replies| {
            let farewell = Farewell(leaves.clone());
            Box::pin(async move {
                loop {
                    replies.send("tick".into()).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let _ = &farewell;
                }
            })
        }),
        ..Stub::default()
    };
    let server = Server::builder().add_service(Talk::new(stub)).grace(Duration::from_secs(20));
    let mut house = House::build(server, |endpoint| endpoint);
    let mut replies =
        within(house.channel.server_streaming(&MANY_REPLIES, Request::new(String::new()))).await.unwrap();
    within(replies.message()).await.unwrap();
    let start = Instant::now();
    house.stop();
    let status = loop {
        match within(replies.message()).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended well"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(start.elapsed(), Duration::from_secs(20));
    within(gone.notified()).await;
    drop(replies);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_grace_is_hard_for_a_client_that_gives_no_window() {
    let stub = Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.send("x".repeat(100_000)).await?;
                Ok(())
            })
        }),
        ..Stub::default()
    };
    let server = Server::builder().add_service(Talk::new(stub)).grace(Duration::from_secs(20));
    let mut caller = Caller::of(server).await;
    caller.peer.headers(1, &request("/test.Talk/ManyReplies")).last_data(1, &message("")).flush().await;
    settle().await;
    let start = Instant::now();
    caller.stop();
    within(caller.ended()).await;
    assert_eq!(start.elapsed(), Duration::from_secs(20));
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_end_well_while_new_ones_find_nobody() {
    let server = Server::builder().add_service(Stub::one(|request| async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(wirewright::Response::new(request.into_inner()))
    }));
    let mut house = House::build(server, |endpoint| endpoint);
    let channel = house.channel.clone();
    let call = tokio::spawn(async move { channel.unary(&ONE, Request::new("old".into())).await });
    settle().await;
    house.stop();
    settle().await;
    let status = within(house.channel.unary(&ONE, Request::new("new".into()))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(within(call).await.unwrap().unwrap().get_ref(), "old");
    house.close().await;
}

/// S55: without grace.
#[tokio::test]
async fn a_server_that_is_dropped_closes_everything_at_once() {
    let (server, _go, gone) = patient();
    let (connector, incoming) = pipe();
    let server = tokio::spawn(server.serve_until(incoming, std::future::pending()));
    let mut peer = crate::support::peer::Peer::client(connector.connect(&Address::Memory).await.unwrap());
    peer.headers(1, &request("/test.Talk/Many")).flush().await;
    settle().await;
    server.abort();
    assert_eq!(peer.next().await, Frame::Eof);
    within(gone.notified()).await;
    let _ = server.await;
    all_quiet().await;
}

/// S19, A18: before the beginning.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_begin_is_cut_after_ten_seconds() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let (server, ..) = patient();
    let server = server.on_event(move |event| seen.lock().unwrap().push(event.to_string()));
    let mut caller = Caller::of(server).await;
    let start = Instant::now();
    let mut silent = caller.connect().await;
    silent.write_all(b"PRI * HT").await.unwrap();
    let mut rest = Vec::new();
    within(silent.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert!(
        events
            .lock()
            .unwrap()
            .contains(&"connection from in-memory pipe did not begin HTTP/2 within 10s".to_owned())
    );
    caller.stop();
    caller.close().await;
}

/// Accepts, or fails, as it is told.
struct Moody(VecDeque<io::Result<DuplexStream>>);

impl Incoming for Moody {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, PeerInfo)> {
        match self.0.pop_front() {
            Some(next) => next.map(|io| (io, PeerInfo::new(Address::Memory))),
            None => std::future::pending().await,
        }
    }
}

/// A19: with real sockets.
#[tokio::test(start_paused = true)]
async fn a_listener_without_file_descriptors_rests_and_goes_on() {
    const EMFILE: i32 = 24;
    let (near, far) = duplex(1 << 16);
    let (other, second) = duplex(1 << 16);
    let full = || Err(io::Error::from_raw_os_error(EMFILE));
    let incoming = Moody([Ok(far), full(), full(), full(), Ok(second)].into());
    let rests = Arc::new(Mutex::new(Vec::new()));
    let noted = rests.clone();
    let server =
        Server::builder().add_service(Talk::new(Stub::default())).on_event(move |event| match event {
            ServerEvent::AcceptFailed { error, rest } => {
                assert_eq!(error.raw_os_error(), Some(EMFILE));
                assert!(
                    event.to_string().starts_with("cannot accept a connection: Too many open files"),
                    "{event}"
                );
                noted.lock().unwrap().push(rest.as_millis());
            }
            other => panic!("{other}"),
        });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let start = Instant::now();
    for io in [near, other] {
        let mut peer = crate::support::peer::Peer::client(io);
        peer.headers(1, &request("/test.Talk/One")).last_data(1, &message("hi"));
        assert_eq!(peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
        peer.hang_up().await;
    }
    assert_eq!(*rests.lock().unwrap(), [5, 10, 20]);
    assert_eq!(start.elapsed(), Duration::from_millis(35));
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_begins_while_the_server_stops_is_told_to_go_rather_than_cut() {
    let mut caller = Caller::of(Server::builder().add_service(Talk::new(Stub::default()))).await;
    // Two that the server has not heard of yet, one of which has said nothing so far.
    let mut late = caller.another().await;
    let silent = caller.connect().await;
    caller.stop();
    settle().await;
    let mut heard = Vec::new();
    loop {
        match late.any().await {
            Frame::Settings(_) => heard.push("SETTINGS"),
            Frame::GoAway { reason: 0, .. } => heard.push("GOAWAY"),
            Frame::Eof => break,
            _ => {}
        }
    }
    assert_eq!(heard, ["SETTINGS", "GOAWAY", "GOAWAY"]);
    drop(silent);
    caller.close().await;
}
