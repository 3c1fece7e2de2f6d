//! `Io` and `Connector`: the seam to any network.
//!
//! In: an address. Out: a stream of bytes both ways. Whoever wants another network than TCP and Unix sockets (a
//! proxy, vsock, a fault injector, a simulation) implements [`Connector`] and nothing else.
//!
//! Must not know: HTTP/2, or when and how often to connect (that is the client's subchannel).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, ToSocketAddrs, UnixStream};

use crate::peer::Address;

/// Anything that reads and writes bytes.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// Makes connections: the one place where a client's network can be swapped.
pub trait Connector: Send + Sync + 'static {
    /// What a connection reads from and writes to.
    type Io: Io;

    /// Connects to one address.
    ///
    /// Dropping the future gives the attempt up.
    ///
    /// # Errors
    ///
    /// Whatever the network says; the channel tries the next address, or backs off.
    fn connect(&self, address: &Address) -> impl Future<Output = io::Result<Self::Io>> + Send;
}

/// Connects over TCP and Unix sockets, as the address says.
///
/// TCP sockets get `TCP_NODELAY`: a gRPC call is a few small writes, and Nagle's algorithm would hold the last
/// of them back for a round trip, or for 40 ms where the peer delays its acknowledgements.
#[derive(Clone, Copy, Debug, Default)]
pub struct SocketConnector {
    user_timeout: Option<Duration>,
}

impl SocketConnector {
    /// How long bytes that were sent may stay without an acknowledgement (`TCP_USER_TIMEOUT`); `None` leaves it to
    /// the system. Where the system has no such thing it changes nothing.
    #[must_use]
    pub fn tcp_user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.user_timeout = timeout;
        self
    }

    /// A TCP socket, with the options that this connector gives it.
    async fn tcp(&self, address: impl ToSocketAddrs) -> io::Result<TcpStream> {
        // Every address of a name is tried in turn, in the order in which the system gives them.
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        give_up_after(&stream, self.user_timeout);
        Ok(stream)
    }
}

impl Connector for SocketConnector {
    type Io = Box<dyn Io>;

    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Io>> {
        match address {
            Address::Tcp(address) => Ok(Box::new(self.tcp(address).await?)),
            Address::Name(name, port) => Ok(Box::new(self.tcp((name.as_str(), *port)).await?)),
            Address::Unix(Some(path)) => Ok(Box::new(UnixStream::connect(path).await?)),
            other => {
                let problem = format!("{other} is not an address that sockets can connect to");
                Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
            }
        }
    }
}

/// Lets the system give a TCP connection up when bytes stay unacknowledged for so long (gRFC A18): a peer that
/// vanished while it is written to never answers, and TCP alone needs a quarter of an hour to believe it.
pub(super) fn give_up_after(stream: &TcpStream, timeout: Option<Duration>) {
    #[cfg(target_os = "linux")]
    if timeout.is_some() {
        // A socket that has gone already makes this fail; it then fails on first use.
        let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(timeout);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, timeout);
}

/// A connector whose type is forgotten: boxes once per connection, never per call.
#[cfg(feature = "client")]
pub(crate) trait ErasedConnector: Send + Sync {
    /// [`Connector::connect`], boxed.
    fn connect<'a>(&'a self, address: &'a Address) -> BoxedConnect<'a>;
}

/// What a boxed attempt to connect resolves to.
#[cfg(feature = "client")]
type BoxedConnect<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send + 'a>>;

#[cfg(feature = "client")]
impl<C: Connector> ErasedConnector for C {
    fn connect<'a>(&'a self, address: &'a Address) -> BoxedConnect<'a> {
        Box::pin(async move {
            let io = Connector::connect(self, address).await?;
            Ok(Box::new(io) as Box<dyn Io>)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn connected_sockets_send_small_writes_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let by_address = SocketConnector::default().tcp(address).await.unwrap();
        let by_name = SocketConnector::default().tcp(("localhost", address.port())).await.unwrap();
        for stream in [by_address, by_name] {
            assert!(stream.nodelay().unwrap());
        }
    }
}
