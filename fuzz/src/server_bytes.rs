//! `server_bytes`: a hostile client. The server stays whole, and leaves nothing behind.
//!
//! One server and one runtime live through all inputs, so what an input leaves behind meets the next.

use std::cell::RefCell;
use std::future::pending;

use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use wirewright::inspect::frames::PREFACE;
use wirewright::inspect::{Direction, Head, What};
use wirewright::transport::{Connector, PipeConnector, Weather, pipe, pipe_with};
use wirewright::{Address, Gzip, Server, Zstd};

use crate::hostile::{Script, all_gone_but, explain, runtime};
use crate::talk::{Stub, Talk};

/// Lets the input speak to a server.
pub fn server_bytes(input: &[u8]) {
    let Some(script) = Script::read(input) else { return };
    HOUSES.with_borrow_mut(|houses| {
        let house = &mut houses[usize::from(script.step_bytes() < usize::MAX)];
        let heard = house.runtime.block_on(async {
            let mut io = house.connector.connect(&Address::Memory).await.expect("the server accepts");
            io.write_all(PREFACE).await.expect("the server listens");
            let heard = script.play(io).await;
            all_gone_but(house.tasks).await;
            heard
        });
        for event in explain(Direction::ToClient, &heard) {
            match event.what {
                What::TrailersOnly(head) => says_how_it_went(&head, ":status"),
                What::Trailers(head) => says_how_it_went(&head, "grpc-status"),
                _ => {}
            }
        }
    });
}

/// However a call ended, a gRPC client can read it.
fn says_how_it_went(head: &Head, must_have: &str) {
    assert!(head.get(must_have).is_some(), "{must_have} is missing: {head:?}");
    let status =
        head.get("grpc-status").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u32>().ok());
    assert!(status.is_some_and(|status| status <= 16), "no grpc-status: {head:?}");
}

/// A server at the far end of a pipe.
struct House {
    runtime: Runtime,
    connector: PipeConnector,
    /// The tasks of a server without connections.
    tasks: usize,
}

impl House {
    fn in_weather(weather: Option<Weather>) -> House {
        let (connector, incoming) = weather.map_or_else(pipe, pipe_with);
        let runtime = runtime();
        let server = Server::builder().compression(Gzip::default()).compression(Zstd::default());
        let server = server.add_service(Talk::new(Stub::default()));
        runtime.spawn(server.serve_until(incoming, pending()));
        let tasks = runtime.metrics().num_alive_tasks();
        House { runtime, connector, tasks }
    }
}

thread_local! {
    /// In fair weather and in foul.
    static HOUSES: RefCell<[House; 2]> = RefCell::new([
        House::in_weather(None),
        House::in_weather(Some(Weather { step_bytes: 3, cut_after_bytes: None })),
    ]);
}
