//! Wirewright beside a raw h2 floor and beside tonic: what a call costs, measured in one run.
//!
//! ```text
//!   compare (main.rs)
//!     |  rounds    starts a server and a client for every measurement, each pinned to a core; medians, ratios
//!     |  idle      what a server costs when nothing happens: memory, start-up, size
//!     |  counted   allocations and instructions of a call, which no clock and no neighbour changes
//!     |  plan      what is measured, and how thoroughly
//!     |  reach     what is wanted of ours, and whether it is so
//!     |  table     prints them; report writes them into a document, with plots
//!     +-- server KIND        floor | ours | tonic | ...   answers: the message comes back, once or many times
//!     +-- client KIND        the same                    makes calls, so many at a time
//!     +-- stream FLOW                                    has messages sent on one stream, and counts
//!     +-- idle, quiet                                    opens connections, or streams, and leaves them alone
//!   server-h2, -wirewright, -tonic (bin)                 one library each: how large, how soon there
//!   tls (peers/tls)                                      the first three of them over TLS
//!   peer-*, server-* (peers/*)                           the others, a program each, told by the same words
//!   allocations (bin/allocations.rs)                     both ends in one process, every allocation counted
//! ```
//!
//! A server is measured with the floor's client and a client with the floor's server, so that what differs
//! between two lines of the table is the thing under test and nothing else.

pub mod certificate;
pub mod counted;
pub mod floor;
pub mod half;
pub mod histogram;
pub mod idle;
pub mod kind;
pub mod load;
pub mod machine;
pub mod ours;
pub mod peer;
pub mod peer_tonic;
pub mod plan;
pub mod plot;
pub mod process;
pub mod reach;
pub mod report;
pub mod rounds;
pub mod table;

pub use kind::Kind;

/// The message of every call, in both directions.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Echo {
    /// As many bytes as the measurement wants.
    #[prost(bytes = "vec", tag = "1")]
    pub payload: Vec<u8>,
}

/// The path of the method that sends the message back.
pub const PATH: &str = "/bench.Echoes/Unary";

/// The path of the method that sends it back [`MESSAGES`] times, always ready with the next.
pub const MANY: &str = "/bench.Echoes/Many";

/// The same, but each message is handed over by another task, which waits until it has been taken.
pub const HANDED: &str = "/bench.Echoes/Handed";

/// The path of the method that sends back whatever comes, for as long as something comes.
pub const PING_PONG: &str = "/bench.Echoes/PingPong";

/// The path of the method that takes as many messages as come, and answers with the last.
pub const UPLOAD: &str = "/bench.Echoes/Upload";

/// Messages of one streaming call, if they are of [`STREAMED_BYTES`].
pub const MESSAGES: usize = 10_000;

/// Bytes of the payload of a small streamed message.
pub const STREAMED_BYTES: usize = 16;

/// Messages of one streaming call with payloads of this size: fewer if they are large, so that a call ends soon.
pub const fn messages(size: usize) -> usize {
    if size > STREAMED_BYTES { MESSAGES / 20 } else { MESSAGES }
}

/// Has another task hand over a message as often as a streaming call sends it, one by one.
///
/// A channel with room for one is the least that two tasks can have between them.
pub fn handed_over(message: Echo) -> tokio::sync::mpsc::Receiver<Echo> {
    let (hand, taken) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for _ in 0..messages(message.payload.len()) {
            if hand.send(message.clone()).await.is_err() {
                return;
            }
        }
    });
    taken
}

/// Whatever goes wrong ends the program: a benchmark with an error in it measures nothing.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs this on a port of its own, which is printed, in one thread.
pub fn listen(
    serve: impl AsyncFnOnce(tokio::net::TcpListener) -> Result<(), Failure>,
) -> Result<(), Failure> {
    current_thread(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?.port());
        serve(listener).await
    })
}

/// Runs this in one thread.
pub fn current_thread(future: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
