//! Makes the calls of a recording again, in the order and with the overlap that they had.
//!
//! In: calls. Out: what came back. Two rules keep the shape, whatever the speed:
//!
//! ```text
//!   among calls     a call that began after another had ended does so again
//!   within a call   a message that followed so many answers follows as many again
//! ```
//!
//! Must not know: what the answers should have been.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use wirewright::{Deadline, Metadata, Method, RawMessage, Request, Sender, Status, Streaming};

use crate::dial::Dialed;
use crate::trace::recorded::{Mark, Recorded};
use crate::trace::speed::Speed;

/// What goes with one call beside its messages.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) metadata: Metadata,
    /// The timeout that the client gave it.
    pub(super) timeout: Option<Duration>,
    /// Whether its messages may be compressed.
    pub(super) has_gzip: bool,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    /// `None` if there was none before the end.
    pub(super) head: Option<Metadata>,
    pub(super) messages: Vec<Bytes>,
    /// The trailers' metadata, or how the call failed; `None` if it was given up, as it had been.
    pub(super) end: Option<Result<Metadata, Status>>,
    pub(super) took: Duration,
}

/// Makes calls again.
pub(super) struct Player<'a> {
    pub(super) channels: &'a [Dialed],
    pub(super) calls: &'a [Recorded],
    pub(super) speed: Speed,
    /// How long each call may take.
    pub(super) limit: Option<Duration>,
}

impl Player<'_> {
    /// Makes all calls; what each of `plays` becomes is at its place in the result.
    pub(super) async fn play(self, plays: Vec<Play>) -> Vec<Answer> {
        let Player { calls, speed, .. } = self;
        let started = Instant::now();
        let first = calls.iter().map(|call| call.began).min().unwrap_or_default();
        // The calls in the order of their ends: those that have to be over before another begins are the first of them.
        let mut by_end: Vec<usize> = (0..calls.len()).collect();
        by_end.sort_by_key(|nth| calls.get(*nth).map(|call| call.order.1));
        let mut answers: Vec<Option<Answer>> = calls.iter().map(|_| None).collect();
        let (mut running, mut over) = (JoinSet::new(), 0);
        let (mut paths, mut conns) = (BTreeMap::new(), BTreeMap::new());
        for (nth, (call, play)) in calls.iter().zip(plays).enumerate() {
            let ended_before =
                |nth: &usize| calls.get(*nth).is_some_and(|other| other.order.1 < call.order.0);
            while by_end.get(over).is_some_and(ended_before) {
                match by_end.get(over).and_then(|nth| answers.get(*nth)) {
                    Some(None) => note(&mut answers, running.join_next().await),
                    _ => over += 1,
                }
            }
            let due = started + speed.scale(call.began.saturating_sub(first));
            if speed.waits() {
                sleep_until(due.into()).await;
            }
            let conn = conns.len();
            let conn = *conns.entry(call.conn).or_insert(conn) % self.channels.len().max(1);
            let Some(dialed) = self.channels.get(conn) else { continue };
            // A path is a constant of the program for the library; there are as many as the recording has methods.
            let leak = || -> &'static str { call.path.clone().leak() };
            let path = *paths.entry(&call.path).or_insert_with(leak);
            let (channel, call) = (dialed.channel.clone(), call.clone());
            let limit = self.limit.or(play.timeout).unwrap_or(PATIENCE);
            running.spawn(async move { (nth, one(channel, path, call, play, limit, speed).await) });
        }
        while let Some(joined) = running.join_next().await {
            note(&mut answers, Some(joined));
        }
        let lost = || Answer {
            head: None,
            messages: Vec::new(),
            end: Some(Err(Status::internal("the call was not made"))),
            took: Duration::ZERO,
        };
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }
}

fn note(answers: &mut [Option<Answer>], joined: Option<Result<(usize, Answer), tokio::task::JoinError>>) {
    if let Some(Ok((nth, answer))) = joined
        && let Some(place) = answers.get_mut(nth)
    {
        *place = Some(answer);
    }
}

