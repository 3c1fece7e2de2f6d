//! The client's channels: one for each server and way of reaching it.
//!
//! In: what an instruction says of the server. Out: a channel, the same for all calls that say the same, so that
//! calls share connections as they do in life and one that leaves its connection in disorder is found out by the
//! next.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wirewright::transport::tls::{ClientTls, Identity, Pem, Roots, ring};
use wirewright::{Channel, Deflate, Endpoint, Gzip, Stack, Zstd};

use super::witness::Witness;
use crate::protocol::connectrpc::conformance::v1::{ClientCompatRequest, Compression};

/// A channel whose calls are witnessed.
pub(super) type Witnessed = Channel<Stack<(), Witness>>;

/// All channels so far.
#[derive(Debug, Default)]
pub(super) struct Channels(Mutex<HashMap<Way, Witnessed>>);

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Way {
    host: String,
    port: u32,
    receive_limit: u32,
    compression: Compression,
    /// The server's certificate, in PEM; empty for plaintext.
    server_certificate: Vec<u8>,
    /// The client's certificate and key, in PEM, for a server that wants one.
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Channels {
    /// The channel for this instruction.
    ///
    /// # Errors
    ///
    /// Says what in the instruction makes no channel.
    pub(super) fn get(&self, request: &ClientCompatRequest) -> Result<Witnessed, String> {
        let way = Way {
            host: request.host.clone(),
            port: request.port,
            receive_limit: request.message_receive_limit,
            compression: request.compression(),
            server_certificate: request.server_tls_cert.clone(),
            identity: request.client_tls_creds.clone().map(|creds| (creds.cert, creds.key)),
        };
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(&way) {
            return Ok(channel.clone());
        }
        let channel = way.open()?;
        channels.insert(way, channel.clone());
        Ok(channel)
    }
}

impl Way {
    fn open(&self) -> Result<Witnessed, String> {
        let target = format!("{}:{}", self.host, self.port);
        let mut endpoint = Endpoint::new(target).map_err(|error| error.to_string())?;
        if self.receive_limit > 0 {
            endpoint = endpoint.max_receive_message_size(self.receive_limit as usize);
        }
        if !self.server_certificate.is_empty() {
            let roots = Roots::Pem(Pem::text(self.server_certificate.clone()));
            let identity = self.identity.clone().map(|(certificate, key)| Identity {
                certificates: Pem::text(certificate),
                key: Pem::text(key),
            });
            let tls = ClientTls::new(ring(), roots, identity).map_err(|error| error.to_string())?;
            endpoint = endpoint.tls(tls);
        }
        // A channel that was given an encoding offers it to servers, and one that was not must not: the suite
        // sends encodings that were never offered.
        endpoint = match self.compression {
            Compression::Unspecified | Compression::Identity => endpoint,
            Compression::Gzip => endpoint.compression(Gzip::default()).compress_requests("gzip"),
            Compression::Deflate => endpoint.compression(Deflate::default()).compress_requests("deflate"),
            Compression::Zstd => endpoint.compression(Zstd::default()).compress_requests("zstd"),
            Compression::Br | Compression::Snappy => {
                return Err(format!("the library has no {}", self.compression.as_str_name()));
            }
        };
        Ok(endpoint.lazy().intercept(Witness))
    }
}
