//! One connection of a server: from its first byte to its last call.
//!
//! In: bytes, and orders of the accept loop. Out: streams for the router. The connection's task moves the bytes of
//! all its streams, so it never waits for a handler.
//!
//! Must not know: what a stream is answered with.

use std::sync::Arc;

use tokio::sync::watch;

use super::event::ServerEvent;
use super::serving::{Order, Serving};
use crate::peer::PeerInfo;
use crate::transport::{Io, ServerConnection, TransportError};

/// Serves one connection until it ends or is told to.
pub(super) async fn serve<T: Io>(
    serving: Arc<Serving>,
    io: T,
    peer: PeerInfo,
    mut orders: watch::Receiver<Order>,
) {
    let tell = |event: ServerEvent| (serving.observer)(&event);
    let handshake = ServerConnection::begin(io, &serving.http2);
    let handshake = tokio::select! {
        begun = tokio::time::timeout(serving.handshake_timeout, handshake) => begun,
        // A peer that has not begun HTTP/2 has no call to lose.
        _ = orders.wait_for(|order| *order >= Order::Drain) => return,
    };
    let mut connection = match handshake {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tell(ServerEvent::ConnectionFailed { peer, error }),
        Err(_elapsed) => {
            return tell(ServerEvent::HandshakeTimedOut { peer, after: serving.handshake_timeout });
        }
    };
    let mut obeyed = Order::Serve;
    loop {
        tokio::select! {
            accepted = connection.accept(obeyed == Order::CutIdle) => match accepted {
                Some(Ok(accepted)) => serving.router.answer(accepted, &peer),
                Some(Err(error)) if is_farewell(&error) => return,
                Some(Err(error)) => return tell(ServerEvent::ConnectionFailed { peer, error }),
                None => return,
            },
            Ok(order) = changed(&mut orders, obeyed) => {
                if obeyed == Order::Serve {
                    connection.drain();
                }
                obeyed = order;
                if order == Order::CutOff {
                    return;
                }
            }
        }
    }
}

/// The next order after the one obeyed.
async fn changed(
    orders: &mut watch::Receiver<Order>,
    obeyed: Order,
) -> Result<Order, watch::error::RecvError> {
    orders.wait_for(|order| *order > obeyed).await.map(|order| *order)
}

/// Whether a connection ended as connections do: the client closed its socket, or said GOAWAY without an error.
fn is_farewell(error: &TransportError) -> bool {
    match error {
        TransportError::GoAway { reason, .. } => *reason == 0,
        TransportError::Io(error) => {
            matches!(error.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe)
        }
        _ => false,
    }
}
