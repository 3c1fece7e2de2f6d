//! `two_peers`: our client and our server, with somebody between them who changes bytes.
//!
//! ```text
//!   client -- pipe --> [ changes, each at a place in one direction ] -- pipe --> server
//! ```
//!
//! The input is a list of changes of four bytes each: how, which way, and at which byte. Whatever is changed, every
//! call ends, and neither end has a task left once the connection is gone. Where nothing is changed the answers are
//! right; TCP and TLS see to it that nothing is, so of changed bytes no more can be asked.

use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Runtime;
use wirewright::transport::{Connector, Incoming, PipeConnector, pipe};
use wirewright::{Address, Endpoint, Request, Server};

use crate::hostile::{all_gone_but, runtime};
use crate::talk::{MANY_REPLIES, ONE, Stub, Talk};

/// Makes three calls over a wire that changes what passes.
pub fn two_peers(input: &[u8]) {
    let changes: Vec<Change> = input.chunks_exact(4).take(MOST_CHANGES).map(Change::read).collect();
    HOUSE.with_borrow_mut(|house| {
        let (far, tasks) = (house.server.clone(), house.tasks);
        house.runtime.block_on(async {
            let (near, mut door) = pipe();
            let unharmed = changes.is_empty();
            tokio::spawn(async move {
                let Ok((client, _)) = door.accept().await else { return };
                let server = far.connect(&Address::Memory).await.expect("the server accepts");
                carry(client, server, &changes).await;
            });
            let endpoint = Endpoint::new("in.memory:1").expect("a target").timeout(Duration::from_secs(60));
            let channel = endpoint.connector(near).lazy();
            let calls = async {
                let (one, two) = tokio::join!(
                    channel.unary(&ONE, Request::new("hello".to_owned())),
                    channel.unary(&ONE, Request::new("x".repeat(20_000))),
                );
                let mut replies = Vec::new();
                let many = async {
                    let request = Request::new("a b c".to_owned());
                    let mut many = channel.server_streaming(&MANY_REPLIES, request).await?;
                    while let Some(word) = many.message().await? {
                        replies.push(word);
                    }
                    Ok::<(), wirewright::Status>(())
                };
                let many = many.await;
                if unharmed {
                    assert_eq!(one.expect("nothing was changed").into_inner(), "hello");
                    assert_eq!(two.expect("nothing was changed").into_inner().len(), 20_000);
                    many.expect("nothing was changed");
                    assert_eq!(replies, ["a", "b", "c"]);
                }
            };
            // Every call has a deadline, so only a hang takes an hour of a clock that jumps.
            tokio::time::timeout(Duration::from_secs(3_600), calls).await.expect("every call ends");
            drop(channel);
            all_gone_but(tasks).await;
        });
    });
}

/// One change.
#[derive(Clone, Copy, Debug)]
struct Change {
    how: How,
    /// Whether it is on the way to the server.
    up: bool,
    /// At which byte of that way.
    at: usize,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Flip(u8),
    Lose,
    Double,
    Cut,
}

impl Change {
    fn read(bytes: &[u8]) -> Change {
        let how = match bytes[0] & 3 {
            0 => How::Flip(bytes[1].max(1)),
            1 => How::Lose,
            2 => How::Double,
            _ => How::Cut,
        };
        let at = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        Change { how, up: bytes[0] & 4 != 0, at }
    }
}

/// Carries both ways until either end has gone.
async fn carry(client: impl AsyncRead + AsyncWrite, server: impl AsyncRead + AsyncWrite, changes: &[Change]) {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        () = one_way(from_client, to_server, changes, true) => {}
        () = one_way(from_server, to_client, changes, false) => {}
    }
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    changes: &[Change],
    up: bool,
) {
    let (mut passed, mut buffer) = (0, [0; 4096]);
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        let mut out = Vec::with_capacity(length);
        for byte in &buffer[..length] {
            let change = changes.iter().find(|change| change.up == up && change.at == passed);
            passed += 1;
            match change.map(|change| change.how) {
                None => out.push(*byte),
                Some(How::Flip(mask)) => out.push(*byte ^ mask),
                Some(How::Lose) => {}
                Some(How::Double) => out.extend([*byte, *byte]),
                Some(How::Cut) => {
                    let _ = to.write_all(&out).await;
                    return;
                }
            }
        }
        if to.write_all(&out).await.is_err() {
            return;
        }
    }
}

/// One server for all inputs.
struct House {
    runtime: Runtime,
    server: PipeConnector,
    tasks: usize,
}

thread_local! {
    static HOUSE: RefCell<House> = RefCell::new({
        let (server, incoming) = pipe();
        let runtime = runtime();
        runtime.spawn(Server::builder().add_service(Talk::new(Stub::default())).serve_until(incoming, pending()));
        let tasks = runtime.metrics().num_alive_tasks();
        House { runtime, server, tasks }
    });
}

/// More would leave nothing of the conversation.
const MOST_CHANGES: usize = 8;
