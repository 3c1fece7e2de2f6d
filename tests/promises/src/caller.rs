//! `Caller`: what a client of either library can do here.

use std::future::Future;
use std::time::Duration;

use wirewright::RawMessage;

use crate::Failure;
use crate::load::Wish;

/// How a call ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The number of the gRPC status code.
    pub(crate) code: u32,
    pub(crate) text: String,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}: {}", self.code, self.text)
    }
}

impl std::error::Error for End {}

/// A client: a channel to one server. Clones share it.
pub(crate) trait Caller: Clone + Send + Sync + Sized + 'static {
    /// The reading half of Flow.
    type Replies: Send;

    /// Connects; `window` is that of a stream and of the connection, each library's own if there is none.
    fn connect(port: u16, window: Option<u32>) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Echo.
    fn echo(
        &self,
        message: RawMessage,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<RawMessage, End>> + Send;

    /// Flow.
    fn flow(&self, wish: Wish) -> impl Future<Output = Result<Self::Replies, End>> + Send;

    /// The next message of Flow; dropping the replies cancels the call.
    fn next(replies: &mut Self::Replies) -> impl Future<Output = Result<Option<RawMessage>, End>> + Send;

    /// Early, with so many messages of 16 KiB of which nobody reads any.
    fn early(&self, messages: usize) -> impl Future<Output = Result<(), End>> + Send;

    /// Deaf, with so many empty messages; fine if they are all taken and the call still stands after them.
    fn deaf(&self, messages: usize) -> impl Future<Output = Result<(), End>> + Send;

    /// Hold, with messages of 1 KiB for as long as the future lives.
    fn hold(&self) -> impl Future<Output = End> + Send;
}

/// A sender that is held up for so long is not going on.
pub(crate) const STUCK: Duration = Duration::from_secs(2);

/// How long a call that should live is watched after its last message.
pub(crate) const AFTERMATH: Duration = Duration::from_millis(300);

/// How a sender of Deaf ends that could send no more.
pub(crate) fn stuck(sent: usize) -> End {
    End { code: 0, text: format!("held up for good after {sent} messages") }
}
