//! Interceptors: functions at the four moments of a call, the same on both sides.
//!
//! In: a call, and what is about to pass. Out: the same, changed, or a refusal. They nest statically: a stack of
//! three is one type, its calls are direct, and it allocates nothing per call or per message.
//!
//! ```text
//!   client:  application -> outer -> inner -> wire        the request passes outer first
//!   server:  wire -> outer -> inner -> handler            the request passes outer first
//!            the response passes inner first, on both
//! ```
//!
//! There is no "around": what must wrap a handler (caching, retrying by hand) is better written as a decorator
//! of the service's trait. To time a call, leave an instant in the [`CallInfo`] at the start.
//!
//! Must not know: transports, services, or each other.

use std::future::Future;
use std::sync::Arc;

use super::info::CallInfo;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::status::Status;

/// Watches, changes or refuses calls at their four moments.
///
/// ```
/// use wirewright::{CallInfo, Interceptor, Metadata, Status};
///
/// struct Token(&'static str);
///
/// impl Interceptor for Token {
///     async fn start(&self, _call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
///         match metadata.get("authorization") {
///             Some(given) if given == self.0 => Ok(()),
///             _ => Err(Status::unauthenticated("invalid token")),
///         }
///     }
/// }
/// ```
pub trait Interceptor: Send + Sync + 'static {
    /// Before the request head leaves (client), or before the handler starts (server).
    ///
    /// May wait; counts towards the deadline. Dropped if the call is cancelled meanwhile.
    ///
    /// # Errors
    ///
    /// Refuses the call, which ends with the status given.
    fn start(
        &self,
        call: &CallInfo,
        metadata: &mut Metadata,
    ) -> impl Future<Output = Result<(), Status>> + Send {
        let _ = (call, metadata);
        async { Ok(()) }
    }

    /// Each message: before it is encoded, or after it is decoded.
    ///
    /// # Errors
    ///
    /// Ends the call with the status given.
    fn message<M: Message>(
        &self,
        call: &CallInfo,
        direction: Direction,
        message: &mut M,
    ) -> Result<(), Status> {
        let _ = (call, direction, message);
        Ok(())
    }

    /// The response head, about to leave or just arrived. Does not happen where a call fails before its head.
    fn headers(&self, call: &CallInfo, metadata: &mut Metadata) {
        let _ = (call, metadata);
    }

    /// The call is over. Happens exactly once for every call that was started, whatever became of it; a call
    /// that was dropped or reset ends `CANCELLED`. On a server, changes to `trailers` travel.
    ///
    /// If an outer interceptor refuses the start, those inside it see the end without having seen the start.
    fn end(&self, call: &CallInfo, end: &Result<(), Status>, trailers: &mut Metadata) {
        let _ = (call, end, trailers);
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Response,
}

/// No interceptor.
impl Interceptor for () {}

/// Two interceptors, one around the other.
#[derive(Debug)]
pub struct Stack<Outer, Inner> {
    outer: Arc<Outer>,
    inner: Arc<Inner>,
}

impl<Outer, Inner> Stack<Outer, Inner> {
    pub(crate) fn new(outer: Arc<Outer>, inner: Inner) -> Self {
        Stack { outer, inner: Arc::new(inner) }
    }
}

impl<Outer: Interceptor, Inner: Interceptor> Interceptor for Stack<Outer, Inner> {
    async fn start(&self, call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        self.outer.start(call, metadata).await?;
        self.inner.start(call, metadata).await
    }

    fn message<M: Message>(
        &self,
        call: &CallInfo,
        direction: Direction,
        message: &mut M,
    ) -> Result<(), Status> {
        match direction {
            Direction::Request => {
                self.outer.message(call, direction, message)?;
                self.inner.message(call, direction, message)
            }
            Direction::Response => {
                self.inner.message(call, direction, message)?;
                self.outer.message(call, direction, message)
            }
        }
    }

    fn headers(&self, call: &CallInfo, metadata: &mut Metadata) {
        self.inner.headers(call, metadata);
        self.outer.headers(call, metadata);
    }

    fn end(&self, call: &CallInfo, end: &Result<(), Status>, trailers: &mut Metadata) {
        self.inner.end(call, end, trailers);
        self.outer.end(call, end, trailers);
    }
}

/// An interceptor of one moment: a closure that sees the start of every call.
///
/// For checks and additions that need not wait; whatever has to wait implements [`Interceptor`].
///
/// ```
/// use wirewright::on_start;
///
/// let stamp = on_start(|_call, metadata| {
///     metadata.insert("x-client", "demo").map_err(|e| wirewright::Status::internal(e.to_string()))
/// });
/// # let _ = stamp;
/// ```
pub fn on_start<F>(check: F) -> OnStart<F>
where
    F: Fn(&CallInfo, &mut Metadata) -> Result<(), Status> + Send + Sync + 'static,
{
    OnStart(check)
}

/// What [`on_start`] returns.
pub struct OnStart<F>(F);

impl<F> std::fmt::Debug for OnStart<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnStart(..)")
    }
}

impl<F> Interceptor for OnStart<F>
where
    F: Fn(&CallInfo, &mut Metadata) -> Result<(), Status> + Send + Sync + 'static,
{
    async fn start(&self, call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        (self.0)(call, metadata)
    }
}
