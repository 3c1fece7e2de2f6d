//! `Http2Settings`: windows and limits of a connection, each with the reason for its value.
//!
//! In: nothing, or what an application knows better. Out: numbers for an engine. Nothing here is left to an
//! engine's default, because those defaults are meant for browsers and proxies: some are too small for streams
//! of messages, some too large for a hostile peer.
//!
//! Must not know: which engine reads it.

use std::time::Duration;

/// Windows and limits of HTTP/2 connections.
///
/// The two constructors give what each side ships with; change a value by its setter.
///
/// A connection's memory is bounded by the product of these numbers. A client that uploads without being read
/// can make a server hold `connection_window` bytes, and if it does so in the smallest frames, `small_frame_budget`
/// bytes of bookkeeping on top.
#[derive(Clone, Debug)]
pub struct Http2Settings {
    pub(crate) stream_window: u32,
    pub(crate) connection_window: u32,
    pub(crate) max_frame_size: u32,
    pub(crate) max_header_list_size: u32,
    pub(crate) max_concurrent_streams: u32,
    pub(crate) small_frame_budget: usize,
    pub(crate) remembered_resets: usize,
    pub(crate) remember_resets_for: Duration,
    pub(crate) max_unaccepted_resets: usize,
    pub(crate) send_buffer: usize,
    pub(crate) streams_per_connection: usize,
}

impl Http2Settings {
    /// What a server ships with.
    pub fn server() -> Http2Settings {
        Http2Settings {
            stream_window: SERVER_STREAM_WINDOW_BYTES,
            connection_window: SERVER_MAX_CONCURRENT_STREAMS * SERVER_STREAM_WINDOW_BYTES,
            max_frame_size: MAX_FRAME_BYTES,
            max_header_list_size: MAX_HEADER_LIST_BYTES,
            max_concurrent_streams: SERVER_MAX_CONCURRENT_STREAMS,
            small_frame_budget: SERVER_SMALL_FRAME_BUDGET_BYTES,
            remembered_resets: REMEMBERED_RESETS,
            remember_resets_for: SERVER_REMEMBER_RESETS_FOR,
            max_unaccepted_resets: MAX_UNACCEPTED_RESETS,
            send_buffer: SEND_BUFFER_BYTES,
            streams_per_connection: STREAMS_PER_CONNECTION,
        }
    }

    /// What a client ships with.
    pub fn client() -> Http2Settings {
        Http2Settings {
            stream_window: CLIENT_STREAM_WINDOW_BYTES,
            connection_window: CLIENT_CONNECTION_WINDOW_BYTES,
            max_frame_size: MAX_FRAME_BYTES,
            max_header_list_size: MAX_HEADER_LIST_BYTES,
            // Pushed streams are switched off, so a server has no stream to open.
            max_concurrent_streams: 0,
            small_frame_budget: CLIENT_SMALL_FRAME_BUDGET_BYTES,
            remembered_resets: REMEMBERED_RESETS,
            remember_resets_for: CLIENT_REMEMBER_RESETS_FOR,
            max_unaccepted_resets: MAX_UNACCEPTED_RESETS,
            send_buffer: SEND_BUFFER_BYTES,
            streams_per_connection: STREAMS_PER_CONNECTION,
        }
    }

    /// Bytes that a peer may send on one stream before the application reads them: 1 to 2^31 - 1.
    pub fn stream_window(mut self, bytes: u32) -> Self {
        self.stream_window = bytes.clamp(1, MAX_WINDOW_BYTES);
        self
    }

    /// Bytes that a peer may send on all streams together: 65,535 to 2^31 - 1.
    ///
    /// Keep it at `streams x stream_window` at the least. The window of a connection is shared, so with less, a
    /// few streams that nobody reads stop all others (RFC 9113, section 5.2.2).
    pub fn connection_window(mut self, bytes: u32) -> Self {
        self.connection_window = bytes.clamp(65_535, MAX_WINDOW_BYTES);
        self
    }

    /// The largest frame that is accepted: 16,384 to 16,777,215 bytes (RFC 9113, section 4.2).
    pub fn max_frame_size(mut self, bytes: u32) -> Self {
        self.max_frame_size = bytes.clamp(16_384, 16_777_215);
        self
    }

