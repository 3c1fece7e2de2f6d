//! `wright tap`: stands between a client and a server, and records what they say.
//!
//! ```text
//!   client --- TLS or not --- wright tap --- TLS or not --- server
//!                                 |
//!                              rec.jsonl
//! ```
//!
//! In: connections. Out: the same bytes, and a recording of them; a line for each call that ends. Nothing is changed
//! on the way, so both ends behave as they do without it. The client must be told the proxy's address; no privileges
//! are needed.
//!
//! Must not know: what the bytes mean (the lines about calls come from `trace`).

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, lookup_host};
use wirewright::Tap;
use wirewright::recording::{Head, Line, Recorder, Role};
use wirewright::transport::Io;
use wirewright::transport::tls::{ClientCertificates, ClientTls, Identity, Pem, ServerTls, ring};

use crate::dial::upstream::Upstream;
use crate::failure::Failure;
use crate::style::{self, paint};
use crate::trace::calls::{Call, Calls};
use crate::trace::conns::Conns;
use crate::trace::words;

/// What can be typed after `tap`.
#[derive(Debug, Args)]
pub(crate) struct TapArgs {
    /// Where clients connect to; port 0 lets the system choose one
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1:15000")]
    listen: String,
    /// The server that they mean
    #[arg(short, long, value_name = "HOST:PORT")]
    target: String,
    /// The recording to write; it must not exist yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Keep the values of this header field out of the recording; may be given again
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
    /// Speak TLS with clients: the certificate to show them, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_in_key")]
    tls_in_cert: Option<PathBuf>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_in_cert")]
    tls_in_key: Option<PathBuf>,
    #[command(flatten)]
    upstream: Upstream,
}

/// Records until Ctrl-C.
pub(crate) async fn run(args: TapArgs) -> Result<(), Failure> {
    let route = Arc::new(Route::new(&args)?);
    let address = lookup_host(&args.listen).await.ok().and_then(|mut found| found.next());
    let address = address.ok_or_else(|| {
        let hint = "write an address and a port, such as 127.0.0.1:15000";
        Failure::Recording(format!("cannot listen on {}: no such address; {hint}", args.listen))
    })?;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let hint = "choose another with --listen; port 0 lets the system choose";
        Failure::Recording(format!("cannot listen on {address}: {error}; {hint}"))
    })?;
    let local = listener.local_addr().map_err(Failure::Runtime)?;
    let tap = recorder(&args)?;
    say(format_args!(
        "listening on {local}, forwarding to {}, recording to {}",
        args.target,
        args.output.display()
    ))?;
    say(format_args!(
        "{}",
        paint(style::QUIET, "Ctrl-C ends it; every line that is written is kept, whatever ends it")
    ))?;
    let mut accept_pause = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = tokio::signal::ctrl_c() => break,
        };
        match accepted {
            Ok((client, peer)) => {
                accept_pause = None;
                tokio::spawn(forward(route.clone(), tap.clone(), client, local, peer));
            }
            // Too many open files, most likely: it passes when a connection ends.
            Err(error) => {
                if accept_pause.replace(()).is_none() {
                    complain(format_args!("cannot accept: {error}"));
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        if let Some(error) = tap.failure() {
            return Err(Failure::Recording(format!("cannot write {}: {error}", args.output.display())));
        }
    }
    say(format_args!("recorded to {0}; see it with `wright timeline {0}`", args.output.display()))
}

/// From whom to whom, and under which TLS.
struct Route {
    target: String,
    /// The host of the target, for its certificate.
    host: String,
    tls_in: Option<ServerTls>,
    tls_out: Option<ClientTls>,
}

impl Route {
    fn new(args: &TapArgs) -> Result<Route, Failure> {
        let told = |error: wirewright::transport::tls::TlsError| Failure::Recording(error.to_string());
        let tls_in = match (&args.tls_in_cert, &args.tls_in_key) {
            (Some(certificate), Some(key)) => {
                let certificates = Pem::file(certificate).map_err(told)?;
                let identity = Identity { certificates, key: Pem::file(key).map_err(told)? };
                Some(ServerTls::new(ring(), identity, ClientCertificates::Ignored).map_err(told)?)
            }
            _ => None,
        };
        let tls_out = args.upstream.open()?;
        let Some((host, _)) = args.target.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok())
        else {
            let hint = "write the server as HOST:PORT, such as localhost:50051";
            return Err(Failure::Recording(format!("{} has no port; {hint}", args.target)));
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Route { target: args.target.clone(), host, tls_in, tls_out })
    }
}

