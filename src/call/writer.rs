//! The client's writer: one small task for each call whose request streams.
//!
//! In: the call's outbox. Out: frames on its sending half. It is the one poller of that half, so the application
//! may send from any task; and it outlives neither the call nor its deadline.
//!
//! Must not know: message types, or how the call ended. Whoever reads the response knows that.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::Sleep;

use super::halves::CallHalves;
use super::interceptor::Interceptor;
use super::outbox::Phase;
use crate::transport::SendHalf;

/// Walks from the outbox to the wire until the request has ended, either way.
pub(super) async fn run<I: Interceptor>(call: Arc<CallHalves<I>>, send: SendHalf) {
    let deadline = call.info.deadline();
    let mut alarm = pin!(deadline.map(|deadline| tokio::time::sleep_until(deadline.instant().into())));
    let mut writer = Writer { send, bytes: Bytes::new(), end: false };
    poll_fn(|cx| {
        let done = writer.poll(cx, &call);
        if done.is_pending() && alarm_rings(alarm.as_mut(), cx) {
            // The reading half has its own alarm and reports; here the peer is told.
            writer.send.cancel();
            return Poll::Ready(());
        }
        done
    })
    .await;
    call.outbox.close();
}

struct Writer {
    send: SendHalf,
    /// Taken from the outbox, and not handed over yet.
    bytes: Bytes,
    /// Whether they are the last.
    end: bool,
}

impl Writer {
    /// Ready when this half is over.
    fn poll<I: Interceptor>(&mut self, cx: &mut Context<'_>, call: &CallHalves<I>) -> Poll<()> {
        loop {
            if !self.bytes.is_empty() || self.end {
                match self.send.poll_send(cx, &mut self.bytes, self.end) {
                    Poll::Ready(Ok(())) if self.end => return Poll::Ready(()),
                    Poll::Ready(Ok(())) => call.outbox.handed_over(),
                    // The stream is gone; the reading half knows why.
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    // An abandoned call must not wait for a window that may never open.
                    Poll::Pending if call.outbox.is_given_up() => {
                        self.send.cancel();
                        return Poll::Ready(());
                    }
                    Poll::Pending => {
                        call.outbox.watch(cx);
                        return Poll::Pending;
                    }
                }
                continue;
            }
            match call.outbox.poll_take(cx) {
                Poll::Ready(taken) => match taken.phase {
                    Phase::Open => self.bytes = taken.bytes,
                    Phase::Finished => {
                        self.bytes = taken.bytes;
                        self.end = true;
                    }
                    Phase::Abandoned => {
                        self.send.cancel();
                        return Poll::Ready(());
                    }
                    Phase::Closed => return Poll::Ready(()),
                },
                Poll::Pending => return self.send.poll_broken(cx).map(|_| ()),
            }
        }
    }
}

fn alarm_rings(alarm: Pin<&mut Option<Sleep>>, cx: &mut Context<'_>) -> bool {
    alarm.as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready())
}
