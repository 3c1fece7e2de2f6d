//! `wright break`: a peer that misbehaves on purpose, to see what other people's programs make of it.
//!
//! ```text
//!   a script, one step a line
//!     parse     text ---> steps, or what was expected where
//!     bytes     a step ---> frames, with an HPACK of its own
//!     play      steps, in time, on one connection
//!     heard     what the peer says meanwhile
//!     library   the scripts that come along, which are also the manual of the language
//! ```
//!
//! In: a script and connections. Out: whatever bytes the script says, right or wrong; on standard output what was said
//! by both. No HTTP/2 library is involved, which would refuse most of it.
//!
//! Must not know: gRPC, but for its five bytes of prefix.

mod bytes;
mod heard;
mod library;
mod parse;
mod play;
mod script;
mod words;

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wirewright::transport::tls::{ClientTls, ServerTls};
use wirewright::transport::{Incoming, Io};

use crate::dial::upstream::Upstream;
use crate::door::{self, DoorTls};
use crate::failure::Failure;
use crate::output::{print, remark};
use crate::style::{self, paint};
use heard::say;
use play::{Verdict, play};
use script::{Role, Script};

/// What can be typed after `break`.
#[derive(Args, Debug)]
pub(crate) struct BreakArguments {
    /// A script, or the name of one that comes along
    #[arg(value_name = "SCRIPT", required_unless_present_any = ["list", "show"])]
    script: Option<String>,
    /// Where to listen; port 0 lets the system choose one
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1:50051", value_parser = door::with_port)]
    listen: String,
    /// Speak as a client to this server instead; the script must be a client's
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["listen", "tls_cert"])]
    connect: Option<String>,
    /// Stop after so many connections
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// List the scripts that come along
    #[arg(long)]
    list: bool,
    /// Print one of them: it is the best way to learn the language
    #[arg(long, value_name = "NAME")]
    show: Option<String>,
    #[command(flatten)]
    tls: DoorTls,
    #[command(flatten)]
    upstream: Upstream,
}

/// Lists, shows, or misbehaves.
pub(crate) async fn run(arguments: BreakArguments) -> Result<(), Failure> {
    if arguments.list {
        return list();
    }
    if let Some(name) = &arguments.show {
        return print(library::find(name).ok_or_else(|| unknown(name))?.text);
    }
    let script = Arc::new(read(arguments.script.as_deref().unwrap_or_default())?);
    let upstream = arguments.upstream.open()?;
    match (&arguments.connect, script.role) {
        (Some(address), Role::Client) => connect(address, upstream, &script).await,
        (None, Role::Server) if upstream.is_some() => {
            let what = "flags for TLS with a server, and no server to connect to";
            Err(Failure::usage(what, "-tls-cert FILE -tls-key FILE speak TLS with clients"))
        }
        (None, Role::Server) => listen(&arguments, script).await,
        (Some(_), Role::Server) => {
            let what = format!("{} is a script for a server, and --connect makes a client", script.name);
            Err(Failure::usage(what, "leave out --connect; a client's script begins with `as client`"))
        }
        (None, Role::Client) => {
            let what = format!("{} is a script for a client, which needs a server", script.name);
            Err(Failure::usage(what, "--connect HOST:PORT names one"))
        }
    }
}

fn list() -> Result<(), Failure> {
    let mut text = String::new();
    for (role, title) in [
        (Role::Server, "Servers, to test clients with:"),
        (Role::Client, "Clients, to test servers with (--connect HOST:PORT):"),
    ] {
        text.push_str(&format!("{}\n", paint(style::STRONG, title)));
        for known in library::ALL.iter().filter(|known| known.role() == role) {
            text.push_str(&format!("  {:<24}{}\n", paint(style::NAME, known.name), known.about()));
        }
    }
    text.push_str("`wright break --show NAME` prints one\n");
    print(&text)
}

/// A script from a file, or one that comes along.
fn read(given: &str) -> Result<Script, Failure> {
    let read;
    let text = match library::find(given) {
        Some(known) => known.text,
        None if !Path::new(given).exists() => return Err(unknown(given)),
        None => {
            let cannot = |error: &dyn std::fmt::Display| {
                Failure::cannot(
                    format!("cannot read {given}: {error}"),
                    "a script is text, one step a line; `wright break --show no-trailers` shows one",
                )
            };
            let size = std::fs::metadata(given).map_err(|error| cannot(&error))?.len();
            if size > MOST_SCRIPT_BYTES {
                return Err(cannot(&format_args!("it has {size} bytes, more than a script may have")));
            }
            read = std::fs::read_to_string(given).map_err(|error| cannot(&error))?;
            &read
        }
    };
    parse::script(given, text).map_err(|problem| {
        Failure::cannot(format!("{given}:{problem}"), "`wright break --help` has the language on a page")
    })
}

