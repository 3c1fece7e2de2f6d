//! `wright call`: messages in, messages out, and how calls end.

use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};

use crate::odd::{OddServer, Reflects, folder};
use crate::support::{Serving, run, text, wright};

/// What was printed, the exit code first.
fn said(output: &Output) -> (Option<i32>, &str, &str) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn call(address: &str, method: &str, data: &str, flags: &[&str]) -> Output {
    let words = [&["call", "-plaintext"], flags, &["-d", data, address, method]].concat();
    run(&mut wright(&words))
}

#[test]
fn a_unary_call_prints_its_answer_and_nothing_else() {
    let server = Serving::start();
    let output = call(&server.address, "helloworld.Greeter/SayHello", "{\"name\": \"you\"}", &[]);
    assert_eq!(said(&output), (Some(0), "{\n  \"message\": \"Hello you\"\n}\n", ""));
    // With a dot in the place of the slash, two dashes, and the verb left out.
    let words = ["--plaintext", "--d", "{}", &server.address, "helloworld.Greeter.SayHello"];
    let output = run(&mut wright(&words.map(|word| if word == "--d" { "-d" } else { word })));
    assert_eq!(said(&output), (Some(0), "{\n  \"message\": \"Hello \"\n}\n", ""));
}

#[test]
fn no_data_is_an_empty_message_for_methods_that_take_one() {
    let server = Serving::start();
    let output = run(&mut wright(&["call", "-plaintext", &server.address, "helloworld.Greeter/SayHello"]));
    assert_eq!(said(&output), (Some(0), "{\n  \"message\": \"Hello \"\n}\n", ""));
}

#[test]
fn every_kind_of_stream_works() {
    let server = Serving::start();
    let rectangle = r#"{"lo": {"latitude": 400000000, "longitude": -750000000},
                        "hi": {"latitude": 402000000, "longitude": -740000000}}"#;
    let output = call(&server.address, "routeguide.RouteGuide/ListFeatures", rectangle, &[]);
    let (code, features, complaints) = said(&output);
    assert_eq!((code, complaints), (Some(0), ""));
    assert_eq!(features.matches("\"name\"").count(), 2, "{features}");

    let points = r#"{"latitude": 401663055, "longitude": -740560713}{"latitude": 1}"#;
    let output = call(&server.address, "routeguide.RouteGuide/RecordRoute", points, &[]);
    let (code, summary, _) = said(&output);
    assert_eq!(code, Some(0));
    assert!(summary.contains("\"pointCount\": 2") && summary.contains("\"featureCount\": 1"), "{summary}");

    let notes = r#"{"message": "a"} {"message": "b"}"#;
    let output = call(&server.address, "routeguide.RouteGuide/RouteChat", notes, &["-emit-defaults"]);
    let (code, notes, _) = said(&output);
    assert_eq!((code, notes.matches("\"message\"").count()), (Some(0), 3), "{notes}");
    // A message that is not set is no default.
    assert!(!notes.contains("location"), "{notes}");
}

