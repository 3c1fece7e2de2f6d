//! The official flags of interoperability programs.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};

/// Which of the two programs this is.
#[derive(Debug, Parser)]
#[command(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Makes one test case.
    Client(ClientFlags),
    /// Answers the clients of all implementations.
    Server(ServerFlags),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ClientFlags {
    #[arg(long = "server_host", default_value = "localhost")]
    pub(crate) host: String,
    #[arg(long = "server_port")]
    pub(crate) port: u16,
    #[arg(long = "server_host_override")]
    pub(crate) name: Option<String>,
    #[arg(long = "test_case")]
    pub(crate) test_case: String,
    #[arg(long = "use_tls", action = ArgAction::Set, default_value_t = false)]
    pub(crate) use_tls: bool,
    /// Whether the word of `ca_file` is taken; no other authority's is.
    #[arg(long = "use_test_ca", action = ArgAction::Set, default_value_t = false)]
    pub(crate) use_test_ca: bool,
    #[arg(long = "ca_file")]
    pub(crate) authority: Option<PathBuf>,
    #[arg(long = "soak_iterations", default_value_t = 10)]
    pub(crate) iterations: u32,
    #[arg(long = "soak_per_iteration_max_acceptable_latency_ms", default_value_t = 1000)]
    pub(crate) max_latency_ms: u64,
    #[arg(long = "soak_overall_timeout_seconds", default_value_t = 10)]
    pub(crate) overall_timeout_seconds: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ServerFlags {
    #[arg(long = "port")]
    pub(crate) port: u16,
    #[arg(long = "use_tls", action = ArgAction::Set, default_value_t = false)]
    pub(crate) use_tls: bool,
    #[arg(long = "tls_cert_file")]
    pub(crate) certificate: Option<PathBuf>,
    #[arg(long = "tls_key_file")]
    pub(crate) key: Option<PathBuf>,
}

/// Reads a file that a flag names.
pub(crate) fn read(path: Option<&PathBuf>) -> Result<String, String> {
    let path = path.ok_or("TLS needs the files of its certificates")?;
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
