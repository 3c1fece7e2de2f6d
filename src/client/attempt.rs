//! Attempts: makes a call as often as it takes, or as often as it may.
//!
//! In: a call that has started, and the end of each of its attempts. Out: a stream for the first attempt and for each
//! that follows; the verdict on an end. The rules are those of [`policy::retry`](crate::policy::retry), and this file
//! brings them what they need: what became of an attempt, which the transport error tells that the status was made
//! from; the tokens of the channel; the dice; and the clock, by waiting.
//!
//! A status that the server sent, or that was made of what it sent, has no such error: a handler may have seen that
//! call. Neither has a failure to connect anything to do with an attempt of the call: it is for a policy alone.
//!
//! Must not know: how a stream becomes a response (`call`).

use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::channel::{Core, Wishes};
use super::subchannel::Random;
use crate::call::{Again, CallHalves, CallSettings, CallShared, Interceptor, Reserved, now};
use crate::metadata::Metadata;
use crate::policy::retry::{Attempts, Failure, Fate, Pushback, RetryPolicy, Verdict};
use crate::status::Status;
use crate::transport::{Cause, Phase, RecvHalf, SendHalf, TransportError};
use crate::wire::{ContentType, RequestHead};

/// The policies of a channel: one for all methods, and those of single ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    pub(super) all: Option<RetryPolicy>,
    /// By service or method: `/package.Service` or `/package.Service/Method`. A channel has a few.
    pub(super) some: Vec<(String, RetryPolicy)>,
}

impl Policies {
    /// That of this method: the narrowest that fits.
    pub(super) fn of(&self, path: &str) -> Option<RetryPolicy> {
        let service = path.rsplit_once('/').map(|(service, _)| service);
        let named =
            |name: &str| self.some.iter().rfind(|(known, _)| known == name).map(|(_, policy)| *policy);
        named(path).or_else(|| named(service?)).or(self.all)
    }
}

/// The attempts of one call so far.
#[derive(Debug)]
pub(super) struct Tries {
    attempts: Attempts,
    /// The room that its message takes, where it is kept for a policy.
    _kept: Option<Reserved>,
}

impl Tries {
    /// A call with this policy, of which so many bytes are kept for another attempt. If there is no room for them, a
    /// policy cannot have its way; what nobody has seen is made again all the same.
    pub(super) fn new(policy: Option<RetryPolicy>, kept_bytes: usize, settings: &CallSettings) -> Tries {
        let mut attempts = Attempts::new(policy);
        let mut kept = policy.map(|_| settings.replays.reserve());
        if kept.as_mut().is_some_and(|kept| !kept.grow(kept_bytes)) {
            attempts.forget_policy();
        }
        Tries { attempts, _kept: kept }
    }

    /// How long to wait before another attempt after one that ended like this; `None` if that is how the call ends.
    pub(super) fn judge<I: Interceptor>(
        &mut self,
        call: &CallShared<I>,
        end: &Status,
        trailers: &Metadata,
        was_answered: bool,
    ) -> Option<Duration> {
        let fate = if was_answered { Fate::Committed } else { fate(end) };
        let failure = Failure { fate, code: end.code(), pushback: Pushback::read(trailers) };
        let throttle = call.settings.throttle.as_ref();
        let mut throttle = throttle.map(|throttle| throttle.lock().unwrap_or_else(PoisonError::into_inner));
        let wait = match self.attempts.on_failure(failure, throttle.as_deref_mut(), &mut Random) {
            Verdict::AtOnce => Duration::ZERO,
            Verdict::After(wait) => wait,
            Verdict::Over => return None,
        };
        #[cfg(feature = "tap")]
        call.again(end, wait);
        Some(wait)
    }

    pub(super) fn previous(&self) -> u32 {
        self.attempts.previous()
    }
}

/// The attempts of a call that streams: it outlives the call of the method that began it.
pub(super) struct Streams<I: Interceptor> {
    pub(super) core: Arc<Core>,
    pub(super) call: Arc<CallHalves<I>>,
    pub(super) metadata: Metadata,
    pub(super) wishes: Wishes,
    pub(super) tries: Tries,
}

impl<I: Interceptor> Streams<I> {
    /// The stream of the next attempt, the first or another.
    pub(super) async fn open(&self) -> Result<(SendHalf, RecvHalf), Status> {
        self.core.open_stream(&self.call, &self.metadata, self.wishes, self.tries.previous()).await
    }
}

impl<I: Interceptor> Again for Streams<I> {
    fn judge(&mut self, end: &Status, trailers: &Metadata) -> Option<Duration> {
        self.tries.judge(&self.call, end, trailers, false)
    }

    async fn reopen(&mut self, mut wait: Duration) -> Result<(SendHalf, RecvHalf), Status> {
        loop {
            pause(wait).await;
            match self.open().await {
                Ok(halves) => return Ok(halves),
                Err(end) => wait = self.judge(&end, &Metadata::new()).ok_or(end)?,
            }
        }
    }
}

impl Core {
    /// Waits for a connection, and sends the request head on it; on the next one, if this one takes no more.
    pub(super) async fn open_stream<I: Interceptor>(
        &self,
        call: &CallShared<I>,
        metadata: &Metadata,
        wishes: Wishes,
        previous_attempts: u32,
    ) -> Result<(SendHalf, RecvHalf), Status> {
        loop {
            let connection = self.subchannel.ready(wishes.patience).await?;
            let Some(berth) = connection.opener.berth().await else {
                continue;
            };
            call.info.set_peer(connection.peer);
            let timeout = call.info.deadline().map(|deadline| deadline.remaining(now()));
            // Another attempt may need it again; without entries a copy costs nothing.
            let mut metadata = metadata.clone();
            if previous_attempts > 0 {
                // A name that applications may send, and digits: neither can be refused.
                let _ = metadata.insert(PREVIOUS_ATTEMPTS_KEY, &previous_attempts.to_string());
            }
            let head = RequestHead {
                uri: call.info.uri().clone(),
                content_type: ContentType::Grpc,
                timeout,
                encoding: wishes.encoding,
                accept_encoding: self.defaults.accept_encoding.clone(),
                user_agent: Some(self.defaults.user_agent.clone()),
                metadata,
            };
            match berth.open(head.into_request(), false) {
                Ok(halves) => {
                    connection.noted.pick(&call.info, halves.0.stream_id(), timeout);
                    return Ok(halves);
                }
                // Nothing was sent. What the engine refuses to send on one connection it refuses on every one.
                Err(error) if matches!(error.cause(), Cause::Refused(_)) => return Err(error.into()),
                Err(_) => {}
            }
        }
    }
}

/// Waits before another attempt.
pub(super) async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// What became of an attempt that ended like this before its response began.
fn fate(end: &Status) -> Fate {
    match end.source().and_then(|source| source.downcast_ref::<TransportError>()) {
        Some(error) if matches!(error.cause(), Cause::Refused(_)) => Fate::Committed,
        Some(error) if error.phase() == Phase::Stream => error.fate(),
        _ => Fate::Unknown,
    }
}

/// gRFC A6, "Exposed Retry Metadata".
const PREVIOUS_ATTEMPTS_KEY: &str = "grpc-previous-rpc-attempts";
