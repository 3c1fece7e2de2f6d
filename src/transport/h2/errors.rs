//! `h2::Error` to [`TransportError`]: the single mapping.
//!
//! In: what h2 reports. Out: who ended what, and why. h2 gives the debug text of a GOAWAY only in its
//! `Display`, between parentheses, so it is read from there.
//!
//! Must not know: statuses (`transport::error`).

use std::io;
use std::sync::Arc;

use crate::transport::error::{Cause, Initiator, TransportError};

impl From<h2::Error> for TransportError {
    fn from(error: h2::Error) -> TransportError {
        Cause::from(error).into()
    }
}

impl From<h2::Error> for Cause {
    fn from(error: h2::Error) -> Cause {
        let reason = error.reason().map(u32::from);
        let by = initiator(&error);
        match reason {
            Some(reason) if error.is_go_away() => {
                Cause::GoAway { reason, by, explanation: debug_text(&error.to_string()) }
            }
            Some(reason) => Cause::Reset { reason, by },
            None => match error.get_io() {
                Some(_) => Cause::Io(Arc::new(error.into_io().unwrap_or(io::ErrorKind::Other.into()))),
                None => Cause::Refused(error.to_string()),
            },
        }
    }
}

fn initiator(error: &h2::Error) -> Initiator {
    if error.is_remote() {
        Initiator::Peer
    } else if error.is_library() {
        Initiator::Engine
    } else {
        Initiator::Application
    }
}

/// The text in `... (b"too_many_pings")`.
fn debug_text(printed: &str) -> String {
    let inner = printed.split_once("(b\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_text_is_found_in_what_h2_prints() {
        assert_eq!(debug_text("connection error received: x (b\"too_many_pings\")"), "too_many_pings");
        assert_eq!(debug_text("connection error received: not a result of an error"), "");
    }

    #[test]
    fn an_io_error_stays_one() {
        let error = Cause::from(h2::Error::from(h2::Reason::CANCEL));
        assert!(matches!(error, Cause::Reset { reason: 8, by: Initiator::Application }));
    }
}
