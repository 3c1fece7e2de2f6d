//! `wright break`: what our own client and server make of peers that misbehave, and scripts that make no sense.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, ring};
use wirewright::{Endpoint, Method, Request, Status};

use crate::odd::{OddServer, Reflects};
use crate::replay::file;
use crate::support::{Running, Serving, run, text, wright};

const SAY_HELLO: Method<String, String> = Method::unary("/helloworld.Greeter/SayHello");

/// Calls a server that plays this script; how the call ended.
async fn call(name: &str, patience: Duration) -> Result<String, Status> {
    let mut server = Running::start(&["break", "-l", "127.0.0.1:0", name]);
    let endpoint = Endpoint::new(server.address().as_str()).unwrap();
    let channel = endpoint.connect_timeout(patience, patience).lazy();
    let request = Request::new("world".to_owned()).with_timeout(patience);
    channel.unary(&SAY_HELLO, request).await.map(|reply| reply.into_inner())
}

/// What every script for a server comes to with our client is what the table in `docs/break.md` says. Those that leave
/// a call without an end are called with less patience.
#[test]
fn each_script_comes_to_the_status_that_the_document_says() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/break.md")).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let expected: Vec<(&str, &str)> =
        rows.filter_map(|(name, codes)| Some((name, codes.split_once(" | ")?.0))).collect();
    let listed = run(&mut wright(&["break", "--list"]));
    let listed = text(&listed.stdout).split("Clients,").next().unwrap().lines();
    let listed: Vec<_> = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "the document has every script, in the order of the list");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut seen = Vec::new();
    for (name, code) in &expected {
        let stalls = *code == "DEADLINE_EXCEEDED";
        let patience = if stalls { Duration::from_millis(400) } else { Duration::from_secs(30) };
        let code = match runtime.block_on(call(name, patience)) {
            Ok(reply) => {
                assert_eq!(reply, "hello", "{name}");
                "OK"
            }
            Err(status) => {
                eprintln!("{name}: {status}");
                status.code().name()
            }
        };
        seen.push((*name, code));
    }
    assert_eq!(seen, expected);
}

/// What one run of it printed, without times.
fn played(output: &[u8]) -> Vec<String> {
    let lines = text(output).lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.iter().position(|word| *word == "ms") {
            Some(at) => words.split_at(at + 1).1.join(" "),
            None => words.join(" "),
        }
    });
    lines.collect()
}

#[test]
fn what_both_sides_say_is_printed_as_it_is_said() {
    let mut server = Running::start(&["break", "-l", "127.0.0.1:0", "--count", "1", "rst-after-headers"]);
    let descriptors = protoset("said.bin");
    let address = server.address();
    let output = run(&mut wright(&[
        "call",
        "-plaintext",
        "-protoset",
        &descriptors,
        &address,
        "helloworld.Greeter/SayHello",
    ]));
    assert_eq!(output.status.code(), Some(64 + 1), "{}", text(&output.stderr));
    let (code, rest) = server.rest();
    let lines = played(rest.as_bytes());
    assert_eq!(code, Some(0), "{lines:?}");
    for line in [
        "> preface",
        "< settings",
        "> HEADERS stream 1",
        "< settings ack",
        "< headers :status=200 content-type=application/grpc",
        "< rst CANCEL",
        "> closed",
    ] {
        assert!(lines.iter().any(|told| told.starts_with(line)), "{line}: {lines:#?}");
    }
    std::fs::remove_file(descriptors).unwrap();
}

/// The descriptors of helloworld, in a file of the test's own.
fn protoset(name: &str) -> String {
    let path = file(name);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/examples");
    let mut compiler = protox::Compiler::new([folder]).unwrap();
    compiler.open_file("helloworld.proto").unwrap();
    std::fs::write(&path, compiler.encode_file_descriptor_set()).unwrap();
    path.display().to_string()
}

