//! `CallHalves`: a call whose application holds halves, and what lies between them and the wire.
//!
//! In: a call. Out: the same with an [`Outbox`] and an [`Inlet`]. A call of one message each way has neither, and is
//! half as large without them.
//!
//! ```text
//!   Sender    --outbox-->  the one writer of the stream
//!   Streaming <--inlet---  the one reader of a request
//! ```
//!
//! The halves know their message type but not the type of the interceptors, so they hold this block as
//! `Arc<dyn Hook<T>>`. Turning one into the other allocates nothing.
//!
//! Must not know: streams or tasks.

use std::ops::Deref;

use super::info::CallInfo;
#[cfg(feature = "server")]
use super::inlet::Inlet;
use super::interceptor::{Direction, Interceptor};
use super::outbox::{Gone, Outbox};
use super::sender::Outgoing;
use super::shared::{CallSettings, CallShared};
use crate::message::Message;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::wire::Encoding;

/// What the halves of one call share.
pub(crate) struct CallHalves<I: Interceptor> {
    call: CallShared<I>,
    /// Encoded bytes between a [`Sender`](super::Sender) and the wire.
    pub(crate) outbox: Outbox,
    /// Bytes between the wire and the handler, where the request streams.
    #[cfg(feature = "server")]
    pub(super) inlet: Inlet,
}

impl<I: Interceptor> CallHalves<I> {
    pub(crate) fn new(call: CallShared<I>) -> Self {
        CallHalves {
            call,
            outbox: Outbox::default(),
            #[cfg(feature = "server")]
            inlet: Inlet::default(),
        }
    }
}

impl<I: Interceptor> Deref for CallHalves<I> {
    type Target = CallShared<I>;

    fn deref(&self) -> &CallShared<I> {
        &self.call
    }
}

/// A call, to a half that carries messages of type `T`.
pub(crate) trait Hook<T>: Send + Sync {
    /// Encodes a message into the outbox, and says whether there is room for another.
    fn send(&self, outgoing: &mut Outgoing, message: T) -> Result<bool, Gone>;
    /// A message passes.
    fn message(&self, direction: Direction, message: &mut T) -> Result<(), Status>;
    /// The response head passes.
    fn headers(&self, metadata: &mut Metadata);
    /// The call is over; only the first report counts.
    fn end(&self, end: &Result<(), Status>, trailers: &mut Metadata);
    /// What its handler has not read.
    #[cfg(feature = "server")]
    fn inlet(&self) -> &Inlet;
    /// The facts of the call.
    fn info(&self) -> &CallInfo;
    /// Its limits and encodings.
    fn settings(&self) -> &CallSettings;
    /// Its outbox.
    fn outbox(&self) -> &Outbox;
}

impl<I: Interceptor, T: Message> Hook<T> for CallHalves<I> {
    fn send(&self, outgoing: &mut Outgoing, mut message: T) -> Result<bool, Gone> {
        if let Err(refusal) = self.call.message(outgoing.direction, &mut message) {
            self.outbox.refuse(refusal);
            return Err(Gone);
        }
        if let Some(head) = outgoing.take_head(|headers| self.call.headers(headers)) {
            self.outbox.put_head(head)?;
        }
        let CallSettings { encodings, send, .. } = &*self.call.settings;
        let encoding = if outgoing.compressing { outgoing.encoding } else { Encoding::Identity };
        self.outbox.push(|buffer| encodings.encode(&message, encoding, *send, buffer))
    }

    fn message(&self, direction: Direction, message: &mut T) -> Result<(), Status> {
        self.call.message(direction, message)
    }

    fn headers(&self, metadata: &mut Metadata) {
        self.call.headers(metadata);
    }

    fn end(&self, end: &Result<(), Status>, trailers: &mut Metadata) {
        self.call.end(end, trailers);
    }

    #[cfg(feature = "server")]
    fn inlet(&self) -> &Inlet {
        &self.inlet
    }

    fn info(&self) -> &CallInfo {
        &self.call.info
    }

    fn settings(&self) -> &CallSettings {
        &self.call.settings
    }

    fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}
