//! Connections that break after every single byte, in both directions: each call ends, and never with a success
//! that did not happen.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use wirewright::transport::{Weather, pipe, pipe_with};
use wirewright::{Channel, Code, Endpoint, Request, Server, Status};

use crate::support::scissors::{Fate, Scissors, Way};
use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::{all_quiet, within};

/// The replies that arrived, and the end.
type Outcome = (Vec<String>, Result<(), Status>);

async fn unary(channel: Channel) -> Outcome {
    match channel.unary(&ONE, Request::new("a question".into())).await {
        Ok(reply) => (vec![reply.into_inner()], Ok(())),
        Err(status) => (Vec::new(), Err(status)),
    }
}

async fn bidi(channel: Channel) -> Outcome {
    let mut replies = Vec::new();
    let end = async {
        let (mut sender, mut streaming) = channel.bidi_streaming(&MANY, Request::new(())).await?;
        for word in ["one", "two"] {
            // If the call has ended, the reading half knows how.
            let _ = sender.send(word.to_owned()).await;
            replies.extend(streaming.message().await?);
        }
        let _ = sender.finish().await;
        while let Some(reply) = streaming.message().await? {
            replies.push(reply);
        }
        Ok(())
    };
    let end = end.await;
    (replies, end)
}

/// Makes a call over a connection with this fate; also says how many bytes were read and written.
async fn run<F: Future<Output = Outcome>>(
    call: impl Fn(Channel) -> F,
    way: Way,
    limit: usize,
    fate: Fate,
    timeout: Option<Duration>,
) -> (Outcome, [usize; 2]) {
    let (connector, incoming) = pipe();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let scissors = Scissors::new(connector, way, limit, fate);
    let counts = scissors.counts();
    let mut endpoint = Endpoint::new("in.memory:1").unwrap().connector(scissors);
    if let Some(timeout) = timeout {
        endpoint = endpoint.timeout(timeout);
    }
    let channel = endpoint.lazy();
    let outcome = within(call(channel.clone())).await;
    let counts = [counts[0].load(Ordering::Relaxed), counts[1].load(Ordering::Relaxed)];
    drop(channel);
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    if fate != Fate::Stalled {
        all_quiet().await;
    }
    (outcome, counts)
}

async fn cut_everywhere<F: Future<Output = Outcome>>(call: impl Fn(Channel) -> F, expected: &[&str]) {
    let ((replies, end), totals) = run(&call, Way::Read, usize::MAX, Fate::Closed, None).await;
    assert_eq!((replies.as_slice(), end.is_ok()), (&expected.map_to_owned()[..], true));
    for way in [Way::Read, Way::Written] {
        for fate in [Fate::Closed, Fate::Reset] {
            for limit in 0..totals[way as usize] {
                let ((replies, end), _) = run(&call, way, limit, fate, None).await;
                let at = format!("{fate:?} after {limit} bytes {way:?}");
                assert!(expected.map_to_owned().starts_with(&replies), "{at}: {replies:?}");
                match end {
                    Ok(()) => assert_eq!(replies.len(), expected.len(), "{at}"),
                    Err(status) => assert_eq!(status.code(), Code::Unavailable, "{at}: {status}"),
                }
            }
        }
    }
}

async fn stall_everywhere<F: Future<Output = Outcome>>(call: impl Fn(Channel) -> F, expected: &[&str]) {
    let ((_, end), totals) = run(&call, Way::Read, usize::MAX, Fate::Closed, None).await;
    end.unwrap();
    for way in [Way::Read, Way::Written] {
        for limit in 0..totals[way as usize] {
            let timeout = Some(Duration::from_millis(500));
            let ((replies, end), _) = run(&call, way, limit, Fate::Stalled, timeout).await;
            let at = format!("stalled after {limit} bytes {way:?}");
            match end {
                Ok(()) => assert_eq!(replies.len(), expected.len(), "{at}"),
                Err(status) => assert_eq!(status.code(), Code::DeadlineExceeded, "{at}: {status}"),
            }
        }
    }
}

trait ToOwnedAll {
    fn map_to_owned(&self) -> Vec<String>;
}

impl ToOwnedAll for &[&str] {
    fn map_to_owned(&self) -> Vec<String> {
        self.iter().map(|&text| text.to_owned()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_survives_a_cut_after_every_byte_as_unavailable() {
    cut_everywhere(unary, &["a question"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_bidi_call_survives_a_cut_after_every_byte_as_unavailable() {
    cut_everywhere(bidi, &["one", "two"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_over_a_line_that_goes_dead_ends_by_its_deadline() {
    stall_everywhere(unary, &["a question"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_bidi_call_over_a_line_that_goes_dead_ends_by_its_deadline() {
    stall_everywhere(bidi, &["one", "two"]).await;
}

#[tokio::test]
async fn calls_of_every_kind_pass_one_byte_at_a_time() {
    let (connector, incoming) = pipe_with(Weather { step_bytes: 1, cut_after_bytes: None });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let channel = Endpoint::new("in.memory:1").unwrap().connector(connector).lazy();
    assert_eq!(within(unary(channel.clone())).await.0, ["a question"]);
    assert_eq!(within(bidi(channel.clone())).await.0, ["one", "two"]);
    let mut replies =
        within(channel.server_streaming(&MANY_REPLIES, Request::new("a b".into()))).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("a"));
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("b"));
    assert_eq!(within(replies.message()).await.unwrap(), None);
    let mut upload = within(channel.client_streaming(&MANY_REQUESTS, Request::new(()))).await.unwrap();
    within(upload.send("c".into())).await.unwrap();
    within(upload.send("d".into())).await.unwrap();
    assert_eq!(within(upload.finish()).await.unwrap().get_ref(), "c d");
    drop((replies, channel));
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
}
