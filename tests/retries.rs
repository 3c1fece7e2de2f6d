//! Retry policies, and streams that are made again (gRFC A6): what the server sees of a call that is made more than
//! once, and that its caller and its interceptors see it once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use wirewright::{
    CallInfo, Channel, Code, Direction, Endpoint, Interceptor, Message, Metadata, Request, RetryPolicy,
    Status, Streaming,
};

use crate::support::frame::{CANCEL, Frame, NO_ERROR, REFUSED_STREAM};
use crate::support::peer::{Door, HEAD, OK, Peer, answerer, message};
use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE};
use crate::support::{all_quiet, settle, within};

const DOWN: &[(&str, &str)] = &[
    (":status", "200"),
    ("content-type", "application/grpc"),
    ("grpc-status", "14"),
    ("grpc-message", "down"),
];

fn policy() -> RetryPolicy {
    let (initial, max) = (Duration::from_millis(100), Duration::from_secs(1));
    RetryPolicy::new().max_attempts(4).backoff(initial, 2.0, max)
}

fn with_policy(policy: RetryPolicy) -> (Channel, Door) {
    answerer(|endpoint| endpoint.retry(policy))
}

fn trailers_with<'a>(code: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let fields = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", code)];
    fields.into_iter().chain(more.iter().copied()).collect()
}

fn answer<'a>(peer: &'a mut Peer, stream: u32, text: &str) -> &'a mut Peer {
    peer.headers(stream, HEAD).data(stream, &message(text)).trailers(stream, OK)
}

async fn close(channel: Channel, peers: impl IntoIterator<Item = Peer>) {
    drop(channel);
    for peer in peers {
        peer.hang_up().await;
    }
    all_quiet().await;
}

type Call = tokio::task::JoinHandle<Result<String, Status>>;

fn call(channel: &Channel, request: Request<String>) -> Call {
    let channel = channel.clone();
    tokio::spawn(async move { channel.unary(&ONE, request).await.map(|reply| reply.into_inner()) })
}

fn hello() -> Request<String> {
    Request::new("hello".to_owned())
}

async fn end(call: Call) -> Result<String, Status> {
    within(call).await.unwrap()
}

/// A request, and what it says of the attempts before it.
async fn attempt(peer: &mut Peer) -> (u32, Option<String>) {
    let (stream, fields) = peer.request().await;
    let field = fields.iter().find_map(|field| field.strip_prefix("grpc-previous-rpc-attempts: "));
    (stream, field.map(str::to_owned))
}

