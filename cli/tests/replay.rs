//! `wright replay`: the same questions again, and what is answered differently.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::task::Poll;

use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::TcpIncoming;
use wirewright::{
    Endpoint, Interceptor, Method, MethodDescriptor, RawMessage, Request, Response, Server, Status,
};

use crate::support::{Running, Serving, run, text, wright};

/// Where a file may be written.
pub(crate) fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wright-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

/// A recording of calls of all four kinds to the demo, made one after the other, and one that fails.
pub(crate) fn recording(server: &Serving, name: &str) -> PathBuf {
    let path = file(name);
    let target = ["tap", "-l", "127.0.0.1:0", "-t", &server.address, "--redact", "authorization", "-o"];
    let mut tap = Running::start(&[&target[..], &[path.to_str().unwrap()]].concat());
    let address = tap.address();
    let rectangle = r#"{"lo": {"latitude": 400000000, "longitude": -750000000},
                        "hi": {"latitude": 402000000, "longitude": -740000000}}"#;
    let calls = [
        ("helloworld.Greeter/SayHello", "{\"name\": \"you\"}"),
        ("routeguide.RouteGuide/ListFeatures", rectangle),
        ("routeguide.RouteGuide/RecordRoute", "{\"latitude\": 401663055} {\"latitude\": 1}"),
        ("routeguide.RouteGuide/RouteChat", "{\"message\": \"a\"} {\"message\": \"b\"}"),
        ("grpc.health.v1.Health/Check", "{\"service\": \"no.Such\"}"),
    ];
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
    for (method, data) in calls {
        let folders = ["-import-path", &format!("{protos}/examples"), "-import-path", protos];
        let files = ["-proto", "helloworld.proto", "-proto", "route_guide.proto", "-proto", HEALTH];
        let secret = ["-H", "authorization: Bearer s3cret", "-plaintext", "-d", data];
        run(&mut wright(&[&["call"], &folders[..], &files, &secret, &[&address, method]].concat()));
        // The line is printed when the call is in the recording.
        while !tap.line().contains(method) {}
    }
    path
}

const HEALTH: &str = "grpc/health/v1/health.proto";

#[test]
fn the_same_server_answers_the_same() {
    let server = Serving::start();
    let recording = recording(&server, "same.jsonl");
    let path = recording.to_str().unwrap();
    for flags in [&[][..], &["--speed", "1"], &["--speed", "1000"], &["--call", "2", "--call", "5"]] {
        // RouteChat remembers what was said before: only a server that is as fresh answers the same.
        let server = Serving::start();
        let output = run(&mut wright(&[&["replay", "-plaintext"], flags, &[path, &server.address]].concat()));
        let (said, told) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{flags:?}: {said}{told}");
        let count = if flags.contains(&"--call") { "2 calls" } else { "5 calls" };
        assert!(said.starts_with(&format!("{count} answered as recorded; recorded in ")), "{said}");
        // What was redacted cannot be sent; whoever replays is told, once.
        assert_eq!(told.matches("not sent again: authorization (redacted); -H ").count(), 1, "{told}");
    }
    let server = Serving::start();
    let output = run(&mut wright(&["replay", "-plaintext", "-H", "authorization: x", path, &server.address]));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    std::fs::remove_file(recording).unwrap();
}

/// Greets otherwise than the demo does, and has nothing else.
struct Rude;

const SAY_HELLO: Method<RawMessage, RawMessage> = Method::unary("/helloworld.Greeter/SayHello");

impl Service for Rude {
    const NAME: &'static str = "helloworld.Greeter";
    const METHODS: &'static [MethodDescriptor] = &[SAY_HELLO.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        let (request, mut call) = call.unary(&SAY_HELLO).await?;
        let mut reply = Response::new(RawMessage(b"\x0a\x03Hey".to_vec().into()));
        if request.metadata().contains_key("x-more") {
            reply.metadata_mut().insert("x-new", "1").unwrap();
            reply.trailers_mut().insert("x-end", "2").unwrap();
        }
        let reply = call.run(async { Ok(reply) }).await;
        call.reply(reply).await
    }
}

