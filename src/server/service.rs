//! `Service`: what generated code implements, and a server mounts.
//!
//! In: a call. Out: its end. Between them stands a match on the method's name, whose arms are statically known
//! futures: no box, no table of functions.
//!
//! Must not know: how a call found its service.

use std::future::Future;

use crate::call::{Ended, Interceptor, ServerCall};
use crate::method::MethodDescriptor;

/// A service: a name, methods, and a way to answer calls.
///
/// Generated code implements it for `GreeterServer<T>`, where `T` implements the generated trait. To answer calls
/// whose types are not known at build time, implement it by hand with [`RawMessage`](crate::RawMessage).
pub trait Service: Send + Sync + 'static {
    /// The full name, for example `helloworld.Greeter`: the path up to its last slash.
    const NAME: &'static str;

    /// The methods, for those who list them.
    const METHODS: &'static [MethodDescriptor];

    /// Answers one call.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the call ended before its handler could answer; whatever had to be said has been said.
    ///
    /// # Cancellation
    ///
    /// Dropping the future resets the stream and drops the handler.
    fn call<I: Interceptor>(&self, call: ServerCall<I>) -> impl Future<Output = Result<(), Ended>> + Send;

    /// The server has been told to stop; called once, before any client is told to go.
    ///
    /// Calls under way go on for the server's grace, and a stream that waits for something to happen would hold the
    /// server up for all of it: here is where it can be told. It must not block.
    fn on_drain(&self) {}
}
