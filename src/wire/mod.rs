//! The wire: what a gRPC call looks like on HTTP/2, byte by byte.
//!
//! In: words (a status, metadata, a message). Out: header fields and bytes; and
//! back. Nothing in this room waits, reads a clock or opens a socket, so all of
//! it can be read, tested and fuzzed as plain functions. This page is the
//! lesson; the files beside it are its sentences.
//!
//! # One call
//!
//! A call is one HTTP/2 stream. Here is `Greeter.SayHello("world")`, whole. The
//! header blocks are shown as the fields they carry (HPACK packs them on the
//! wire); the DATA frames are shown byte by byte.
//!
//! ```text
//!  client                                                               server
//!
//!  HEADERS  (END_HEADERS)                                     the request head
//!  | :method: POST                                                    ------->
//!  | :scheme: http
//!  | :path: /helloworld.Greeter/SayHello
//!  | :authority: localhost:50051
//!  | te: trailers                       "I can read trailers"
//!  | grpc-timeout: 1S                   give up after one second
//!  | content-type: application/grpc     what is inside is protobuf
//!
//!  DATA  (END_STREAM: the client has no more to say)                 a message
//!  | 00 00 0c  00  01  00 00 00 01      HTTP/2: 12 bytes, DATA, END_STREAM,
//!  |                                    stream 1                      ------->
//!  | 00  00 00 00 07                    gRPC: plain, 7 bytes follow
//!  | 0a 05 77 6f 72 6c 64               protobuf: field 1, 5 bytes, "world"
//!
//!                                       HEADERS  (END_HEADERS)
//!  the response head                    | :status: 200
//!  <-------                             | content-type: application/grpc
//!
//!                                       DATA
//!  a message                            | 00 00 12  00  00  00 00 00 01
//!  <-------                             | 00  00 00 00 0d
//!                                       | 0a 0b 48 65 6c 6c 6f 20 77 6f 72 6c 64
//!
//!                                       HEADERS  (END_HEADERS, END_STREAM)
//!  the trailers                         | grpc-status: 0
//!  <-------
//! ```
//!
//! Those are the four moments of every call: **head**, **messages**, the other
//! side's **head**, and the **end**. A call that streams differs in one thing
//! only, that there are more DATA lines, on either side, in any order.
//!
//! Three things surprise those who know HTTP/2:
//!
//! * **A message is not a DATA frame.** Frames are cut where windows and buffers
//!   end. The five bytes before each message ([`Prefix`]) say where messages
//!   end, so one message may span frames and one frame may hold many.
//! * **`:status` says nothing about the call.** It is 200 as soon as a gRPC
//!   server answers at all, because it leaves before the first message, when
//!   nobody knows how the call will end. A server may fail after a million
//!   messages. So the outcome travels last, in a second header block:
//!   [`Trailers`], with `grpc-status`, always, also for success.
//! * **The end of the stream is not success.** A stream that closes without a
//!   `grpc-status` has failed, however complete its messages look.
//!
//! # Trailers-Only
//!
//! Often there is nothing to say but how it ended: no such method, not allowed,
//! not found. A head, no message and trailers would be two header blocks where
//! one would do. So a server that has not sent its head yet may send **one
//! block that is both head and trailers**:
//!
//! ```text
//!                                       HEADERS  (END_HEADERS, END_STREAM)
//!  everything                           | :status: 200
//!  <-------                             | content-type: application/grpc
//!                                       | grpc-status: 12
//!                                       | grpc-message: unknown method SayHi
//! ```
//!
//! It has what a head must have (`:status`, `content-type`) and what trailers
//! must have (`grpc-status`), and it is told from a head by one bit:
//! **END_STREAM**. With the bit, `grpc-status` is the end of the call. Without
//! it the block is a head, messages follow, and a `grpc-status` in it means
//! nothing: only the last block of a stream may say how the call ended.
//!
//! Metadata in such a block counts as trailers, since there was no head. And
//! the shortcut is open only as long as the head is unsent, which is why a
//! server holds its head back until it has a message to send.
//!
//! # When there is no `grpc-status`
//!
//! Something that does not speak gRPC may stand in the way: a proxy answers
//! `502` with a page of HTML, a peer resets the stream. Then, and only then, the
//! codes of HTTP are translated ([`tables`]).
//!
//! # The same in code
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use wirewright::wire::{self, ContentType, MessageDecoder, ResponseHead, ResponseStart, Trailers};
//! use wirewright::{Code, Metadata, Status};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A message becomes five bytes and itself. (A string encodes as a message with one string field.)
//! let mut data = BytesMut::new();
//! wire::encode_message(&"world".to_owned(), usize::MAX, &mut data)?;
//! assert_eq!(data[..], *b"\x00\x00\x00\x00\x07\x0a\x05world");
//!
//! // However the network cuts the bytes, the same message comes out.
//! let mut decoder = MessageDecoder::new(4 * 1024 * 1024);
//! decoder.push(Bytes::copy_from_slice(&data[..3]));
//! assert_eq!(decoder.next()?, None);
//! decoder.push(Bytes::copy_from_slice(&data[3..]));
//! let frame = decoder.next()?.expect("the message is whole now");
//! assert_eq!(frame.bytes[..], *b"\x0a\x05world");
//! decoder.finish()?;
//!
//! // A refusal is one header block ...
//! let end = Err(Status::unimplemented("unknown method SayHi"));
//! let response = Trailers { end, metadata: Metadata::new() }.into_response(ContentType::Grpc);
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.headers()["grpc-status"], "12");
//!
//! // ... which is Trailers-Only if the stream ends with it, and a mere head if it does not.
//! let (parts, ()) = response.into_parts();
//! let ended = ResponseHead::parse(parts.clone(), true, &[]);
//! let ResponseStart::TrailersOnly(trailers) = ended else { unreachable!() };
//! assert_eq!(trailers.end.unwrap_err().code(), Code::Unimplemented);
//! assert!(matches!(ResponseHead::parse(parts, false, &[]), ResponseStart::Head(_)));
//! # Ok(())
//! # }
//! ```
//!
//! # Where to read on
//!
//! | question | file |
//! |---|---|
//! | What are the five bytes? | `prefix`, then `encoder` and `decoder` |
//! | What must a request say, and how is nonsense refused? | `request_head` |
//! | Head, Trailers-Only, or not gRPC at all? | `response_head` |
//! | How does a call end? | `trailers`; `percent` for its text, `details` for the rest |
//! | How is a timeout written? | `timeout` |
//! | What may `content-type` and `-bin` headers hold? | `content_type`, `binary` |
//! | Who may compress, and how is that agreed? | `encoding` |
//! | Which code for `502`, or for `REFUSED_STREAM`? | `tables` |
//! | What may come after what? | `call_state` |
//! | Which code for which fault? | `error` |
//!
//! Source: PROTOCOL-HTTP2, all of it; RFC 9113 for what it stands on. Must not
//! know: sockets, tasks, clocks, h2, and who is calling whom about what.

mod binary;
mod call_state;
mod content_type;
mod decoder;
mod details;
mod encoder;
mod encoding;
mod error;
mod header;
pub mod percent;
mod prefix;
mod quote;
mod records;
mod request_head;
mod response_head;
pub mod tables;
pub mod timeout;
mod trailers;

pub use binary::validate_binary;
pub use call_state::{AnswerState, ClientState, Event, ServerState, Violation};
pub use content_type::ContentType;
pub use decoder::{Frame, MessageDecoder};
pub use encoder::{encode_compressed, encode_message};
pub use encoding::{AcceptEncoding, Encoding};
pub use error::WireError;
pub use prefix::{PREFIX_LEN, Prefix};
pub use records::has_more_records_than;
pub use request_head::{Refusal, RequestHead};
pub use response_head::{EXCERPT_LIMIT_BYTES, NotGrpc, ResponseHead, ResponseStart};
pub use trailers::Trailers;
