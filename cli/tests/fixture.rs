//! `wright fixture`: answers as they were recorded, without the server.

use rcgen::{CertificateParams, KeyPair};

use crate::replay::{file, recording};
use crate::support::{Running, Serving, run, text, wright};

/// The circle is closed: what is answered from a recording is what was recorded, whoever made the calls.
#[test]
fn every_recording_is_answered_as_it_was_recorded() {
    let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");
    let peers = std::fs::read_dir(peers).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let lessons = (1..=10).map(|number| format!("lesson:{number}"));
    for recording in lessons.chain(peers) {
        let mut fixture = Running::start(&["fixture", "-l", "127.0.0.1:0", &recording]);
        let output = run(&mut wright(&["replay", "-plaintext", &recording, &fixture.address()]));
        let (said, told) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{recording}: {said}{told}");
        assert!(said.contains("answered as recorded"), "{recording}: {said}{told}");
    }
}

#[test]
fn a_request_that_was_not_recorded_is_told_what_is_nearest() {
    let server = Serving::start();
    let recording = recording(&server, "fixture.jsonl");
    let path = recording.to_str().unwrap();
    drop(server);
    let mut fixture = Running::start(&["fixture", "-l", "127.0.0.1:0", path]);
    let address = fixture.address();
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/examples");
    let call = |method: &str, data: &str| {
        let files = ["-import-path", protos, "-proto", "helloworld.proto", "-proto", "route_guide.proto"];
        let words = [&["call", "-plaintext"], &files[..], &["-d", data, &address, method]].concat();
        let output = run(&mut wright(&words));
        (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    for _ in 0..2 {
        let (code, said, told) = call("helloworld.Greeter/SayHello", "{\"name\": \"you\"}");
        assert_eq!((code, said.as_str()), (Some(0), "{\n  \"message\": \"Hello you\"\n}\n"), "{told}");
        assert_eq!(fixture.line(), "helloworld.Greeter/SayHello  as call 1  OK\n");
    }
    let (code, _, told) = call("helloworld.Greeter/SayHello", "{\"name\": \"yon\"}");
    assert_eq!(code, Some(64 + 5));
    assert!(told.contains("the nearest, call 1, has another message 1 from byte 4 on"), "{told}");
    assert!(fixture.line().contains("not recorded  NOT_FOUND"));
    let (code, _, told) = call("routeguide.RouteGuide/GetFeature", "{}");
    assert_eq!(code, Some(64 + 12));
    assert!(
        told.contains("the recording has no call to /routeguide.RouteGuide/GetFeature; the nearest is"),
        "{told}"
    );
    let (code, _, told) = call("routeguide.RouteGuide/RouteChat", "{\"message\": \"a\"}");
    assert_eq!(code, Some(64 + 5));
    assert!(told.contains("ends after 1 message; the nearest, call 4, goes on"), "{told}");
    std::fs::remove_file(recording).unwrap();
}

/// The recorded call took 74 ms, and no answer comes before its time.
#[test]
fn at_recorded_speed_an_answer_takes_as_long_as_it_did() {
    let mut fixture = Running::start(&["fixture", "-l", "127.0.0.1:0", "--speed", "1", "lesson:3"]);
    let output = run(&mut wright(&["replay", "-plaintext", "lesson:3", &fixture.address()]));
    let said = text(&output.stdout).trim_end();
    let times =
        said.strip_prefix("1 call answered as recorded; recorded in ").unwrap_or_else(|| panic!("{said}"));
    let (then, now) = times.split_once(" ms, now in ").unwrap();
    let now: f64 = now.trim_end_matches(" ms").parse().unwrap();
    assert!(now >= then.parse().unwrap(), "{said}");
}

#[test]
fn it_speaks_tls_and_refuses_what_is_no_certificate() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert, secret) = (file("fixture-cert.pem"), file("fixture-key.pem"));
    std::fs::write(&cert, certificate.pem()).unwrap();
    std::fs::write(&secret, key.serialize_pem()).unwrap();
    let (cert, secret) = (cert.to_str().unwrap(), secret.to_str().unwrap());
    let flags = ["fixture", "-l", "127.0.0.1:0", "--tls-key", secret, "--tls-cert"];
    let mut fixture = Running::start(&[&flags[..], &[cert, "lesson:1"]].concat());
    let address = fixture.address();
    let output =
        run(&mut wright(&["replay", "-cacert", cert, "-servername", "localhost", "lesson:1", &address]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = run(&mut wright(&["replay", "-plaintext", "lesson:1", &address]));
    assert!(text(&output.stderr).contains("leave out -plaintext"), "{}", text(&output.stderr));
    let output = run(&mut wright(&[&flags[..], &[secret, "lesson:1"]].concat()));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("read as PEM"), "{}", text(&output.stderr));
    for file in [cert, secret] {
        std::fs::remove_file(file).unwrap();
    }
}
