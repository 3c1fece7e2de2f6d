//! Connections that heal: what a caller never notices, and what it is told when it must.
//!
//! The server is scripted, time is paused, and the rules are those of gRFC A6 (transparent retries), gRPC
//! `wait-for-ready.md` and gRFC A8 (keepalive).

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use wirewright::policy::keepalive::KeepaliveConfig;
use wirewright::policy::retry::Fate;
use wirewright::transport::{Connector, Http2Settings, PipeConnector, TransportError};
use wirewright::{Address, Channel, Code, ConnectivityState, Endpoint, Request, Status};

use crate::support::frame::{ENHANCE_YOUR_CALM, Frame, NO_ERROR, REFUSED_STREAM};
use crate::support::peer::{Door, HEAD, OK, Peer, answerer, message};
use crate::support::talk::ONE;
use crate::support::{all_quiet, settle, within};

type Call = tokio::task::JoinHandle<Result<String, Status>>;

/// A unary call under way.
fn call(channel: &Channel, text: &str) -> Call {
    call_with(channel, Request::new(text.to_owned()))
}

fn call_with(channel: &Channel, request: Request<String>) -> Call {
    let channel = channel.clone();
    tokio::spawn(async move { channel.unary(&ONE, request).await.map(|reply| reply.into_inner()) })
}

/// A server that answers this stream with this text.
fn answer<'a>(peer: &'a mut Peer, stream: u32, text: &str) -> &'a mut Peer {
    peer.headers(stream, HEAD).data(stream, &message(text)).trailers(stream, OK)
}

async fn end(call: Call) -> Result<String, Status> {
    within(call).await.unwrap()
}

fn fate(status: &Status) -> Fate {
    use std::error::Error;
    status.source().unwrap().downcast_ref::<TransportError>().unwrap().fate()
}

/// Lets the channel go, and the servers that it had.
async fn close(channel: Channel, peers: impl IntoIterator<Item = Peer>) {
    drop(channel);
    for peer in peers {
        peer.hang_up().await;
    }
    all_quiet().await;
}

/// S50, S52: nobody is told.
#[tokio::test(start_paused = true)]
async fn a_call_above_the_last_stream_of_a_goaway_is_made_again_on_the_next_connection() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let seen = call(&channel, "seen");
    let mut first = door.server().await;
    let (old, _) = first.whole_request().await;
    let unseen = call(&channel, "unseen");
    let (above, _) = first.whole_request().await;
    assert!(above > old);
    first.go_away(old, NO_ERROR, b"").flush().await;
    let mut second = door.server().await;
    let (stream, bytes) = second.whole_request().await;
    assert_eq!(bytes, message("unseen"));
    answer(&mut second, stream, "from the second").flush().await;
    assert_eq!(end(unseen).await.unwrap(), "from the second");
    answer(&mut first, old, "from the first").flush().await;
    assert_eq!(end(seen).await.unwrap(), "from the first");
    close(channel, [first, second]).await;
}

/// S59: REFUSED_STREAM.
#[tokio::test(start_paused = true)]
async fn a_refused_call_is_made_again_once() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let lucky = call(&channel, "lucky");
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    peer.reset(stream, REFUSED_STREAM);
    let (stream, bytes) = peer.whole_request().await;
    assert_eq!(bytes, message("lucky"));
    answer(&mut peer, stream, "good").flush().await;
    assert_eq!(end(lucky).await.unwrap(), "good");

    let unlucky = call(&channel, "unlucky");
    for _ in 0..2 {
        let (stream, _) = peer.whole_request().await;
        peer.reset(stream, REFUSED_STREAM).flush().await;
    }
    let status = end(unlucky).await.unwrap_err();
    assert_eq!((status.code(), fate(&status)), (Code::Unavailable, Fate::Refused), "{status}");
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_answer_has_begun_is_not_made_again() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = call(&channel, "begun");
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    peer.headers(stream, HEAD).reset(stream, REFUSED_STREAM).flush().await;
    let status = end(call).await.unwrap_err();
    assert_eq!((status.code(), fate(&status)), (Code::Unavailable, Fate::Committed), "{status}");
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_been_seen_ends_with_what_the_goaway_said() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let call = call(&channel, "seen");
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    peer.go_away(stream, ENHANCE_YOUR_CALM, b"over quota").flush().await;
    settle().await;
    peer.hang_up().await;
    let status = end(call).await.unwrap_err();
    assert_eq!((status.code(), fate(&status)), (Code::Unavailable, Fate::Unknown));
    let says = "connection ended with GOAWAY ENHANCE_YOUR_CALM by the peer: over quota (";
    assert!(status.message().starts_with(says), "{status}");
    close(channel, []).await;
}