    /// The largest header block that is accepted: names, values and 32 bytes for each field.
    pub fn max_header_list_size(mut self, bytes: u32) -> Self {
        self.max_header_list_size = bytes;
        self
    }

    /// Streams that a client may have open at once; a server answers more with `REFUSED_STREAM`.
    pub fn max_concurrent_streams(mut self, streams: u32) -> Self {
        self.max_concurrent_streams = streams;
        self
    }

    /// Bytes of bookkeeping that unread frames under 256 bytes may cost before the connection is cut.
    ///
    /// A peer within flow control must never be cut, and its smallest message is a frame of 5 bytes. So this must
    /// be at least `connection_window / 5 x 251` for a peer that fills the whole window with empty messages.
    pub fn small_frame_budget(mut self, bytes: usize) -> Self {
        self.small_frame_budget = bytes;
        self
    }

    /// Calls that a client makes on one connection before it goes on with another: 1 to 805,306,368.
    ///
    /// The numbers of streams end at 2^31 - 1 (RFC 9113, section 5.1.1). The old connection ends with its last call,
    /// and no call notices.
    pub fn streams_per_connection(mut self, streams: usize) -> Self {
        self.streams_per_connection = streams.clamp(1, STREAMS_PER_CONNECTION);
        self
    }
}

/// A stream holds 64 KiB before its reader must catch up: enough for the round trip of a data centre, small
/// enough that a hundred of them cost a connection no more than a few megabytes.
const SERVER_STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// The least that RFC 9113, section 6.5.2, recommends, and what edge proxies advise. Each is a handler.
const SERVER_MAX_CONCURRENT_STREAMS: u32 = 100;

/// Clients mostly receive: 1 MiB lets one stream fill a 100 Mbit/s link of 80 ms.
const CLIENT_STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// A hundred streams at full window, so that those which nobody reads stop no other. A server can only fill it where
/// the application has made a hundred calls and reads none of them.
const CLIENT_CONNECTION_WINDOW_BYTES: u32 = 128 * CLIENT_STREAM_WINDOW_BYTES;

/// RFC 9113's own minimum and default. Larger frames would let one message hold up all others for longer.
const MAX_FRAME_BYTES: u32 = 16 * 1024;

/// Twice what PROTOCOL-HTTP2 suggests. The common default of 16 MiB lets four megabytes of compressed headers
/// unfold to hundreds of megabytes in memory (the "HTTP/2 bomb").
const MAX_HEADER_LIST_BYTES: u32 = 16 * 1024;

/// Every frame that is not taken yet costs 256 bytes less its length. Streams are emptied as they fill (see
/// `call::inlet`), so this need only hold what comes before their tasks have a turn: a quarter of a million of the
/// smallest frames, 3.7 MB of them on the wire.
const SERVER_SMALL_FRAME_BUDGET_BYTES: usize = 64 * 1024 * 1024;

/// A client trusts its server more, and frames of calls it has cancelled are charged without ever being paid
/// back, so that a smaller budget would run out in a day of cancelled streams.
const CLIENT_SMALL_FRAME_BUDGET_BYTES: usize = 1024 * 1024 * 1024;

/// Streams reset by us whose late frames are still recognised. A frame for a forgotten stream counts as a fault
/// of the peer; with 20,000 remembered, 300,000 cancelled calls at 200 in flight met no such fault. Each costs
/// about 0.4 KB.
const REMEMBERED_RESETS: usize = 20_000;

/// Longer than a bad round trip.
const SERVER_REMEMBER_RESETS_FOR: Duration = Duration::from_secs(10);

/// A client cancels more, and over longer lines.
const CLIENT_REMEMBER_RESETS_FOR: Duration = Duration::from_secs(30);

/// Streams that were reset before they were accepted (CVE-2023-44487, "Rapid Reset" in bulk).
const MAX_UNACCEPTED_RESETS: usize = 20;

/// Bytes of one stream that wait in the engine for the socket.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// RFC 9113, section 6.9.1.
const MAX_WINDOW_BYTES: u32 = (1 << 31) - 1;

/// Three quarters of the 2^30 numbers that a client's streams can have: far from the end, and at 10,000 calls a second
/// a new connection a day.
const STREAMS_PER_CONNECTION: usize = 3 * 256 * 1024 * 1024;
