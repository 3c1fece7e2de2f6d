//! The call room: one call, from head to trailers, with the same types on both sides.
//!
//! In: messages of the application on one side, the two halves of a stream on the other. Out: the four moments
//! of a call, in order, and its end exactly once.
//!
//! ```text
//!   moment     client                                 server                               observed by
//!   start      request head leaves                    request head arrives                 Interceptor::start
//!   message    Sender / Streaming                     Streaming / Sender                   Interceptor::message
//!   headers    response head arrives                  response head leaves, lazily         Interceptor::headers
//!   end        trailers arrive, or whatever else      trailers leave, or whatever else     Interceptor::end
//! ```
//!
//! The types that an application holds: [`Sender`] and [`Streaming`], the two halves. The types that carry a
//! call: `client_call` on one side, [`ServerCall`] and [`Running`] on the other.
//!
//! Must not know: channels, connections, routers; how a call came to have a stream.

mod alarm;
#[cfg(feature = "server")]
mod answer;
mod clock;
mod compress;
#[cfg(any(feature = "gzip", feature = "zstd"))]
mod compressors;
#[cfg(feature = "server")]
mod half_message;
mod halves;
mod info;
#[cfg(feature = "server")]
mod inlet;
mod interceptor;
#[cfg(feature = "tap")]
mod listener;
mod outbox;
mod sender;
mod shared;
mod streaming;
mod unfold;

#[cfg(feature = "client")]
pub(crate) mod client_call;
#[cfg(feature = "client")]
mod credentials;
#[cfg(feature = "client")]
mod pilot;
#[cfg(feature = "client")]
mod replay;
#[cfg(feature = "server")]
mod request_reader;
#[cfg(feature = "client")]
mod response_reader;
#[cfg(feature = "server")]
mod running;
#[cfg(feature = "server")]
pub(crate) mod server_call;
#[cfg(feature = "server")]
mod write_stall;
#[cfg(feature = "client")]
mod writer;

pub(crate) use self::alarm::Alarm;
pub(crate) use self::clock::now;
#[cfg(feature = "tap")]
pub(crate) use self::clock::wall_clock;
#[cfg(feature = "client")]
pub(crate) use self::clock::within;
pub use self::compress::{Compressor, DecompressError};
#[cfg(feature = "zstd")]
pub use self::compressors::Zstd;
#[cfg(feature = "gzip")]
pub use self::compressors::{Deflate, Gzip};
#[cfg(feature = "client")]
pub use self::credentials::{Authenticated, Credentials};
#[cfg(feature = "client")]
pub(crate) use self::halves::CallHalves;
pub use self::info::{CallInfo, Side};
pub use self::interceptor::{Direction, Interceptor, OnStart, Stack, on_start};
#[cfg(feature = "tap")]
pub(crate) use self::listener::Listener;
#[cfg(feature = "client")]
pub(crate) use self::pilot::Again;
#[cfg(feature = "client")]
pub(crate) use self::replay::Reserved;
pub use self::sender::{Closed, Sender};
pub(crate) use self::shared::{CallSettings, CallShared};
pub use self::streaming::Streaming;

#[cfg(feature = "server")]
pub use self::running::Running;
#[cfg(feature = "server")]
pub(crate) use self::server_call::refuse;
#[cfg(feature = "server")]
pub use self::server_call::{Ended, ServerCall};
#[cfg(feature = "server")]
pub(crate) use self::write_stall::WRITE_STALL;
