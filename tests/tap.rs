//! `Tap`: what crosses connections is heard, at both ends the same, and secrets stay secret.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wirewright::inspect::{ConnectionReader, Direction, What};
use wirewright::recording::{Line, REDACTED, RecordingReader};
use wirewright::{Code, Request, Response, RetryPolicy, Server, Status, Tap};

use crate::support::talk::{MANY, ONE, Stub, Talk};
use crate::support::{House, within};

/// A file in memory whose clones are the same file.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// What a recording holds, in short: lines that are no bytes, and the bytes of both directions.
fn read(text: &[u8]) -> (Vec<String>, [Vec<u8>; 2]) {
    let (mut told, mut bytes) = (Vec::new(), [Vec::new(), Vec::new()]);
    let mut reader = RecordingReader::new(text).unwrap();
    while let Some(line) = reader.next_line().unwrap() {
        match line {
            Line::Bytes(chunk) => {
                bytes[usize::from(chunk.direction == Direction::ToClient)].extend_from_slice(chunk.bytes);
            }
            Line::Head(_) => told.push("head".to_owned()),
            Line::Conn(conn) => told.push(format!("conn {}", conn.role.name())),
            Line::Event(event) => {
                let details = event.details.iter().map(|(key, value)| format!("{key}={value}"));
                let mut details: Vec<_> = details.collect();
                // JSON's members have no order, and whether the parser keeps one depends on who else is built.
                details.sort();
                told.push(format!("{} {}", event.name, details.join(" ")));
            }
            Line::End { why, .. } => told.push(format!("end {why}")),
            _ => {}
        }
    }
    (told, bytes)
}

/// The fields of all header blocks of both directions.
fn fields(bytes: &[Vec<u8>; 2]) -> Vec<String> {
    let mut reader = ConnectionReader::new();
    reader.push(Direction::ToServer, std::time::Duration::ZERO, &bytes[0]);
    reader.push(Direction::ToClient, std::time::Duration::ZERO, &bytes[1]);
    reader.finish();
    let mut told = Vec::new();
    while let Some(event) = reader.next_event() {
        match event.what {
            What::RequestHead(head) | What::ResponseHead(head) | What::Trailers(head) => {
                told.extend(head.fields().map(|field| format!("{}: {}", field.name, field.value)));
            }
            What::Damaged(why) => panic!("{why}"),
            _ => {}
        }
    }
    told
}

/// Makes two calls with a secret, with an ear at both ends; gives what each has heard.
async fn two_calls(redact: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let (near, far) = (Paper::default(), Paper::default());
    let ear = |paper: &Paper| Tap::record(paper.clone(), redact.iter().copied()).unwrap();
    let server = Server::builder()
        .tap(ear(&far))
        .add_service(Stub::one(|request| async { Ok(Response::new(request.into_inner())) }));
    let house = House::build(server, |endpoint| endpoint.tap(ear(&near)));
    for _ in 0..2 {
        let mut request = Request::new("hello".to_owned());
        request.metadata_mut().insert("authorization", "Bearer s3cret").unwrap();
        within(house.channel.unary(&ONE, request)).await.unwrap();
    }
    house.close().await;
    (near.text(), far.text())
}

#[tokio::test]
async fn both_ends_hear_the_same_bytes_and_the_client_what_its_channel_does() {
    let (near, far) = two_calls(&[]).await;
    let ((near, near_bytes), (far, far_bytes)) = (read(&near), read(&far));
    // Either end may close first, with a farewell that the other has no ear for any more.
    assert!(near_bytes[0].starts_with(&far_bytes[0]) || far_bytes[0].starts_with(&near_bytes[0]));
    assert!(near_bytes[1].starts_with(&far_bytes[1]) || far_bytes[1].starts_with(&near_bytes[1]));
    let secret = "authorization: Bearer s3cret".to_owned();
    assert_eq!(fields(&near_bytes).iter().filter(|field| **field == secret).count(), 2);
    assert_eq!(
        near[..7],
        [
            "head",
            "state is=Connecting",
            "connect address=in.memory:1",
            "conn client",
            "state is=Ready",
            "pick path=/test.Talk/One",
            "pick path=/test.Talk/One"
        ]
    );
    assert_eq!(far[..2], ["head", "conn server"]);
    assert!(far.last().unwrap().starts_with("end "));
}

