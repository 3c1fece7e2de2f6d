//! `wright tap`: stands between a client and a server, and loses nothing.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use wirewright::{Endpoint, Method, Request};

use crate::support::{Running, run, text, wright};

const SAY_HELLO: Method<String, String> = Method::unary("/helloworld.Greeter/SayHello");

/// Where a recording may be written.
fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wright-tap-{}-{name}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn calls_through_the_proxy_are_answered_recorded_and_survive_its_death() {
    let mut server = Running::start(&["demo", "--listen", "127.0.0.1:0"]);
    let target = server.address();
    let recording = file("calls");
    let path = recording.to_str().unwrap();
    let arguments = ["tap", "-l", "127.0.0.1:0", "-t", &target, "-o", path, "--redact", "authorization"];
    let mut tap = Running::start(&arguments);
    let address = tap.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::new(address.as_str()).unwrap().connect().await.unwrap();
        for _ in 0..2 {
            let mut request = Request::new("world".to_owned());
            request.metadata_mut().insert("authorization", "Bearer s3cret").unwrap();
            let reply = channel.unary(&SAY_HELLO, request).await.unwrap();
            assert_eq!(reply.get_ref(), "Hello world");
        }
    });
    // The line about a call is printed after its last bytes were written.
    let _hint = tap.line();
    for _ in 0..2 {
        let line = tap.line();
        assert!(line.contains("helloworld.Greeter/SayHello") && line.contains("OK"), "{line}");
    }
    // Nobody is told, and nothing is lost.
    drop(tap);
    let output = run(&mut wright(&["explain", path]));
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(told.matches("\"Hello world\"").count(), 2, "{told}");
    assert_eq!(told.matches("(redacted)").count(), 2, "{told}");
    assert!(!told.contains("s3cret") && told.contains("every byte told once"), "{told}");
    let again = run(&mut wright(&arguments));
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("never overwritten"), "{}", text(&again.stderr));
    std::fs::remove_file(recording).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_named_and_the_proxy_stays() {
    let recording = file("nobody");
    let mut tap =
        wright(&["tap", "-l", "127.0.0.1:0", "-t", "127.0.0.1:1", "-o", recording.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut errors = BufReader::new(tap.stderr.take().unwrap());
    let lines = BufReader::new(tap.stdout.take().unwrap());
    let mut tap = Running::of(tap, lines);
    let address = tap.address();
    drop(std::net::TcpStream::connect(address).unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("is the server listening there?"), "{line}");
    drop(tap);
    std::fs::remove_file(recording).unwrap();
}
