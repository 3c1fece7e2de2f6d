//! `wright demo`: four calls, and what crossed the wire.
//!
//! In: nothing, or an address to listen on. Out: a page on standard output.
//!
//! ```text
//!   services   Greeter and RouteGuide: what a user of the library writes
//!   server     where they are served
//!   journal    a line for each call, while anybody may call
//!   calls      one call of each kind, and how to tell their messages
//!   record     an ear on the connection that remembers what it hears
//!   moments    the recorded bytes, read back: heads, messages, trailers
//!   render     moments -> text
//!   hex        a message's bytes, and once what each of them means
//! ```
//!
//! Nothing that is printed comes from the calls themselves. Only the socket is asked, and the library's `inspect`
//! room, which shares no code with what wrote the bytes.

mod calls;
mod hex;
mod journal;
mod moments;
mod record;
mod render;
mod server;
mod services;

use std::io::Write;

use wirewright::Endpoint;

use crate::failure::Failure;
use moments::Recorded;
use record::Recorder;
use server::Embedded;

pub(crate) use server::listen;

/// What `wirewright-codegen` prints for `proto/examples/helloworld.proto`.
#[allow(missing_docs, unreachable_pub, dead_code, reason = "generated for libraries, used by a program")]
mod helloworld {
    include!(concat!(env!("OUT_DIR"), "/helloworld.rs"));
}

/// What `wirewright-codegen` prints for `proto/examples/route_guide.proto`.
#[allow(missing_docs, unreachable_pub, dead_code, reason = "generated for libraries, used by a program")]
mod routeguide {
    include!(concat!(env!("OUT_DIR"), "/routeguide.rs"));
}

/// Makes the four calls and prints what they looked like on the wire.
pub(crate) async fn show() -> Result<(), Failure> {
    let server = Embedded::start()?;
    let recorder = Recorder::default();
    let endpoint = Endpoint::new(server.address())?;
    let channel = endpoint.timeout(calls::PATIENCE).tap(recorder.tap()).connect().await?;
    calls::make_all(&channel).await?;
    let recorded = Recorded::read(&recorder.log());
    drop(channel);
    server.stop().await?;

    let page = render::page(&recorded, &command())?;
    let mut out = anstream::stdout();
    out.write_all(page.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// What to type for this command: `cargo run` if that is how it was started.
fn command() -> String {
    let by_cargo = std::env::var_os("CARGO").is_some();
    if by_cargo { "cargo run -- demo".to_owned() } else { "wright demo".to_owned() }
}
