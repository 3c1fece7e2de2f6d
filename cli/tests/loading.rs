//! `wright load`: counts, times, and what is said of them.

use serde_json::Value;

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
