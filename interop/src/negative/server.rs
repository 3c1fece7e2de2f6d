//! The misbehaving server: listens, and misbehaves in one way.

use std::net::Ipv4Addr;

use clap::Parser;
use tokio::net::TcpListener;

use super::connection::serve;
use super::script::Case;
use crate::official::flags;

/// Misbehaves towards the clients of one negative HTTP/2 test case.
#[derive(Debug, Parser)]
#[command(name = "http2-server")]
struct Flags {
    /// The port to listen on.
    #[arg(long = "port", default_value_t = 8080)]
    port: u16,

    /// How to misbehave.
    #[arg(long = "test_case")]
    test_case: String,
}

/// Serves on the port that the command line names, until the program is ended.
///
/// # Errors
///
/// Says that there is no such case, or no such port.
pub async fn run_server() -> Result<(), String> {
    let flags: Flags = flags();
    let case = Case::named(&flags.test_case)?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, flags.port)).await;
    let listener = listener.map_err(|error| format!("cannot listen on port {}: {error}", flags.port))?;
    println!("http2 server listening on port {}", flags.port);
    loop {
        let (socket, _) = listener.accept().await.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            if let Err(error) = serve(socket, case).await {
                // A client that is satisfied may leave without a word.
                eprintln!("a connection broke: {error}");
            }
        });
    }
}