fn unknown(name: &str) -> Failure {
    let likeness = |known: &&library::Known| strsim::jaro_winkler(known.name, name);
    let nearest = library::ALL.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let hint = match nearest.filter(|known| likeness(known) >= ALIKE) {
        Some(known) => format!("did you mean {}? `wright break --list` lists all", known.name),
        None => "`wright break --list` lists the scripts that come along".to_owned(),
    };
    Failure::cannot(format!("there is no script {name}, neither a file nor one that comes along"), hint)
}

async fn connect(address: &str, tls: Option<ClientTls>, script: &Arc<Script>) -> Result<(), Failure> {
    let failed = |why: &str, hint: &str| Failure::cannot(format!("cannot connect to {address}: {why}"), hint);
    let listening = "is a server listening there?";
    let io = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
    let io = io.map_err(|_elapsed| failed("no answer", listening))?;
    let io = io.map_err(|error| failed(&error.to_string(), listening))?;
    let _ = io.set_nodelay(true);
    let mut io: Box<dyn Io> = Box::new(io);
    let with = if tls.is_some() { " over TLS" } else { "" };
    if let Some(tls) = tls {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let secured = tokio::time::timeout(HANDSHAKE_TIMEOUT, Upstream::secure(&tls, io, host)).await;
        let secured = secured.map_err(|_elapsed| failed("no TLS handshake in time", "does it speak TLS?"))?;
        io = secured.map_err(|(why, hint)| failed(&why, &hint))?;
    }
    say(1, format_args!("connected to {address}{with}"));
    match play(io, script, 1).await {
        Verdict::Played => Ok(()),
        Verdict::Surprised => Err(Failure::Said { exit: 1 }),
    }
}

async fn listen(arguments: &BreakArguments, script: Arc<Script>) -> Result<(), Failure> {
    let tls = arguments.tls.open()?;
    let (mut incoming, address) = door::open(&arguments.listen).await?;
    print(&format!("listening on {}, playing {}\n", paint(style::STRONG, address), script.name))?;
    let (mut conns, mut verdict) = (JoinSet::new(), Verdict::Played);
    let mut count = 0;
    let mut note = |ended: Result<Verdict, tokio::task::JoinError>| {
        if ended.is_ok_and(|ended| ended == Verdict::Surprised) {
            verdict = Verdict::Surprised;
        }
    };
    while arguments.count.is_none_or(|most| count < most) {
        tokio::select! {
            accepted = incoming.accept(), if conns.len() < MOST_CONNECTIONS => match accepted {
                Ok((io, peer)) => {
                    count += 1;
                    say(count, format_args!("from {peer}"));
                    conns.spawn(serve(io, tls.clone(), script.clone(), count));
                }
                Err(error) => {
                    remark(format_args!("{}: cannot accept: {error}", paint(style::PREFIX, "warning")));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = conns.join_next() => note(ended),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
    loop {
        tokio::select! {
            ended = conns.join_next() => match ended {
                Some(ended) => note(ended),
                None => break,
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
    match verdict {
        Verdict::Played => Ok(()),
        Verdict::Surprised => Err(Failure::Said { exit: 1 }),
    }
}

async fn serve(io: impl Io, tls: Option<ServerTls>, script: Arc<Script>, conn: u64) -> Verdict {
    match tls {
        None => play(Box::new(io), &script, conn).await,
        Some(tls) => {
            let accepted = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(io)).await;
            match accepted.unwrap_or_else(|_| Err("no TLS handshake in time".to_owned())) {
                Ok((io, _)) => play(io, &script, conn).await,
                Err(why) => {
                    say(conn, paint(style::BAD, why));
                    Verdict::Surprised
                }
            }
        }
    }
}

/// A script is read by people; nobody reads more than this.
const MOST_SCRIPT_BYTES: u64 = 1024 * 1024;

/// More would only be a load; the others wait to be accepted.
const MOST_CONNECTIONS: usize = 64;

/// How long the listener rests after an error: long enough not to spin, too short to be noticed.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// Who has connected begins at once.
const HANDSHAKE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// As `call` has it.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// A letter or two are wrong, and no more: the measure of Jaro and Winkler goes from 0 to 1.
const ALIKE: f64 = 0.85;
