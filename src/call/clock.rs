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

/// Runs a future until the deadline at most.
///
/// The future is polled first, so that an answer that is here counts even if the deadline has just passed. If the
/// deadline comes first the future is dropped, and with it the stream that it holds. A `CANCELLED` that arrives
/// after the deadline means that the peer was quicker to notice, so it reads `DEADLINE_EXCEEDED` too.
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
#[cfg(feature = "client")]
pub(crate) fn after_deadline(status: crate::Status, deadline: crate::Deadline) -> crate::Status {
    match status.code() {
        crate::Code::Cancelled if deadline.has_passed(now()) => exceeded(),
        _ => status,
    }
}

/// The status of a call whose deadline has passed.
pub(crate) fn exceeded() -> crate::Status {
    crate::Status::deadline_exceeded("the deadline passed before the call ended")
}
