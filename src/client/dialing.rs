//! Dialing: from an address to a connection that takes calls, or why there is none.
//!
//! In: an address, and how to connect. Out: an [`Opener`] and its [`Driver`]; or a status that says in one line what
//! was tried, what came of it, and what to look at next, with a [`TransportError`] that says it to programs.
//!
//! ```text
//!   resolve -> connect -> tls -> handshake: the server's SETTINGS are here
//! ```
//!
//! Must not know: when to dial, how long to wait, or which address comes next (`subchannel`).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::ear::{Ear, Noted};
use super::target::Target;
use crate::peer::{Address, PeerInfo};
use crate::policy::connectivity::ConnectivityConfig;
use crate::policy::keepalive::KeepaliveConfig;
use crate::policy::retry::Fate;
use crate::status::Status;
#[cfg(feature = "tls")]
use crate::transport::tls::ClientTls;
use crate::transport::{self, Cause, Driver, ErasedConnector, Http2Settings, Opener, Phase, TransportError};

/// How to connect.
pub(super) struct Connecting {
    pub(super) target: Target,
    /// Why the target and the settings contradict each other, if they do: then nobody is dialed.
    pub(super) contradiction: Option<String>,
    pub(super) connector: Arc<dyn ErasedConnector>,
    pub(super) http2: Http2Settings,
    pub(super) connectivity: ConnectivityConfig,
    /// When to ask a silent server, if at all.
    pub(super) keepalive: Option<KeepaliveConfig>,
    /// How to do TLS, and with whom.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<(ClientTls, String)>,
    /// Who listens in.
    pub(super) ear: Ear,
}

/// A connection that takes calls.
pub(super) struct Dialed {
    pub(super) opener: Opener,
    pub(super) driver: Driver,
    /// Who is at the other end, with the certificates it has shown.
    pub(super) peer: PeerInfo,
    pub(super) noted: Noted,
}

/// Connects to this address, as far as it takes until calls can be made.
pub(super) async fn dial(address: &Address, connecting: &Connecting) -> Result<Dialed, Status> {
    if let Some(contradiction) = &connecting.contradiction {
        let error = TransportError::from(Cause::Tls(contradiction.clone()));
        return Err(failure(address, error, Phase::Tls, ""));
    }
    let io = connecting.connector.connect(address).await.map_err(|error| {
        let (phase, next) = advice(address, &error);
        failure(address, error.into(), phase, next)
    })?;
    let (peer, foreign) = (PeerInfo::new(address.clone()), FOREIGN);
    #[cfg(feature = "tls")]
    let (io, peer, foreign) = match &connecting.tls {
        Some((tls, host)) => {
            let secured = tls.connect(io, host).await;
            let failed = |error| failure(address, Cause::Tls(error).into(), Phase::Tls, "");
            let (io, certificates) = secured.map_err(failed)?;
            (io, peer.with_certificates(certificates), UNWANTED)
        }
        None => (io, peer, foreign),
    };
    #[cfg(feature = "tls")]
    let is_tls = connecting.tls.is_some();
    #[cfg(not(feature = "tls"))]
    let is_tls = false;
    let (io, noted) = connecting.ear.listen(io, address, is_tls);
    let failed = |error: TransportError| failure(address, error, Phase::Handshake, foreign);
    let connected = transport::connect(io, address.clone(), &connecting.http2).await;
    let (opener, mut driver) = connected.map_err(failed)?;
    driver.ready().await.map_err(failed)?;
    Ok(Dialed { opener, driver, peer, noted })
}

/// Why there is no connection to an address that said nothing.
pub(super) fn silent(address: &Address, patience: Duration) -> Status {
    let error = io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {patience:?}"));
    failure(address, error.into(), Phase::Connect, SILENT)
}

/// Why there is no connection, in one line: what was tried, what came of it, and what to look at next.
fn failure(address: &Address, error: TransportError, phase: Phase, next: &str) -> Status {
    let error = error.with_phase(phase).with_fate(Fate::NeverSent).with_peer(address.clone());
    // That the attempt to connect broke needs no second saying.
    let text = match (error.cause(), phase) {
        (Cause::Io(error), Phase::Resolve | Phase::Connect) => error.to_string(),
        (cause, Phase::Handshake) => format!("{cause} before HTTP/2 began"),
        (cause, _) => cause.to_string(),
    };
    Status::unavailable(format!("cannot connect to {address}: {text}{next}")).with_source(error)
}

/// How far it came when a network refuses to connect, and what to look at.
fn advice(address: &Address, error: &io::Error) -> (Phase, &'static str) {
    match (error.kind(), address) {
        (io::ErrorKind::ConnectionRefused, _) => (Phase::Connect, "; is a server listening there?"),
        (io::ErrorKind::NotFound, Address::Unix(_)) => {
            (Phase::Connect, "; has the server created its socket?")
        }
        (io::ErrorKind::PermissionDenied, Address::Unix(_)) => {
            (Phase::Connect, "; may this user open the socket?")
        }
        // Errors of the resolver have no number of the system's.
        (_, Address::Name(..)) if error.raw_os_error().is_none() => {
            (Phase::Resolve, "; is the host name right?")
        }
        _ => (Phase::Connect, ""),
    }
}

/// What to look at when nobody answers.
const SILENT: &str = "; is it a gRPC server without TLS, and does a firewall let it be reached?";

/// What to look at when somebody else answers.
const FOREIGN: &str = "; is this the port of a gRPC server without TLS?";

/// What to look at when somebody hangs up after a handshake of TLS, as a server does over a client's certificate.
#[cfg(feature = "tls")]
const UNWANTED: &str = "; does the server accept this client's certificate, and speak gRPC?";
