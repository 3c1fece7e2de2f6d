//! `client_bytes`: a hostile server. Every call ends, and none succeeds unless the server said so.

use std::cell::RefCell;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;
use wirewright::inspect::{ConnectionReader, Direction, Head, What};
use wirewright::transport::{Incoming, Weather, pipe_with};
use wirewright::{Channel, Code, Endpoint, Gzip, Request, Status, Zstd};

use crate::hostile::{HOUR, Script, all_gone_but, explain, runtime};
use crate::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE};

/// Makes one call of each kind to a server that answers with the input.
pub fn client_bytes(input: &[u8]) {
    let Some(script) = Script::read(input) else { return };
    RUNTIME.with_borrow_mut(|runtime| {
        let (said, heard, ends) = runtime.block_on(meet(&script));
        runtime.block_on(all_gone_but(0));
        explain(Direction::ToServer, &heard);
        let successes = ends.iter().filter(|end| end.is_ok()).count();
        assert!(successes <= successes_said(&said), "a call succeeded that the server never ended: {ends:?}");
        for status in ends.iter().filter_map(|end| end.as_ref().err()) {
            assert_ne!(status.code(), Code::Ok);
        }
    });
}

/// What the server said, what it heard, and how the calls ended.
async fn meet(script: &Script) -> (Vec<u8>, Vec<u8>, [Result<(), Status>; 4]) {
    let (connector, mut incoming) =
        pipe_with(Weather { step_bytes: script.step_bytes(), cut_after_bytes: None });
    let mut endpoint = Endpoint::new("in.memory:1").expect("a target").connector(connector);
    endpoint = endpoint.compression(Gzip::default()).compression(Zstd::default());
    if script.has_deadline() {
        endpoint = endpoint.timeout(HOUR / 2);
    }
    let channel = endpoint.lazy();
    let server = async {
        let (io, _) = incoming.accept().await.expect("pipes accept");
        // There is one connection; whoever tries again is refused.
        drop(incoming);
        script.play(io).await
    };
    let ((one, many_replies), (many_requests, many), heard) =
        tokio::join!(calls_of_one(&channel), calls_of_many(&channel, script.upload_bytes()), server);
    (script.said(), heard, [one, many_replies, many_requests, many])
}

async fn calls_of_one(channel: &Channel) -> (Result<(), Status>, Result<(), Status>) {
    let one = ends(async { channel.unary(&ONE, Request::new("one".to_owned())).await.map(|_| ()) });
    let many_replies = ends(async {
        let mut replies = channel.server_streaming(&MANY_REPLIES, Request::new("a b".to_owned())).await?;
        while replies.message().await?.is_some() {}
        Ok(())
    });
    tokio::join!(one, many_replies)
}

async fn calls_of_many(channel: &Channel, upload_bytes: usize) -> (Result<(), Status>, Result<(), Status>) {
    let word = || "x".repeat(upload_bytes);
    let many_requests = ends(async {
        let mut upload = channel.client_streaming(&MANY_REQUESTS, Request::new(())).await?;
        for _ in 0..UPLOADS {
            // A server may answer before it has heard everything.
            if upload.send(word()).await.is_err() {
                break;
            }
        }
        upload.finish().await.map(|_| ())
    });
    let many = ends(async {
        let (mut requests, mut replies) = channel.bidi_streaming(&MANY, Request::new(())).await?;
        let says = async {
            for _ in 0..UPLOADS {
                if requests.send(word()).await.is_err() {
                    return;
                }
            }
            let _ = requests.finish().await;
        };
        let hears = async {
            while replies.message().await?.is_some() {}
            Ok(())
        };
        tokio::join!(says, hears).1
    });
    tokio::join!(many_requests, many)
}

/// Every call ends: the server hangs up after an hour or so, and the clock does not wait.
async fn ends(call: impl Future<Output = Result<(), Status>>) -> Result<(), Status> {
    timeout(24 * HOUR, call).await.expect("a call never ends")
}

/// How many calls the server ended well, as a reader sees it that is not the one under test.
fn successes_said(said: &[u8]) -> usize {
    let mut reader = ConnectionReader::new();
    reader.push(Direction::ToClient, Duration::ZERO, said);
    reader.finish();
    let is_ok = |head: &Head| {
        let number = head.get("grpc-status").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        number == Some(0_u32)
    };
    let ended_well = |what: &What| match what {
        What::Trailers(head) | What::TrailersOnly(head) => is_ok(head),
        _ => false,
    };
    std::iter::from_fn(|| reader.next_event()).filter(|event| ended_well(&event.what)).count()
}

/// Messages of an upload: large ones are more than a stream's first window of 64 KiB, so that they have to wait.
const UPLOADS: usize = 12;

thread_local! {
    /// One runtime for all inputs.
    static RUNTIME: RefCell<Runtime> = RefCell::new(runtime());
}
