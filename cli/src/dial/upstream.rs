//! TLS with a server, for verbs that speak plaintext unless they are told otherwise: `tap` and `break --connect`.
//!
//! In: `-plaintext`, which changes nothing, or grpcurl's flags for TLS, each of which asks for it. Out: how to do TLS, and
//! then a connection with `h2` agreed on by ALPN, or why there is none.
//!
//! What `:authority` says is not this module's: `tap` passes on what the client says, and `break` what its script says. So
//! `-authority` is a name to expect in the certificate, and no more.
//!
//! Must not know: what is said over the connection.

use std::path::PathBuf;

use clap::Args;
use wirewright::transport::Io;
use wirewright::transport::tls::ClientTls;

use super::alts::{self, Alts};
use super::flags::{ConnectionFlags, FlagNames};
use super::{speaks, tls};
use crate::failure::Failure;

/// Which TLS is spoken with a server.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "TLS with the server")]
pub(crate) struct Upstream {
    /// Speak TLS; each of the flags below asks for it, too
    #[arg(long, visible_alias = "tls-out", conflicts_with = "plaintext")]
    tls: bool,
    /// Speak HTTP/2 without TLS, as without any of these flags
    #[arg(long, conflicts_with_all = ["tls", "insecure", "cert", "key"])]
    plaintext: bool,
    /// Believe any certificate
    #[arg(long)]
    insecure: bool,
    /// Trust the authorities in this file instead of the system's
    #[arg(long, visible_alias = "tls-out-ca", value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Show the server this certificate
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The private key that belongs to it
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Expect this name in the certificate; what calls say in :authority stays as it is
    #[arg(long, visible_aliases = ["authority", "tls-out-name"], value_name = "NAME")]
    servername: Option<String>,
    #[command(flatten)]
    alts: Alts,
}

impl Upstream {
    /// How to do TLS, if it is wanted.
    ///
    /// # Errors
    ///
    /// A file that cannot be used, or ALTS.
    pub(crate) fn open(&self) -> Result<Option<ClientTls>, Failure> {
        alts::refuse(&self.alts)?;
        let Upstream { insecure, cacert, cert, key, servername, .. } = self.clone();
        let is_wanted = self.tls || insecure || cacert.is_some() || cert.is_some() || servername.is_some();
        // As grpcurl has it: with -plaintext these mean nothing.
        if self.plaintext || !is_wanted {
            return Ok(None);
        }
        tls::client(&ConnectionFlags {
            insecure,
            cacert,
            cert,
            key,
            servername,
            ..ConnectionFlags::default()
        })
        .map(Some)
    }

    /// Does TLS on a connection; `host` is whom the certificate must name unless a flag says otherwise.
    ///
    /// # Errors
    ///
    /// What went wrong, and a hint.
    pub(crate) async fn secure(
        tls: &ClientTls,
        io: Box<dyn Io>,
        host: &str,
    ) -> Result<Box<dyn Io>, (String, String)> {
        let names = FlagNames { plaintext: "leave out the flags for TLS", ..FlagNames::default() };
        let names = FlagNames { name: "-servername NAME", ..names };
        let secured = tls.connect(io, host).await;
        secured.map(|(io, ..)| io).map_err(|why| {
            let hint = speaks::after_tls(&why, &names);
            (why, hint)
        })
    }
}
