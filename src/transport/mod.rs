//! The transport room: connections that open and accept streams, and the two halves of a stream.
//!
//! In: something that reads and writes bytes. Out: HTTP/2 streams, each as a sending and a receiving half, with
//! errors that say who ended what. Source: RFC 9113.
//!
//! ```text
//!   call room        SendHalf  RecvHalf  Opener  Accepted          the seam: six types, no h2 in their signatures
//!   ---------------------------------------------------------------
//!   engine           h2/  (the only folder that names the h2 crate; another engine may stand beside it)
//!   ---------------------------------------------------------------
//!   bytes            Io: TCP, Unix sockets, pipe(), or anything that implements AsyncRead + AsyncWrite
//! ```
//!
//! What the rooms above rely on, and every engine has to keep:
//!
//! * **One poller per half.** All polling of one half comes from one task; a half stores one waker.
//! * **Dropping both halves of an unfinished stream resets it** with `CANCEL`, or, on a server that has sent its
//!   trailers, with `NO_ERROR` (RFC 9113, section 8.1). Dropping one half alone does nothing.
//! * **Bytes received are a loan.** The peer may send more only after `RecvHalf::release`.
//! * **Bytes are sent within the peer's window**: `poll_send` takes no more than it has room for.
//!
//! Must not know: gRPC. Heads are header maps here, and messages are bytes.

mod error;
mod gather;
mod h2;
mod heap;
mod incoming;
mod io;
#[cfg(feature = "client")]
mod line;
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "clients take no turns"))]
mod pace;
mod pipe;
mod settings;
mod sniff;
#[cfg(feature = "tls")]
pub mod tls;

pub use self::error::{Cause, Initiator, Phase, TransportError};
pub use self::incoming::{Incoming, TcpIncoming, UnixIncoming};
pub use self::io::{Connector, Io, SocketConnector};
pub use self::pipe::{PipeConnector, PipeIncoming, Weather, pipe, pipe_with};
pub use self::settings::Http2Settings;

#[cfg(feature = "client")]
pub(crate) use self::h2::client::{Driver, Opener, connect};
pub(crate) use self::h2::recv_half::RecvHalf;
pub(crate) use self::h2::send_half::SendHalf;
#[cfg(feature = "server")]
pub(crate) use self::h2::server::{Accepted, ServerConnection};
#[cfg(feature = "client")]
pub(crate) use self::io::ErasedConnector;
#[cfg(feature = "server")]
pub(crate) use self::pace::Pace;