#[tokio::test(start_paused = true)]
async fn the_deadline_runs_on_from_one_attempt_to_the_next() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let request = Request::new("slow".to_owned()).with_timeout(Duration::from_secs(10));
    let start = Instant::now();
    let call = call_with(&channel, request);
    let mut peer = door.server().await;
    let (stream, fields) = peer.request().await;
    assert!(fields.contains(&"grpc-timeout: 10S".to_owned()), "{fields:?}");
    tokio::time::sleep(Duration::from_secs(4)).await;
    peer.reset(stream, REFUSED_STREAM);
    let (_, fields) = loop {
        match peer.next().await {
            Frame::Headers { stream, fields, .. } => break (stream, fields),
            Frame::Data { .. } => {}
            other => panic!("{other}"),
        }
    };
    assert!(fields.contains(&"grpc-timeout: 6S".to_owned()), "{fields:?}");
    let status = end(call).await.unwrap_err();
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, Duration::from_secs(10)));
    close(channel, [peer]).await;
}

/// S44: with a server of one stream.
#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_of_the_server_wait_in_line_and_go_in_order() {
    const MAX_CONCURRENT_STREAMS: u16 = 3;
    let (channel, mut door) = answerer(|endpoint| endpoint);
    channel.wake();
    let mut peer = Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.settings(&[(MAX_CONCURRENT_STREAMS, 1)]).flush().await;
    within(channel.state_changed(ConnectivityState::Connecting)).await;
    let mut calls = Vec::new();
    for text in ["a", "b", "c", "d"] {
        calls.push(call(&channel, text));
        settle().await;
    }
    // One gives up while it waits, and takes nobody's place.
    calls.remove(1).abort();
    for text in ["a", "c", "d"] {
        let (stream, bytes) = peer.whole_request().await;
        assert_eq!(bytes, message(text));
        answer(&mut peer, stream, text).flush().await;
        assert_eq!(end(calls.remove(0)).await.unwrap(), text);
    }
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn calls_in_line_keep_their_deadline_and_go_elsewhere_when_the_server_leaves() {
    const MAX_CONCURRENT_STREAMS: u16 = 3;
    let (channel, mut door) = answerer(|endpoint| endpoint);
    channel.wake();
    let mut first = Peer::silent(door.open().await);
    first.hear_preface().await;
    first.settings(&[(MAX_CONCURRENT_STREAMS, 1)]).flush().await;
    within(channel.state_changed(ConnectivityState::Connecting)).await;
    let long = call(&channel, "long");
    let (stream, _) = first.whole_request().await;
    let hasty = Request::new("hasty".to_owned()).with_timeout(Duration::from_secs(1));
    let start = Instant::now();
    let status = end(call_with(&channel, hasty)).await.unwrap_err();
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, Duration::from_secs(1)));

    let waiting: Vec<_> = ["x", "y"].map(|text| call(&channel, text)).into();
    settle().await;
    first.go_away(stream, NO_ERROR, b"").flush().await;
    let mut second = door.server().await;
    let mut requests = Vec::new();
    while requests.len() < 2 {
        match second.next().await {
            Frame::Data { stream, end: true, .. } => requests.push(stream),
            Frame::Headers { .. } => {}
            other => panic!("{other}"),
        }
    }
    for stream in requests {
        answer(&mut second, stream, "elsewhere").flush().await;
    }
    for call in waiting {
        assert_eq!(end(call).await.unwrap(), "elsewhere");
    }
    answer(&mut first, stream, "at last").flush().await;
    assert_eq!(end(long).await.unwrap(), "at last");
    close(channel, [first, second]).await;
}

