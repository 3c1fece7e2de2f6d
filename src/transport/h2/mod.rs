//! The engine on the `h2` crate: the only folder that names it.
//!
//! In: an [`Io`](super::Io) and [`Http2Settings`](super::Http2Settings). Out: the six types of the seam.
//!
//! Facts about h2 0.4.20 that this folder is built on; `tests/h2_facts.rs` notices a change in any of them:
//!
//! * Each half of a stream stores one waker, so each half has one poller.
//! * Dropping the sending half alone does not reset the stream.
//! * The sending half never learns why a stream ended; the receiving half does.
//! * Unread DATA frames under 256 bytes are charged to a budget; when it is spent the connection dies.
//! * `send_data` takes any number of bytes, window or not; only `reserve_capacity` and `capacity` keep to it.
//! * A window is given back for stream and connection together, by `release_capacity` alone.
//! * A frame for a stream that h2 has forgotten counts as a fault of the peer.
//! * The client's handshake ends before the server's SETTINGS have come.
//! * There is no clock: time-outs are the caller's.

#[cfg(feature = "client")]
pub(super) mod client;
mod errors;
mod pings;
pub(super) mod recv_half;
pub(super) mod send_half;
#[cfg(feature = "server")]
pub(super) mod server;

/// Calls the setters that `h2::client::Builder` and `h2::server::Builder` share in name only.
macro_rules! configure {
    ($builder:expr, $settings:expr) => {
        $builder
            .initial_window_size($settings.stream_window)
            .initial_connection_window_size($settings.connection_window)
            .max_frame_size($settings.max_frame_size)
            .max_header_list_size($settings.max_header_list_size)
            .max_concurrent_streams($settings.max_concurrent_streams)
            .data_frame_budget($settings.small_frame_budget)
            .max_concurrent_reset_streams($settings.remembered_resets)
            .reset_stream_duration($settings.remember_resets_for)
            // It counts the late frames of honest peers too, over the life of a connection.
            .max_local_error_reset_streams(None)
            .max_pending_accept_reset_streams($settings.max_unaccepted_resets)
            .max_send_buffer_size($settings.send_buffer)
    };
}
use configure;
