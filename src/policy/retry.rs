//! Whether a call that failed is made again.
//!
//! In: how far the attempt that failed had come ([`Fate`]), the code it ended with, what the server said about asking
//! again ([`Pushback`]), and dice. Out: make another at once, make another after a wait, or tell the caller
//! ([`Verdict`]).
//!
//! ```text
//!  what became of the attempt                             again?
//!  NeverSent    no byte of it left this process           at once, as often as it takes, until the deadline
//!  Refused      it left, and no handler can have seen     at once, the first time; then as Unknown
//!               it: REFUSED_STREAM, or a stream above
//!               the last one that a GOAWAY names
//!  Unknown      a handler may have begun, or has          only if a policy of the application says so:
//!               ended it with a status                    only that knows whether twice is harmless
//!  Committed    the response has begun                    no: what was read cannot be taken back
//! ```
//!
//! The first two rows are *transparent* retries. They need no permission, because nothing can have happened twice. They
//! do not count as attempts of a policy, and no wait precedes them: the connection that refused takes no new streams,
//! so the next attempt goes to another one. Once is the limit for what a server refused, because a server that refuses
//! everything would otherwise be asked for ever.
//!
//! The third row is the [`RetryPolicy`]:
//!
//! ```text
//!   the server said "do not"        -> Over                         grpc-retry-pushback-ms, negative or no number
//!   its code is not in the policy   -> Over
//!   the channel's tokens are low    -> Over                         throttle
//!   max_attempts have been made     -> Over
//!   the server said "after n ms"    -> After exactly that, and the waits begin anew
//!   else                            -> After initial * multiplier^(n-1), at most max, give or take a fifth
//! ```
//!
//! Spec: gRFC A6 "Retry Policy", "Transparent Retries", "Pushback"; RFC 9113 8.7 "Request Reliability".
//!
//! Must not know: streams, connections, messages, the clock.

use std::time::Duration;

use super::Dice;
use super::backoff::{Backoff, BackoffConfig};
use super::throttle::Throttle;
use crate::code::Code;
use crate::metadata::Metadata;

/// How far an attempt had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Nothing of it was sent.
    NeverSent,
    /// It was sent, and the peer says that no handler has seen it.
    Refused,
    /// It was sent, and a handler may have seen it.
    Unknown,
    /// The response had begun.
    Committed,
}

/// When a call that failed may be made again although a handler may have seen it: gRPC's `retryPolicy`.
///
/// ```
/// use std::time::Duration;
/// use wirewright::{Code, RetryPolicy};
///
/// let policy = RetryPolicy::new()
///     .max_attempts(4)
///     .backoff(Duration::from_millis(50), 2.0, Duration::from_secs(1))
///     .retryable([Code::Unavailable, Code::ResourceExhausted]);
/// ```
///
/// It is for methods of which twice is as good as once. A call is made again only as long as nothing of its response
/// has been handed to the application, what it has sent is still remembered (256 KiB a call, 16 MiB a channel), and its
/// deadline, which runs over all attempts together, has not passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// The first included.
    max_attempts: u32,
    backoff: BackoffConfig,
    /// A bit for each code, at its number.
    codes: u32,
}

/// What a server said about asking again, in the trailers of a call that it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing: the policy decides.
    None,
    /// Ask again after exactly this.
    After(Duration),
    /// Do not ask again.
    Never,
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// How far it had come.
    pub fate: Fate,
    /// What it ended with.
    pub code: Code,
    /// What the server said about asking again.
    pub pushback: Pushback,
}

/// What to do about an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Make another one now, on another connection: nobody has seen this one.
    AtOnce,
    /// Make another one after this wait.
    After(Duration),
    /// The failure is the end of the call.
    Over,
}

/// The attempts of one call.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// Whether a server has refused one already.
    was_refused: bool,
    policy: Option<RetryPolicy>,
    /// How many attempts the policy has allowed beyond the first.
    retries: u32,
    /// The next wait; made when the first one is needed.
    backoff: Option<Backoff>,
}

impl Fate {
    /// Whether the call can be made again whatever it does: no handler has seen it.
    #[must_use]
    pub fn is_safe_to_retry(self) -> bool {
        matches!(self, Fate::NeverSent | Fate::Refused)
    }

    /// Whether any of it has left this process.
    #[must_use]
    pub fn was_sent(self) -> bool {
        self != Fate::NeverSent
    }
}

impl RetryPolicy {
    /// Three attempts, 100 ms apart at first and twice as much each time up to 5 s, after `UNAVAILABLE` alone.
    #[must_use]
    pub fn new() -> RetryPolicy {
        let (initial, multiplier, max) = (Duration::from_millis(100), 2.0, Duration::from_secs(5));
        let policy = RetryPolicy { max_attempts: 3, backoff: BackoffConfig::default(), codes: 0 };
        policy.backoff(initial, multiplier, max).retryable([Code::Unavailable])
    }