#[test]
fn the_scripts_that_come_along_are_listed_and_shown() {
    let output = run(&mut wright(&["break", "--list"]));
    let list = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(list.lines().filter(|line| line.starts_with("  ")).count() >= 30, "{list}");
    assert!(list.contains("  no-trailers             The response ends with its last message"), "{list}");
    let output = run(&mut wright(&["break", "--show", "bad-length"]));
    assert!(text(&output.stdout).contains("\nmessage hex:0a05 \"hello\" length=100\n"));
    // What is shown can be changed, and played.
    let mine = file("mine.script");
    std::fs::write(&mine, text(&output.stdout).replace("length=100", "length=7")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let end = runtime.block_on(call(mine.to_str().unwrap(), Duration::from_secs(30)));
    assert_eq!(end.unwrap(), "hello");
    std::fs::remove_file(mine).unwrap();
}

#[test]
fn what_makes_no_sense_is_told_with_file_line_and_column() {
    let wrong = file("wrong.script");
    let path = wrong.to_str().unwrap();
    let table: [(&[u8], String); 3] = [
        (
            b"preface\nsettings\nrst SOMETIME\n",
            format!("error: {path}:3:5: expected a reason, such as CANCEL or 0x8, found SOMETIME\n"),
        ),
        (b"\xff\xfe", format!("error: cannot read {path}: stream did not contain valid UTF-8\n")),
        (b"", format!("error: {path}:1:1: expected a step, such as preface, found nothing but remarks\n")),
    ];
    for (content, expected) in table {
        std::fs::write(&wrong, content).unwrap();
        let output = run(&mut wright(&["break", "-l", "127.0.0.1:0", path]));
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{told}");
        assert!(told.starts_with(&expected) && told.lines().count() == 2, "{told}");
    }
    std::fs::remove_file(wrong).unwrap();
    let table: [(&[&str], i32, &str); 6] = [
        (&["break"], 2, "required"),
        (&["break", "no-trailer"], 1, "did you mean no-trailers?"),
        (&["break", "--show", "banana"], 1, "`wright break --list` lists"),
        (&["break", "--connect", "127.0.0.1:1", "no-trailers"], 2, "leave out --connect"),
        (&["break", "no-te"], 2, "--connect HOST:PORT names one"),
        (&["break", "--connect", "127.0.0.1:1", "no-te"], 1, "is a server listening there?"),
    ];
    for (words, code, expected) in table {
        let output = run(&mut wright(words));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
        assert!(told.contains(expected), "{words:?}: {told}");
    }
}

/// What our own server makes of clients: every script is played to its end, and the server goes on.
#[test]
fn our_server_answers_or_refuses_clients_that_misbehave_and_goes_on() {
    let server = Serving::start();
    let table = [
        ("no-te", "> HEADERS stream 1"),
        ("half-request", "< rst CANCEL"),
        ("get-request", "> HEADERS stream 1"),
        ("even-stream", "> GOAWAY stream 0"),
        ("not-http2", "> closed"),
    ];
    for (name, expected) in table {
        let output = run(&mut wright(&["break", "--connect", &server.address, name]));
        let lines = played(&output.stdout);
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{name}: {lines:#?}");
        assert_eq!(output.status.code(), Some(0), "{name}: {lines:#?}");
        let output =
            run(&mut wright(&["call", "-plaintext", &server.address, "helloworld.Greeter/SayHello"]));
        assert_eq!(output.status.code(), Some(0), "after {name}: {}", text(&output.stderr));
    }
}

#[test]
fn a_peer_that_does_not_do_what_is_expected_is_told_and_ends_with_1() {
    let server = Serving::start();
    let script = file("hopeful.script");
    std::fs::write(&script, "as client\npreface\nsettings\nexpect GOAWAY within 50ms\n").unwrap();
    let output = run(&mut wright(&["break", "--connect", &server.address, script.to_str().unwrap()]));
    assert_eq!(output.status.code(), Some(1));
    let lines = played(&output.stdout);
    assert!(lines.iter().any(|line| line == "line 4: no GOAWAY within 50ms"), "{lines:#?}");
    std::fs::remove_file(script).unwrap();
}

#[test]
fn it_misbehaves_under_tls_too() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert, secret) = (file("break-cert.pem"), file("break-key.pem"));
    std::fs::write(&cert, certificate.pem()).unwrap();
    std::fs::write(&secret, key.serialize_pem()).unwrap();
    let (cert, secret) = (cert.to_str().unwrap(), secret.to_str().unwrap());
    let flags = ["--tls-cert", cert, "--tls-key", secret];
    let mut server =
        Running::start(&[&["break", "-l", "127.0.0.1:0"], &flags[..], &["status-9999"]].concat());
    let descriptors = protoset("tls.bin");
    let trust = ["-cacert", cert, "-servername", "localhost", "-protoset", &descriptors];
    let address = server.address();
    let output =
        run(&mut wright(&[&["call"], &trust[..], &[&address, "helloworld.Greeter/SayHello"]].concat()));
    assert_eq!(output.status.code(), Some(64 + 2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("over nine thousand"), "{}", text(&output.stderr));
    for file in [cert, secret, &descriptors] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_client_misbehaves_under_tls_with_the_flags_of_call() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["odd.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (cert, secret) = (file("client-cert.pem"), file("client-key.pem"));
    std::fs::write(&cert, certificate.pem()).unwrap();
    std::fs::write(&secret, key.serialize_pem()).unwrap();
    let (cert, secret) = (cert.to_str().unwrap(), secret.to_str().unwrap());
    let identity = Identity { certificates: Pem::file(cert).unwrap(), key: Pem::file(secret).unwrap() };
    // Nobody comes in without a certificate.
    let clients = ClientCertificates::Required(Pem::file(cert).unwrap());
    let server = OddServer::start(Reflects::Both, Some(ServerTls::new(ring(), identity, clients).unwrap()));
    let plain = Serving::start();
    let (address, plain) = (server.address.as_str(), plain.address.as_str());
    let mutual = ["-cert", cert, "-key", secret];
    let table: [(&str, &[&str], i32, &str); 7] = [
        (address, &["-insecure"], 0, "connected to 127.0.0.1"),
        (address, &["-cacert", cert, "-servername", "odd.example"], 0, "over TLS"),
        (address, &["-cacert", cert, "-authority", "odd.example"], 0, "GOAWAY"),
        (address, &["-cacert", cert], 1, "-servername NAME expects another name"),
        (address, &["--tls"], 1, "-cacert FILE trusts"),
        (plain, &["-insecure"], 1, "if it speaks plaintext, leave out the flags for TLS"),
        (plain, &["-plaintext"], 0, "GOAWAY"),
    ];
    for (address, flags, exit, expected) in table {
        let identity: &[&str] = if flags == ["-plaintext"] { &[] } else { &mutual };
        let words = [&["break", "--connect", address], flags, identity, &["even-stream"]].concat();
        let output = run(&mut wright(&words));
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {said}");
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
    let output = run(&mut wright(&["break", "-insecure", "no-trailers"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("-tls-cert FILE -tls-key FILE"), "{}", text(&output.stderr));
    for file in [cert, secret] {
        std::fs::remove_file(file).unwrap();
    }
}

/// Everything that a script writes, read from a socket, and its exit code.
fn written(script: &str, name: &str) -> (usize, Vec<u8>, Option<i32>) {
    let file = file(name);
    std::fs::write(&file, script).unwrap();
    let words = ["break", "-l", "127.0.0.1:0", "--count", "1", file.to_str().unwrap()];
    let mut server = Running::start(&words);
    let mut socket = TcpStream::connect(server.address()).unwrap();
    let (mut size, mut first, mut buffer) = (0, Vec::new(), vec![0; 1 << 16]);
    while let Ok(read) = socket.read(&mut buffer)
        && read > 0
    {
        size += read;
        first.extend(buffer.iter().take(read.min(100 - first.len().min(100))));
    }
    drop(socket);
    let (code, _) = server.rest();
    std::fs::remove_file(file).unwrap();
    (size, first, code)
}

#[test]
fn what_is_written_is_dripped_cut_and_bounded() {
    let script = "drip 2 every 1ms\nraw \"abcdef\"\ndrip off\ncut 3\nraw \"ghijkl\"\nraw \"never\"\n";
    assert_eq!(written(script, "cut.script"), (9, b"abcdefghi".to_vec(), Some(0)));
    assert_eq!(written("repeat 3 raw hex:00ff\nclose\n", "raw.script"), (6, b"\x00\xff".repeat(3), Some(0)));
    // A gigabyte is wanted; the bound is 64 MiB, and whoever waits for the script hears that it was not played.
    let (size, _, code) = written("repeat 10000 raw \"x\"*100000\n", "flood.script");
    assert!(size <= 64 << 20 && size > 63 << 20, "{size}");
    assert_eq!(code, Some(1));
}
