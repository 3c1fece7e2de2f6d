//! `Method`: one method of a service, as a typed constant.
//!
//! In: the path and kind that a `.proto` file states. Out: a value that ties the path to the types of its
//! messages, so that a client and a server cannot disagree. Source: PROTOCOL-HTTP2, "Requests": the path is
//! `/` service `/` method, and it is case-sensitive.
//!
//! Must not know: who calls it or who answers.

use std::fmt;
use std::marker::PhantomData;

/// One method: its path, its kind, and the types of its messages.
///
/// ```
/// use wirewright::{Method, MethodKind};
///
/// const SAY_HELLO: Method<String, String> = Method::unary("/helloworld.Greeter/SayHello");
/// assert_eq!(SAY_HELLO.kind(), MethodKind::Unary);
/// assert_eq!(SAY_HELLO.describe().service(), "helloworld.Greeter");
/// assert_eq!(SAY_HELLO.describe().name(), "SayHello");
/// ```
pub struct Method<Req, Res> {
    descriptor: MethodDescriptor,
    messages: PhantomData<fn(Req) -> Res>,
}

/// A method without its types: what a table of methods holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MethodDescriptor {
    path: &'static str,
    kind: MethodKind,
    idempotency: Idempotency,
}

/// Which sides of a call stream their messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodKind {
    /// One message each way.
    Unary,
    /// One request message, any number of response messages.
    ServerStreaming,
    /// Any number of request messages, one response message.
    ClientStreaming,
    /// Any number of messages each way, in any order.
    BidiStreaming,
}

/// Whether a call may be made twice without harm, as the `.proto` states it (`idempotency_level`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// Nothing is promised.
    #[default]
    Unknown,
    /// The call changes nothing.
    NoSideEffects,
    /// Making the call twice equals making it once.
    Idempotent,
}

impl<Req, Res> Method<Req, Res> {
    /// A method with one message each way.
    pub const fn unary(path: &'static str) -> Self {
        Self::of_kind(path, MethodKind::Unary)
    }

    /// A method whose server streams.
    pub const fn server_streaming(path: &'static str) -> Self {
        Self::of_kind(path, MethodKind::ServerStreaming)
    }

    /// A method whose client streams.
    pub const fn client_streaming(path: &'static str) -> Self {
        Self::of_kind(path, MethodKind::ClientStreaming)
    }

    /// A method where both sides stream.
    pub const fn bidi_streaming(path: &'static str) -> Self {
        Self::of_kind(path, MethodKind::BidiStreaming)
    }

    /// This method with what its `.proto` says of repeating it.
    pub const fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.descriptor.idempotency = idempotency;
        self
    }

    /// The `:path` of its calls.
    pub const fn path(&self) -> &'static str {
        self.descriptor.path
    }

    /// Which sides stream.
    pub const fn kind(&self) -> MethodKind {
        self.descriptor.kind
    }

    /// The method without its types.
    pub const fn describe(&self) -> MethodDescriptor {
        self.descriptor
    }

    const fn of_kind(path: &'static str, kind: MethodKind) -> Self {
        let descriptor = MethodDescriptor { path, kind, idempotency: Idempotency::Unknown };
        Method { descriptor, messages: PhantomData }
    }
}

impl<Req, Res> Clone for Method<Req, Res> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Req, Res> Copy for Method<Req, Res> {}

impl<Req, Res> fmt::Debug for Method<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.descriptor.fmt(f)
    }
}

impl MethodDescriptor {
    /// The `:path` of its calls.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Which sides stream.
    pub const fn kind(&self) -> MethodKind {
        self.kind
    }

    /// What its `.proto` says of repeating it.
    pub const fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// The service: what stands between the first and the last slash of the path.
    pub fn service(&self) -> &'static str {
        self.split().0
    }

    /// The method's own name: what stands after the last slash.
    pub fn name(&self) -> &'static str {
        self.split().1
    }

    fn split(&self) -> (&'static str, &'static str) {
        let path = self.path.strip_prefix('/').unwrap_or(self.path);
        path.rsplit_once('/').unwrap_or(("", path))
    }
}

impl MethodKind {
    /// Whether the client may send any number of messages.
    pub const fn client_streams(self) -> bool {
        matches!(self, MethodKind::ClientStreaming | MethodKind::BidiStreaming)
    }

    /// Whether the server may send any number of messages.
    pub const fn server_streams(self) -> bool {
        matches!(self, MethodKind::ServerStreaming | MethodKind::BidiStreaming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_at_its_last_slash() {
        for (path, service, name) in [
            ("/helloworld.Greeter/SayHello", "helloworld.Greeter", "SayHello"),
            ("/Bare/M", "Bare", "M"),
            ("/prefix/pkg.S/M", "prefix/pkg.S", "M"),
        ] {
            let method = Method::<(), ()>::unary(path).describe();
            assert_eq!((method.service(), method.name()), (service, name));
        }
    }

    #[test]
    fn kinds_say_who_streams() {
        let table = [
            (MethodKind::Unary, false, false),
            (MethodKind::ServerStreaming, false, true),
            (MethodKind::ClientStreaming, true, false),
            (MethodKind::BidiStreaming, true, true),
        ];
        for (kind, client, server) in table {
            assert_eq!((kind.client_streams(), kind.server_streams()), (client, server));
        }
    }
}
