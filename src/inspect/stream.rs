//! A stream, as far as one must remember it: two halves of one call.
//!
//! In come the header blocks of a stream, read; out comes which moment of the
//! call each of them is (PROTOCOL-HTTP2 "Outline"):
//!
//! ```text
//!  -->  :method :path ...                       request head
//!  <--  :status ...                             response head
//!  <--  :status grpc-status ...   END_STREAM    Trailers-Only: both at once
//!  <--  grpc-status ...           END_STREAM    trailers
//! ```
//!
//! This file must not know of frames.

use super::event::{Direction, Head, What};
use super::message::MessageReader;

/// A stream: two halves.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// What the client says.
    to_server: Half,
    /// What the server says.
    to_client: Half,
}

impl Stream {
    /// The half that travels this way.
    pub(super) fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Whether nothing more can be said on it.
    pub(super) fn is_over(&self) -> bool {
        self.to_server.is_closed && self.to_client.is_closed
    }

    /// Who reads the messages of a half, if it has any that can be read.
    pub(super) fn messages(&mut self, direction: Direction) -> Option<&mut MessageReader> {
        let half = self.half(direction);
        (half.role.has_messages() && !half.is_closed).then_some(&mut half.messages)
    }

    /// Tells a head from trailers.
    pub(super) fn name_block(&mut self, direction: Direction, head: Head) -> What {
        self.half(direction).role.name_block(direction, head)
    }
}

/// One direction of a stream.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// What its blocks have said so far.
    role: Role,
    /// Whether END_STREAM was heard.
    pub(super) is_closed: bool,
    /// Reads its messages.
    pub(super) messages: MessageReader,
}

/// What the header blocks of one direction of a stream have said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    /// Whether its head was heard. Without it nobody knows where in a message
    /// its data begin.
    has_head: bool,
    /// Whether its head does not deny that it is gRPC.
    is_grpc: bool,
}

impl Role {
    /// Whether the data are messages that can be told apart.
    pub(super) fn has_messages(&self) -> bool {
        self.has_head && self.is_grpc
    }

    /// Tells a head from trailers.
    ///
    /// Heads have fields whose names begin with a colon, trailers have none
    /// (RFC 9113 8.1). Where names are unknown, the order decides.
    pub(super) fn name_block(&mut self, direction: Direction, head: Head) -> What {
        let ends_stream = head.block.ends_stream;
        let is_head = head.has_pseudo_field() || (head.has_unknown_name() && !self.has_head && !ends_stream);
        if !is_head {
            return What::Trailers(head);
        }
        if head.get(":status").is_some_and(|status| status.starts_with(b"1")) {
            return What::InterimHead(head);
        }
        self.has_head = true;
        self.is_grpc = head.get("content-type").is_none_or(|value| value.starts_with(CONTENT_TYPE));
        match (direction, ends_stream) {
            (Direction::ToServer, _) => What::RequestHead(head),
            (Direction::ToClient, false) => What::ResponseHead(head),
            (Direction::ToClient, true) => What::TrailersOnly(head),
        }
    }
}

/// What gRPC's content types begin with (PROTOCOL-HTTP2 "Requests").
const CONTENT_TYPE: &[u8] = b"application/grpc";
