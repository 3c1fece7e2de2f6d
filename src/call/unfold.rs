//! From the bytes of a message to the message.
//!
//! In: bytes within the limit for messages. Out: the message, or the status that its call ends with. What a message
//! takes in memory is not what it takes on the wire: two bytes may become an object of a hundred. So a message that
//! holds very many records is refused before it is unfolded ([`has_more_records_than`]).
//!
//! ```text
//!   limit for messages   4 MiB
//!   records in one       1 Mi     a quarter of it
//!   taken as 64 bytes    64 MiB
//! ```
//!
//! A record takes two bytes at the least, so a message of up to half the limit cannot hold too many, and is not looked
//! at.
//!
//! Must not know: types of messages.

use bytes::Bytes;

use super::shared::CallSettings;
use crate::message::Message;
use crate::status::Status;
use crate::transport::{Cause, TransportError};
use crate::wire::has_more_records_than;

/// A message from its bytes. One that cannot be parsed is `INTERNAL`, on both sides (`statuscodes.md`).
pub(super) fn unfold<T: Message>(bytes: Bytes, settings: &CallSettings) -> Result<T, Status> {
    let records = settings.receive / BYTES_PER_RECORD;
    if T::UNFOLDS && bytes.len() > records.saturating_mul(2) && has_more_records_than(&bytes, records) {
        let status = format!("the message holds more than {records} records, and would take too much memory");
        return Err(Status::resource_exhausted(status));
    }
    T::decode(bytes).map_err(|error| {
        let text = format!("the message could not be decoded: {error}");
        Status::internal(text.clone()).with_source(TransportError::undecodable(Cause::Undecodable(text)))
    })
}

/// A message may hold a record for each four bytes of the limit: with the usual limit and objects of 64 bytes, which is
/// what prost makes of a message with two fields or three, sixty-four mebibytes.
const BYTES_PER_RECORD: usize = 4;
