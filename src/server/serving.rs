//! The accept loop, and the end of a server.
//!
//! In: an [`Incoming`] and a wish to stop. Out: a task for each connection; orders to all of them when it is time
//! to go. Two machines decide: how long to rest after an accept error, and how to drain.
//!
//! Must not know: what is on a connection (`connection`).

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection;
use super::event::ServerEvent;
use super::limits::Limits;
use super::permits::Permits;
use super::router::Router;
use crate::call::now;
use crate::policy::accept_backoff::AcceptBackoff;
use crate::policy::drain::{Drain, DrainAction, DrainEvent};
#[cfg(feature = "tls")]
use crate::transport::tls::ServerTls;
use crate::transport::{Http2Settings, Incoming, Pace};

/// What every connection of a server shares.
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) http2: Http2Settings,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<ServerTls>,
    /// Who listens in.
    #[cfg(feature = "tap")]
    pub(super) tap: Option<crate::Tap>,
    pub(super) limits: Limits,
    pub(super) permits: Arc<Permits>,
    pub(super) pace: Pace,
    pub(super) observer: Arc<dyn Fn(&ServerEvent) + Send + Sync>,
}

/// What every connection has been told so far; the last order counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// Go on.
    #[default]
    Serve,
    /// Begin no calls, and end with the last one.
    Drain,
    /// As before, without waiting for a peer that says nothing.
    CutIdle,
    /// End now.
    CutOff,
}

/// Serves until the last connection has ended.
pub(super) async fn serve<N: Incoming>(
    serving: Arc<Serving>,
    incoming: N,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut shutdown = pin!(shutdown);
    let mut listener = Listener { incoming: Some(incoming), backoff: AcceptBackoff::new() };
    let mut drain = Drain::new();
    let (orders, order) = watch::channel(Order::default());
    let mut connections = JoinSet::new();
    let mut stopping = false;
    loop {
        let event = tokio::select! {
            () = &mut shutdown, if !stopping => {
                stopping = true;
                // Whom the kernel has let in already would be reset with the listener.
                while let Some((io, peer)) = listener.accept_waiting().await {
                    connections.spawn(connection::serve(serving.clone(), io, peer, order.clone()));
                    drain.handle(now(), DrainEvent::Opened);
                }
                serving.router.on_drain();
                DrainEvent::Stop { grace: Some(serving.limits.grace) }
            }
            // Beyond the limit they wait in the kernel, which refuses when its own list is full.
            (io, peer) = listener.accept(&serving), if connections.len() < serving.limits.connections => {
                connections.spawn(connection::serve(serving.clone(), io, peer, order.clone()));
                DrainEvent::Opened
            }
            Some(_) = connections.join_next() => DrainEvent::Closed,
            () = sleep_until(drain.poll_timeout()) => DrainEvent::Timer,
        };
        drain.handle(now(), event);
        while let Some(action) = drain.poll_action() {
            match action {
                DrainAction::StopAccepting => listener.incoming = None,
                DrainAction::StartDrain => orders.send_modify(|order| *order = Order::Drain),
                DrainAction::CutIdle => orders.send_modify(|order| *order = Order::CutIdle),
                DrainAction::CutOff => orders.send_modify(|order| *order = Order::CutOff),
                DrainAction::Done => return,
            }
        }
    }
}

/// A listener that rests after errors.
struct Listener<N> {
    /// `None` once the server is stopping.
    incoming: Option<N>,
    backoff: AcceptBackoff,
}

impl<N: Incoming> Listener<N> {
    /// A connection that is there already.
    async fn accept_waiting(&mut self) -> Option<(N::Io, crate::PeerInfo)> {
        let mut accept = pin!(self.incoming.as_mut()?.accept());
        poll_fn(|cx| match accept.as_mut().poll(cx) {
            Poll::Ready(accepted) => Poll::Ready(accepted.ok()),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// The next connection. Waits for ever if there will be none; errors are reported and slept over.
    async fn accept(&mut self, serving: &Serving) -> (N::Io, crate::PeerInfo) {
        loop {
            sleep_if(self.backoff.poll_timeout()).await;
            let Some(incoming) = &mut self.incoming else {
                return pending().await;
            };
            match incoming.accept().await {
                Ok(accepted) => {
                    self.backoff.on_accepted();
                    return accepted;
                }
                Err(error) => {
                    let now = now();
                    self.backoff.on_error(now, error.kind());
                    let until = self.backoff.poll_timeout().unwrap_or(now);
                    let rest = until.saturating_duration_since(now);
                    (serving.observer)(&ServerEvent::AcceptFailed { error, rest });
                }
            }
        }
    }
}

/// Sleeps until the instant; for ever if there is none.
async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => pending().await,
    }
}

/// Sleeps until the instant; not at all if there is none.
async fn sleep_if(instant: Option<Instant>) {
    if let Some(instant) = instant {
        tokio::time::sleep_until(instant.into()).await;
    }
}
