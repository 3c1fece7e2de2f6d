//! `wright probe`: asks a server for its health, for orchestrators; flags and exit codes of `grpc_health_probe`.
//!
//! In: an address and perhaps a service. Out: one line, and an exit code:
//!
//! ```text
//!   0  it is SERVING
//!   1  the command line makes no sense
//!   2  it could not be reached
//!   3  it was reached, and the question failed
//!   4  it answered that it is not well
//! ```
//!
//! Must not know: how one connects.

mod duration;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use wirewright::services::health::ServingStatus;
use wirewright::services::health::v1::{HealthCheckRequest, HealthClient};
use wirewright::{Code, Request};

use crate::dial::alts::{self, Alts};
use crate::dial::dial;
use crate::dial::flags::{ConnectionFlags, FlagNames};
use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::output::{print, remark};
use crate::style::{self, paint};
pub(crate) use duration::duration;

/// What can be typed after `probe`.
#[derive(Args, Debug)]
pub(crate) struct ProbeArguments {
    /// host:port, or unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    addr: String,
    /// The service to ask about; without it, the server as a whole
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
    /// Speak TLS
    #[arg(long)]
    tls: bool,
    /// Trust the authorities in this file instead of the system's
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_ca_cert: Option<PathBuf>,
    /// Show the server this certificate
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_client_key"])]
    tls_client_cert: Option<PathBuf>,
    /// The private key that belongs to it
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_client_cert"])]
    tls_client_key: Option<PathBuf>,
    /// Believe any certificate
    #[arg(long, requires = "tls", conflicts_with_all = ["tls_ca_cert", "tls_server_name"])]
    tls_no_verify: bool,
    /// Expect this name in the certificate
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_server_name: Option<String>,
    /// Give up connecting after so long
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    connect_timeout: Duration,
    /// Give up asking after so long
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    rpc_timeout: Duration,
    /// Send this with the question
    #[arg(long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    rpc_header: Vec<String>,
    /// Compress the question, and take compressed answers
    #[arg(long)]
    gzip: bool,
    /// Put this before the user agent
    #[arg(long, value_name = "TEXT", default_value = "grpc_health_probe")]
    user_agent: String,
    /// Say how long it took
    #[arg(short)]
    verbose: bool,
    #[command(flatten)]
    alts: Alts,
    #[arg(long, hide = true)]
    spiffe: bool,
}

impl ProbeArguments {
    /// The same, as all other verbs have it.
    fn connection(&self) -> ConnectionFlags {
        ConnectionFlags {
            plaintext: !self.tls,
            insecure: self.tls_no_verify,
            cacert: self.tls_ca_cert.clone(),
            cert: self.tls_client_cert.clone(),
            key: self.tls_client_key.clone(),
            servername: self.tls_server_name.clone(),
            connect_timeout: Some(self.connect_timeout),
            user_agent: Some(self.user_agent.clone()),
            names: FlagNames {
                plaintext: "leave out -tls",
                tls: "add -tls",
                trust: "-tls-ca-cert FILE",
                believe: "-tls-no-verify",
                name: "-tls-server-name NAME",
                identity: "-tls-client-cert FILE -tls-client-key FILE",
            },
            ..ConnectionFlags::default()
        }
    }
}

/// Asks once.
pub(crate) async fn run(arguments: ProbeArguments) -> Result<(), Failure> {
    alts::refuse(&arguments.alts).map_err(|failure| ending(failure, NO_SENSE))?;
    if arguments.spiffe {
        let what = "SPIFFE is not spoken here: its agent's certificates are not asked for";
        let hint = "write them to files: -tls -tls-client-cert FILE -tls-client-key FILE -tls-ca-cert FILE";
        return Err(ending(Failure::usage(what, hint), NO_SENSE));
    }
    let headers = HeaderFlags { rpc_header: arguments.rpc_header.clone(), ..HeaderFlags::default() };
    let metadata = headers.for_call().map_err(|failure| ending(failure, NO_SENSE))?;
    let dialed = dial(&arguments.addr, &arguments.connection()).await.map_err(|f| ending(f, UNREACHABLE))?;
    let service = arguments.service.clone();
    let mut request = Request::new(HealthCheckRequest { service }).with_timeout(arguments.rpc_timeout);
    *request.metadata_mut() = metadata;
    if arguments.gzip {
        request = request.with_encoding("gzip");
    }
    let asked = std::time::Instant::now();
    let answer = HealthClient::new(dialed.channel).check(request).await;
    let took = asked.elapsed();
    let status = answer.map_err(|status| {
        let hint = match status.code() {
            Code::Unimplemented if status.message().contains("encoding") => "leave out -gzip",
            Code::Unimplemented => "the server has no health service: it answers calls, and says no more",
            Code::NotFound => {
                "the server knows no such service: without -service it tells of itself as a whole"
            }
            Code::DeadlineExceeded => "-rpc-timeout says how long it may take",
            _ => "",
        };
        let what = format!("{} did not say how it is: {status}", arguments.addr);
        ending(Failure::cannot(what, hint), FAILED)
    })?;
    let status = status.get_ref().status();
    if arguments.verbose {
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let line = format!("connected in {}, answered in {}", ms(dialed.took), ms(took));
        remark(paint(style::QUIET, line));
    }
    let is_well = status == ServingStatus::Serving;
    let style = if is_well { style::GOOD } else { style::BAD };
    print(&format!("status: {}\n", paint(style, status.as_str_name())))?;
    if is_well { Ok(()) } else { Err(Failure::Said { exit: NOT_SERVING }) }
}

/// The same failure with an exit code of `grpc_health_probe`.
fn ending(failure: Failure, exit: u8) -> Failure {
    Failure::Cannot { what: failure.to_string(), hint: failure.hint().to_owned(), exit }
}

/// The command line makes no sense.
pub(crate) const NO_SENSE: u8 = 1;
/// There is no connection.
const UNREACHABLE: u8 = 2;
/// The question failed.
const FAILED: u8 = 3;
/// The answer is anything but SERVING.
const NOT_SERVING: u8 = 4;