/// A conversation: each answer is read before the next message is typed.
#[test]
fn messages_from_standard_input_go_out_as_they_come_and_answers_are_printed_as_they_come() {
    let server = Serving::start();
    let mut command =
        wright(&["call", "-plaintext", "-d", "@", &server.address, "routeguide.RouteGuide/RouteChat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut typing, mut answers) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    for (nth, word) in ["one", "two"].into_iter().enumerate() {
        write!(typing, "{{\"message\": \"{word}\", \"location\": {{\"latitude\": {nth}}}}}").unwrap();
        typing.flush().unwrap();
        let answer = answers.by_ref().map(Result::unwrap).take_while(|line| line != "}").collect::<Vec<_>>();
        assert!(answer.iter().any(|line| line.contains(word)), "{answer:?}");
    }
    drop(typing);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_status_is_told_on_standard_error_and_by_the_exit_code() {
    let server = Serving::start();
    let output = call(&server.address, "grpc.health.v1.Health/Check", "{\"service\": \"no.Such\"}", &[]);
    let told = "ERROR:\n  Code: NotFound\n  Message: unknown service \"no.Such\"\n";
    assert_eq!(said(&output), (Some(69), "", told));
    let flags = ["-max-time", "2"];
    let output = call(&server.address, "grpc.health.v1.Health/Watch", "{}", &flags);
    let (code, watched, told) = said(&output);
    assert_eq!((code, watched), (Some(68), "{\n  \"status\": \"SERVING\"\n}\n"));
    assert!(told.contains("Code: DeadlineExceeded") && told.contains("hint: -max-time"), "{told}");
}

#[test]
fn details_of_a_status_are_shown_even_if_only_google_knows_their_type() {
    let server = OddServer::start(Reflects::Both, None);
    let output = call(&server.address, "odd.Odd/Fail", "{}", &[]);
    let (code, _, told) = said(&output);
    assert_eq!(code, Some(73));
    let expected = "ERROR:\n  Code: FailedPrecondition\n  Message: odd\n  Details:\n  \
                    1)  google.rpc.RetryInfo {\n        \"retryDelay\": \"1s\"\n      }\n  \
                    2)  odd.Unheard, 2 bytes of a type that is not known here\n";
    assert_eq!(told, expected);
    let output = call(&server.address, "odd.Odd/Fail", "{}", &["-format-error"]);
    let (code, _, told) = said(&output);
    assert_eq!(code, Some(73));
    assert!(told.starts_with("{\n  \"code\": 9,\n  \"message\": \"odd\",\n"), "{told}");
}

/// What goes in and what must come out of a method that echoes.
#[test]
fn json_comes_back_as_it_went_in() {
    let json = r#"{
  "counts": {
    "a": 1,
    "b": 2,
    "c": 3
  },
  "any": {
    "@type": "type.googleapis.com/odd.Box.Inner",
    "weights": [
      0.5
    ]
  },
  "big": "9007199254740993",
  "inner": [
    {
      "weights": [
        1.0,
        "NaN"
      ]
    },
    {}
  ],
  "when": "2026-01-02T03:04:05.600Z",
  "data": "AAEC",
  "maybe": false,
  "colour": "GREEN"
}
"#;
    for reflects in [Reflects::Both, Reflects::Alpha] {
        let server = OddServer::start(reflects, None);
        let output = call(&server.address, "odd.Odd/Echo", json, &[]);
        assert_eq!(said(&output), (Some(0), json, ""), "{reflects:?}");
    }
    let server = OddServer::start(Reflects::Not, None);
    let flags = ["-import-path", &folder(), "-proto", "odd.proto"];
    let output = call(&server.address, "odd.Odd/Echo", json, &flags);
    assert_eq!(said(&output), (Some(0), json, ""));
    let text_format = "big: 5\ninner {\n  weights: 1.5\n}\n";
    let flags = ["-import-path", &folder(), "-proto", "odd.proto", "-format", "text"];
    let output = call(&server.address, "odd.Odd/Echo", text_format, &flags);
    let (code, printed, _) = said(&output);
    assert_eq!(code, Some(0));
    assert!(printed.contains("big: 5") && printed.contains("1.5"), "{printed}");
}

/// The file with the extension is imported by nobody: the server is asked for it.
#[test]
fn extensions_are_found_by_reflection() {
    let json = "{\n  \"count\": 1,\n  \"packed\": [\n    1,\n    2\n  ],\n  \"[odd.more]\": \"here\"\n}\n";
    for reflects in [Reflects::Both, Reflects::Alpha] {
        let server = OddServer::start(reflects, None);
        let output = call(&server.address, "odd.Odd/EchoOld", json, &[]);
        assert_eq!(said(&output), (Some(0), json, ""), "{reflects:?}");
    }
}

#[test]
fn json_that_does_not_fit_is_told_with_the_path_to_the_field() {
    let server = OddServer::start(Reflects::Both, None);
    let table = [
        (r#"{"inner": [{}, {"weights": ["heavy"]}]}"#, "odd.Box, at inner[1].weights[0]"),
        (r#"{"counts": {"a": "many"}}"#, "odd.Box, at counts.a"),
        (r#"{"colour": "BLUE"}"#, "odd.Box, at colour"),
        (r#"{"colur": 1}"#, "'colur'"),
        ("{", "the data is not JSON"),
        ("{} {}", "takes one message"),
    ];
    for (data, expected) in table {
        let output = call(&server.address, "odd.Odd/Echo", data, &[]);
        let (code, printed, told) = said(&output);
        assert_eq!((code, printed), (Some(2), ""), "{data}");
        assert!(told.contains(expected), "{data}: {told}");
        assert_eq!(told.lines().count(), 2, "one line and a hint: {told}");
    }
    let output = call(&server.address, "odd.Odd/Echo", r#"{"colur": 1}"#, &["-allow-unknown-fields"]);
    assert_eq!(said(&output), (Some(0), "{}\n", ""));
}

/// What grpcurl 1.9 prints for the same calls, to the letter, whatever else a program reads of it.
#[test]
fn what_is_shown_beside_the_answer_is_shown_where_grpcurl_shows_it() {
    let server = OddServer::start(Reflects::Both, None);
    let words = [
        "call",
        "-plaintext",
        "-v",
        "-expand-headers",
        "-H",
        "b: ${SECRET}",
        "-rpc-header",
        "a:2",
        "-reflect-header",
        "c: 3",
        "-d",
        "{}",
        &server.address,
        "odd.Odd/Echo",
    ];
    let output = run(wright(&words).env("SECRET", "s3cret"));
    let (code, printed, told) = said(&output);
    assert_eq!((code, told), (Some(0), ""));
    let sections = [
        "\nResolved method descriptor:\n// Answers with what it is sent.\nrpc Echo ( .odd.Box ) returns ( .odd.Box );\n",
        "\nRequest metadata to send:\na: 2\nb: s3cret\n",
        "\nResponse headers received:\ncontent-type: application/grpc\necho-a: 2\necho-b: s3cret\n",
        "\nResponse contents:\n{}\n",
        "\nResponse trailers received:\nafter: all\n",
        "Sent 1 request and received 1 response\n",
    ];
    // What every client says is echoed, too.
    let own = ["echo-user-agent", "echo-content-type", "echo-grpc-accept-encoding", "echo-te"];
    let is_own = |line: &&str| own.iter().any(|name| line.starts_with(name));
    let echoed: Vec<_> = printed.lines().filter(|line| !is_own(line)).collect();
    assert_eq!(echoed.join("\n") + "\n", sections.concat());

    // A call that fails shows the same, and why it failed on standard error.
    let server = Serving::start();
    let health = "grpc.health.v1.Health/Check";
    let output = call(&server.address, health, "{\"service\": \"no\"}", &["-vv"]);
    let (code, printed, told) = said(&output);
    assert_eq!((code, told), (Some(69), "ERROR:\n  Code: NotFound\n  Message: unknown service \"no\"\n"));
    let end = "\nRequest metadata to send:\n(empty)\n\nResponse headers received:\n(empty)\n\n\
        Response trailers received:\ncontent-type: application/grpc\nSent 1 request and received 0 responses\n\
        Timing Data: ";
    assert!(printed.contains(end), "{printed}");
    let output = call(&server.address, "helloworld.Greeter/SayHello", "{\"name\": \"you\"}", &["-vv"]);
    let (_, printed, _) = said(&output);
    let contents =
        "\nEstimated response size: 11 bytes\n\nResponse contents:\n{\n  \"message\": \"Hello you\"\n}\n";
    assert!(printed.contains(contents) && printed.contains("\n  InvokeRPC: "), "{printed}");
}

#[test]
fn names_that_are_nearly_right_are_guessed() {
    let server = Serving::start();
    let table = [
        ("helloworld.Greter/SayHello", "did you mean helloworld.Greeter?"),
        ("Greeter/SayHello", "did you mean helloworld.Greeter?"),
        ("helloworld.Greeter/SayHelo", "did you mean helloworld.Greeter/SayHello?"),
        ("helloworld.Greeter", "is a service; its methods are SayHello"),
        ("nonsense", "write package.Service/Method"),
    ];
    for (method, hint) in table {
        let output = call(&server.address, method, "{}", &[]);
        let (code, _, told) = said(&output);
        assert!(matches!(code, Some(1 | 2)), "{code:?}");
        assert!(told.contains(hint), "{method}: {told}");
    }
}

#[test]
fn what_crossed_the_wire_is_explained_after_the_answers() {
    let server = Serving::start();
    let output = call(&server.address, "helloworld.Greeter/SayHello", "{\"name\": \"you\"}", &["-explain"]);
    let (code, printed, complaints) = said(&output);
    assert_eq!((code, complaints), (Some(0), ""));
    let told =
        printed.strip_prefix("{\n  \"message\": \"Hello you\"\n}\n").unwrap_or_else(|| panic!("{printed}"));
    for line in [
        "request head: /helloworld.Greeter/SayHello",
        "\"Hello you\"",
        "trailers: OK",
        "every byte told once",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(!told.contains("ServerReflectionInfo"), "questions about the call are no part of it: {told}");
    // A call that fails is explained too, and its exit code is still its own.
    let output =
        call(&server.address, "grpc.health.v1.Health/Check", "{\"service\": \"no.Such\"}", &["-explain"]);
    let (code, printed, _) = said(&output);
    assert_eq!(code, Some(69));
    assert!(printed.contains("NOT_FOUND"), "{printed}");
}
