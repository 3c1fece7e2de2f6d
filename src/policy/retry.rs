//! Whether a call that broke is made again without its caller noticing.
//!
//! In: how far the attempt that failed had come ([`Fate`]). Out: make another, or tell the caller
//! ([`Verdict`]).
//!
//! ```text
//!  what became of the attempt                            again?
//!  NeverSent    no byte of it left this process          as often as it takes, until the deadline
//!  Refused      it left, and no handler can have seen    once; the second time the caller hears it
//!               it: REFUSED_STREAM, or a stream above
//!               the last one that a GOAWAY names
//!  Unknown      a handler may have begun                 no: only the application knows whether
//!                                                        twice is harmless
//!  Committed    the response has begun                   no: what was read cannot be taken back
//! ```
//!
//! These retries are *transparent*: they need no permission, because nothing can have happened
//! twice. They do not count as attempts of a retry policy, and no backoff precedes them: the
//! connection that refused takes no new streams, so the next attempt goes to another one. Once is
//! the limit for what a server refused, because a server that refuses everything would otherwise be
//! asked for ever.
//!
//! A retry policy of the application (gRFC A6, `retryPolicy`) is asked after this machine has said
//! no, and only about attempts that were not committed; hence the verdict is not a boolean.
//!
//! Spec: gRFC A6 "Transparent Retries"; RFC 9113 8.7 "Request Reliability".
//!
//! Must not know: streams, connections, messages, the clock.

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

/// What to do about an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Make another one at once, on another connection.
    Again,
    /// The failure is the end of the call.
    Over,
}

/// The attempts of one call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attempts {
    /// Whether a server has refused one already.
    was_refused: bool,
}

impl Attempts {
    /// A call that has not been attempted.
    #[must_use]
    pub fn new() -> Self {
        Attempts::default()
    }

    /// An attempt failed.
    pub fn on_failure(&mut self, fate: Fate) -> Verdict {
        match fate {
            Fate::NeverSent => Verdict::Again,
            Fate::Refused if !self.was_refused => {
                self.was_refused = true;
                Verdict::Again
            }
            Fate::Refused | Fate::Unknown | Fate::Committed => Verdict::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fate::{Committed, NeverSent, Refused, Unknown};
    use super::Verdict::{Again, Over};
    use super::*;

    #[test]
    fn attempts_follow_the_table_of_transparent_retries() {
        let table: [(&str, &[(Fate, Verdict)]); 6] = [
            ("unsent", &[(NeverSent, Again); 9]),
            ("refused twice", &[(Refused, Again), (Refused, Over)]),
            (
                "unsent attempts use nothing up",
                &[
                    (NeverSent, Again),
                    (Refused, Again),
                    (NeverSent, Again),
                    (NeverSent, Again),
                    (Refused, Over),
                ],
            ),
            ("perhaps seen", &[(Unknown, Over)]),
            ("perhaps seen after a refusal", &[(Refused, Again), (Unknown, Over)]),
            ("answered in part", &[(Committed, Over)]),
        ];
        for (name, lines) in table {
            let mut attempts = Attempts::new();
            for (step, (fate, verdict)) in lines.iter().enumerate() {
                assert_eq!(attempts.on_failure(*fate), *verdict, "{name}: step {step}, {fate:?}");
            }
        }
    }

    #[test]
    fn only_what_no_handler_can_have_seen_is_safe() {
        let table = [
            (NeverSent, false, true),
            (Refused, true, true),
            (Unknown, true, false),
            (Committed, true, false),
        ];
        for (fate, sent, safe) in table {
            assert_eq!((fate.was_sent(), fate.is_safe_to_retry()), (sent, safe), "{fate:?}");
        }
    }
}
