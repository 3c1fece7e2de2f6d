//! From an address and flags to a channel that is connected, or to why there is none.
//!
//! ```text
//!   flags    grpcurl's flags; alts: those that are refused
//!   tls      what they mean for TLS
//!   upstream the same for verbs that speak plaintext unless told otherwise
//!   witness  a connector that remembers what the server said first
//!   speaks   what a server that does not speak gRPC speaks instead, and what to do about it
//! ```
//!
//! Must not know: what is called.

pub(crate) mod alts;
pub(crate) mod flags;
mod speaks;
mod tls;
pub(crate) mod upstream;
mod witness;

use std::time::{Duration, Instant};

use wirewright::policy::keepalive::KeepaliveConfig;
use wirewright::{Channel, Deadline, Endpoint, Gzip, Tap};

use crate::failure::Failure;
use flags::ConnectionFlags;
use witness::Witness;

/// A channel that is connected.
#[derive(Clone, Debug)]
pub(crate) struct Dialed {
    pub(crate) channel: Channel,
    /// What was given, for hints that repeat it.
    pub(crate) address: String,
    /// How long it took.
    pub(crate) took: Duration,
    /// When everything has to be done.
    pub(crate) deadline: Option<Deadline>,
}

/// Connects.
///
/// # Errors
///
/// What was tried and what was found instead, with a hint.
pub(crate) async fn dial(address: &str, flags: &ConnectionFlags) -> Result<Dialed, Failure> {
    connect(address, flags, None).await
}

/// Connects, and lets somebody listen in.
///
/// # Errors
///
/// As [`dial`].
pub(crate) async fn dial_heard(address: &str, flags: &ConnectionFlags, tap: Tap) -> Result<Dialed, Failure> {
    connect(address, flags, Some(tap)).await
}

async fn connect(address: &str, flags: &ConnectionFlags, tap: Option<Tap>) -> Result<Dialed, Failure> {
    alts::refuse(&flags.alts)?;
    let started = Instant::now();
    let target = if flags.unix { format!("unix:{address}") } else { address.to_owned() };
    let patience = flags::given(flags.connect_timeout).unwrap_or(CONNECT_TIMEOUT);
    let witness = Witness::default();
    let mut endpoint = Endpoint::new(target.as_str())
        .map_err(|error| Failure::usage(error.to_string(), "give host:port, or a path with -unix"))?
        .connect_timeout(patience, patience)
        .connector(witness.clone())
        .compression(Gzip::default())
        .user_agent(flags.user_agent.as_deref().unwrap_or(concat!("wright/", env!("CARGO_PKG_VERSION"))));
    if let Some(authority) = &flags.authority {
        endpoint = endpoint.authority(authority)?;
    }
    if let Some(bytes) = flags.max_msg_sz {
        endpoint = endpoint.max_receive_message_size(bytes);
    }
    if let Some(time) = flags::given(flags.keepalive_time) {
        endpoint = endpoint.keepalive(KeepaliveConfig {
            timeout: time,
            without_calls: true,
            ..KeepaliveConfig::new(time)
        });
    }
    if let Some(tap) = tap {
        endpoint = endpoint.tap(tap);
    }
    if !flags.plaintext {
        endpoint = endpoint.tls(tls::client(flags)?);
    }
    let connected = tokio::time::timeout(patience, endpoint.connect()).await;
    let problem = match connected {
        Ok(Ok(channel)) => {
            let deadline = flags::given(flags.max_time).map(|timeout| Deadline::after(started, timeout));
            return Ok(Dialed { channel, address: address.to_owned(), took: started.elapsed(), deadline });
        }
        Ok(Err(error)) => error.status().message().to_owned(),
        Err(_elapsed) => format!("cannot connect to {address}: no answer within {patience:?}"),
    };
    let hint = speaks::hint(&witness.first_bytes(), !flags.plaintext, &problem, &flags.names);
    Err(Failure::cannot(problem, hint))
}

/// grpcurl's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
