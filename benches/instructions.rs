//! The instruction budget of a call: what each end may execute beyond the least code over h2 that does the same.
//!
//! In: valgrind, which counts instructions. Out: the counts, and a failure if one of them is over its budget. Counts
//! hardly depend on the machine, so unlike times they can fail a build; they do depend on the compiler and on the
//! architecture, so the budgets leave a few per cent.
//!
//! ```text
//!   cargo bench -p wirewright --bench instructions   this program, which starts itself under cachegrind:
//!     |- play unary raw raw    N, then 2 N      both ends raw h2: the floor
//!     |- play unary ours raw   N, then 2 N      our server, a raw client
//!     |- play unary raw ours   N, then 2 N      a raw server, our client
//!     |- play armed ...                         unary with an interceptor, deadlines and limits, and their fields
//!     '- play stream ours ours N, then 2 N      both ends ours
//! ```
//!
//! Both ends run in one thread over an in-memory pipe, so nothing depends on who is scheduled when. What N more units
//! cost is the difference of the two runs, which takes start-up and the growth of tables out of it. What one of our
//! ends costs beyond the floor is the difference to the pair of raw ends, in which h2, tokio and the pipe cancel out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the check")]

use std::future::pending;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request as Head, Response as ResponseHead, Version, header};
use tokio::task::JoinSet;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::{Connector, Incoming, PipeIncoming, pipe};
use wirewright::{
    Address, Channel, Endpoint, Interceptor, Method, MethodDescriptor, Request, Response, Server, Status,
    on_start,
};

/// What may be executed.
struct Budget {
    what: &'static str,
    /// How the program plays it, and for how many units the first time.
    work: &'static str,
    server: &'static str,
    client: &'static str,
    units: u64,
    /// Whether the same work between raw ends is taken off.
    beyond_floor: bool,
    /// Instructions for one unit.
    at_most: f64,
}

