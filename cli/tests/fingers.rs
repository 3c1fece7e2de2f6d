//! Fingers that know grpcurl and grpc_health_probe: every flag that their pages of help have is taken or refused in words.

use crate::odd::{OddServer, Reflects};
use crate::support::{Serving, run, text, wright};

/// Each flag of grpcurl 1.9.3, with a value where it has one; what becomes of `describe` with it.
const GRPCURL: [(&str, &[&str], i32); 38] = [
    ("-H", &["a: b"], 0),
    ("-allow-unknown-fields", &[], 0),
    ("-alts", &[], 2),
    ("-alts-handshaker-service", &["x:1"], 2),
    ("-alts-target-service-account", &["a@b.example"], 2),
    ("-authority", &["odd.example"], 0),
    ("-cacert", &["/dev/null"], 0),
    ("-cert", &["/dev/null"], 2),
    ("-connect-timeout", &["30.5"], 0),
    ("-d", &["{}"], 0),
    ("-emit-defaults", &[], 0),
    ("-expand-headers", &[], 0),
    ("-format", &["text"], 0),
    ("-format-error", &[], 0),
    ("-help", &[], 0),
    ("-import-path", &["."], 0),
    ("-insecure", &[], 2),
    ("-keepalive-time", &["60"], 0),
    ("-key", &["/dev/null"], 2),
    ("-max-msg-sz", &["1000000"], 0),
    ("-max-time", &["30"], 0),
    ("-msg-template", &[], 0),
    ("-plaintext=true", &[], 0),
    ("-proto", &["odd.proto", "-import-path", "FOLDER"], 0),
    ("-proto-out-dir", &["OUT"], 0),
    ("-protoset", &["/dev/null", "-use-reflection"], 0),
    ("-protoset-out", &["OUT/set.bin"], 0),
    ("-reflect-header", &["a: b"], 0),
    ("-rpc-header", &["a: b"], 0),
    ("-servername", &["odd.example"], 0),
    ("-unix=false", &[], 0),
    ("-use-reflection=true", &[], 0),
    ("-use-reflection=false", &[], 2),
    ("-user-agent", &["me"], 0),
    ("-v", &[], 0),
    ("-vv", &[], 0),
    // A length of 0 is no limit.
    ("-max-time", &["0"], 0),
    ("-max-time", &["-1"], 2),
];

#[test]
fn every_flag_of_grpcurl_is_taken_with_one_dash_by_every_verb_or_refused_in_words() {
    let server = OddServer::start(Reflects::Both, None);
    let out = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fingers");
    let _ = std::fs::create_dir_all(&out);
    let (out, folder) = (out.display().to_string(), crate::odd::folder());
    for (flag, values, exit) in GRPCURL {
        let values: Vec<String> =
            values.iter().map(|value| value.replace("OUT", &out).replace("FOLDER", &folder)).collect();
        let plain: &[&str] = if flag.starts_with("-plaintext") { &[] } else { &["-plaintext"] };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let typed = [plain, &[flag], &values].concat();
        for rest in [&["list", "odd.Odd"][..], &["describe", "odd.Odd"], &["odd.Odd/Echo"]] {
            // `-msg-template` and `-format text` are for messages that a call does not print.
            if rest.len() == 1 && flag == "-msg-template" {
                continue;
            }
            let output = run(&mut wright(&[&typed[..], &[&server.address], rest].concat()));
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(exit), "{typed:?} {rest:?}: {told}");
            assert!(
                !told.contains("unexpected argument") || flag == "-max-time",
                "{typed:?} {rest:?}: {told}"
            );
            assert_eq!(exit == 0, !told.contains("error"), "{typed:?} {rest:?}: {told}");
        }
    }
}

#[test]
fn what_is_refused_says_why() {
    let server = Serving::start();
    let address = server.address.as_str();
    let table: [(&[&str], i32, &str); 9] = [
        (&["-alts", address, "list"], 2, "ALTS is not spoken here"),
        (&["-plaintext", "-use-reflection=false", address, "list"], 2, "nobody to ask"),
        (&["-plaintext", address], 2, "<METHOD>"),
        (&["-plaintxet", address, "list"], 2, "'--plaintext'"),
        (&["-plaintext", "-d", "{}", address, "list"], 0, "-d is for calls"),
        (&["-plaintext", "-unix", "/no/such.sock", "list"], 1, "has the server created its socket?"),
        (&["probe", "-addr", address, "-alts"], 1, "ALTS is not spoken here"),
        (&["probe", "-addr", address, "-spiffe"], 1, "-tls-client-cert FILE"),
        (&["probe", "-addr", address, "-unheard-of"], 1, "--unheard-of"),
    ];
    for (words, exit, expected) in table {
        let output = run(&mut wright(words));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {told}");
        assert!(told.contains(expected), "{words:?}: {told}");
        assert_eq!(told.matches("hint: ").count().max(1), 1, "{told}");
    }
}

/// As grpcurl writes it, to the letter.
#[test]
fn a_status_is_formatted_as_messages_are() {
    let server = Serving::start();
    let table = [
        (
            &["-d", "{\"service\": \"no\"}"][..],
            "{\n  \"code\": 5,\n  \"message\": \"unknown service \\\"no\\\"\"\n}",
        ),
        (&["-format", "text", "-d", "service: \"no\""], "code: 5\nmessage: \"unknown service \\\"no\\\"\""),
    ];
    for (flags, expected) in table {
        let words =
            [&["-plaintext", "-format-error"], flags, &[&server.address, "grpc.health.v1.Health/Check"]];
        let output = run(&mut wright(&words.concat()));
        assert_eq!((output.status.code(), text(&output.stderr).trim_end()), (Some(69), expected));
    }
}
