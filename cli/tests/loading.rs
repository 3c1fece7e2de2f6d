//! `wright load`: counts, times, and what is said of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::TcpIncoming;
use wirewright::{Interceptor, Method, MethodDescriptor, RawMessage, Response, Server};

use crate::odd::{OddServer, Reflects};
use crate::support::{Serving, run, text, wright};

/// The outcome of a run, as JSON.
fn outcome(address: &str, method: &str, flags: &[&str]) -> Value {
    let words = [&["load", "-plaintext", "-o", "json"], flags, &[address, method]].concat();
    let output = run(&mut wright(&words));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

#[test]
fn every_call_is_counted_once_whatever_its_kind() {
    let server = Serving::start();
    for method in [
        "helloworld.Greeter/SayHello",
        "routeguide.RouteGuide/RecordRoute",
        "routeguide.RouteGuide/RouteChat",
    ] {
        let run = outcome(&server.address, method, &["-n", "300", "-c", "7", "--connections", "2"]);
        assert_eq!((&run["calls"], &run["ok"], &run["loop"]), (&300.into(), &300.into(), &"closed".into()));
        let steps = run["histogram"].as_array().unwrap();
        let counted: u64 = steps.iter().map(|step| step["calls"].as_u64().unwrap()).sum();
        assert_eq!(counted, 300, "{method}");
        let quantiles = &run["latency_ms"]["quantiles"];
        let at = |name: &str| quantiles[name].as_f64().unwrap();
        assert!(at("p50") <= at("p99") && at("p99") <= run["latency_ms"]["max"].as_f64().unwrap());
    }
}

#[test]
fn an_open_loop_says_that_its_times_are_corrected() {
    let server = Serving::start();
    let run = outcome(&server.address, "helloworld.Greeter/SayHello", &["--rps", "200", "-n", "40"]);
    assert_eq!((&run["calls"], &run["corrected"], &run["loop"]), (&40.into(), &true.into(), &"open".into()));
    // Forty calls at two hundred a second take the better part of a fifth of a second, never less.
    assert!(run["seconds"].as_f64().unwrap() >= 0.195, "{run}");
}

/// One caller, and a server that takes far longer than the interval: the wait is not left out.
#[test]
fn calls_that_begin_late_count_from_when_they_were_due() {
    let server = Serving::start();
    let flags = ["--rps", "1000", "-n", "10", "-c", "1", "-max-time", "0.05"];
    // Watch never ends, so each call takes its fifty milliseconds and fails; with one caller the tenth begins after
    // nine of them, though it was due after nine milliseconds.
    let run = outcome(&server.address, "grpc.health.v1.Health/Watch", &flags);
    assert_eq!(run["errors"]["DEADLINE_EXCEEDED"]["calls"], 10);
    assert!(run["seconds"].as_f64().unwrap() >= 0.5, "{run}");
    assert_eq!(run["ok"], 0);
}

/// A server that answers nothing for a second when it is first called, and then at once.
struct Stalling(AtomicBool);

const ECHO: Method<RawMessage, RawMessage> = Method::unary("/odd.Odd/Echo");

impl Service for Stalling {
    const NAME: &'static str = "odd.Odd";
    const METHODS: &'static [MethodDescriptor] = &[ECHO.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        let (request, call) = call.unary(&ECHO).await?;
        if !self.0.swap(true, Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        call.reply(Ok(Response::new(request.into_inner()))).await
    }
}

/// Runs `wright load` with one caller against it.
fn against_a_stall(flags: &[&str]) -> Value {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let incoming = runtime.block_on(async { TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap() });
    let address = incoming.local_address().unwrap().to_string();
    let server = Server::builder().add_service(Stalling(AtomicBool::new(false)));
    runtime.spawn(server.serve_until(incoming, std::future::pending()));
    let folder = crate::odd::folder();
    let schema = ["-import-path", &folder, "-proto", "odd.proto", "-c", "1", "-n", "100"];
    outcome(&address, "odd.Odd/Echo", &[&schema, flags].concat())
}

/// How many of the calls took at least so many milliseconds, less what the steps of the histogram round.
fn at_least(run: &Value, ms: f64) -> u64 {
    let steps = run["histogram"].as_array().unwrap();
    let slow = steps.iter().filter(|step| step["up_to_ms"].as_f64().unwrap() >= ms);
    slow.map(|step| step["calls"].as_u64().unwrap()).sum()
}

/// A hundred calls are due in a second, and in this second the server answers nobody. A caller that waits for the first
/// answer makes no other calls, so a clock that starts when a call starts sees one slow call in a hundred. In truth the
/// half of them that were due in the first half of the second waited for more than half a second.
#[test]
fn a_server_that_stalls_for_a_second_cannot_hide_it_in_an_open_loop() {
    let run = against_a_stall(&["--rps", "100"]);
    assert_eq!((&run["ok"], &run["corrected"]), (&100.into(), &true.into()));
    let at = |name: &str| run["latency_ms"]["quantiles"][name].as_f64().unwrap();
    assert!(at("p50") >= 490.0 && at("p90") >= 890.0 && at("p99") >= 980.0, "{run}");
    assert!(at_least(&run, 500.0) >= 50, "{run}");
    // A closed loop has no instants at which calls are due: it sees the one, and says that it corrects nothing.
    let run = against_a_stall(&[]);
    assert_eq!((&run["ok"], &run["corrected"]), (&100.into(), &false.into()));
    assert!(run["latency_ms"]["max"].as_f64().unwrap() >= 990.0, "{run}");
}

#[test]
fn the_page_tells_errors_by_their_code_and_a_run_without_success_fails() {
    let server = OddServer::start(Reflects::Both, None);
    let output = run(&mut wright(&["load", "-plaintext", "-n", "20", &server.address, "odd.Odd/Fail"]));
    assert_eq!(output.status.code(), Some(1));
    let page = text(&output.stdout);
    assert!(page.contains("FAILED_PRECONDITION") && page.contains("20   odd"), "{page}");
    assert_eq!(text(&output.stderr), "", "no progress where nobody looks");

    let output =
        run(&mut wright(&["load", "-plaintext", "-n", "20", "-z", "5s", &server.address, "odd.Odd/Echo"]));
    assert_eq!(output.status.code(), Some(0));
    let page = text(&output.stdout);
    for line in [
        "closed loop: 50 calls at a time over 1 connection",
        "p99.9 ",
        "up to",
        "a closed loop makes no calls",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(page.lines().all(|line| line.len() <= 100 && line.trim_end() == line), "{page}");
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for flags in [&["-c", "0"][..], &["--rps", "0"], &["-z", "5"], &["-n", "x"]] {
        let words = [&["load", "-plaintext"], flags, &["127.0.0.1:1", "a.B/C"]].concat();
        assert_eq!(run(&mut wright(&words)).status.code(), Some(2), "{flags:?}");
    }
}
