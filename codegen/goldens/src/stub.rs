//! The shape of the library as far as generated code sees it: signatures, and no behaviour.
//!
//! It stands in for the library where only the generator is under test.
#![allow(clippy::unimplemented, clippy::unused_async)]

use std::marker::PhantomData;

/// See the library.
#[derive(Debug)]
pub struct Request<T>(PhantomData<T>);
/// See the library.
#[derive(Debug)]
pub struct Response<T>(PhantomData<T>);
/// See the library.
#[derive(Debug)]
pub struct Streaming<T>(PhantomData<T>);
/// See the library.
#[derive(Debug)]
pub struct Sender<T>(PhantomData<T>);
/// See the library.
#[derive(Debug)]
pub struct Upload<Q, R>(PhantomData<(Q, R)>);
/// See the library.
#[derive(Debug)]
pub struct Channel<I = ()>(PhantomData<fn() -> I>);
/// See the library.
#[derive(Debug)]
pub struct Status(());
/// See the library.
#[derive(Debug)]
pub struct Method<Q, R>(&'static str, PhantomData<fn() -> (Q, R)>);
/// See the library.
#[derive(Debug)]
pub struct MethodDescriptor(pub &'static str);
/// See the library.
#[derive(Clone, Copy, Debug)]
pub enum Idempotency {
    /// See the library.
    NoSideEffects,
    /// See the library.
    Idempotent,
}

/// See the library.
pub trait Message: Send + Sync + 'static {}
impl<T: prost::Message + Send + Sync + 'static> Message for T {}
/// See the library.
pub trait Interceptor: Send + Sync + 'static {}
impl Interceptor for () {}
/// See the library.
pub trait IntoRequest<T> {
    /// See the library.
    fn into_request(self) -> Request<T>;
}
impl<T> IntoRequest<T> for T {
    fn into_request(self) -> Request<T> {
        Request(PhantomData)
    }
}
impl<T> IntoRequest<T> for Request<T> {
    fn into_request(self) -> Request<T> {
        self
    }
}

impl Status {
    /// See the library.
    pub fn unimplemented(_message: impl Into<String>) -> Self {
        Self(())
    }
}

impl<I> Clone for Channel<I> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

macro_rules! method_kinds {
    ($($kind:ident)*) => {
        impl<Q: Message, R: Message> Method<Q, R> {
            $(
                /// See the library.
                pub const fn $kind(path: &'static str) -> Self {
                    Self(path, PhantomData)
                }
            )*
            /// See the library.
            pub const fn with_idempotency(self, _level: Idempotency) -> Self {
                Self(self.0, PhantomData)
            }
            /// See the library.
            pub const fn describe(&self) -> MethodDescriptor {
                MethodDescriptor(self.0)
            }
        }
    };
}
method_kinds! { unary server_streaming client_streaming bidi_streaming }

impl<I: Interceptor> Channel<I> {
    /// See the library.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn unary<Q: Message, R: Message>(
        &self,
        _: &Method<Q, R>,
        _: Request<Q>,
    ) -> Result<Response<R>, Status> {
        Err(Status(()))
    }
    /// See the library.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn server_streaming<Q: Message, R: Message>(
        &self,
        _: &Method<Q, R>,
        _: Request<Q>,
    ) -> Result<Streaming<R>, Status> {
        Err(Status(()))
    }
    /// See the library.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn client_streaming<Q: Message, R: Message>(
        &self,
        _: &Method<Q, R>,
        _: Request<()>,
    ) -> Result<Upload<Q, R>, Status> {
        Err(Status(()))
    }
    /// See the library.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn bidi_streaming<Q: Message, R: Message>(
        &self,
        _: &Method<Q, R>,
        _: Request<()>,
    ) -> Result<(Sender<Q>, Streaming<R>), Status> {
        Err(Status(()))
    }
}

/// See the library.
pub mod generated {
    /// See the library.
    pub const V1: () = ();
}

/// See the library.
pub mod server {
    use super::*;

    /// See the library.
    #[derive(Debug)]
    pub struct Ended(());
    /// See the library.
    #[derive(Debug)]
    pub struct ServerCall<I>(PhantomData<I>);
    /// See the library.
    #[derive(Debug)]
    pub struct Running<I, R>(PhantomData<(I, R)>);

    /// See the library.
    pub trait Service: Send + Sync + 'static {
        /// See the library.
        const NAME: &'static str;
        /// See the library.
        const METHODS: &'static [MethodDescriptor];
        /// See the library.
        fn call<I: Interceptor>(&self, call: ServerCall<I>)
        -> impl Future<Output = Result<(), Ended>> + Send;
    }

    impl<I: Interceptor> ServerCall<I> {
        /// See the library.
        pub fn method(&self) -> &'static str {
            ""
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn unimplemented(self) -> Result<(), Ended> {
            Err(Ended(()))
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn unary<Q: Message, R: Message>(
            self,
            _: &Method<Q, R>,
        ) -> Result<(Request<Q>, Running<I, R>), Ended> {
            Err(Ended(()))
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn server_streaming<Q: Message, R: Message>(
            self,
            _: &Method<Q, R>,
        ) -> Result<(Request<Q>, Sender<R>, Running<I, R>), Ended> {
            Err(Ended(()))
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn client_streaming<Q: Message, R: Message>(
            self,
            _: &Method<Q, R>,
        ) -> Result<(Request<Streaming<Q>>, Running<I, R>), Ended> {
            Err(Ended(()))
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn bidi_streaming<Q: Message, R: Message>(
            self,
            _: &Method<Q, R>,
        ) -> Result<(Request<Streaming<Q>>, Sender<R>, Running<I, R>), Ended> {
            Err(Ended(()))
        }
    }

    impl<I: Interceptor, R: Message> Running<I, R> {
        /// See the library.
        pub async fn run<T>(&mut self, handler: impl Future<Output = T> + Send) -> T {
            handler.await
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn reply(self, _: Result<Response<R>, Status>) -> Result<(), Ended> {
            Err(Ended(()))
        }
        /// See the library.
        ///
        /// # Errors
        ///
        /// Always.
        pub async fn close(self, _: Sender<R>, _: Result<(), Status>) -> Result<(), Ended> {
            Err(Ended(()))
        }
    }
}