/// An ear that writes the recording, and tells of calls that end.
fn recorder(args: &TapArgs) -> Result<Tap, Failure> {
    let path = &args.output;
    let failed = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => "; recordings are never overwritten: choose another name",
            _ => "",
        };
        Failure::Recording(format!("cannot write {}: {error}{hint}", path.display()))
    };
    let mut file = Some(File::create_new(path).map_err(failed)?);
    let redact: Vec<String> = args.redact.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut journal = Journal::default();
    let mut recorder = None;
    Ok(Tap::new(move |line| {
        if let (Line::Head(head), Some(file)) = (line, file.take()) {
            let tool = concat!("wright ", env!("CARGO_PKG_VERSION")).to_owned();
            recorder = Some(Recorder::new(file, Head { tool, redact: redact.clone(), t0_us: head.t0_us })?);
        }
        // What is told on the screen is in the file already.
        recorder.as_mut().map_or(Ok(()), |recorder| recorder.write(line))?;
        journal.read(line);
        Ok(())
    }))
}

/// Prints a line for each call that ends.
#[derive(Debug, Default)]
struct Journal {
    conns: Conns,
    calls: Calls,
}

impl Journal {
    fn read(&mut self, line: &Line<'_>) {
        let Journal { conns, calls } = self;
        conns.read(line, |place, skim| {
            if let Some(call) = calls.see(place.conn, place.direction, place.at, &skim) {
                told(&call);
            }
        });
        if let Line::End { conn, .. } = line {
            calls.leave(Some(*conn)).iter().for_each(told);
        }
    }
}

fn told(call: &Call) {
    let style = if call.end.is_ok() { style::GOOD } else { style::BAD };
    let [up, down] = &call.cost;
    let (end, took) = (paint(style, call.end.name()), words::duration(call.took()));
    let sizes = paint(style::QUIET, format!("{} B up, {} B down", up.total(), down.total()));
    let place = paint(style::QUIET, format!("conn {} s{}", call.conn, call.stream));
    // Whoever has stopped reading has not stopped recording.
    let _ = say(format_args!("{place}  {}  {end}  {took}  {sizes}", call.method()));
}

/// Copies both ways until both are over.
async fn forward(route: Arc<Route>, tap: Tap, client: TcpStream, local: SocketAddr, peer: SocketAddr) {
    if let Err(why) = try_forward(&route, &tap, client, local, peer).await {
        complain(format_args!("{peer}: {why}"));
    }
}

async fn try_forward(
    route: &Route,
    tap: &Tap,
    client: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
) -> Result<(), String> {
    let is_tls = route.tls_in.is_some() || route.tls_out.is_some();
    // A call is a few small writes; none of them may wait for another.
    let _ = client.set_nodelay(true);
    let client: Box<dyn Io> = match &route.tls_in {
        Some(tls) => tls.accept(client).await?.0,
        None => Box::new(client),
    };
    let server = TcpStream::connect(&route.target).await;
    let server = server.map_err(|error| {
        format!("cannot connect to {}: {error}; is the server listening there?", route.target)
    })?;
    let _ = server.set_nodelay(true);
    let mut server: Box<dyn Io> = match &route.tls_out {
        Some(tls) => Upstream::secure(tls, Box::new(server), &route.host)
            .await
            .map_err(|(why, hint)| format!("cannot speak TLS with {}: {why}; {hint}", route.target))?,
        None => Box::new(server),
    };
    let (local, peer) = (Some(local.to_string()), Some(peer.to_string()));
    let mut client = tap.listen(client, Role::Proxy, local, peer, is_tls);
    // Either end may break off; the recording says so, and it is not the proxy's failure.
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Ok(())
}

/// A line on standard output.
fn say(line: impl std::fmt::Display) -> Result<(), Failure> {
    writeln!(anstream::stdout(), "{line}").map_err(Failure::Output)
}

/// A line on standard error; if nobody reads it, the proxy goes on all the same.
fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{}: {line}", paint(style::PREFIX, "warning"));
}

/// How long the listener rests after an error: long enough not to spin, too short to be noticed.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
