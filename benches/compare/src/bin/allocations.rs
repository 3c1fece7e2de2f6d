//! `allocations`: how often and how much a unary call allocates, both ends in one process.
//!
//! Prints a line for each size and library: `SIZE KIND ALLOCATIONS BYTES`, of a call. One allocation of each call, of
//! the payload's size, is the caller's own message; the floor's is made once.
//!
//! It is a program of its own because counting takes time, which the measurements of `compare` must not contain.

use allocation_counter::measure;
use compare::load::Caller;
use compare::{Failure, Kind, floor, ours, peer_tonic};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

fn main() -> Result<(), Failure> {
    for size in [16, 1024] {
        for kind in Kind::ALWAYS {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
            let port = listener.local_addr()?.port();
            let (count, bytes) = match kind {
                Kind::Floor => {
                    runtime.spawn(floor::serve(listener));
                    count(&runtime, runtime.block_on(floor::Client::connect(port, size))?)?
                }
                Kind::Ours => {
                    runtime.spawn(ours::serve(listener));
                    count(&runtime, runtime.block_on(ours::Client::connect(port, size))?)?
                }
                _ => {
                    runtime.spawn(peer_tonic::serve(listener));
                    count(&runtime, runtime.block_on(peer_tonic::Client::connect(port, size))?)?
                }
            };
            println!("{size} {} {count:.2} {bytes:.0}", kind.name());
        }
    }
    Ok(())
}

fn count(runtime: &Runtime, client: impl Caller) -> Result<(f64, f64), Failure> {
    let calls = |calls: usize| {
        runtime.block_on(async {
            for _ in 0..calls {
                client.call().await?;
            }
            Ok::<(), Failure>(())
        })
    };
    // By then every buffer and table has reached the size that it keeps.
    calls(CALLS)?;
    let mut result = Ok(());
    let seen = measure(|| result = calls(CALLS));
    result?;
    Ok((seen.count_total as f64 / CALLS as f64, seen.bytes_total as f64 / CALLS as f64))
}

/// Enough that what happens now and then counts as often as it happens.
const CALLS: usize = 1000;