/// Makes one call.
async fn one(
    channel: wirewright::Channel,
    path: &'static str,
    call: Recorded,
    play: Play,
    limit: Duration,
    speed: Speed,
) -> Answer {
    let started = Instant::now();
    let method: Method<RawMessage, RawMessage> = Method::bidi_streaming(path);
    let mut request = Request::new(()).with_deadline(Deadline::after(started, limit));
    *request.metadata_mut() = play.metadata;
    if play.has_gzip {
        request = request.with_encoding("gzip");
    }
    let mut answer = Answer { head: None, messages: Vec::new(), end: None, took: Duration::ZERO };
    match channel.bidi_streaming(&method, request).await {
        Ok((sender, replies)) => {
            let (tell, told) = watch::channel(Heard::default());
            let asking = async {
                if ask(&call, sender, told, started, speed).await == Then::Listen {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = hear(replies, &mut answer, tell) => {}
                // Dropping what hears cancels the call.
                () = asking => {}
            }
        }
        Err(status) => answer.end = Some(Err(status)),
    }
    answer.took = started.elapsed();
    answer
}

/// How far the answer has come.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    messages: usize,
    is_over: bool,
}

/// What to do when everything has been said.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    /// Wait for the end of the answer.
    Listen,
    /// Cancel the call: it was given up, or the recording ends here.
    GiveUp,
}

/// Says what the client said, each message when as much has been answered as had been.
async fn ask(
    call: &Recorded,
    mut sender: Sender<RawMessage>,
    mut heard: watch::Receiver<Heard>,
    started: Instant,
    speed: Speed,
) -> Then {
    for spoken in &call.asked {
        turn(call, spoken.mark, &mut heard, started, speed).await;
        sender.compress(spoken.was_compressed);
        // A call that has ended says why on the other half.
        if sender.send(RawMessage(spoken.bytes.clone())).await.is_err() {
            return Then::Listen;
        }
    }
    let last = Mark { at: call.ended, after: call.answered.len() };
    // Giving up is a matter of time: who does so at once never sees an answer that comes earlier than it did.
    let patience = if speed.waits() { speed } else { Speed::RECORDED };
    match call.asked_all {
        Some(mark) => {
            turn(call, mark, &mut heard, started, speed).await;
            let _ = sender.finish().await;
            if call.was_ended_by_server() {
                return Then::Listen;
            }
            turn(call, last, &mut heard, started, patience).await;
        }
        // The server ended the call while the client had more to say.
        None if call.was_ended_by_server() => {
            let _ = heard.wait_for(|heard| heard.is_over).await;
            return Then::Listen;
        }
        None => {
            let _ = sender.flush().await;
            turn(call, last, &mut heard, started, patience).await;
        }
    }
    Then::GiveUp
}

/// Waits until it is this mark's turn, or the call is over.
async fn turn(
    call: &Recorded,
    mark: Mark,
    heard: &mut watch::Receiver<Heard>,
    started: Instant,
    speed: Speed,
) {
    // If the one who tells is gone, the call is over.
    let _ = heard.wait_for(|heard| heard.is_over || heard.messages >= mark.after).await;
    if speed.waits() {
        let due = started + speed.scale(mark.at.saturating_sub(call.began));
        tokio::select! {
            () = sleep_until(due.into()) => {}
            _ = heard.wait_for(|heard| heard.is_over) => {}
        }
    }
}

/// Hears the answer to its end, or until whoever asks has nothing more to wait for.
async fn hear(mut replies: Streaming<RawMessage>, answer: &mut Answer, tell: watch::Sender<Heard>) {
    let end = loop {
        let next = async {
            if answer.head.is_none() {
                return Ok(Next::Head(replies.headers().await?.clone()));
            }
            replies.message().await.map(|message| message.map_or(Next::End, |m| Next::Message(m.0)))
        };
        match next.await {
            Ok(Next::Head(head)) => answer.head = Some(head),
            Ok(Next::Message(message)) => {
                answer.messages.push(message);
                tell.send_modify(|heard| heard.messages += 1);
            }
            Ok(Next::End) => break Ok(replies.trailers().cloned().unwrap_or_default()),
            Err(status) => break Err(status),
        }
    };
    answer.end = Some(end);
    tell.send_modify(|heard| heard.is_over = true);
}

enum Next {
    Head(Metadata),
    Message(Bytes),
    End,
}

/// For a call whose client gave it no time and whose user gives it none either.
const PATIENCE: Duration = Duration::from_secs(30);