/// S57: the last number.
#[tokio::test(start_paused = true)]
async fn a_connection_that_has_used_up_its_streams_is_followed_by_another_unnoticed() {
    let settings = Http2Settings::client().streams_per_connection(2);
    let (channel, mut door) = answerer(|endpoint| endpoint.http2(settings));
    for round in 0..3 {
        let first = call(&channel, "1");
        let mut peer = door.server().await;
        let (stream, _) = peer.whole_request().await;
        let second = call(&channel, "2");
        let (other, _) = peer.whole_request().await;
        answer(&mut peer, stream, "ok");
        answer(&mut peer, other, "ok").flush().await;
        for call in [first, second] {
            assert_eq!(end(call).await.unwrap(), "ok", "round {round}");
        }
        settle().await;
        let third = call(&channel, "3");
        let mut next = door.server().await;
        assert!(
            matches!(peer.next().await, Frame::GoAway { reason: NO_ERROR, .. }),
            "the old one says goodbye"
        );
        let (stream, _) = next.whole_request().await;
        answer(&mut next, stream, "ok").flush().await;
        assert_eq!(end(third).await.unwrap(), "ok");
        // The next round begins with a connection of its own.
        next.go_away(stream, NO_ERROR, b"");
        next.hang_up().await;
        settle().await;
    }
    close(channel, []).await;
}

/// A network without a server until there is one.
#[derive(Clone)]
struct Late {
    pipe: PipeConnector,
    is_there: Arc<Mutex<bool>>,
}

impl Connector for Late {
    type Io = <PipeConnector as Connector>::Io;

