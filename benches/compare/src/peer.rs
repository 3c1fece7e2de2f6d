//! A program that is one peer at either end, told by the same words as `compare` itself.
//!
//! ```text
//!   PROGRAM server KIND [FOLDER]                                   prints its port, and answers
//!   PROGRAM client KIND PORT INFLIGHT SIZE CONNECTIONS [FOLDER]    obeys standard input: see `load`
//! ```
//!
//! KIND is whoever of several a program is to be, and FOLDER has the certificate and the key for TLS; a program that is
//! always the same, or that has no TLS, does not look at them.

use tokio::net::TcpListener;

use crate::load::{Caller, obey};
use crate::{Failure, current_thread, listen};

/// Does what the command line says.
///
/// # Errors
///
/// Says so if that is none of the two, or whatever went wrong on the way.
pub fn run<C: Caller>(
    serve: impl AsyncFnOnce(TcpListener) -> Result<(), Failure>,
    connect: impl AsyncFn(u16, usize) -> Result<C, Failure>,
) -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["server", ..] => listen(serve),
        ["client", _, port, in_flight, size, connections, ..] => {
            let (port, size) = (port.parse()?, size.parse()?);
            let (in_flight, connections) = (in_flight.parse()?, connections.parse()?);
            current_thread(async {
                obey(several(connections, || connect(port, size)).await?, in_flight).await
            })
        }
        _ => Err("server KIND, or client KIND PORT INFLIGHT SIZE CONNECTIONS".into()),
    }
}

/// A client for each connection.
///
/// # Errors
///
/// Whatever kept one from connecting.
pub async fn several<C>(
    connections: usize,
    connect: impl AsyncFn() -> Result<C, Failure>,
) -> Result<Vec<C>, Failure> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(connect().await?);
    }
    Ok(clients)
}
