//! One connection of a server: from its first byte to its last call.
//!
//! In: bytes, and orders of the accept loop. Out: streams for the router. The connection's task moves the bytes of
//! all its streams, so it never waits for a handler.
//!
//! Must not know: what a stream is answered with.

use std::future::{pending, poll_fn};
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;

use super::event::{GivenUp, ServerEvent};
use super::life::{Event, Life, Wanted};
use super::permits::{Permit, Permits};
use super::serving::{Order, Serving};
use crate::peer::PeerInfo;
#[cfg(feature = "tls")]
use crate::transport::Phase;
use crate::transport::{Accepted, Cause, Io, ServerConnection, TransportError};

/// Serves one connection until it ends or is told to.
pub(super) async fn serve<T: Io>(
    serving: Arc<Serving>,
    io: T,
    peer: PeerInfo,
    orders: watch::Receiver<Order>,
) {
    #[cfg(feature = "tls")]
    if let Some(tls) = &serving.tls {
        let mut orders = orders;
        let secured = async { tls.accept(io).await.map_err(insecure) };
        if let Some((io, certificates)) = begin(&serving, &peer, &mut orders, secured).await {
            let peer = peer.with_certificates(certificates);
            serve_plaintext(&serving, io, peer, orders).await;
        }
        return;
    }
    serve_plaintext(&serving, io, peer, orders).await;
}

/// Puts the ear on a connection, if there is one, and serves it.
async fn serve_plaintext<T: Io>(serving: &Serving, io: T, peer: PeerInfo, orders: watch::Receiver<Order>) {
    #[cfg(feature = "tap")]
    if let Some(tap) = &serving.tap {
        #[cfg(feature = "tls")]
        let tls = serving.tls.is_some();
        #[cfg(not(feature = "tls"))]
        let tls = false;
        let io = tap.listen(io, crate::recording::Role::Server, None, Some(peer.to_string()), tls);
        // Boxed once per connection, so that the code below is not compiled again for it.
        let io: Box<dyn Io> = Box::new(io);
        return serve_http2(serving, io, peer, orders).await;
    }
    serve_http2(serving, io, peer, orders).await;
}

/// Serves a connection whose bytes are plaintext, or have become so.
async fn serve_http2<T: Io>(serving: &Serving, io: T, peer: PeerInfo, mut orders: watch::Receiver<Order>) {
    #[expect(
        clippy::let_and_return,
        reason = "stored at once, it would stand beside the future that it comes from"
    )]
    let mut connection = {
        let begun = begin_http2(serving, io, &peer, &mut orders).await;
        begun
    };
    // Lent, because a future holds what it is given, and what it moves, once more.
    if let Some(connection) = &mut connection
        && let Err(error) = serve_streams(serving, connection, &peer, &mut orders).await
    {
        failed(serving, peer, error);
    }
}

/// Begins HTTP/2.
async fn begin_http2<T: Io>(
    serving: &Serving,
    io: T,
    peer: &PeerInfo,
    orders: &mut watch::Receiver<Order>,
) -> Option<ServerConnection<T>> {
    let handshake = pin!(ServerConnection::begin(io, &serving.http2, &serving.pace));
    begin(serving, peer, orders, handshake).await
}

/// Takes one step of a connection's beginning; `None` if it failed, which the observer has been told.
async fn begin<V>(
    serving: &Serving,
    peer: &PeerInfo,
    orders: &mut watch::Receiver<Order>,
    step: impl Future<Output = Result<V, TransportError>>,
) -> Option<V> {
    let begun = tokio::select! {
        begun = tokio::time::timeout(serving.limits.handshake, step) => begun,
        // A client that is about to begin is told to go when it has begun: then it knows that nothing of it was seen. One
        // that does not begin has no call to lose.
        () = last_call(orders) => return None,
    };
    let peer = peer.clone();
    match begun {
        Ok(Ok(begun)) => return Some(begun),
        Ok(Err(error)) => failed(serving, peer, error),
        Err(_elapsed) => {
            let after = serving.limits.handshake;
            (serving.observer)(&ServerEvent::HandshakeTimedOut { peer, after });
        }
    }
    None
}

/// Ready when it is too late to begin: a moment after the server was told to stop.
async fn last_call(orders: &mut watch::Receiver<Order>) {
    // If nobody is left to give orders, the connection goes with its task.
    let _ = orders.wait_for(|order| *order >= Order::Drain).await;
    tokio::time::sleep(LAST_CALL).await;
}

