//! Wrong doors: ports that speak something else, and certificates that do not fit.

use std::io::{Read, Write};
use std::net::TcpListener;

use rcgen::{CertificateParams, KeyPair};
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, ring};

use crate::odd::{OddServer, Reflects};
use crate::support::{run, text, wright};

/// A port that answers each connection with these bytes; with none, it closes the connection.
fn saying(words: &'static [u8], first: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                if !first {
                    let _ = stream.read(&mut [0; 1024]);
                }
                let _ = stream.write_all(words);
                // Whoever closes a socket with bytes that nobody has read takes back what it has sent.
                if !words.is_empty() {
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            });
        }
    });
    address
}

#[test]
fn a_port_that_speaks_something_else_says_what() {
    let table: [(&'static [u8], bool, &str); 6] = [
        (b"SSH-2.0-OpenSSH_9.6\r\n", true, "this port speaks SSH; is it the right one?"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false, "this port speaks HTTP/1.1"),
        (b"<!DOCTYPE HTML>\n<html>", false, "this port speaks HTTP, and answered with a web page"),
        (b"-ERR unknown command 'PRI'\r\n", false, "this port speaks Redis"),
        (b"\x15\x03\x01\x00\x02\x02\x46", false, "this port speaks TLS: leave out -plaintext"),
        (b"", false, "it said nothing in answer to HTTP/2; if it wants TLS, leave out -plaintext"),
    ];
    for (words, first, expected) in table {
        let address = saying(words, first);
        let output = run(&mut wright(&["list", "-plaintext", "-connect-timeout", "5", &address]));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(&format!("hint: {expected}")), "{told}");
        assert!(told.starts_with("error: ") && told.lines().count() == 2, "{told}");
    }
}

#[test]
fn a_port_that_says_nothing_and_a_name_that_nobody_has_are_told() {
    // It accepts, and that is all: the system does that for a listener that nobody asks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|address| (silent, address.to_string())).unwrap();
    let table: [(&[&str], &str); 4] = [
        (&["-plaintext", &silent.1], "no answer within 500ms\nhint: it said nothing in answer to HTTP/2"),
        (&["-insecure", &silent.1], "no answer within 500ms\nhint: it said nothing in answer to TLS"),
        (&["-plaintext", "127.0.0.1:1"], "is a server listening there?\n"),
        (&["-plaintext", "no-such-host.invalid:1"], "no-such-host.invalid:1: "),
    ];
    for (words, expected) in table {
        let output = run(&mut wright(&[&["list", "-connect-timeout", "0.5"], words].concat()));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(expected) && told.lines().count() <= 2, "{told}");
        assert_eq!(expected.contains("hint"), told.contains("hint: it said nothing"), "{told}");
    }
}

#[test]
fn plaintext_where_tls_was_asked_for_is_told() {
    let server = OddServer::start(Reflects::Both, None);
    let output = run(&mut wright(&["list", "-insecure", &server.address]));
    let told = text(&output.stderr);
    // Whether the server's first frame is read before its end of the connection is up to the system.
    let (read, unread) = ("this port speaks HTTP/2 without TLS", "it said nothing in answer to TLS");
    assert!(told.contains(read) || told.contains(unread), "{told}");
    assert!(told.ends_with("add -plaintext\n"), "{told}");
}

#[test]
fn certificates_are_checked_unless_told_otherwise() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["odd.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (authority, secret) = (folder.join("doors-ca.pem"), folder.join("doors-key.pem"));
    std::fs::write(&authority, certificate.pem()).unwrap();
    std::fs::write(&secret, key.serialize_pem()).unwrap();
    let identity =
        Identity { certificates: Pem::text(certificate.pem()), key: Pem::text(key.serialize_pem()) };
    let clients = ClientCertificates::Optional(Pem::text(certificate.pem()));
    let server = OddServer::start(Reflects::Both, Some(ServerTls::new(ring(), identity, clients).unwrap()));
    let (authority, secret) = (authority.display().to_string(), secret.display().to_string());
    let address = server.address.as_str();
    let table: [(&[&str], i32, &str); 8] = [
        (&["-insecure"], 0, "odd.Odd"),
        (&["-insecure", "-cert", &authority, "-key", &secret], 0, "odd.Odd"),
        (&["-cacert", &authority, "-servername", "odd.example"], 0, "odd.Odd"),
        (&["-cacert", &authority, "-authority", "odd.example"], 0, "odd.Odd"),
        (&["-cacert", &authority], 1, "-authority NAME or -servername NAME"),
        (&["-cacert", &secret], 1, "read as PEM"),
        (&["-plaintext"], 1, "leave out -plaintext"),
        (&["-plaintext", "-insecure"], 2, "cannot be used with"),
    ];
    for (flags, exit, expected) in table {
        let output = run(&mut wright(&[&["list"], flags, &[address]].concat()));
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {said}");
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
}

#[test]
fn a_unix_socket_is_a_door_too() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("odd.sock");
    let server = OddServer::on_socket(&path);
    let output = run(&mut wright(&["list", "-plaintext", "-unix", &server.address, "odd.Odd"]));
    assert_eq!(
        text(&output.stdout),
        "odd.Odd.Echo\nodd.Odd.EchoOld\nodd.Odd.Fail\n",
        "{}",
        text(&output.stderr)
    );
    drop(server);
    let _ = std::fs::remove_file(&path);
    let output = run(&mut wright(&["list", "-plaintext", "-unix", &path.display().to_string()]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("odd.sock"), "{}", text(&output.stderr));
}
