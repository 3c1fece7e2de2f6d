//! `wright tap`: stands between a client and a server, and loses nothing.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use rcgen::{CertificateParams, KeyPair};
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, ring};
use wirewright::{Endpoint, Method, Request};

use crate::odd::{OddServer, Reflects};
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
fn a_recording_in_which_reflection_was_asked_names_the_fields_of_the_calls_after_it() {
    let server = OddServer::start(Reflects::Both, None);
    let recording = file("reflection");
    let path = recording.to_str().unwrap();
    let mut tap = Running::start(&["tap", "-l", "127.0.0.1:0", "-t", &server.address, "-o", path]);
    let address = tap.address();
    let data = r#"{"big": "-7", "colour": "GREEN", "text": "hi"}"#;
    let called = run(&mut wright(&["call", "-plaintext", "-d", data, &address, "odd.Odd/Echo"]));
    assert!(called.status.success(), "{}", text(&called.stderr));
    // Until it has told the call that came last.
    while !tap.line().contains("odd.Odd/Echo") {}
    drop(tap);
    let output = run(&mut wright(&["explain", path]));
    let told = text(&output.stdout);
    for row in [
        "odd.Box, ",
        "3 big                  -7   int64",
        "9 colour               GREEN   enum odd.Box.Colour",
    ] {
        assert_eq!(told.matches(row).count(), 2, "{row}, in the request and the answer:\n{told}");
    }
    assert!(told.contains("every byte told once"));
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

/// TLS from the client to the proxy, and again from there to the server, each with an authority of its own.
#[test]
fn tls_on_both_sides_is_recorded_as_what_it_carried() {
    let authority = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let (certificate_file, key_file) = (file(&format!("{name}-cert")), file(&format!("{name}-key")));
        std::fs::write(&certificate_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        (certificate_file.display().to_string(), key_file.display().to_string())
    };
    let (server_cert, server_key) = authority("server.example");
    let (proxy_cert, proxy_key) = authority("proxy.example");
    let identity =
        Identity { certificates: Pem::file(&server_cert).unwrap(), key: Pem::file(&server_key).unwrap() };
    let tls = ServerTls::new(ring(), identity, ClientCertificates::Ignored).unwrap();
    let server = OddServer::start(Reflects::Both, Some(tls));
    let recording = file("tls");
    let path = recording.to_str().unwrap();
    let inward = ["--tls-in-cert", &proxy_cert, "--tls-in-key", &proxy_key];
    // As grpcurl has it; the longer names are for those who find these too short.
    let outward = ["-cacert", &server_cert, "-servername", "server.example"];
    let place = ["tap", "-l", "127.0.0.1:0", "-t", &server.address, "-o", path];
    let mut tap = Running::start(&[&place[..], &inward, &outward].concat());
    let address = tap.address();
    let call = |flags: &[&str]| {
        let words = [&["call"], flags, &["-d", "{\"big\": 7}", &address, "odd.Odd/Echo"]].concat();
        run(&mut wright(&words))
    };
    let trust = ["-cacert", &proxy_cert, "-servername", "proxy.example"];
    let output = call(&trust);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\"big\": \"7\""), "{}", text(&output.stdout));
    // The line is printed when the call is in the recording.
    while !tap.line().contains("odd.Odd/Echo") {}
    // Neither the server's authority nor plaintext opens the proxy's door.
    assert_eq!(call(&["-cacert", &server_cert, "-servername", "proxy.example"]).status.code(), Some(1));
    assert_eq!(call(&["-plaintext"]).status.code(), Some(1));
    drop(tap);
    let whole = std::fs::read_to_string(&recording).unwrap();
    assert!(whole.contains("\"tls\":true") && !whole.contains("\"tls\":false"), "{whole}");
    let output = run(&mut wright(&["explain", path]));
    let told = text(&output.stdout);
    assert!(told.contains("odd.Odd/Echo") && told.contains("every byte told once"), "{told}");
    // What was recorded under TLS is answered again without it.
    let mut fixture = Running::start(&["fixture", "-l", "127.0.0.1:0", path]);
    let output = run(&mut wright(&["replay", "-plaintext", path, &fixture.address()]));
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    for file in [path, &server_cert, &server_key, &proxy_cert, &proxy_key] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn grpcurls_flags_for_tls_are_taken_and_what_goes_wrong_is_told() {
    let server = OddServer::start(Reflects::Both, None);
    let recording = file("plain");
    let path = recording.to_str().unwrap();
    let place = ["tap", "-l", "127.0.0.1:0", "-t", &server.address, "-o", path];
    // What plaintext makes meaningless is overlooked, as grpcurl does.
    let mut tap = Running::start(&[&place[..], &["-plaintext", "-servername", "x"]].concat());
    let output = run(&mut wright(&["list", "-plaintext", &tap.address()]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    drop(tap);
    std::fs::remove_file(path).unwrap();
    let table: [(&[&str], i32, &str); 5] = [
        (&["-plaintext", "-insecure"], 2, "cannot be used with"),
        (&["-cert", "x.pem"], 2, "--key"),
        (&["-alts"], 2, "ALTS is not spoken here"),
        (&["-cacert", "/dev/null"], 1, "hint: certificates and keys are read as PEM"),
        (&["-insecure", "-cert", "/no/such.pem", "-key", "/no/such.pem"], 1, "/no/such.pem"),
    ];
    for (flags, exit, expected) in table {
        let output = run(&mut wright(&[&place[..], flags].concat()));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {told}");
        assert!(told.contains(expected), "{flags:?}: {told}");
        assert!(!recording.exists(), "{flags:?}: nothing is written before all is clear");
    }
    // TLS towards a server that speaks plaintext: the client is let down, and the proxy says why.
    let mut child = wright(&[&place[..], &["-insecure"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let lines = BufReader::new(child.stdout.take().unwrap());
    let mut tap = Running::of(child, lines);
    let output = run(&mut wright(&["list", "-plaintext", &tap.address()]));
    assert_eq!(output.status.code(), Some(1));
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("cannot speak TLS with") && line.contains("leave out the flags for TLS"), "{line}");
    drop(tap);
    std::fs::remove_file(recording).unwrap();
}