/// Measured with rustc 1.95 and h2 0.4.20 on x86-64: 6,860, 5,790 to 6,220, 7,570, 7,640 to 8,220 and 1,475. Each budget is
/// some 5 % above that, because hash tables are seeded at random and compilers differ.
const BUDGETS: [Budget; 5] = [
    Budget {
        what: "server, unary 16 B, beyond the floor",
        work: "unary",
        server: "ours",
        client: "raw",
        units: CALLS,
        beyond_floor: true,
        at_most: 7_200.0,
    },
    Budget {
        what: "client, unary 16 B, beyond the floor",
        work: "unary",
        server: "raw",
        client: "ours",
        units: CALLS,
        beyond_floor: true,
        at_most: 6_500.0,
    },
    Budget {
        what: "server, the same with all switched on",
        work: "armed",
        server: "ours",
        client: "raw",
        units: CALLS,
        beyond_floor: true,
        at_most: 7_950.0,
    },
    Budget {
        what: "client, the same with all switched on",
        work: "armed",
        server: "raw",
        client: "ours",
        units: CALLS,
        beyond_floor: true,
        at_most: 8_600.0,
    },
    Budget {
        what: "streamed message of 16 B, both ends",
        work: "stream",
        server: "ours",
        client: "ours",
        units: MESSAGES,
        beyond_floor: false,
        at_most: 1_550.0,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["play", work, server, client, units] = words[..] {
        play(work, server, client, units.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    if cfg!(debug_assertions) {
        println!(
            "instructions: skipped, unoptimized code has no budget; `cargo bench -p wirewright --bench instructions`"
        );
        return ExitCode::SUCCESS;
    }
    if !cfg!(target_arch = "x86_64") {
        println!("instructions: skipped, the budgets are for x86-64");
        return ExitCode::SUCCESS;
    }
    if !Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        println!("instructions: skipped, there is no valgrind (Debian: apt-get install valgrind)");
        return ExitCode::SUCCESS;
    }
    let kept = BUDGETS.iter().map(Budget::check).collect::<Vec<bool>>();
    if kept.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Budget {
    /// Measures and prints; whether the budget is kept.
    fn check(&self) -> bool {
        let whole = per_unit(self.work, self.server, self.client, self.units);
        let floor = if self.beyond_floor { per_unit(self.work, "raw", "raw", self.units) } else { 0.0 };
        let seen = whole - floor;
        let verdict = if seen <= self.at_most { "kept" } else { "EXCEEDED" };
        let Budget { what, at_most, .. } = self;
        println!("{what:<38} {seen:>8.0} instructions, budget {at_most:>6.0}: {verdict}");
        if self.beyond_floor {
            println!("{:<38} {whole:>8.0} with the other end raw, {floor:.0} with both", "");
        }
        seen <= self.at_most
    }
}

/// Instructions of one more unit.
fn per_unit(work: &str, server: &str, client: &str, units: u64) -> f64 {
    let few = instructions(work, server, client, units);
    let many = instructions(work, server, client, 2 * units);
    (many - few) as f64 / units as f64
}

/// Instructions of a whole run.
fn instructions(work: &str, server: &str, client: &str, units: u64) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["play", work, server, client, &units.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the run under valgrind failed:\n{said}");
    let line = said.lines().find_map(|line| line.split_once("I refs:").or(line.split_once("I   refs:")));
    let (_, number) = line.unwrap_or_else(|| panic!("no count of instructions in\n{said}"));
    number.trim().replace(',', "").parse().unwrap()
}

fn play(work: &str, server: &str, client: &str, units: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (connector, incoming) = pipe();
        let endpoint = || Endpoint::new("in.memory:1").unwrap().connector(connector.clone());
        match (work, server) {
            (_, "raw") => drop(tokio::spawn(serve(incoming))),
            ("armed", _) => {
                let server = Server::builder()
                    .intercept(on_start(|_, metadata| {
                        metadata.get(CALLER.0).map(drop).ok_or_else(|| Status::unauthenticated("who calls?"))
                    }))
                    .max_receive_message_size(LIMIT)
                    .max_send_message_size(LIMIT);
                tokio::spawn(server.add_service(Echoes).serve_until(incoming, pending()));
            }
            _ => drop(tokio::spawn(Server::builder().add_service(Echoes).serve_until(incoming, pending()))),
        }
        match (work, client) {
            (_, "raw") => {
                let io = connector.connect(&Address::Memory).await.unwrap();
                let (requests, connection) = h2::client::handshake(io).await.unwrap();
                tokio::spawn(connection);
                let is_armed = work == "armed";
                in_flight(units, requests, move |requests| ask(requests, is_armed)).await;
            }
            ("armed", _) => {
                let name = on_start(|_, metadata| {
                    let named = metadata.insert(CALLER.0, CALLER.1);
                    named.map(drop).map_err(|error| Status::internal(error.to_string()))
                });
                let endpoint =
                    endpoint().timeout(TIMEOUT).max_receive_message_size(LIMIT).max_send_message_size(LIMIT);
                in_flight(units, endpoint.lazy().intercept(name), call).await;
            }
            ("unary", _) => in_flight(units, endpoint().lazy(), call).await,
            _ => {
                let count = Echo { payload: units.to_string().into_bytes() };
                let channel = endpoint().lazy();
                let mut replies = channel.server_streaming(&MANY, Request::new(count)).await.unwrap();
                while replies.message().await.unwrap().is_some() {}
            }
        }
    });
}

/// Makes so many calls, [`IN_FLIGHT`] at a time.
async fn in_flight<C, F>(calls: u64, client: C, call: impl Fn(C) -> F + Copy + Send + 'static)
where
    C: Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let mut callers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let client = client.clone();
        callers.spawn(async move {
            for _ in 0..calls / IN_FLIGHT {
                call(client.clone()).await;
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
}

// Our ends.

#[derive(Clone, PartialEq, prost::Message)]
struct Echo {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

const UNARY: Method<Echo, Echo> = Method::unary(PATH);
const MANY: Method<Echo, Echo> = Method::server_streaming("/test.Echoes/Many");

async fn call<I: Interceptor>(channel: Channel<I>) {
    let request = Request::new(Echo { payload: vec![b'x'; PAYLOAD] });
    assert_eq!(channel.unary(&UNARY, request).await.unwrap().get_ref().payload.len(), PAYLOAD);
}

/// Answers with what it was asked, or with as many messages as it was asked for.
struct Echoes;

impl Service for Echoes {
    const NAME: &'static str = "test.Echoes";
    const METHODS: &'static [MethodDescriptor] = &[UNARY.describe(), MANY.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Unary" => {
                let (request, mut call) = call.unary(&UNARY).await?;
                let reply = call.run(async { Ok(Response::new(request.into_inner())) }).await;
                call.reply(reply).await
            }
            "Many" => {
                let (request, mut replies, mut call) = call.server_streaming(&MANY).await?;
                let count: u64 = String::from_utf8_lossy(&request.get_ref().payload).parse().unwrap();
                let end = call.run(async {
                    for _ in 0..count {
                        replies.send(Echo { payload: vec![b'x'; PAYLOAD] }).await?;
                    }
                    Ok(())
                });
                let end = end.await;
                call.close(replies, end).await
            }
            _ => call.unimplemented().await,
        }
    }
}

// The raw ends: the least code over h2 that answers, or asks, correctly.

async fn serve(mut incoming: PipeIncoming) {
    while let Ok((io, _)) = incoming.accept().await {
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(io).await.unwrap();
            while let Some(accepted) = connection.accept().await {
                let (request, mut respond) = accepted.unwrap();
                tokio::spawn(async move {
                    let bytes = read(request.into_body()).await.0;
                    let mut head = ResponseHead::new(());
                    head.headers_mut()
                        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                    let mut stream = respond.send_response(head, false).unwrap();
                    stream.send_data(bytes, false).unwrap();
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", HeaderValue::from_static("0"));
                    stream.send_trailers(trailers).unwrap();
                });
            }
        });
    }
}

