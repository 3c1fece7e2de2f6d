//! How much of what the library's client can do `wright load` gets out of it.
//!
//! In: nothing. Out: calls a second, of a bare loop over the library's client and of the program, in turns, and the
//! ratio of their medians. Both call one server, which runs in this process, over loopback TCP.
//!
//! ```text
//!   bare loop   callers that call again as soon as they are answered, and count
//!   wright      the same, with a clock, a histogram and a plan around each call
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail"
)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wirewright::server::{Ended, ServerCall, Service};
use wirewright::services::reflection::Reflection;
use wirewright::transport::TcpIncoming;
use wirewright::{Endpoint, Interceptor, Method, MethodDescriptor, RawMessage, Request, Response, Server};

/// The method that is called.
const ECHO: Method<RawMessage, RawMessage> = Method::unary("/bench.Echo/Echo");

/// Answers with what it is sent.
struct Echo;

impl Service for Echo {
    const NAME: &'static str = "bench.Echo";
    const METHODS: &'static [MethodDescriptor] = &[ECHO.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        let (request, mut call) = call.unary(&ECHO).await?;
        let reply = call.run(async { Ok(Response::new(request.into_inner())) }).await;
        call.reply(reply).await
    }
}

fn main() {
    let address = serve();
    let (mut bare, mut wright) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (one, other) = (bare_loop(&address), program(&address));
        // The first round warms up.
        if round > 0 {
            println!("round {round}   bare {one:9.0} a second   wright {other:9.0} a second");
            bare.push(one);
            wright.push(other);
        }
    }
    let (bare, wright) = (median(bare), median(wright));
    println!(
        "median    bare {bare:9.0} a second   wright {wright:9.0} a second   ratio {:.2}",
        wright / bare
    );
}

/// Starts the server; gives its address.
fn serve() -> String {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
            tell.send(incoming.local_address().unwrap().to_string()).unwrap();
            let mut compiler = protox::Compiler::new([FOLDER]).unwrap();
            compiler.include_imports(true).open_file("bench.proto").unwrap();
            let set = compiler.encode_file_descriptor_set();
            let reflection = Reflection::builder().file_descriptor_set(set).build().unwrap();
            let server = Server::builder().add_service(Echo).add_service(reflection.v1());
            server.serve_until(incoming, std::future::pending()).await.unwrap();
        });
    });
    told.recv().unwrap()
}

/// Calls a second of a bare loop.
fn bare_loop(address: &str) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::new(address).unwrap().connect().await.unwrap();
        let (calls, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let (channel, calls) = (channel.clone(), calls.clone());
            callers.spawn(async move {
                while started.elapsed() < LENGTH {
                    channel.unary(&ECHO, Request::new(RawMessage::default())).await.unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while callers.join_next().await.is_some() {}
        calls.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
    })
}

/// Calls a second of the program.
fn program(address: &str) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wright"));
    let (callers, length) = (CALLERS.to_string(), format!("{}ms", LENGTH.as_millis()));
    command.args([
        "load",
        "-plaintext",
        "-o",
        "json",
        "-c",
        &callers,
        "-z",
        &length,
        address,
        "bench.Echo/Echo",
    ]);
    let output = command.output().unwrap();
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["errors"], serde_json::json!({}));
    outcome["calls_per_second"].as_f64().unwrap()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Odd, so that there is a middle.
const ROUNDS: usize = 5;

/// As many as `wright load` has unless told otherwise.
const CALLERS: usize = 50;

/// Long beside the start of the program, which is not counted, and short enough for ten rounds.
const LENGTH: Duration = Duration::from_secs(2);

/// Where the description of the service is.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches");
