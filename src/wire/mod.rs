//! The wire: what a gRPC call looks like on HTTP/2, byte by byte.

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
mod request_head;
mod response_head;
pub mod tables;
pub mod timeout;
mod trailers;

pub use binary::validate_binary;
pub use call_state::{AnswerState, ClientState, Event, ServerState, Violation};
pub use content_type::ContentType;
pub use decoder::{Frame, MessageDecoder};
pub use encoder::encode_message;
pub use encoding::{AcceptEncoding, Encoding};
pub use error::WireError;
pub use prefix::{PREFIX_LEN, Prefix};
pub use request_head::{Refusal, RequestHead};
pub use response_head::{EXCERPT_LIMIT_BYTES, NotGrpc, ResponseHead, ResponseStart};
pub use trailers::Trailers;