    async fn connect(&self, address: &Address) -> io::Result<Self::Io> {
        if *self.is_there.lock().unwrap() {
            return self.pipe.connect(address).await;
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

fn late(endpoint: impl FnOnce(Endpoint) -> Endpoint) -> (Channel, Late, Door) {
    let (pipe, incoming) = wirewright::transport::pipe();
    let late = Late { pipe, is_there: Arc::default() };
    let channel = endpoint(Endpoint::new("host:1").unwrap()).connector(late.clone()).lazy();
    (channel, late, Door::at(incoming))
}

#[tokio::test(start_paused = true)]
async fn a_patient_call_waits_for_a_server_that_is_not_there_yet() {
    let (channel, late, mut door) = late(|endpoint| endpoint);
    let patient = call_with(&channel, Request::new("patient".to_owned()).with_wait_for_ready(true));
    let hasty = end(call(&channel, "hasty")).await.unwrap_err();
    assert_eq!((hasty.code(), fate(&hasty)), (Code::Unavailable, Fate::NeverSent));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(channel.state(), ConnectivityState::TransientFailure);
    *late.is_there.lock().unwrap() = true;
    let mut peer = door.server().await;
    let (stream, bytes) = peer.whole_request().await;
    assert_eq!(bytes, message("patient"));
    answer(&mut peer, stream, "at last").flush().await;
    assert_eq!(end(patient).await.unwrap(), "at last");
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn patience_ends_with_the_deadline_and_a_call_may_be_hastier_than_its_channel() {
    let (channel, _late, _door) = late(|endpoint| endpoint.wait_for_ready(true));
    let start = Instant::now();
    let request = || Request::new("x".to_owned());
    let status = end(call_with(&channel, request().with_timeout(Duration::from_secs(29)))).await.unwrap_err();
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, Duration::from_secs(29)));
    let status = end(call_with(&channel, request().with_wait_for_ready(false))).await.unwrap_err();
    assert_eq!((status.code(), start.elapsed()), (Code::Unavailable, Duration::from_secs(29)));
    close(channel, []).await;
}

/// S58: keepalive of a client.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_asked_and_then_given_up() {
    let keepalive = KeepaliveConfig::new(Duration::from_secs(10));
    let keepalive = KeepaliveConfig { timeout: Duration::from_secs(3), ..keepalive };
    let (channel, mut door) = answerer(|endpoint| endpoint.keepalive(keepalive));
    let waiting = call(&channel, "anybody there?");
    let mut peer = door.server().await;
    peer.whole_request().await;
    let start = Instant::now();
    let mut pings = 0;
    while start.elapsed() < Duration::from_secs(45) {
        if let Frame::Ping { ack: false, .. } = peer.any_unhurried().await {
            pings += 1;
        }
    }
    assert_eq!(pings, 5, "one after every ten seconds of silence, and each is answered");
    assert!(!waiting.is_finished());
    let answered = Instant::now();
    peer.rude();
    let status = end(waiting).await.unwrap_err();
    assert_eq!(answered.elapsed(), Duration::from_secs(13));
    assert_eq!((status.code(), fate(&status)), (Code::Unavailable, Fate::Unknown));
    assert!(status.message().starts_with("connection dead: no answer to a PING within 3s ("), "{status}");
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_not_asked_but_a_call_after_long_silence_is_preceded_by_a_question() {
    let keepalive = KeepaliveConfig::new(Duration::from_secs(10));
    let (channel, mut door) = answerer(|endpoint| endpoint.keepalive(keepalive));
    let first = call(&channel, "1");
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    answer(&mut peer, stream, "1").flush().await;
    end(first).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let second = call(&channel, "2");
    let mut heard = Vec::new();
    loop {
        match peer.any().await {
            Frame::Ping { ack: false, .. } => heard.push("PING"),
            Frame::Headers { .. } => heard.push("HEADERS"),
            Frame::Data { stream, .. } => {
                answer(&mut peer, stream, "2").flush().await;
                break;
            }
            _ => {}
        }
    }
    assert_eq!(heard, ["PING", "HEADERS"]);
    end(second).await.unwrap();
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_complains_is_asked_half_as_often() {
    let keepalive = KeepaliveConfig::new(Duration::from_secs(10));
    let (channel, mut door) = answerer(|endpoint| endpoint.keepalive(keepalive));
    let mut call = call(&channel, "x");
    for seconds in [10, 20, 40] {
        let mut peer = door.server().await;
        let (stream, _) = peer.whole_request().await;
        let start = Instant::now();
        while !matches!(peer.any_unhurried().await, Frame::Ping { ack: false, .. }) {}
        assert_eq!(start.elapsed(), Duration::from_secs(seconds));
        peer.go_away(stream, ENHANCE_YOUR_CALM, b"too_many_pings");
        peer.hang_up().await;
        let status = end(call).await.unwrap_err();
        assert!(status.message().contains("too_many_pings"), "{status}");
        call = self::call(&channel, "x");
    }
    call.abort();
    close(channel, []).await;
}

/// S56: nothing can be written.
#[tokio::test(start_paused = true)]
async fn a_dead_line_does_not_outlive_its_channel_by_more_than_a_farewell() {
    let (pipe, incoming) = wirewright::transport::pipe();
    let channel = Endpoint::new("host:1").unwrap().connector(pipe).lazy();
    let mut door = Door::at(incoming);
    channel.wake();
    // The server hears nothing of what is said to it.
    let mut peer = Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.settings(&[]).flush().await;
    within(channel.state_changed(ConnectivityState::Idle)).await;
    within(channel.state_changed(ConnectivityState::Connecting)).await;
    let calls: Vec<_> = (0..4).map(|_| call(&channel, &"x".repeat(60_000))).collect();
    settle().await;
    calls.iter().for_each(|call| call.abort());
    drop(channel);
    let start = Instant::now();
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::time::advance(Duration::from_millis(100)).await;
        settle().await;
        assert!(start.elapsed() < Duration::from_secs(6), "the connection is still there");
    }
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_with_its_first_words_has_been_reached() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let start = Instant::now();
    let call = call(&channel, "hello");
    for _ in 0..3 {
        let mut peer = door.server().await;
        peer.go_away(0, NO_ERROR, b"").hang_up_after().flush().await;
    }
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    answer(&mut peer, stream, "at last").flush().await;
    assert_eq!(end(call).await.unwrap(), "at last");
    assert_eq!(start.elapsed(), Duration::ZERO, "nobody waits before connecting again");
    close(channel, [peer]).await;
}