    /// No second attempt: for a method that is to be left out of what its channel does.
    #[must_use]
    pub fn never() -> RetryPolicy {
        RetryPolicy::new().max_attempts(1)
    }

    /// How many attempts a call has, the first included; more than 5 count as 5, and 1 is no policy.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> RetryPolicy {
        self.max_attempts = attempts.clamp(1, MAX_ATTEMPTS);
        self
    }

    /// The first wait, by how much each exceeds the one before, and the longest; each is varied by a fifth.
    ///
    /// Less than a millisecond counts as one, and a multiplier below 1 as 1.
    #[must_use]
    pub fn backoff(mut self, initial: Duration, multiplier: f64, max: Duration) -> RetryPolicy {
        self.backoff = BackoffConfig { initial, multiplier, max, jitter: JITTER };
        self
    }

    /// The codes after which a call may be made again, in place of those before. `Ok` among them means nothing.
    #[must_use]
    pub fn retryable(mut self, codes: impl IntoIterator<Item = Code>) -> RetryPolicy {
        self.codes = codes.into_iter().fold(0, |bits, code| bits | bit(code));
        self
    }

    /// Whether this code is one of them.
    fn covers(&self, code: Code) -> bool {
        self.codes & bit(code) != 0
    }
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy::new()
    }
}

impl Pushback {
    /// What trailers say: a whole number of milliseconds under `grpc-retry-pushback-ms`.
    ///
    /// A negative number says "do not", and so does whatever else makes no sense, or two answers: a server that speaks
    /// of the subject at all is in trouble.
    #[must_use]
    pub fn read(trailers: &Metadata) -> Pushback {
        let mut values = trailers.get_all(PUSHBACK_KEY);
        match (values.next(), values.next()) {
            (None, _) => Pushback::None,
            (Some(value), None) if value.bytes().all(|c| c.is_ascii_digit()) => match value.parse::<i32>() {
                Ok(length) => Pushback::After(Duration::from_millis(u64::from(length.unsigned_abs()))),
                Err(_) => Pushback::Never,
            },
            (Some(_), _) => Pushback::Never,
        }
    }
}

impl Attempts {
    /// A call that has not been attempted.
    #[must_use]
    pub fn new(policy: Option<RetryPolicy>) -> Self {
        Attempts { policy, ..Attempts::default() }
    }

    /// How many attempts came before the present one, as `grpc-previous-rpc-attempts` counts them.
    #[must_use]
    pub fn previous(&self) -> u32 {
        self.retries
    }

    /// What an application wants of this call is remembered no longer, so only what nobody has seen is made again.
    pub fn forget_policy(&mut self) {
        self.policy = None;
    }

    /// An attempt failed.
    pub fn on_failure(
        &mut self,
        failure: Failure,
        throttle: Option<&mut Throttle>,
        dice: &mut impl Dice,
    ) -> Verdict {
        match failure.fate {
            Fate::NeverSent => Verdict::AtOnce,
            Fate::Refused if !self.was_refused => {
                self.was_refused = true;
                Verdict::AtOnce
            }
            Fate::Committed => Verdict::Over,
            Fate::Refused | Fate::Unknown => self.ask_policy(failure, throttle, dice),
        }
    }

    fn ask_policy(
        &mut self,
        failure: Failure,
        throttle: Option<&mut Throttle>,
        dice: &mut impl Dice,
    ) -> Verdict {
        let Some(policy) = self.policy else {
            return Verdict::Over;
        };
        if failure.pushback != Pushback::Never && !policy.covers(failure.code) {
            return Verdict::Over;
        }
        // Also the last failure of a call counts, and one that is not to be repeated.
        let is_open = throttle.is_none_or(|throttle| throttle.on_failure());
        let made = self.retries.saturating_add(1);
        if !is_open || made >= policy.max_attempts {
            return Verdict::Over;
        }
        let wait = match failure.pushback {
            Pushback::Never => return Verdict::Over,
            Pushback::After(length) => {
                self.backoff = None;
                length
            }
            Pushback::None => self.backoff.get_or_insert_with(|| Backoff::new(policy.backoff)).next(dice),
        };
        self.retries = made;
        Verdict::After(wait)
    }
}

/// The bit of a code. There are seventeen, so each has one; OK, which is no failure, has none.
fn bit(code: Code) -> u32 {
    if code == Code::Ok { 0 } else { 1_u32.wrapping_shl(code as u32) }
}

/// gRFC A6: a policy that asks for more attempts gets five.
const MAX_ATTEMPTS: u32 = 5;

/// gRFC A6: each wait is multiplied by a number between 0.8 and 1.2.
const JITTER: f64 = 0.2;

/// gRFC A6, "Pushback".
const PUSHBACK_KEY: &str = "grpc-retry-pushback-ms";

#[cfg(test)]
mod tests;