/// The rest of a request whose head was heard: its bytes.
async fn rest(peer: &mut Peer, of: u32) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match peer.next().await {
            Frame::Data { stream, bytes, end } if stream == of => {
                all.extend_from_slice(&bytes);
                if end {
                    return all;
                }
            }
            other => panic!("expected the rest of a request and heard {other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_made_again_after_growing_waits_and_says_which_attempt_it_is() {
    let (channel, mut door) = with_policy(policy());
    let call = call(&channel, hello());
    let mut peer = door.server().await;
    let mut last = Instant::now();
    let waits = [(0, 0), (80, 121), (160, 241), (320, 481)];
    for (made, (least, most)) in waits.into_iter().enumerate() {
        let (stream, previous) = attempt(&mut peer).await;
        let waited = last.elapsed().as_millis();
        assert!((least..=most).contains(&waited), "attempt {made} after {waited} ms");
        assert_eq!(previous, (made > 0).then(|| made.to_string()));
        assert_eq!(rest(&mut peer, stream).await, message("hello"));
        if made < 3 {
            peer.trailers(stream, DOWN).flush().await;
        } else {
            answer(&mut peer, stream, "at last").flush().await;
        }
        last = Instant::now();
    }
    assert_eq!(end(call).await.unwrap(), "at last");
    close(channel, [peer]).await;
}

/// What a server says, and how often it is asked until the caller is told.
/// S59: pushback and limits.
#[tokio::test(start_paused = true)]
async fn the_server_and_the_policy_decide_how_often_a_call_is_made() {
    let unavailable = || trailers_with("14", &[]);
    let pushed = |value| trailers_with("14", &[("grpc-retry-pushback-ms", value)]);
    type Answer = Vec<(&'static str, &'static str)>;
    let table: [(&str, RetryPolicy, Answer, u32, Code); 6] = [
        ("no policy for this code", policy(), trailers_with("13", &[]), 1, Code::Internal),
        ("as often as it may", policy(), unavailable(), 4, Code::Unavailable),
        ("five at the most", policy().max_attempts(50), unavailable(), 5, Code::Unavailable),
        ("the server says no", policy(), pushed("-1"), 1, Code::Unavailable),
        ("the server says when", policy(), pushed("60000"), 4, Code::Unavailable),
        ("a method that is left out", RetryPolicy::never(), unavailable(), 1, Code::Unavailable),
    ];
    for (name, policy, answer, attempts, code) in table {
        let (channel, mut door) = with_policy(policy);
        let start = Instant::now();
        let call = call(&channel, hello());
        let mut peer = door.server().await;
        let mut asked = 0;
        let status = loop {
            if asked == attempts {
                break end(call).await.unwrap_err();
            }
            let frame = tokio::time::timeout(Duration::from_secs(90), peer.any_unhurried()).await.unwrap();
            if let Frame::Data { stream, end: true, .. } = frame {
                asked += 1;
                peer.trailers(stream, &answer).flush().await;
            }
        };
        assert_eq!(status.code(), code, "{name}");
        if name == "the server says when" {
            assert_eq!(start.elapsed().as_secs(), 180, "{name}");
        }
        settle().await;
        close(channel, [peer]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_head_ends_all_retries() {
    let (channel, mut door) = with_policy(policy());
    let call = call(&channel, hello());
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    peer.headers(stream, HEAD).trailers(stream, &[("grpc-status", "14")]).flush().await;
    assert_eq!(end(call).await.unwrap_err().code(), Code::Unavailable);
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_dying_server_may_have_seen_is_made_again_only_with_a_policy() {
    for (retries, attempts) in [(Some(policy()), 2), (None, 1)] {
        let (channel, mut door) = answerer(|endpoint| match retries {
            Some(policy) => endpoint.retry(policy),
            None => endpoint,
        });
        let call = call(&channel, hello());
        let mut first = door.server().await;
        first.whole_request().await;
        first.hang_up().await;
        if attempts == 2 {
            let mut second = door.server().await;
            let (stream, _) = second.whole_request().await;
            answer(&mut second, stream, "again").flush().await;
            assert_eq!(end(call).await.unwrap(), "again");
            close(channel, [second]).await;
        } else {
            assert_eq!(end(call).await.unwrap_err().code(), Code::Unavailable);
            close(channel, []).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_runs_over_all_attempts_and_their_waits() {
    let slow = policy().backoff(Duration::from_secs(8), 1.0, Duration::from_secs(8));
    let (channel, mut door) = with_policy(slow);
    let start = Instant::now();
    let call = call(&channel, hello().with_timeout(Duration::from_secs(20)));
    let mut peer = door.server().await;
    for _ in 0..2 {
        let (stream, _) = peer.whole_request().await;
        peer.trailers(stream, DOWN).flush().await;
    }
    peer.whole_request().await;
    let status = end(call).await.unwrap_err();
    assert_eq!((status.code(), start.elapsed()), (Code::DeadlineExceeded, Duration::from_secs(20)));
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_method_has_its_own_policy_or_that_of_its_service_or_that_of_its_channel() {
    type Set = fn(Endpoint) -> Endpoint;
    let table: [(&str, Set, usize); 5] = [
        ("none", |endpoint| endpoint, 1),
        ("the channel's", |endpoint| endpoint.retry(policy().max_attempts(2)), 2),
        (
            "the service's",
            |e| e.retry(policy().max_attempts(2)).retry_for("/test.Talk", policy().max_attempts(3)),
            3,
        ),
        (
            "the method's",
            |e| e.retry_for("/test.Talk/One", RetryPolicy::never()).retry_for("/test.Talk", policy()),
            1,
        ),
        ("of other methods", |e| e.retry_for("/test.Talk/Many", policy()).retry_for("/test", policy()), 1),
    ];
    for (name, set, attempts) in table {
        let (channel, mut door) = answerer(set);
        let call = call(&channel, hello());
        let mut peer = door.server().await;
        for _ in 0..attempts {
            let (stream, _) = peer.whole_request().await;
            peer.trailers(stream, DOWN).flush().await;
        }
        assert_eq!(end(call).await.unwrap_err().code(), Code::Unavailable, "{name}");
        close(channel, [peer]).await;
    }
}

/// S59: throttling.
#[tokio::test(start_paused = true)]
async fn a_channel_whose_calls_mostly_fail_stops_asking_again() {
    let (channel, mut door) = answerer(|e| e.retry(policy().max_attempts(5)).retry_throttling(4, 1.0));
    let failing = call(&channel, hello());
    let mut peer = door.server().await;
    // Four tokens: the second failure leaves half, which is too little.
    for _ in 0..2 {
        let (stream, _) = peer.whole_request().await;
        peer.trailers(stream, DOWN).flush().await;
    }
    assert_eq!(end(failing).await.unwrap_err().code(), Code::Unavailable);
    for _ in 0..2 {
        let good = call(&channel, hello());
        let (stream, _) = peer.whole_request().await;
        answer(&mut peer, stream, "good").flush().await;
        end(good).await.unwrap();
    }
    let failing = call(&channel, hello());
    for _ in 0..2 {
        let (stream, _) = peer.whole_request().await;
        peer.trailers(stream, DOWN).flush().await;
    }
    assert_eq!(
        end(failing).await.unwrap_err().code(),
        Code::Unavailable,
        "the tokens of successes were given back"
    );
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_too_large_to_be_kept_is_sent_once() {
    let (channel, mut door) = with_policy(policy());
    let large = call(&channel, Request::new("x".repeat(257 * 1024)));
    let mut peer = door.server().await;
    let (stream, _) = peer.request().await;
    peer.trailers(stream, DOWN).reset(stream, NO_ERROR).flush().await;
    assert_eq!(end(large).await.unwrap_err().code(), Code::Unavailable);
    close(channel, [peer]).await;
}

/// Counts the moments of calls.
#[derive(Clone, Default)]
struct Moments(Arc<[AtomicUsize; 4]>);

impl Moments {
    fn note(&self, moment: usize) {
        self.0[moment].fetch_add(1, Ordering::Relaxed);
    }
}

impl Interceptor for Moments {
    async fn start(&self, _: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        self.note(0);
        metadata.insert("x-once", "1").unwrap();
        Ok(())
    }

    fn message<M: Message>(&self, _: &CallInfo, _: Direction, _: &mut M) -> Result<(), Status> {
        self.note(1);
        Ok(())
    }

    fn headers(&self, _: &CallInfo, _: &mut Metadata) {
        self.note(2);
    }

    fn end(&self, _: &CallInfo, _: &Result<(), Status>, _: &mut Metadata) {
        self.note(3);
    }
}

#[tokio::test(start_paused = true)]
async fn interceptors_see_a_call_once_however_many_attempts_it_takes() {
    let (plain, mut door) = with_policy(policy());
    let moments = Moments::default();
    let channel = plain.clone().intercept(moments.clone());
    let calls = channel.clone();
    let unary = tokio::spawn(async move { calls.unary(&ONE, hello()).await.map(|_| ()) });
    let mut peer = door.server().await;
    for attempt in 0..3 {
        let (stream, fields) = peer.request().await;
        assert!(
            fields.contains(&"x-once: 1".to_owned()),
            "every attempt has what the interceptors gave: {fields:?}"
        );
        rest(&mut peer, stream).await;
        match attempt {
            2 => answer(&mut peer, stream, "good").flush().await,
            _ => peer.trailers(stream, DOWN).flush().await,
        };
    }
    within(unary).await.unwrap().unwrap();
    assert_eq!(moments.0.each_ref().map(|n| n.load(Ordering::Relaxed)), [1, 2, 1, 1]);
    drop(channel);
    close(plain, [peer]).await;
}

/// All messages of a stream, and how it ended.
async fn all(streaming: &mut Streaming<String>) -> (Vec<String>, Result<(), Code>) {
    let mut messages = Vec::new();
    loop {
        match within(streaming.message()).await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, Ok(())),
            Err(status) => return (messages, Err(status.code())),
        }
    }
}

fn read(mut streaming: Streaming<String>) -> tokio::task::JoinHandle<(Vec<String>, Result<(), Code>)> {
    tokio::spawn(async move { all(&mut streaming).await })
}

/// How an attempt fails, whether it needs a policy to be made again, and whether the connection is gone with it.
const FAILURES: [(&str, bool, bool); 4] =
    [("refused", false, false), ("GOAWAY", false, true), ("UNAVAILABLE", true, false), ("died", true, true)];

async fn fail(mut peer: Peer, how: &str, stream: u32) -> Option<Peer> {
    match how {
        "refused" => peer.reset(stream, REFUSED_STREAM).flush().await,
        "GOAWAY" => peer.go_away(0, NO_ERROR, b"").flush().await,
        "UNAVAILABLE" => peer.trailers(stream, DOWN).flush().await,
        _ => {
            peer.hang_up().await;
            return None;
        }
    };
    Some(peer)
}

/// The server that the next attempt comes to.
async fn next_of(door: &mut Door, left: Option<Peer>, is_gone: bool) -> (Peer, Option<Peer>) {
    match left {
        Some(peer) if !is_gone => (peer, None),
        old => (door.server().await, old),
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_stream_is_made_again_until_its_response_begins() {
    for (how, needs_policy, is_gone) in FAILURES {
        let (channel, mut door) =
            answerer(|endpoint| if needs_policy { endpoint.retry(policy()) } else { endpoint });
        let streaming = channel.clone();
        let opening = tokio::spawn(async move { streaming.server_streaming(&MANY_REPLIES, hello()).await });
        let mut first = door.server().await;
        let (stream, bytes) = first.whole_request().await;
        assert_eq!(bytes, message("hello"), "{how}");
        let reading = read(within(opening).await.unwrap().unwrap());
        let left = fail(first, how, stream).await;
        let (mut second, old) = next_of(&mut door, left, is_gone).await;
        let (stream, previous) = attempt(&mut second).await;
        assert_eq!(previous.as_deref(), needs_policy.then_some("1"), "{how}");
        assert_eq!(rest(&mut second, stream).await, message("hello"), "{how}");
        second.headers(stream, HEAD).data(stream, &message("a")).data(stream, &message("b"));
        second.trailers(stream, OK).flush().await;
        let heard = within(reading).await.unwrap();
        assert_eq!(heard, (vec!["a".to_owned(), "b".to_owned()], Ok(())), "{how}");
        close(channel, old.into_iter().chain([second])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_begun_ends_with_what_broke_it() {
    let (channel, mut door) = with_policy(policy());
    let streaming = channel.clone();
    let opening = tokio::spawn(async move { streaming.server_streaming(&MANY_REPLIES, hello()).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    let reading = read(within(opening).await.unwrap().unwrap());
    peer.headers(stream, HEAD).data(stream, &message("a")).reset(stream, REFUSED_STREAM).flush().await;
    let (messages, end) = within(reading).await.unwrap();
    assert_eq!((messages.len() <= 1, end), (true, Err(Code::Unavailable)));
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_request_stream_has_sent_is_sent_again_and_then_the_rest() {
    for (how, needs_policy, is_gone) in FAILURES {
        let (channel, mut door) =
            answerer(|endpoint| if needs_policy { endpoint.retry(policy()) } else { endpoint });
        let (calls, opened) = (channel.clone(), door.server());
        let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
        let mut first = within(opened).await;
        first.flush().await;
        let (mut sender, streaming) = within(opening).await.unwrap().unwrap();
        sender.send("a".to_owned()).await.unwrap();
        sender.flush().await.unwrap();
        sender.send("b".to_owned()).await.unwrap();
        sender.flush().await.unwrap();
        let (stream, _) = first.request().await;
        first.next().await;
        let reading = read(streaming);
        let left = fail(first, how, stream).await;
        // While nobody is there, the application goes on.
        sender.send("c".to_owned()).await.unwrap();
        let (mut second, old) = next_of(&mut door, left, is_gone).await;
        let mut stream = 0;
        let mut bytes = Vec::new();
        let whole = [message("a"), message("b"), message("c")].concat();
        while bytes.len() < whole.len() {
            match second.next().await {
                Frame::Headers { stream: of, .. } => stream = of,
                Frame::Data { stream: of, bytes: more, .. } if of == stream => bytes.extend_from_slice(&more),
                // What the first attempt had still to say.
                Frame::Data { .. } | Frame::Reset { .. } => {}
                other => panic!("{how}: {other}"),
            }
        }
        assert_eq!(bytes, whole, "{how}");
        second.headers(stream, HEAD).data(stream, &message("x")).flush().await;
        settle().await;
        sender.send("d".to_owned()).await.unwrap();
        sender.finish().await.unwrap();
        assert_eq!(rest(&mut second, stream).await, message("d"), "{how}");
        second.trailers(stream, OK).flush().await;
        assert_eq!(within(reading).await.unwrap(), (vec!["x".to_owned()], Ok(())), "{how}");
        close(channel, old.into_iter().chain([second])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_has_ended_is_made_again_to_its_last_byte() {
    let (channel, mut door) = with_policy(policy());
    let calls = channel.clone();
    let upload = tokio::spawn(async move {
        let mut upload = calls.client_streaming(&MANY_REQUESTS, Request::new(())).await?;
        for word in ["a", "b"] {
            upload.send(word.to_owned()).await?;
        }
        upload.finish().await.map(|reply| reply.into_inner())
    });
    let mut peer = door.server().await;
    let whole = [message("a"), message("b")].concat();
    for made in 0..3 {
        let (stream, bytes) = peer.whole_request().await;
        assert_eq!(bytes, whole, "attempt {made}");
        match made {
            2 => answer(&mut peer, stream, "ab").flush().await,
            _ => peer.trailers(stream, DOWN).flush().await,
        };
    }
    assert_eq!(within(upload).await.unwrap().unwrap(), "ab");
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_too_large_to_be_kept_is_made_once() {
    let (channel, mut door) = with_policy(policy());
    let calls = channel.clone();
    let upload = tokio::spawn(async move {
        let mut upload = calls.client_streaming::<String, String>(&MANY_REQUESTS, Request::new(())).await?;
        // If the call has ended, the response says how.
        while upload.send("x".repeat(60_000)).await.is_ok() {}
        upload.finish().await.map(|_| ())
    });
    let mut peer = door.server().await;
    let (stream, _) = peer.request().await;
    let mut heard = 0;
    while heard < 300_000 {
        match peer.next().await {
            Frame::Data { bytes, .. } => {
                heard += bytes.len();
                peer.window(0, bytes.len() as u32).window(stream, bytes.len() as u32);
            }
            other => panic!("{other}"),
        }
    }
    peer.trailers(stream, DOWN).reset(stream, NO_ERROR).flush().await;
    assert_eq!(within(upload).await.unwrap().unwrap_err().code(), Code::Unavailable);
    close(channel, [peer]).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_next_attempt_can_be_given_up() {
    for by in ["reader", "sender", "deadline", "cancel"] {
        let slow = policy().backoff(Duration::from_secs(600), 1.0, Duration::from_secs(600));
        let (channel, mut door) = with_policy(slow);
        let (calls, opened) = (channel.clone(), door.server());
        let request = Request::new(()).with_timeout(Duration::from_secs(60));
        let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, request).await });
        let mut peer = within(opened).await;
        peer.flush().await;
        let (mut sender, mut streaming) = within(opening).await.unwrap().unwrap();
        sender.send("a".to_owned()).await.unwrap();
        let (stream, _) = peer.request().await;
        peer.trailers(stream, DOWN).flush().await;
        settle().await;
        match by {
            "reader" => drop(streaming),
            "sender" => {
                drop(sender);
                // It is the reading half that knows; until then, or the deadline, the call waits.
                let end = tokio::time::timeout(Duration::from_secs(61), streaming.message()).await.unwrap();
                assert_eq!(end.unwrap_err().code(), Code::DeadlineExceeded, "{by}");
            }
            "deadline" => {
                let end = tokio::time::timeout(Duration::from_secs(61), streaming.message()).await.unwrap();
                assert_eq!(end.unwrap_err().code(), Code::DeadlineExceeded, "{by}");
                assert!(sender.send("b".to_owned()).await.is_err(), "{by}");
            }
            _ => {
                streaming.cancel();
                assert_eq!(streaming.message().await.unwrap_err().code(), Code::Cancelled, "{by}");
            }
        }
        settle().await;
        close(channel, [peer]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_stream_that_nobody_reads_any_more_is_cancelled_in_any_attempt() {
    let (channel, mut door) = with_policy(policy());
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.server_streaming(&MANY_REPLIES, hello()).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    let mut streaming = within(opening).await.unwrap().unwrap();
    peer.trailers(stream, DOWN).flush().await;
    let reading = tokio::spawn(async move {
        let _ = streaming.headers().await;
    });
    let (stream, _) = peer.whole_request().await;
    reading.abort();
    loop {
        match peer.next().await {
            Frame::Reset { stream: of, reason: CANCEL } if of == stream => break,
            Frame::Eof => panic!("the connection has ended"),
            _ => {}
        }
    }
    close(channel, [peer]).await;
}
