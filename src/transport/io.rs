//! `Io` and `Connector`: the seam to any network.
//!
//! In: an address. Out: a stream of bytes both ways. Whoever wants another network than TCP and Unix sockets (a
//! proxy, vsock, a fault injector, a simulation) implements [`Connector`] and nothing else.
//!
//! Must not know: HTTP/2, or when and how often to connect (that is the client's subchannel).

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

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
pub struct SocketConnector;

impl Connector for SocketConnector {
    type Io = Box<dyn Io>;

    async fn connect(&self, address: &Address) -> io::Result<Box<dyn Io>> {
        match address {
            Address::Tcp(address) => tcp(TcpStream::connect(address).await?),
            // Every address of the name is tried in turn, in the order in which the system gives them.
            Address::Name(name, port) => tcp(TcpStream::connect((name.as_str(), *port)).await?),
            Address::Unix(Some(path)) => Ok(Box::new(UnixStream::connect(path).await?)),
            other => {
                let problem = format!("{other} is not an address that sockets can connect to");
                Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
            }
        }
    }
}

fn tcp(stream: TcpStream) -> io::Result<Box<dyn Io>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
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
