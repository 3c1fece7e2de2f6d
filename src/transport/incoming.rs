//! `Incoming`: where a server's connections come from.
//!
//! In: a listening socket. Out: one connection after another, each with who is at its other end.
//!
//! Must not know: HTTP/2, or what to do when accepting fails (that is the server's accept loop).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::io::{Io, give_up_after};
use crate::peer::{Address, PeerInfo};

/// A source of connections.
pub trait Incoming: Send + 'static {
    /// What a connection reads from and writes to.
    type Io: Io;

    /// Waits for the next connection.
    ///
    /// Dropping the future loses no connection.
    ///
    /// # Errors
    ///
    /// Whatever the network says. A server waits a little and asks again: an error here, such as too many open
    /// files, says nothing about the connections that stand already.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, PeerInfo)>> + Send;
}

/// Connections that arrive over TCP, with `TCP_NODELAY` set.
#[derive(Debug)]
pub struct TcpIncoming {
    listener: TcpListener,
    user_timeout: Option<Duration>,
}

impl TcpIncoming {
    /// Listens on an address; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// If the address cannot be had: most often because another process listens there.
    pub fn bind(address: SocketAddr) -> io::Result<TcpIncoming> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        // A restarted server must not wait for the last one's connections to leave TIME_WAIT.
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            // `[::]` means every address of the machine, those of IPv4 too, whatever the system's default says.
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(TcpIncoming::new(TcpListener::from_std(socket.into())?))
    }

    /// Takes over a listener that exists already, for example one handed down by a supervisor.
    pub fn new(listener: TcpListener) -> TcpIncoming {
        TcpIncoming { listener, user_timeout: None }
    }

    /// How long bytes that were sent may stay without an acknowledgement before a connection is given up, where the
    /// system can do that (Linux: `TCP_USER_TIMEOUT`); the system's minutes by default.
    #[must_use]
    pub fn tcp_user_timeout(mut self, timeout: Duration) -> TcpIncoming {
        self.user_timeout = Some(timeout);
        self
    }

    /// The address that is listened on; tells the port when the system chose it.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Incoming for TcpIncoming {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, PeerInfo)> {
        let (stream, address) = self.listener.accept().await?;
        // A peer that has gone already makes this fail; its connection then fails on first use.
        let _ = stream.set_nodelay(true);
        give_up_after(&stream, self.user_timeout);
        Ok((stream, PeerInfo::new(Address::Tcp(address))))
    }
}

/// Connections that arrive over a Unix socket.
#[derive(Debug)]
pub struct UnixIncoming {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixIncoming {
    /// Listens on a path. The file is left behind when the server ends, as Unix sockets do.
    ///
    /// # Errors
    ///
    /// If the path cannot be had: most often because the file exists.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixIncoming> {
        let path = path.as_ref().to_path_buf();
        Ok(UnixIncoming { listener: UnixListener::bind(&path)?, path })
    }

    /// The path that is listened on.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Incoming for UnixIncoming {
    type Io = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, PeerInfo)> {
        let (stream, address) = self.listener.accept().await?;
        let path = address.as_pathname().map(Path::to_path_buf);
        Ok((stream, PeerInfo::new(Address::Unix(path))))
    }
}

/// Connections that the kernel holds until they are accepted. With the usual 1,024 a burst of thousands of
/// clients meets the one-second retry of TCP's handshake; 4,096 is what most systems allow at the most.
const BACKLOG: i32 = 4_096;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_has_the_user_timeout_that_was_asked_for() {
        for timeout in [None, Some(Duration::from_secs(20))] {
            let mut incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
            if let Some(timeout) = timeout {
                incoming = incoming.tcp_user_timeout(timeout);
            }
            let _client = TcpStream::connect(incoming.local_address().unwrap()).await.unwrap();
            let (stream, _) = incoming.accept().await.unwrap();
            let set = socket2::SockRef::from(&stream).tcp_user_timeout().unwrap();
            assert_eq!(set.filter(|set| !set.is_zero()), timeout);
        }
    }
}