/// Hands every stream to the router, and obeys, until the connection has ended.
async fn serve_streams<T: Io>(
    serving: &Serving,
    connection: &mut ServerConnection<T>,
    peer: &PeerInfo,
    orders: &mut watch::Receiver<Order>,
) -> Result<(), TransportError> {
    let mut life = Life::new(&serving.limits);
    let permits = serving.permits.of_connection(serving.limits.handlers_per_connection);
    let mut obeyed = Order::Serve;
    let mut parked: Option<Parked<_>> = None;
    loop {
        let wanted = if parked.is_some() { Wanted::Movement } else { obeyed.wanted() };
        let turn = {
            let mut order = pin!(next_order(orders, obeyed));
            poll_fn(|cx| {
                // Orders come first: a busy connection is asked for streams until the runtime stops it.
                if let Poll::Ready(order) = order.as_mut().poll(cx) {
                    return Poll::Ready(Turn::Ordered(order));
                }
                if let Some(parked) = &mut parked
                    && let Poll::Ready(permit) = parked.poll_permit(cx)
                {
                    return Poll::Ready(Turn::Waited(permit));
                }
                loop {
                    match ready!(life.poll(cx, connection, permits.offences(), wanted)) {
                        Event::Accepted(accepted) => match permits.try_take() {
                            Some(permit) => serving.router.answer(accepted, peer, permit),
                            None => return Poll::Ready(Turn::Happened(Event::Accepted(accepted))),
                        },
                        event => return Poll::Ready(Turn::Happened(event)),
                    }
                }
            })
            .await
        };
        match turn {
            Turn::Happened(Event::Accepted(accepted)) => {
                parked = Some(Parked::new(accepted, permit_for(permits.clone())));
            }
            Turn::Waited(permit) => {
                if let Some(parked) = parked.take() {
                    parked.answer(serving, peer, permit);
                }
            }
            Turn::Happened(Event::Ended(Err(error))) if is_farewell(&error) => return Ok(()),
            Turn::Happened(Event::Ended(end)) => return end,
            Turn::Happened(Event::GivenUp(why)) => {
                give_up(serving, connection, peer, why).await;
                return Ok(());
            }
            Turn::Ordered(Order::CutOff) => return Ok(()),
            Turn::Ordered(order) => {
                obeyed = order;
                connection.drain();
            }
            Turn::Happened(Event::Drain) => connection.drain(),
        }
    }
}

/// Parts with a client that has passed a limit; who was unruly is told so.
async fn give_up<T: Io>(
    serving: &Serving,
    connection: &mut ServerConnection<T>,
    peer: &PeerInfo,
    why: GivenUp,
) {
    if why == GivenUp::Unruly {
        poll_fn(|cx| connection.poll_dismiss(cx)).await;
    }
    (serving.observer)(&ServerEvent::ConnectionGivenUp { peer: peer.clone(), why });
}

impl Order {
    /// What one who obeys wants of a connection.
    fn wanted(self) -> Wanted {
        if self >= Order::CutIdle { Wanted::LastStreams } else { Wanted::Streams }
    }
}

/// What ends a turn of [`serve_streams`].
#[expect(clippy::large_enum_variant, reason = "a stream is handed on at once, and is to cost no allocation")]
enum Turn {
    Ordered(Order),
    /// The stream that waits has a permit, or has waited long enough.
    Waited(Option<Permit>),
    /// Anything but a stream that was answered: one for which there is no permit, for example.
    Happened(Event),
}

/// A stream that waits until it may have a handler. Meanwhile no other is accepted on its connection, so that a
/// client is slowed before it is refused.
///
/// It is boxed because few connections ever park a stream, and all would be larger by it.
struct Parked<F> {
    accepted: Box<Accepted>,
    permit: Pin<Box<F>>,
}

impl<F: Future<Output = Option<Permit>>> Parked<F> {
    fn new(accepted: Accepted, permit: F) -> Self {
        Parked { accepted: Box::new(accepted), permit: Box::pin(permit) }
    }

    /// Ready with a permit, or with none if it has taken too long.
    fn poll_permit(&mut self, cx: &mut Context<'_>) -> Poll<Option<Permit>> {
        self.permit.as_mut().poll(cx)
    }

    /// The stream has waited.
    fn answer(self, serving: &Serving, peer: &PeerInfo, permit: Option<Permit>) {
        match permit {
            Some(permit) => serving.router.answer(*self.accepted, peer, permit),
            None => serving.router.turn_away(*self.accepted),
        }
    }
}

/// A permit, or none if it takes too long.
async fn permit_for(permits: Arc<Permits>) -> Option<Permit> {
    tokio::time::timeout(PERMIT_PATIENCE, permits.take()).await.ok()
}

/// The next order after the one obeyed. If nobody is left to give one, it is waited for in vain.
async fn next_order(orders: &mut watch::Receiver<Order>, obeyed: Order) -> Order {
    let order = orders.wait_for(|order| *order > obeyed).await.map(|order| *order);
    match order {
        Ok(order) => order,
        Err(_) => pending().await,
    }
}

/// Whether a connection ended as connections do: the client closed its socket, or said GOAWAY without an error.
fn is_farewell(error: &TransportError) -> bool {
    match error.cause() {
        Cause::GoAway { reason, .. } => *reason == 0,
        Cause::Io(error) => {
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        }
        _ => false,
    }
}

fn failed(serving: &Serving, peer: PeerInfo, error: TransportError) {
    (serving.observer)(&ServerEvent::ConnectionFailed { peer, error });
}

#[cfg(feature = "tls")]
fn insecure(error: String) -> TransportError {
    TransportError::from(Cause::Tls(error)).with_phase(Phase::Tls)
}

/// How long a client may take to begin once the server was told to stop: what it has sent is on its way already.
const LAST_CALL: Duration = Duration::from_secs(1);

/// How long a call may wait for a handler that is still at work. Longer, and its client had better ask elsewhere.
const PERMIT_PATIENCE: Duration = Duration::from_secs(1);
