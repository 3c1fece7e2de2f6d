//! `Alarm`: a sleep until an instant that changes.
//!
//! In: an instant, told anew at every turn. Out: readiness when it has come. The loops that drive connections sleep by
//! it until their machines want to be woken.
//!
//! Must not know: who wants to be woken, or why.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::Sleep;

/// Sleeps until the instant that it was last told.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    /// Until when it sleeps; `None` if it does not.
    at: Option<Instant>,
    /// Made once for each connection that ever waits, and reset from then on.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready at this instant; never, if there is none.
    ///
    /// An instant that moves away, as that of a connection which is never silent for long, costs nothing: the sleep
    /// goes on to the nearer one, and only then to the one that is wanted.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(wanted) = at else {
            return Poll::Pending;
        };
        loop {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(wanted.into())));
            if self.at.is_none_or(|at| wanted < at) {
                self.at = at;
                sleep.as_mut().reset(wanted.into());
            }
            ready!(sleep.as_mut().poll(cx));
            if self.at.take() == at {
                return Poll::Ready(());
            }
        }
    }
}
