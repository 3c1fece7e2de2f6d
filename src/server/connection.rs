//! One connection of a server: from its first byte to its last call.
//!
//! In: bytes, and orders of the accept loop. Out: streams for the router. The connection's task moves the bytes of
//! all its streams, so it never waits for a handler.
//!
//! Must not know: what a stream is answered with.

use std::future::{pending, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use tokio::sync::watch;

use super::event::ServerEvent;
use super::serving::{Order, Serving};
use crate::peer::PeerInfo;
#[cfg(feature = "tls")]
use crate::transport::Phase;
use crate::transport::{Cause, Io, ServerConnection, TransportError};

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
    let handshake = pin!(ServerConnection::begin(io, &serving.http2));
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
        begun = tokio::time::timeout(serving.handshake_timeout, step) => begun,
        // A peer that has not begun HTTP/2 has no call to lose.
        _ = orders.wait_for(|order| *order >= Order::Drain) => return None,
    };
    let peer = peer.clone();
    match begun {
        Ok(Ok(begun)) => return Some(begun),
        Ok(Err(error)) => failed(serving, peer, error),
        Err(_elapsed) => {
            let after = serving.handshake_timeout;
            (serving.observer)(&ServerEvent::HandshakeTimedOut { peer, after });
        }
    }
    None
}

/// Hands every stream to the router, and obeys, until the connection has ended.
async fn serve_streams<T: Io>(
    serving: &Serving,
    connection: &mut ServerConnection<T>,
    peer: &PeerInfo,
    orders: &mut watch::Receiver<Order>,
) -> Result<(), TransportError> {
    let mut obeyed = Order::Serve;
    loop {
        let event = {
            let mut order = pin!(next_order(orders, obeyed));
            poll_fn(|cx| {
                // Orders come first: a busy connection is asked for streams until the runtime stops it.
                if let Poll::Ready(order) = order.as_mut().poll(cx) {
                    return Poll::Ready(Event::Ordered(order));
                }
                loop {
                    match ready!(connection.poll_accept(cx, obeyed == Order::CutIdle)) {
                        Some(Ok(accepted)) => serving.router.answer(accepted, peer),
                        Some(Err(error)) => return Poll::Ready(Event::Broke(error)),
                        None => return Poll::Ready(Event::Ended),
                    }
                }
            })
            .await
        };
        match event {
            Event::Ordered(order) => {
                if obeyed == Order::Serve {
                    connection.drain();
                }
                obeyed = order;
                if order == Order::CutOff {
                    return Ok(());
                }
            }
            Event::Ended => return Ok(()),
            Event::Broke(error) if is_farewell(&error) => return Ok(()),
            Event::Broke(error) => return Err(error),
        }
    }
}

/// What ends a turn of [`serve_streams`].
enum Event {
    Ordered(Order),
    Ended,
    Broke(TransportError),
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