#[test]
fn what_is_answered_differently_is_told_call_by_call_and_field_by_field() {
    let server = Serving::start();
    let recording = recording(&server, "other.jsonl");
    let path = recording.to_str().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let incoming = runtime.block_on(async { TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap() });
    let address = incoming.local_address().unwrap().to_string();
    runtime.spawn(Server::builder().add_service(Rude).serve_until(incoming, std::future::pending()));
    let replay = |flags: &[&str]| {
        let output = run(&mut wright(&[&["replay", "-plaintext"], flags, &[path, &address]].concat()));
        (output.status.code(), text(&output.stdout).to_owned())
    };
    let (code, said) = replay(&["-H", "authorization: x"]);
    assert_eq!(code, Some(1));
    for line in [
        "call 1  helloworld.Greeter/SayHello  recorded ",
        "    message 1\n  -   1: \"Hello you\"\n  +   1: \"Hey\"\n",
        "  - status OK\n  + status UNIMPLEMENTED: unknown service routeguide.RouteGuide\n",
        "  - status NOT_FOUND: unknown service \"no.Such\"\n  + status UNIMPLEMENTED: unknown service grpc.health.v1.Health\n",
        "5 of 5 calls answered differently; ",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(
        said.matches("  - message ").count() >= 4 && said.contains("  - message 3: 2: \"b\"\n"),
        "messages that did not come are told: {said}"
    );
    // With descriptors fields have names.
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/examples");
    let (code, said) =
        replay(&["--call", "1", "-H", "x-more: 1", "-import-path", protos, "-proto", "helloworld.proto"]);
    assert_eq!(code, Some(1));
    for line in [
        "  -   message: \"Hello you\"\n  +   message: \"Hey\"\n",
        "  + head x-new: 1\n",
        "  + trailers x-end: 2\n",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let (_, said) = replay(&["--call", "1", "-H", "x-more: 1", "--ignore", "X-New", "--ignore", "x-end"]);
    assert!(!said.contains("x-new") && !said.contains("x-end"), "{said}");
    std::fs::remove_file(recording).unwrap();
}

#[test]
fn what_cannot_be_replayed_is_one_line_and_a_hint() {
    let garbage = file("garbage.bin");
    std::fs::write(&garbage, [0xff, 0, 0x80, 7].repeat(500)).unwrap();
    let later = file("later.jsonl");
    std::fs::write(&later, "{\"v\":2,\"k\":\"head\",\"tool\":\"x\",\"t0_us\":0}\n").unwrap();
    let words = file("words.txt");
    std::fs::write(&words, "no recording at all\n").unwrap();
    let none = file("none.jsonl");
    std::fs::write(&none, "{\"v\":1,\"k\":\"head\",\"tool\":\"x\",\"t0_us\":0}\n").unwrap();
    let table = [
        (garbage.to_str().unwrap(), "nor HTTP/2"),
        (later.to_str().unwrap(), "version 2"),
        (words.to_str().unwrap(), "neither a recording nor hexadecimal digits"),
        (none.to_str().unwrap(), "holds no call"),
        ("no-such-file.jsonl", "cannot open no-such-file.jsonl"),
    ];
    for (path, expected) in table {
        for verb in
            [&["replay", "-plaintext", path, "127.0.0.1:1"][..], &["fixture", "-l", "127.0.0.1:0", path]]
        {
            let output = run(&mut wright(verb));
            let told = text(&output.stderr);
            assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{verb:?}: {told}");
            assert!(told.starts_with("error: ") && told.contains(expected), "{verb:?}: {told}");
            assert!(told.lines().count() <= 2, "{verb:?}: {told}");
        }
    }
    for path in [garbage, later, words, none] {
        std::fs::remove_file(path).unwrap();
    }
    // A speed and an address that make no sense are the command line's fault.
    for words in [
        &["replay", "--speed", "fast", "lesson:1", "127.0.0.1:1"][..],
        &["replay", "lesson:1"],
        &["fixture", "-l", "nowhere", "lesson:1"],
        &["fixture", "--tls-cert", "x", "lesson:1"],
    ] {
        assert_eq!(run(&mut wright(words)).status.code(), Some(2), "{words:?}");
    }
    let output = run(&mut wright(&["replay", "-plaintext", "lesson:1", "127.0.0.1:1"]));
    assert!(text(&output.stderr).contains("is a server listening there?"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_recording_that_was_cut_is_replayed_as_far_as_it_goes() {
    let recording = recording(&Serving::start(), "cut.jsonl");
    let whole = std::fs::read_to_string(&recording).unwrap();
    std::fs::write(&recording, &whole[..whole.len() - 10]).unwrap();
    let server = Serving::start();
    let output = run(&mut wright(&["replay", "-plaintext", recording.to_str().unwrap(), &server.address]));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stdout));
    assert!(told.contains("warning: ") && text(&output.stdout).starts_with("5 calls"), "{told}");
    std::fs::remove_file(recording).unwrap();
}

/// A room whose answers depend on who else is there.
struct Room {
    both: tokio::sync::Barrier,
    active: std::sync::atomic::AtomicU32,
}

const TOGETHER: Method<RawMessage, RawMessage> = Method::unary("/meet.Room/Together");
const ALONE: Method<RawMessage, RawMessage> = Method::unary("/meet.Room/Alone");
const IN_TURN: Method<RawMessage, RawMessage> = Method::bidi_streaming("/meet.Room/InTurn");

impl Service for Room {
    const NAME: &'static str = "meet.Room";
    const METHODS: &'static [MethodDescriptor] = &[TOGETHER.describe(), ALONE.describe(), IN_TURN.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        let turns = async || {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        };
        if call.method() == "InTurn" {
            let (request, mut replies, mut call) = call.bidi_streaming(&IN_TURN).await?;
            let mut requests = request.into_inner();
            let end = call.run(async {
                while let Some(message) = requests.message().await? {
                    turns().await;
                    let hurried =
                        std::future::poll_fn(|cx| Poll::Ready(requests.poll_message(cx).is_ready()));
                    if hurried.await {
                        return Err(Status::aborted("it is not your turn"));
                    }
                    replies.send(message).await?;
                }
                Ok(())
            });
            let end = end.await;
            return call.close(replies, end).await;
        }
        let is_together = call.method() == "Together";
        let (request, mut call) = call.unary(&TOGETHER).await?;
        let reply = call.run(async {
            if is_together {
                self.both.wait().await;
            } else {
                if self.active.fetch_add(1, Ordering::SeqCst) > 0 {
                    return Err(Status::aborted("somebody else is here"));
                }
                turns().await;
                self.active.fetch_sub(1, Ordering::SeqCst);
            }
            Ok(Response::new(request.into_inner()))
        });
        let reply = reply.await;
        call.reply(reply).await
    }
}

#[test]
fn calls_overlap_and_messages_take_turns_as_they_did() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let incoming = runtime.block_on(async { TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap() });
    let address = incoming.local_address().unwrap().to_string();
    let room = Room { both: tokio::sync::Barrier::new(2), active: 0.into() };
    runtime.spawn(Server::builder().add_service(room).serve_until(incoming, std::future::pending()));
    let path = file("room.jsonl");
    let recording = path.to_str().unwrap();
    let mut tap = Running::start(&["tap", "-l", "127.0.0.1:0", "-t", &address, "-o", recording]);
    let tapped = tap.address();
    let message = || RawMessage(b"\x0a\x01x".to_vec().into());
    runtime.block_on(async {
        let channel = Endpoint::new(tapped.as_str()).unwrap().connect().await.unwrap();
        let together = || channel.unary(&TOGETHER, Request::new(message()));
        let (one, other) = tokio::join!(together(), together());
        assert!(one.is_ok() && other.is_ok());
        for _ in 0..5 {
            channel.unary(&ALONE, Request::new(message())).await.unwrap();
        }
        let (mut sender, mut replies) = channel.bidi_streaming(&IN_TURN, Request::new(())).await.unwrap();
        for _ in 0..5 {
            sender.send(message()).await.unwrap();
            assert!(replies.message().await.unwrap().is_some());
        }
        sender.finish().await.unwrap();
        assert!(replies.message().await.unwrap().is_none());
    });
    while !tap.line().contains("InTurn") {}
    drop(tap);
    let output = run(&mut wright(&["replay", "-plaintext", "-max-time", "5", recording, &address]));
    let said = text(&output.stdout);
    assert!(said.starts_with("8 calls answered as recorded"), "{said}{}", text(&output.stderr));
    // The one who waits for another waits in vain if it is alone.
    let output =
        run(&mut wright(&["replay", "-plaintext", "--call", "1", "-max-time", "0.2", recording, &address]));
    assert!(text(&output.stdout).contains("+ status DEADLINE_EXCEEDED"), "{}", text(&output.stdout));
    std::fs::remove_file(path).unwrap();
}

/// Lesson 6 is a call whose deadline passed, lesson 7 one that was cancelled: a server that answers at once is different.
#[test]
fn what_was_given_up_is_given_up_after_as_long_unless_it_is_answered() {
    let mut fixture = Running::start(&["fixture", "-l", "127.0.0.1:0", "lesson:7"]);
    let same = run(&mut wright(&["replay", "-plaintext", "lesson:7", &fixture.address()]));
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    let output = run(&mut wright(&["replay", "-plaintext", "lesson:7", &Serving::start().address]));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("  - given up by the client after ") && said.contains("  + status "), "{said}");
}
