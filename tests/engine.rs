//! What the engine does wrong, found by fuzzing: it must harm nobody else.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use wirewright::inspect::frames::PREFACE;
use wirewright::transport::{Connector, pipe};
use wirewright::{Address, Endpoint, Request, Server};

use crate::support::talk::{ONE, Stub, Talk};
use crate::support::within;

/// A call whose message never ends, among frames that make no sense.
const LET_GO_AT_THE_END: &[u8] = include_bytes!("wire/fixtures/let_go_at_the_end.bin");

/// In debug builds an assertion of h2 fails where a connection ends right after a stream was let go of (h2#907). That
/// is the end of a task which was at its end.
#[tokio::test(start_paused = true)]
async fn an_assertion_that_fails_at_a_connections_end_harms_no_other_connection() {
    let (connector, incoming) = pipe();
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let serving = tokio::spawn(server.serve_until(incoming, std::future::pending()));
    let mut io = connector.connect(&Address::Memory).await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(LET_GO_AT_THE_END).await.unwrap();
    // Every clock of the server runs out.
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let channel = Endpoint::new("in.memory:1").unwrap().connector(connector).lazy();
    let reply = within(channel.unary(&ONE, Request::new("hello".to_owned()))).await.unwrap();
    assert_eq!(reply.into_inner(), "hello");
    serving.abort();
}
