//! `Endpoint`: how to reach a target; the builder of a channel.
//!
//! In: a target and settings. Out: a [`Channel`], connected or to be connected by its first call.
//!
//! Must not know: calls.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderValue;
use http::uri::{Authority, Scheme};

use super::attempt::Policies;
use super::channel::{CallDefaults, Channel};
use super::dialing::Connecting;
use super::ear::Ear;
use super::subchannel::Subchannel;
use super::target::{Insists, InvalidTarget, Target, parse_authority};
use crate::call::{CallSettings, Compressor};
use crate::policy::backoff::BackoffConfig;
use crate::policy::connectivity::ConnectivityConfig;
use crate::policy::keepalive::KeepaliveConfig;
use crate::policy::retry::RetryPolicy;
use crate::policy::throttle::Throttle;
use crate::status::Status;
#[cfg(feature = "tls")]
use crate::transport::tls::ClientTls;
use crate::transport::{Connector, ErasedConnector, Http2Settings, SocketConnector};

/// How to reach a target.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use wirewright::Endpoint;
///
/// let channel = Endpoint::new("localhost:50051")?.timeout(Duration::from_secs(5)).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Endpoint {
    target: Target,
    authority: Authority,
    user_agent: HeaderValue,
    timeout: Option<Duration>,
    settings: CallSettings,
    http2: Http2Settings,
    /// `None` for sockets.
    connector: Option<Arc<dyn ErasedConnector>>,
    wait_for_ready: bool,
    keepalive: Option<KeepaliveConfig>,
    tcp_user_timeout: Option<Duration>,
    connectivity: ConnectivityConfig,
    policies: Policies,
    /// The tokens of each channel that is made, and what gives some back.
    throttling: Option<(u32, f64)>,
    #[cfg(feature = "tls")]
    tls: Option<ClientTls>,
    ear: Ear,
}

/// The channel could not be connected: says to what, what went wrong, and what to look at next.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", status.message())]
pub struct ConnectError {
    status: Status,
}

impl ConnectError {
    /// The status that a call over this channel would have ended with.
    pub fn status(&self) -> &Status {
        &self.status
    }
}

impl From<ConnectError> for Status {
    fn from(error: ConnectError) -> Status {
        error.status
    }
}

impl Endpoint {
    /// An endpoint for this target, with everything else at its default.
    ///
    /// A target that begins with `https://` wants TLS, and one with `http://` plaintext: if [`tls`](Endpoint::tls) says
    /// otherwise, connecting fails and says so. Any other is taken as it is set.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] if the text is no target.
    pub fn new<T>(target: T) -> Result<Endpoint, InvalidTarget>
    where
        T: TryInto<Target>,
        InvalidTarget: From<T::Error>,
    {
        let target: Target = target.try_into()?;
        Ok(Endpoint {
            authority: target.authority.clone(),
            target,
            user_agent: HeaderValue::from_static(USER_AGENT),
            timeout: None,
            settings: CallSettings::default(),
            http2: Http2Settings::client(),
            connector: None,
            wait_for_ready: false,
            keepalive: None,
            tcp_user_timeout: None,
            connectivity: ConnectivityConfig::default(),
            policies: Policies::default(),
            throttling: None,
            #[cfg(feature = "tls")]
            tls: None,
            ear: Ear::default(),
        })
    }

    /// The timeout of calls that set none of their own; without it such calls wait for ever.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The authority that requests name, in place of the target's: a virtual host of the server.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] if it is not `host` or `host:port`.
    pub fn authority(mut self, authority: &str) -> Result<Self, InvalidTarget> {
        self.authority = parse_authority(&self.target.to_string(), authority)?;
        Ok(self)
    }

    /// Puts the application's name before the library's in `user-agent`, for example `shop/2.1`.
    ///
    /// Characters that a header cannot carry are left out.
    pub fn user_agent(mut self, application: &str) -> Self {
        let printable: String = application.chars().filter(|c| (' '..='~').contains(c)).collect();
        if let Ok(value) = HeaderValue::try_from(format!("{printable} {USER_AGENT}")) {
            self.user_agent = value;
        }
        self
    }

    /// The largest message that is accepted, in bytes after decompression; 4 MiB by default.
    pub fn max_receive_message_size(mut self, bytes: usize) -> Self {
        self.settings.receive = bytes;
        self
    }

    /// The largest message that is sent, in bytes; unlimited by default.
    pub fn max_send_message_size(mut self, bytes: usize) -> Self {
        self.settings.send = bytes;
        self
    }

    /// One more encoding that responses may come in; servers are told.
    pub fn compression(mut self, compressor: impl Compressor) -> Self {
        self.settings.encodings.add(compressor);
        self
    }

    /// Compresses the requests of every call that says nothing else, in an encoding added by
    /// [`compression`](Endpoint::compression).
    ///
    /// A server that does not know it answers `UNIMPLEMENTED`.
    pub fn compress_requests(mut self, encoding: &'static str) -> Self {
        self.settings.outgoing = Some(encoding);
        self
    }

    /// Windows and limits of HTTP/2.
    pub fn http2(mut self, settings: Http2Settings) -> Self {
        self.http2 = settings;
        self
    }

    /// Connects with TLS. The certificate is checked against the host of the authority.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens in on every connection of the channel, above TLS, and hears when it connects and what it picks.
    #[cfg(feature = "tap")]
    pub fn tap(mut self, tap: crate::Tap) -> Self {
        self.settings.listener = Some(Arc::new(tap.clone()));
        self.ear.tap = Some(tap);
        self
    }

    /// Another network: a pipe, a proxy, a simulation.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// How long to wait between attempts to connect (gRPC `connection-backoff.md`).
    pub fn backoff(mut self, backoff: BackoffConfig) -> Self {
        self.connectivity.backoff = backoff;
        self
    }

