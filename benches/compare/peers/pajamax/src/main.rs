//! pajamax, a server of unary calls that has a thread for each connection and no runtime.
//!
//! The newest generator on the registry, pajamax-build 0.3.0, prints code for the version before this one, so the
//! service is written down as 0.4.0 wants it. A message must come in one DATA frame (16 KiB at most), and no window is
//! looked at: it is measured with messages up to 1 KiB. Every setting is at its default, but for the number of
//! connections and of streams, which the comparison's callers would exceed.

use std::net::TcpListener;

use pajamax::error::Error;
use pajamax::{Config, PajamaxService, Response, local_build_response};
use prost::Message;

/// The message of every call, in both directions.
#[derive(Clone, PartialEq, Message)]
struct Echo {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

/// Answers with what it was asked.
struct Echoes;

impl PajamaxService for Echoes {
    fn route(&self, path: &[u8]) -> Option<usize> {
        (path == b"/bench.Echoes/Unary").then_some(0)
    }

    fn handle(&self, _: usize, request: &[u8], stream: u32) -> Result<(), Error> {
        let reply: Response<Echo> = Ok(Echo::decode(request)?);
        local_build_response(stream, reply)
    }

    fn is_dispatch_mode(&self) -> bool {
        false
    }
}

fn main() -> std::io::Result<()> {
    // It binds by itself and does not say where, so a free port is looked for first.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    println!("{}", address.port());
    let config = Config::new().max_concurrent_connections(CONNECTIONS).max_concurrent_streams(STREAMS);
    config.add_service(Echoes).serve(address)
}

/// More than the comparison opens.
const CONNECTIONS: usize = 50_000;

/// As many as the comparison has in flight on one connection.
const STREAMS: usize = 1000;