#[tokio::test]
async fn a_redacted_field_is_nowhere_in_the_recording_and_all_else_is() {
    let (near, far) = two_calls(&["Authorization"]).await;
    for text in [near, far] {
        let (_, bytes) = read(&text);
        let fields = fields(&bytes);
        let hidden = format!("authorization: {REDACTED}");
        assert_eq!(fields.iter().filter(|field| **field == hidden).count(), 2, "{fields:?}");
        assert!(fields.contains(&":path: /test.Talk/One".to_owned()));
        let coded = wirewright::inspect::huffman::encode(b"Bearer s3cret");
        assert!(!bytes[0].windows(coded.len()).any(|window| window == coded));
        assert!(!bytes[0].windows(6).any(|window| window == b"s3cret"));
    }
}

#[tokio::test]
async fn a_recording_that_fails_does_not_fail_the_call() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tap = Tap::record(Full(600), []).unwrap();
    let server =
        Server::builder().add_service(Stub::one(|request| async { Ok(Response::new(request.into_inner())) }));
    let house = House::build(server, |endpoint| endpoint.tap(tap.clone()));
    within(house.channel.unary(&ONE, Request::new("hello".to_owned()))).await.unwrap();
    assert_eq!(tap.failure().unwrap().kind(), io::ErrorKind::StorageFull);
    house.close().await;
}

/// The events of a recording that are of these names, without their times.
fn events(text: &[u8], names: &[&str]) -> Vec<String> {
    let (told, _) = read(text);
    told.into_iter().filter(|line| names.iter().any(|name| line.starts_with(&format!("{name} ")))).collect()
}

/// The connections and streams of a recording's events of this name.
fn places(text: &[u8], name: &str) -> Vec<(Option<u32>, Option<u32>)> {
    let (mut reader, mut places) = (RecordingReader::new(text).unwrap(), Vec::new());
    while let Some(line) = reader.next_line().unwrap() {
        if let Line::Event(event) = line
            && event.name == name
        {
            places.push((event.conn, event.stream));
        }
    }
    places
}

/// What a server notes of a call that its client gives up.
const RESET: &str = "reset by=peer code=CANCEL path=/test.Talk/One why=";

/// What happens to calls.
const OF_CALLS: [&str; 5] = ["retry", "deadline", "reset", "cancel", "blocked"];

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_is_noted_by_whoever_sees_it_pass_and_the_reset_by_the_other() {
    let (near, far) = (Paper::default(), Paper::default());
    let server = Server::builder()
        .tap(Tap::record(far.clone(), []).unwrap())
        .add_service(Stub::one(|_| std::future::pending()));
    let house = House::build(server, |endpoint| endpoint.tap(Tap::record(near.clone(), []).unwrap()));
    let request = Request::new(String::new()).with_timeout(Duration::from_millis(20));
    let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    house.close().await;
    assert_eq!(events(&near.text(), &OF_CALLS), ["deadline path=/test.Talk/One"]);
    let [noted] = &events(&far.text(), &OF_CALLS)[..] else { panic!("one event") };
    // Both ends have the same deadline, and either may act on it first.
    assert!(noted == "deadline path=/test.Talk/One" || noted.starts_with(RESET), "{noted}");
}