    /// How long one address may keep the next waiting, and how long the last one has at the least; 5 s and 20 s
    /// by default.
    pub fn connect_timeout(mut self, address: Duration, at_least: Duration) -> Self {
        self.connectivity.address_timeout = address;
        self.connectivity.min_connect_timeout = at_least;
        self
    }

    /// Lets calls that say nothing else wait for a server that cannot be reached now, up to their deadline, rather
    /// than fail `UNAVAILABLE` at once.
    pub fn wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = wait;
        self
    }

    /// Asks a server that has been silent for a while whether it is still there, and gives the connection up if it
    /// does not answer (gRFC A8); off by default.
    ///
    /// Calls on such a connection end `UNAVAILABLE`. A server that complains of being asked too often is asked half
    /// as often from the next connection on. With keepalive, [`tcp_user_timeout`](Endpoint::tcp_user_timeout) is that
    /// of its answers unless set.
    pub fn keepalive(mut self, keepalive: KeepaliveConfig) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// How long bytes that were sent may stay without an acknowledgement before the connection is given up, where
    /// the system can do that (Linux: `TCP_USER_TIMEOUT`); the system's minutes by default.
    ///
    /// Only for sockets, not for a [`connector`](Endpoint::connector) of the application's own.
    pub fn tcp_user_timeout(mut self, timeout: Duration) -> Self {
        self.tcp_user_timeout = Some(timeout);
        self
    }

    /// Makes calls again that failed although a handler may have seen them (gRFC A6): of every method that
    /// [`retry_for`](Endpoint::retry_for) says nothing else of.
    ///
    /// Without a policy only those are made again that no handler can have seen. Interceptors see a call once, however
    /// many attempts it takes; its deadline runs over all of them.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policies.all = Some(policy);
        self
    }

    /// The same for one method, `/package.Service/Method`, or for all of a service, `/package.Service`; what names the
    /// method goes before what names its service.
    pub fn retry_for(mut self, path: &str, policy: RetryPolicy) -> Self {
        self.policies.some.push((path.to_owned(), policy));
        self
    }

    /// Keeps policies from asking again while most calls fail (gRFC A6, "Throttling").
    ///
    /// The channel has `max_tokens`, up to 1,000; each failure takes one, and each success gives `token_ratio` back,
    /// of which three digits count. Calls that fail are made again only while more than half of the tokens are there.
    pub fn retry_throttling(mut self, max_tokens: u32, token_ratio: f64) -> Self {
        self.throttling = Some((max_tokens, token_ratio));
        self
    }

    /// Why the target and the settings contradict each other, if they do.
    fn contradiction(&self) -> Option<String> {
        #[cfg(feature = "tls")]
        let (has_tls, remedy) = (self.tls.is_some(), "give Endpoint::tls a ClientTls");
        #[cfg(not(feature = "tls"))]
        let (has_tls, remedy) = (false, NO_TLS);
        let target = &self.target;
        match (target.insists, has_tls) {
            (Some(Insists::OnTls), false) => {
                Some(format!("the target {target} wants TLS, which is not set: {remedy}"))
            }
            (Some(Insists::OnPlaintext), true) => {
                let remedy = "write https://, or host:port alone";
                Some(format!("the target {target} wants plaintext, but TLS is set: {remedy}"))
            }
            _ => None,
        }
    }

    /// A channel that connects when it is first used.
    pub fn lazy(self) -> Channel {
        let user_timeout = self.tcp_user_timeout.or(self.keepalive.map(|keepalive| keepalive.timeout));
        let sockets = || Arc::new(SocketConnector::default().tcp_user_timeout(user_timeout)) as _;
        let connecting = Connecting {
            contradiction: self.contradiction(),
            target: self.target,
            connector: self.connector.unwrap_or_else(sockets),
            http2: self.http2,
            connectivity: self.connectivity,
            keepalive: self.keepalive,
            #[cfg(feature = "tls")]
            tls: self.tls.clone().map(|tls| (tls, self.authority.host().to_owned())),
            ear: self.ear,
        };
        #[cfg(feature = "tls")]
        let scheme = if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        #[cfg(not(feature = "tls"))]
        let scheme = Scheme::HTTP;
        let throttle = |(tokens, ratio)| Arc::new(Mutex::new(Throttle::new(tokens, ratio)));
        // Both belong to one channel, however many its endpoint makes.
        let (replays, throttle) = (Arc::default(), self.throttling.map(throttle));
        let settings = CallSettings { replays, throttle, ..self.settings };
        let defaults = CallDefaults {
            scheme,
            authority: self.authority,
            user_agent: self.user_agent,
            timeout: self.timeout,
            wait_for_ready: self.wait_for_ready,
            accept_encoding: settings.encodings.accept(),
            settings: Arc::new(settings),
            policies: self.policies,
        };
        Channel::new(Subchannel::new(connecting), defaults)
    }

    /// A channel that is connected now.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] once every address has failed; it says why the last one did.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the attempt up.
    pub async fn connect(self) -> Result<Channel, ConnectError> {
        let channel = self.lazy();
        match channel.connected().await {
            Ok(()) => Ok(channel),
            Err(status) => Err(ConnectError { status }),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("target", &self.target).finish_non_exhaustive()
    }
}

/// What to do about a target that wants TLS from a build that has none.
#[cfg(not(feature = "tls"))]
const NO_TLS: &str =
    "build wirewright with the feature tls-ring or tls-aws-lc, and give Endpoint::tls a ClientTls";

/// PROTOCOL-HTTP2, "User Agents": `grpc-` language `-` variant `/` version.
const USER_AGENT: &str = concat!("grpc-rust-wirewright/", env!("CARGO_PKG_VERSION"));