async fn ask(requests: SendRequest<Bytes>, is_armed: bool) {
    let head = Head::post(format!("http://in.memory:1{PATH}")).version(Version::HTTP_2);
    let mut head = head.header(header::TE, "trailers").header(header::CONTENT_TYPE, "application/grpc");
    if is_armed {
        head = head.header("grpc-timeout", "10S").header(CALLER.0, CALLER.1);
    }
    let mut message = BytesMut::with_capacity(PAYLOAD + 7);
    // The prefix, then field 1 with its length: what our ends encode.
    message.put_slice(&[0, 0, 0, 0, PAYLOAD as u8 + 2, 0x0a, PAYLOAD as u8]);
    message.put_bytes(b'x', PAYLOAD);
    let mut requests = requests.ready().await.unwrap();
    let (response, mut stream) = requests.send_request(head.body(()).unwrap(), false).unwrap();
    stream.send_data(message.freeze(), true).unwrap();
    let (bytes, trailers) = read(response.await.unwrap().into_body()).await;
    assert_eq!(bytes.len(), PAYLOAD + 7);
    assert_eq!(trailers.unwrap().get("grpc-status").unwrap(), "0");
}

/// The bytes of a stream, which are small enough to come at once, and its trailers.
async fn read(mut stream: h2::RecvStream) -> (Bytes, Option<HeaderMap>) {
    let mut bytes = Bytes::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.unwrap();
        stream.flow_control().release_capacity(chunk.len()).unwrap();
        assert!(bytes.is_empty() || chunk.is_empty(), "a small message came in pieces");
        bytes = if bytes.is_empty() { chunk } else { bytes };
    }
    (bytes, stream.trailers().await.unwrap())
}

const PATH: &str = "/test.Echoes/Unary";

/// What an interceptor of the client says, and one of the server wants to hear.
const CALLER: (&str, &str) = ("x-caller", "bench");

/// A limit that no message reaches.
const LIMIT: usize = 1024 * 1024;

/// A deadline that no call misses, but whose timer is set at both ends.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of the payload of every message.
const PAYLOAD: usize = 16;

/// Calls at a time: enough that what one wake costs is shared, as under load.
const IN_FLIGHT: u64 = 10;

/// Calls of the shorter run: what happens once in a while has happened a few times.
const CALLS: u64 = 1_000;

/// Messages of the shorter run, for the same reason.
const MESSAGES: u64 = 10_000;
