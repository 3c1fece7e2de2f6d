//! The callers: tasks that make one call after the other.
//!
//! In: a plan, and what to call. Out: a tally.
//!
//! ```text
//!   begins when due      took = end - beginning     the timer's own lateness is not the server's
//!   begins late          took = end - due           because every caller was waiting for an answer
//! ```
//!
//! Must not know: how the plan was made.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wirewright::{Channel, Metadata, Method, RawMessage, Request, Status};

use super::plan::{Plan, Ticket};
use super::progress;
use super::tally::{Brought, Tally};

/// What is called.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) path: &'static str,
    pub(super) client_streams: bool,
    pub(super) server_streams: bool,
    pub(super) message: RawMessage,
    pub(super) metadata: Metadata,
    pub(super) timeout: Option<Duration>,
}

/// All callers.
pub(super) struct Crew {
    pub(super) plan: Arc<Plan>,
    pub(super) work: Arc<Work>,
    pub(super) channels: Vec<Channel>,
    pub(super) size: usize,
}

/// The tally of one caller; others only look at it between its calls.
pub(super) type Shared = Arc<Mutex<Tally>>;

impl Crew {
    /// Makes all calls, and adds up what came of them. Ctrl-C ends it early.
    pub(super) async fn run(self, none: &Tally) -> Tally {
        let mut callers = JoinSet::new();
        let mut tallies: Vec<Shared> = Vec::new();
        for channel in self.channels.iter().cycle().take(self.size) {
            let tally = Arc::new(Mutex::new(none.clone()));
            tallies.push(tally.clone());
            callers.spawn(call_on(channel.clone(), self.plan.clone(), self.work.clone(), tally));
        }
        let added = || {
            let mut sum = none.clone();
            add_up(&mut sum, &tallies);
            sum
        };
        let mut progress = progress::Line::new(self.plan.start());
        loop {
            tokio::select! {
                next = callers.join_next() => if next.is_none() {
                    break;
                },
                Ok(()) = tokio::signal::ctrl_c() => self.plan.stop(),
                () = progress.due() => progress.show(&added()),
            }
        }
        progress.clear();
        added()
    }
}

/// One caller, until the plan has no more for it.
async fn call_on(channel: Channel, plan: Arc<Plan>, work: Arc<Work>, tally: Shared) {
    while let Some(Ticket { due }) = plan.next(Instant::now()) {
        let begun = begin(due).await;
        let end = work.call(&channel).await;
        if plan.counts(begun) {
            let took = begun.elapsed();
            tally.lock().unwrap_or_else(PoisonError::into_inner).count(took, end);
        }
    }
}

/// Waits until a call is due; gives the instant from which its time counts.
async fn begin(due: Option<Instant>) -> Instant {
    let now = Instant::now();
    match due {
        Some(due) if due <= now => due,
        Some(due) => {
            tokio::time::sleep_until(due.into()).await;
            Instant::now()
        }
        None => now,
    }
}

fn add_up(sum: &mut Tally, tallies: &[Shared]) {
    tallies.iter().for_each(|tally| sum.add(&tally.lock().unwrap_or_else(PoisonError::into_inner)));
}

impl Work {
    /// Makes one call, and reads all that it brings.
    async fn call(&self, channel: &Channel) -> Result<Brought, Status> {
        let size = |message: &RawMessage| message.0.len() as u64;
        if !self.client_streams && !self.server_streams {
            let method: Method<RawMessage, RawMessage> = Method::unary(self.path);
            let response = channel.unary(&method, self.request(self.message.clone())).await?;
            return Ok(Brought { messages: 1, bytes: size(response.get_ref()) });
        }
        let mut replies = if self.client_streams {
            let method: Method<RawMessage, RawMessage> = Method::bidi_streaming(self.path);
            let (mut sender, replies) = channel.bidi_streaming(&method, self.request(())).await?;
            // If the call has ended, the replies say why.
            if sender.send(self.message.clone()).await.is_ok() {
                let _ = sender.finish().await;
            }
            replies
        } else {
            let method: Method<RawMessage, RawMessage> = Method::server_streaming(self.path);
            channel.server_streaming(&method, self.request(self.message.clone())).await?
        };
        let mut brought = Brought::default();
        while let Some(message) = replies.message().await? {
            brought.messages += 1;
            brought.bytes += size(&message);
        }
        Ok(brought)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if !self.metadata.is_empty() {
            *request.metadata_mut() = self.metadata.clone();
        }
        match self.timeout {
            Some(timeout) => request.with_timeout(timeout),
            None => request,
        }
    }
}