#[tokio::test]
async fn a_call_that_is_let_go_of_is_noted_at_the_client_and_its_reset_at_the_server() {
    let (near, far) = (Paper::default(), Paper::default());
    let begun = Arc::new(tokio::sync::Notify::new());
    let told = begun.clone();
    let server =
        Server::builder().tap(Tap::record(far.clone(), []).unwrap()).add_service(Stub::one(move |_| {
            told.notify_one();
            std::future::pending()
        }));
    let house = House::build(server, |endpoint| endpoint.tap(Tap::record(near.clone(), []).unwrap()));
    tokio::select! {
        end = house.channel.unary(&ONE, Request::new(String::new())) => panic!("{end:?}"),
        () = begun.notified() => {}
    }
    house.close().await;
    assert_eq!(events(&near.text(), &OF_CALLS), ["cancel path=/test.Talk/One"]);
    let noted = events(&far.text(), &OF_CALLS);
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert!(noted[0].starts_with(RESET), "{noted:?}");
    for (text, name) in [(near.text(), "cancel"), (far.text(), "reset")] {
        assert_eq!(places(&text, name), [(Some(1), Some(1))], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_attempt_is_noted_with_its_reason() {
    let near = Paper::default();
    let answers = AtomicU32::new(0);
    let server = Server::builder().add_service(Stub::one(move |request| {
        let nth = answers.fetch_add(1, Ordering::Relaxed);
        async move {
            match nth {
                0 => Err(Status::unavailable("come again")),
                _ => Ok(Response::new(request.into_inner())),
            }
        }
    }));
    let house = House::build(server, |endpoint| {
        endpoint.tap(Tap::record(near.clone(), []).unwrap()).retry(RetryPolicy::new().max_attempts(2))
    });
    within(house.channel.unary(&ONE, Request::new("hi".to_owned()))).await.unwrap();
    house.close().await;
    let noted = events(&near.text(), &["pick", "retry"]);
    let [first, retry, second] = &noted[..] else { panic!("{noted:?}") };
    assert_eq!((first, first), (second, &"pick path=/test.Talk/One".to_owned()));
    for detail in ["after=UNAVAILABLE", "path=/test.Talk/One", "wait_us=", "why=come again"] {
        assert!(retry.contains(detail), "{retry}");
    }
}

#[tokio::test]
async fn a_request_that_waits_for_the_window_is_noted_with_its_bytes_and_its_stream_and_the_window_at_both_ends()
 {
    let (near, far) = (Paper::default(), Paper::default());
    let server = Server::builder().tap(Tap::record(far.clone(), []).unwrap());
    let server = server.add_service(Talk::new(Stub {
        many: Box::new(|requests, _| {
            Box::pin(async move {
                // Held and not read, so that no window is given back.
                let _requests = requests;
                std::future::pending().await
            })
        }),
        ..Stub::default()
    }));
    let house = House::build(server, |endpoint| endpoint.tap(Tap::record(near.clone(), []).unwrap()));
    let (mut sender, replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    let fill = async {
        while events(&near.text(), &["blocked"]).is_empty() {
            // The mark of the outbox is reached long before the end of the window is noted.
            tokio::select! {
                sent = sender.send("x".repeat(60_000)) => sent.unwrap(),
                () = tokio::task::yield_now() => {}
            }
        }
    };
    within(fill).await;
    drop((sender, replies));
    house.close().await;
    let text = near.text();
    let mut reader = RecordingReader::new(&text[..]).unwrap();
    let mut seen = 0;
    while let Some(line) = reader.next_line().unwrap() {
        let Line::Event(event) = line else { continue };
        if event.name == "blocked" {
            seen += 1;
            assert_eq!((event.conn, event.stream), (Some(1), Some(1)));
            let bytes = event.details.iter().find(|(key, _)| key == "bytes").unwrap();
            assert!(bytes.1.parse::<usize>().unwrap() > 0);
        }
    }
    assert!(seen > 0);
    for (text, mark) in [(near.text(), "is=empty of=client room=0"), (far.text(), "is=low of=client")] {
        let levels = events(&text, &["window"]);
        assert!(levels.iter().any(|level| level.contains(mark)), "{levels:?}");
    }
}
