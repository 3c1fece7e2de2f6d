//! `ServerBuilder`: which services, which interceptors, which limits.
//!
//! In: services and settings. Out: a server that serves until it is told to stop.
//!
//! Must not know: connections (`serving`, `connection`).

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::admission::Admission;
use super::event::ServerEvent;
use super::limits::Limits;
use super::permits::Permits;
use super::router::Router;
use super::service::Service;
use super::serving::{Serving, serve};
use crate::call::{CallSettings, Compressor, Interceptor, Stack, now};
#[cfg(feature = "tls")]
use crate::transport::tls::ServerTls;
use crate::transport::{Http2Settings, Incoming, Pace, TcpIncoming};

/// Answers calls; see [`Server::builder`].
#[derive(Debug)]
pub enum Server {}

/// A server to be: services, interceptors, limits.
pub struct ServerBuilder<I> {
    interceptors: Arc<I>,
    router: Router,
    duplicate: Option<&'static str>,
    http2: Http2Settings,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    #[cfg(feature = "tap")]
    tap: Option<crate::Tap>,
    pub(super) limits: Limits,
    observer: Arc<dyn Fn(&ServerEvent) + Send + Sync>,
}

/// A server could not be started: says with what, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {error}{}", advice(error))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// Two services have one name, so calls to the second would never arrive.
    #[error("the service {name} was added twice: add it once")]
    Duplicate {
        /// The name.
        name: &'static str,
    },
    /// There is nothing to serve.
    #[error("no service was added: call add_service first")]
    Empty,
}

impl Server {
    /// A server without services, with every limit at its default.
    ///
    /// ```no_run
    /// # use wirewright::server::Service;
    /// # async fn f(greeter: impl Service) -> Result<(), wirewright::ServeError> {
    /// use wirewright::Server;
    ///
    /// Server::builder().add_service(greeter).serve(([127, 0, 0, 1], 50051).into()).await
    /// # }
    /// ```
    pub fn builder() -> ServerBuilder<()> {
        ServerBuilder {
            interceptors: Arc::new(()),
            router: Router::default(),
            duplicate: None,
            http2: Http2Settings::server(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tap")]
            tap: None,
            limits: Limits::default(),
            observer: Arc::new(|_| {}),
        }
    }
}

impl<I: Interceptor> ServerBuilder<I> {
    /// One more interceptor, inside those that are there, around the services added after it.
    pub fn intercept<N: Interceptor>(self, next: N) -> ServerBuilder<Stack<I, N>> {
        ServerBuilder {
            interceptors: Arc::new(Stack::new(self.interceptors, next)),
            router: self.router,
            duplicate: self.duplicate,
            http2: self.http2,
            #[cfg(feature = "tls")]
            tls: self.tls,
            #[cfg(feature = "tap")]
            tap: self.tap,
            limits: self.limits,
            observer: self.observer,
        }
    }

    /// One more service, inside the interceptors added before it.
    pub fn add_service<S: Service>(mut self, service: S) -> Self {
        if !self.router.mount(service, self.interceptors.clone()) {
            self.duplicate = Some(S::NAME);
        }
        self
    }

    /// The service that answers calls to every service that was not added; without one they end `UNIMPLEMENTED`.
    ///
    /// It is for those who cannot say beforehand what they will be asked for: proxies, servers that answer from a
    /// recording. [`ServerCall::path`](crate::server::ServerCall::path) tells what was meant. Its name and its list
    /// of methods are not looked at. Of several, the last counts; it is inside the interceptors added before it.
    pub fn fallback<S: Service>(mut self, service: S) -> Self {
        self.router.mount_fallback(service, self.interceptors.clone());
        self
    }

    /// The largest message that is accepted, in bytes after decompression; 4 MiB by default.
    pub fn max_receive_message_size(mut self, bytes: usize) -> Self {
        self.settings().receive = bytes;
        self
    }

    /// The largest message that is sent, in bytes; unlimited by default.
    pub fn max_send_message_size(mut self, bytes: usize) -> Self {
        self.settings().send = bytes;
        self
    }

    /// How long a message may be in coming once it has begun; 30 s by default.
    ///
    /// A client that sends less than 128 bytes a second for so long has its call ended `CANCELLED`. Between messages a
    /// stream may be silent.
    pub fn message_stall_timeout(mut self, timeout: Duration) -> Self {
        self.settings().half_messages.patience = timeout;
        self
    }

