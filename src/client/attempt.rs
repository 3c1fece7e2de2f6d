//! Attempts: what to do with a call whose stream broke.
//!
//! In: the status of an attempt that failed. Out: whether the channel makes another one unnoticed. The rules are those
//! of [`policy::retry`](crate::policy::retry); what became of an attempt is told by the transport error that the
//! status was made from. A status that the server sent, or that an interceptor or a limit made, has none, and stands.
//!
//! Must not know: how an attempt is made (`channel`).

use std::error::Error;

use crate::policy::retry::{Attempts, Verdict};
use crate::status::Status;
use crate::transport::{Cause, TransportError};

/// Whether to make one more attempt after one that ended like this.
pub(super) fn again(attempts: &mut Attempts, status: &Status) -> bool {
    let error = status.source().and_then(|source| source.downcast_ref::<TransportError>());
    error.is_some_and(|error| again_after(attempts, error))
}

/// [`again`], for an attempt that had no status yet.
pub(super) fn again_after(attempts: &mut Attempts, error: &TransportError) -> bool {
    // What the engine refuses to send on one connection it refuses on every one.
    !matches!(error.cause(), Cause::Refused(_)) && attempts.on_failure(error.fate()) == Verdict::Again
}
