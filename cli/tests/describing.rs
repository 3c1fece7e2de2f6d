//! `wright list` and `wright describe`: what a server or a file has.

use crate::odd::{OddServer, Reflects, folder};
use crate::support::{Serving, golden, run, text, wright};

fn printed(words: &[&str]) -> String {
    let output = run(&mut wright(words));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{words:?}");
    text(&output.stdout).to_owned()
}

#[test]
fn services_and_methods_are_listed() {
    let server = Serving::start();
    let services = printed(&["list", "-plaintext", &server.address]);
    let expected = "grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\n\
                    grpc.reflection.v1alpha.ServerReflection\nhelloworld.Greeter\nrouteguide.RouteGuide\n";
    assert_eq!(services, expected);
    assert_eq!(printed(&["-plaintext", &server.address, "list"]), expected, "as grpcurl has it");
    let methods = printed(&["list", "-plaintext", &server.address, "helloworld.Greeter"]);
    assert_eq!(methods, "helloworld.Greeter.SayHello\n");
}

#[test]
fn files_need_no_server() {
    let folder = folder();
    let from_files = ["-import-path", folder.as_str(), "-proto", "odd.proto"];
    assert_eq!(printed(&[&["list"], &from_files[..]].concat()), "odd.Odd\n");
    assert_eq!(
        printed(&[&["list"], &from_files[..], &["odd.Odd"]].concat()),
        "odd.Odd.Echo\nodd.Odd.EchoOld\nodd.Odd.Fail\n"
    );
    // What is written can be read again.
    let set = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("odd.bin").display().to_string();
    printed(&[&["describe", "-protoset-out", &set], &from_files[..], &["odd.Odd"]].concat());
    assert_eq!(printed(&["list", "-protoset", &set]), "odd.Odd\n");
}

#[test]
fn declarations_are_described_as_the_golden_file_says() {
    let server = OddServer::start(Reflects::Both, None);
    let symbols = [
        "odd.Odd",
        "odd.Odd/Echo",
        "odd.Box",
        "odd.Box.Inner",
        "odd.Box.Colour",
        "odd.Box.maybe",
        "odd.Box.choice",
        "odd.Old",
        "odd.more",
    ];
    let mut all = String::new();
    for symbol in symbols {
        all.push_str(&printed(&["describe", "-plaintext", &server.address, symbol]));
        all.push('\n');
    }
    all.push_str(&printed(&["describe", "-plaintext", "-msg-template", &server.address, "odd.Box"]));
    golden("describe.txt", &all);
}

#[test]
fn files_that_are_written_describe_the_same() {
    let server = OddServer::start(Reflects::Both, None);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("protos").display().to_string();
    let _ = std::fs::remove_dir_all(&folder);
    printed(&["list", "-plaintext", "-proto-out-dir", &folder, &server.address, "odd.Odd"]);
    for symbol in ["odd.Odd", "odd.Box", "odd.Box.Colour", "odd.Old", "google.protobuf.Any"] {
        let told = printed(&["describe", "-plaintext", &server.address, symbol]);
        let read = printed(&["describe", "-import-path", &folder, "-proto", "odd.proto", symbol]);
        assert_eq!(told, read);
    }
}

#[test]
fn what_cannot_be_found_is_told_with_a_hint() {
    let server = OddServer::start(Reflects::Not, None);
    let address = server.address.as_str();
    let folder = folder();
    let table: [(&[&str], i32, &str); 6] = [
        (&["list", "-plaintext", address], 76, "hint: -proto FILE or -protoset FILE tell instead"),
        (&["list"], 2, "hint: give host:port"),
        (&["list", "-proto", "nowhere.proto"], 1, "-import-path FOLDER"),
        (&["list", "-protoset", "/nowhere.bin"], 1, "hint: check the path"),
        (&["list", "-protoset", "Cargo.toml"], 1, "--include_imports"),
        (
            &["describe", "-import-path", &folder, "-proto", "odd.proto", "odd.Bax"],
            1,
            "there is no symbol odd.Bax",
        ),
    ];
    for (words, exit, hint) in table {
        let output = run(wright(words).current_dir(env!("CARGO_MANIFEST_DIR")));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {told}");
        assert!(told.contains(hint), "{words:?}: {told}");
        assert_eq!(text(&output.stdout), "");
    }
}
