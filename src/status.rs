//! `Status`: how a call failed.
//!
//! In: a code and a message, from a handler, an interceptor, this library or the peer. Out: one word on the
//! stack that carries them, with the details, metadata and cause that came along. Source: gRPC
//! `doc/statuscodes.md`; details are `google.rpc.Status` of the richer error model.
//!
//! Two rules make it safe to use with `?`. A `Status` is always an error, so the end of a call is
//! `Result<(), Status>` and nobody can return a failure that reads as success. And a status knows where it
//! was made: one that came from another server ([`Origin::Remote`]) and is returned by a handler is answered
//! with its code and message only, so that another service's metadata and details do not leak through ours.
//!
//! Must not know: how a status travels (`wire::trailers`), or any transport.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;

use crate::code::Code;
use crate::metadata::Metadata;

/// An error that a gRPC call ends with: a code, a message, and what came with them.
///
/// It is one word wide, because it stands in the `Err` of every call's result.
///
/// ```
/// use wirewright::{Code, Status};
///
/// let status = Status::not_found("no feature at this point");
/// assert_eq!(status.code(), Code::NotFound);
/// assert_eq!(status.to_string(), "NOT_FOUND: no feature at this point");
/// ```
#[derive(Clone)]
pub struct Status(Box<Inner>);

/// Who made a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This process: a handler, an interceptor, or the library.
    Local,
    /// The peer: it arrived in the trailers of a call that this process made.
    Remote,
}

#[derive(Clone)]
struct Inner {
    /// Never `Code::Ok`: the constructor sees to it.
    code: Code,
    /// For people; travels percent-coded in `grpc-message`.
    message: String,
    /// An encoded `google.rpc.Status`, or empty; travels in `grpc-status-details-bin`.
    details: Bytes,
    /// The peer's custom trailers, or those to be sent with this end.
    metadata: Metadata,
    /// Decides what a handler that returns this status gives away.
    origin: Origin,
    /// What went wrong underneath; never travels.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Status {
    /// A status with this code and message.
    ///
    /// An error cannot be OK: [`Code::Ok`] becomes [`Code::Internal`], because a program that fails with "OK"
    /// is broken, and saying so is kinder to its caller than a success that is none.
    pub fn new(code: Code, message: impl Into<String>) -> Status {
        let code = if code == Code::Ok { Code::Internal } else { code };
        Status(Box::new(Inner {
            code,
            message: message.into(),
            details: Bytes::new(),
            metadata: Metadata::new(),
            origin: Origin::Local,
            source: None,
        }))
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people; may be empty.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// An encoded `google.rpc.Status`, or nothing.
    pub fn details(&self) -> &Bytes {
        &self.0.details
    }

    /// Custom metadata that travels with the end of the call.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The same, to be changed before the status is returned.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.0.metadata
    }

    /// Whether this process made the status or received it.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// This status with an encoded `google.rpc.Status` as its details.
    ///
    /// The caller's code and message should equal those inside, because a receiver holds a difference to be
    /// an error of the sender.
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Status {
        self.0.details = details.into();
        self
    }

    /// This status with metadata for the trailers.
    pub fn with_metadata(mut self, metadata: Metadata) -> Status {
        self.0.metadata = metadata;
        self
    }

    /// This status with its cause, which stays in this process.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Status {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// This status, marked as received from the peer.
    pub fn into_remote(mut self) -> Status {
        self.0.origin = Origin::Remote;
        self
    }

    /// What a handler's caller may see of it: all of a local status, code and message of a remote one.
    #[cfg(feature = "server")]
    pub(crate) fn for_answer(self) -> Status {
        match self.0.origin {
            Origin::Local => self,
            Origin::Remote => Status::new(self.0.code, self.0.message),
        }
    }
}

/// One constructor a code, named as the code is.
macro_rules! constructors {
    ($($name:ident => $code:ident, $doc:literal;)*) => {
        impl Status {
            $(
                #[doc = $doc]
                pub fn $name(message: impl Into<String>) -> Status {
                    Status::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    cancelled => Cancelled, "`CANCELLED`: the call was cancelled, typically by its caller.";
    unknown => Unknown, "`UNKNOWN`: no other code describes the error.";
    invalid_argument => InvalidArgument, "`INVALID_ARGUMENT`: an argument is wrong whatever the system's state.";
    deadline_exceeded => DeadlineExceeded, "`DEADLINE_EXCEEDED`: the deadline passed first.";
    not_found => NotFound, "`NOT_FOUND`: the requested entity does not exist.";
    already_exists => AlreadyExists, "`ALREADY_EXISTS`: the entity to be created exists.";
    permission_denied => PermissionDenied, "`PERMISSION_DENIED`: the caller is known and may not do this.";
    resource_exhausted => ResourceExhausted, "`RESOURCE_EXHAUSTED`: a quota, limit or resource is used up.";
    failed_precondition => FailedPrecondition, "`FAILED_PRECONDITION`: the system is not in the state this needs.";
    aborted => Aborted, "`ABORTED`: aborted by a conflict; retry at a higher level.";
    out_of_range => OutOfRange, "`OUT_OF_RANGE`: past the valid range.";
    unimplemented => Unimplemented, "`UNIMPLEMENTED`: no such method, or not supported.";
    internal => Internal, "`INTERNAL`: an invariant is broken.";
    unavailable => Unavailable, "`UNAVAILABLE`: not reachable now; retrying may help.";
    data_loss => DataLoss, "`DATA_LOSS`: data is lost or corrupt for good.";
    unauthenticated => Unauthenticated, "`UNAUTHENTICATED`: no valid credentials.";
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.code)?;
        if !self.0.message.is_empty() {
            f.write_str(": ")?;
        }
        // The peer chose the text, and terminals and log files obey control characters: one line, whatever it says.
        for character in self.0.message.chars() {
            if commands(character) {
                write!(f, "{}", character.escape_debug())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character does something to a terminal or to the text around it, instead of being seen.
fn commands(character: char) -> bool {
    // After the control characters: marks and embeddings that turn the direction of text, and line separators.
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Status");
        out.field("code", &self.0.code).field("message", &self.0.message).field("origin", &self.0.origin);
        if !self.0.details.is_empty() {
            out.field("details", &self.0.details);
        }
        if !self.0.metadata.is_empty() {
            out.field("metadata", &self.0.metadata);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_cannot_be_ok() {
        assert_eq!(Status::new(Code::Ok, "all is well").code(), Code::Internal);
    }

    #[test]
    fn a_status_is_one_word_wide() {
        assert_eq!(size_of::<Status>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
    }

    #[cfg(feature = "server")]
    #[test]
    fn a_remote_status_gives_away_its_code_and_message_only() {
        let mut metadata = Metadata::new();
        metadata.insert("x-internal-host", "db7").unwrap();
        let there = Status::aborted("conflict").with_details("secret").with_metadata(metadata).into_remote();
        let answer = there.for_answer();
        assert_eq!((answer.code(), answer.message()), (Code::Aborted, "conflict"));
        assert!(answer.details().is_empty());
        assert!(answer.metadata().is_empty());
    }

    #[cfg(feature = "server")]
    #[test]
    fn a_local_status_is_answered_whole() {
        let here = Status::aborted("conflict").with_details("detail");
        assert_eq!(&here.for_answer().details()[..], b"detail");
    }

    #[test]
    fn the_source_is_kept_and_an_empty_message_prints_no_colon() {
        let status = Status::internal("").with_source("disk on fire");
        assert_eq!(status.to_string(), "INTERNAL");
        assert_eq!(status.source().unwrap().to_string(), "disk on fire");
    }
}