    /// What messages that have begun and not ended may hold in all, in bytes; 512 MiB by default. A call whose message
    /// would need more ends `RESOURCE_EXHAUSTED`.
    pub fn max_half_message_bytes(mut self, bytes: usize) -> Self {
        self.settings().half_messages.room = bytes;
        self
    }

    /// One more encoding that requests may come in.
    ///
    /// A request that is compressed is answered in the same encoding, if the client accepts it; a handler chooses
    /// otherwise with [`Response::with_encoding`](crate::Response::with_encoding) or
    /// [`Sender::compress`](crate::Sender::compress).
    pub fn compression(mut self, compressor: impl Compressor) -> Self {
        self.settings().encodings.add(compressor);
        self
    }

    /// Compresses the responses of every call whose client accepts it, in an encoding added by
    /// [`compression`](ServerBuilder::compression), whatever the request came in.
    pub fn compress_responses(mut self, encoding: &'static str) -> Self {
        self.settings().outgoing = Some(encoding);
        self
    }

    /// Windows and limits of HTTP/2.
    pub fn http2(mut self, settings: Http2Settings) -> Self {
        self.http2 = settings;
        self
    }

    /// Serves over TLS alone.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens in on every connection, above TLS.
    #[cfg(feature = "tap")]
    pub fn tap(mut self, tap: crate::Tap) -> Self {
        self.settings().listener = Some(Arc::new(tap.clone()));
        self.tap = Some(tap);
        self
    }

    /// Tells an observer of what happens outside calls: accept errors, broken connections.
    ///
    /// It is called on the server's tasks, so it must not block.
    pub fn on_event(mut self, observer: impl Fn(&ServerEvent) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Listens on an address and serves for as long as the future lives.
    ///
    /// Bytes may stay unacknowledged for as long as a PING may stay unanswered, where the system can do that; then their
    /// connection is given up. [`TcpIncoming::tcp_user_timeout`] does the same for [`serve_until`].
    ///
    /// [`serve_until`]: ServerBuilder::serve_until
    ///
    /// # Errors
    ///
    /// [`ServeError`] if there is nothing to serve, or the address cannot be had.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the listener and all connections at once. For a graceful end use
    /// [`serve_until`](ServerBuilder::serve_until).
    pub async fn serve(self, address: SocketAddr) -> Result<(), ServeError> {
        let incoming = TcpIncoming::bind(address).map_err(|error| ServeError::Bind { address, error })?;
        // gRFC A18: whoever may leave a PING unanswered for so long may leave any bytes.
        let incoming = incoming.tcp_user_timeout(self.limits.keepalive.timeout);
        self.serve_until(incoming, pending()).await
    }

    /// Serves connections from anywhere until `shutdown` resolves; then drains.
    ///
    /// Draining has two phases. New connections are refused, and every client is told to begin no more calls
    /// (GOAWAY), while calls under way go on. What is left after the grace period is cut.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if there is nothing to serve.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes everything at once.
    pub async fn serve_until(
        self,
        incoming: impl Incoming,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        if let Some(name) = self.duplicate {
            return Err(ServeError::Duplicate { name });
        }
        if self.router.is_empty() {
            return Err(ServeError::Empty);
        }
        let mut router = self.router;
        router.admission = self.limits.longest_wait.map(Admission::new);
        let serving = Serving {
            router,
            http2: self.http2,
            #[cfg(feature = "tls")]
            tls: self.tls,
            #[cfg(feature = "tap")]
            tap: self.tap,
            permits: Permits::of_server(self.limits.handlers),
            pace: Pace::new(now),
            limits: self.limits,
            observer: self.observer,
        };
        serve(Arc::new(serving), incoming, shutdown).await;
        Ok(())
    }
}

impl<I> ServerBuilder<I> {
    pub(super) fn settings(&mut self) -> &mut CallSettings {
        Arc::make_mut(&mut self.router.settings)
    }
}

impl<I> fmt::Debug for ServerBuilder<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("http2", &self.http2).finish_non_exhaustive()
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop the other process, or choose another port (0 lets the system choose)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges",
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        _ => "",
    }
}
