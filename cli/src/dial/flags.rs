//! The flags that say how to reach a server: grpcurl's, letter for letter.
//!
//! Must not know: what they lead to.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::alts::Alts;

/// How to reach a server.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionFlags {
    /// Speak HTTP/2 without TLS
    ///
    /// As with grpcurl, -cacert and -servername then mean nothing, and the other flags for TLS are refused.
    #[arg(long, conflicts_with_all = ["insecure", "cert", "key"])]
    pub(crate) plaintext: bool,
    /// Speak TLS, and believe any certificate
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Trust the authorities in this file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,
    /// Show the server this certificate
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The private key that belongs to it
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Name this host in requests, and expect it in the certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) authority: Option<String>,
    /// Expect this name in the certificate
    #[arg(long, value_name = "NAME")]
    pub(crate) servername: Option<String>,
    /// The address is the path of a Unix socket
    #[arg(long)]
    pub(crate) unix: bool,
    /// Give up connecting after so long [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) connect_timeout: Option<Duration>,
    /// Ask the server whether it is still there when it has been silent for so long; ten at the least
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) keepalive_time: Option<Duration>,
    /// Give up altogether after so long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) max_time: Option<Duration>,
    /// The largest response message to accept [default: 4194304]
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_msg_sz: Option<usize>,
    /// Put this before the user agent
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_agent: Option<String>,
    #[command(flatten)]
    pub(crate) alts: Alts,
    /// What hints call these flags.
    #[arg(skip)]
    pub(crate) names: FlagNames,
}

/// What a verb calls the flags that a hint may speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlagNames {
    /// How to ask for plaintext.
    pub(crate) plaintext: &'static str,
    /// How to ask for TLS.
    pub(crate) tls: &'static str,
    /// Which flag trusts an authority.
    pub(crate) trust: &'static str,
    /// Which flag believes anybody.
    pub(crate) believe: &'static str,
    /// Which flag expects another name.
    pub(crate) name: &'static str,
    /// Which flags show a certificate.
    pub(crate) identity: &'static str,
}

impl Default for FlagNames {
    fn default() -> FlagNames {
        FlagNames {
            plaintext: "add -plaintext",
            tls: "leave out -plaintext",
            trust: "-cacert FILE",
            believe: "-insecure",
            name: "-authority NAME or -servername NAME",
            identity: "-cert FILE -key FILE",
        }
    }
}

/// A length of time, in seconds with a fraction. None at all is as good as no flag: see [`given`].
pub(crate) fn seconds(given: &str) -> Result<Duration, &'static str> {
    let problem = "write a number of seconds, such as 5 or 0.25";
    let seconds: f64 = given.parse().map_err(|_| problem)?;
    // `try_from_secs_f64` refuses what is negative, infinite or no number.
    Duration::try_from_secs_f64(seconds).map_err(|_| problem)
}

/// The length that a flag gives. For grpcurl, and for scripts that were written for it, 0 means that there is none.
pub(crate) fn given(flag: Option<Duration>) -> Option<Duration> {
    flag.filter(|length| !length.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction_and_none_is_no_limit() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("30"), Ok(Duration::from_secs(30)));
        assert_eq!((given(seconds("0").ok()), given(None)), (None, None));
        for nonsense in ["-1", "nan", "inf", "1s", ""] {
            assert!(seconds(nonsense).is_err(), "{nonsense}");
        }
    }
}
