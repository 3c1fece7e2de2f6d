//! What do these bytes say? Reads recorded gRPC traffic and explains it.
//!
//! In go the raw bytes of one HTTP/2 connection, as they crossed the wire;
//! out comes what they mean, layer upon layer:
//!
//! ```text
//!  bytes      50 52 49 20 ..   00 00 0c 00 01 00 00 00 01 00 00 00 00 07 0a 05 w o r l d
//!             \____ 24 ____/  \__________ 9 ___________/ \____ 5 _____/ \____ 7 _____/
//!  frames     the preface      DATA, 12 bytes, END_STREAM      `frames`, `content`
//!  blocks     HEADERS + CONTINUATION are one header block      `block`, `hpack`, `huffman`
//!  messages                    5-byte prefix, 7 bytes          `message`
//!  calls      head, messages, trailers: who said what, when    `connection`, `event`
//!  fields     1: "world"                                       `protobuf`
//! ```
//!
//! One rule holds on every layer: each byte of the input lies in exactly one
//! [`Span`], so an explanation that is printed is complete by construction.
//! Bytes that make no sense are no exception; their span says why
//! ([`Damage`]), and reading goes on wherever the format allows it.
//!
//! Everything here is a pure function or a state machine over bytes. Nothing
//! opens a socket, nothing reads a clock (times are arguments), and no input
//! causes a panic or an allocation larger than the input itself deserves.
//!
//! This room must not know how the library itself reads and writes: a witness
//! that shared the writer's code would repeat its mistakes and call them right.
//! It borrows two constants from the wire room, the length of the prefix and
//! the names of HTTP/2's error codes, and nothing else.
//!
//! # Printing calls
//!
//! ```
//! use std::time::Duration;
//! use wirewright::inspect::protobuf::Fields;
//! use wirewright::inspect::{Direction, EventLog, What};
//!
//! let mut log = EventLog::new();
//! // Whoever copies the bytes from one socket to the other says so:
//! let answer = b"\0\0\x0c\0\x01\0\0\0\x01\0\0\0\0\x07\x0a\x05world";
//! log.record(Direction::ToClient, Duration::ZERO, b"\0\0\x01\x01\x04\0\0\0\x01\x88");
//! log.record(Direction::ToClient, Duration::from_micros(310), answer);
//!
//! let mut lines = Vec::new();
//! for (stream_id, events) in log.calls() {
//!     for event in events {
//!         let said = match &event.what {
//!             What::RequestHead(head) | What::ResponseHead(head) => {
//!                 head.entries.iter().map(|entry| format!("{entry} ")).collect()
//!             }
//!             What::Message(message) => {
//!                 format!("{:02x?} {}", message.prefix(), Fields::read(&message.content()))
//!             }
//!             other => format!("{other:?}"),
//!         };
//!         lines.push(format!("{stream_id} {} {} us {said}", event.direction, event.at.as_micros()));
//!     }
//! }
//! assert_eq!(lines[1], r#"1 <-- 310 us [00, 00, 00, 00, 07] 1: "world""#);
//! ```

mod cursor;

pub mod block;
pub mod connection;
pub mod content;
pub mod damage;
pub mod event;
pub mod frame_header;
pub mod frames;
pub mod hpack;
mod hpack_field;
mod hpack_table;
mod hpack_writer;
pub mod huffman;
pub mod log;
pub mod message;
mod message_walk;
pub mod protobuf;
mod repeats;
pub mod rewrite;
pub mod skim;
mod skim_side;
pub mod span;
mod stream;

pub use connection::ConnectionReader;
pub use damage::Damage;
pub use event::{Direction, Event, Head, What};
pub use log::EventLog;
pub use message::Message;
pub use message_walk::Part;
pub use span::{Span, SpanKind};
