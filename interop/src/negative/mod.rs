//! The cases of a server that misbehaves on the level of HTTP/2.
//!
//! In: a case by name. Out: a server that behaves so, and a client that has to cope. The server writes frames by
//! hand, because no HTTP/2 library can be asked to misbehave.
//!
//! ```text
//!   goaway                     GOAWAY after the first call: the second takes another connection
//!   rst_after_header           HEADERS, RST_STREAM
//!   rst_during_data            HEADERS, half a message, RST_STREAM
//!   rst_after_data             HEADERS, a whole message, RST_STREAM
//!   ping                       a PING before every frame, each to be acknowledged
//!   max_streams                one stream at a time: calls wait for one another
//!   data_frame_padding         DATA frames that are mostly padding, which counts against the window
//!   no_df_padding_sanity_test  the same frames without it
//! ```
//!
//! What a server has to see of its client, it answers for: a call that breaks the rule of its case ends `INTERNAL`.
//!
//! Source: gRPC `doc/negative-http2-interop-test-descriptions.md`.

mod client;
mod connection;
mod frame;
mod script;
mod server;

pub use client::run_client;
pub use server::run_server;
