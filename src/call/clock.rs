//! The clock of calls: the present instant, and futures that must end by one.
//!
//! In: a deadline and a future. Out: its result, or `DEADLINE_EXCEEDED`. Source: PROTOCOL-HTTP2, "Errors": a
//! client whose deadline passes resets the stream with CANCEL and reports DEADLINE_EXCEEDED.
//!
//! Must not know: what the future does.

use std::time::Instant;

/// The present instant: the one place where calls read the clock (a test may have paused it).
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// How long it is since 1970, by the system's clock: for recordings, which say when they were made.
#[cfg(feature = "tap")]
pub(crate) fn wall_clock() -> std::time::Duration {
    // A clock before 1970 has not been set; a recording without its date is still a recording.
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// Runs a future until the deadline at most.
///
/// The future is polled first, so that an answer that is here counts even if the deadline has just passed. If the
/// deadline comes first the future is dropped, and with it the stream that it holds. An error that is merely an
/// echo of the deadline reads `DEADLINE_EXCEEDED` too; see [`after_deadline`].
#[cfg(feature = "client")]
pub(crate) async fn within<T>(
    deadline: Option<crate::Deadline>,
    future: impl Future<Output = Result<T, crate::Status>>,
) -> Result<T, crate::Status> {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    let Some(deadline) = deadline else {
        return future.await;
    };
    if deadline.has_passed(now()) {
        return Err(exceeded());
    }
    let mut future = pin!(future);
    let mut sleep = pin!(tokio::time::sleep_until(deadline.instant().into()));
    let result = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| Err(exceeded())),
    })
    .await;
    result.map_err(|status| after_deadline(status, deadline))
}

/// What a status means if the deadline has passed in the meantime.
///
/// Both ends of a call notice the deadline at about the same time, and what then arrives first is left to chance:
/// the peer's status, its reset, or the reset of our own sending half meeting the peer's. Only a status that the
/// peer has sent says more than that the time was up, and `CANCELLED` does not say more either.
#[cfg(feature = "client")]
pub(crate) fn after_deadline(status: crate::Status, deadline: crate::Deadline) -> crate::Status {
    let says_more = status.origin() == crate::Origin::Remote && status.code() != crate::Code::Cancelled;
    if says_more || !deadline.has_passed(now()) { status } else { exceeded() }
}

/// The status of a call whose deadline has passed.
pub(crate) fn exceeded() -> crate::Status {
    crate::Status::deadline_exceeded("the deadline passed before the call ended")
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Code, Deadline, Status};

    #[test]
    fn what_is_heard_after_the_deadline_is_an_echo_of_it_unless_the_peer_says_more() {
        let past = Deadline::at(now());
        let future = Deadline::after(now(), Duration::from_secs(3_600));
        let broken = || Status::internal("stream reset with NO_ERROR by the peer");
        let cancelled = || Status::cancelled("").into_remote();
        let refused = || Status::not_found("").into_remote();
        let table = [
            (broken(), past, Code::DeadlineExceeded),
            (broken(), future, Code::Internal),
            (cancelled(), past, Code::DeadlineExceeded),
            (cancelled(), future, Code::Cancelled),
            (refused(), past, Code::NotFound),
        ];
        for (status, deadline, want) in table {
            assert_eq!(after_deadline(status, deadline).code(), want);
        }
    }
}
