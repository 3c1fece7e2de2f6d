//! Wirewright beside a raw h2 floor and beside tonic: what a call costs, measured in one run.
//!
//! ```text
//!   compare (main.rs)
//!     |  rounds    starts a server and a client for every measurement, each pinned to a core; medians, ratios
//!     |  table     prints them
//!     +-- server KIND        ours | floor | tonic        answers one method: the message comes back
//!     +-- client KIND        the same three              makes calls, so many at a time
//!     +-- drain METHOD                                   lets a server stream, and counts
//!     +-- ping-pong KIND                                 one message there and one back, on one stream
//!     +-- idle, quiet                                    opens connections, or streams, and leaves them alone
//!   allocations (bin/allocations.rs)                     both ends in one process, every allocation counted
//! ```
//!
//! A server is measured with the floor's client and a client with the floor's server, so that what differs
//! between two lines of the table is the thing under test and nothing else.

pub mod floor;
pub mod load;
pub mod ours;
pub mod peer_tonic;
pub mod process;
pub mod rounds;
pub mod table;

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

/// Messages of one streaming call.
pub const MESSAGES: usize = 10_000;

/// Bytes of the payload of a streamed message.
pub const STREAMED_BYTES: usize = 16;

/// Has another task hand over a message as often as a streaming call sends it, one by one.
///
/// A channel with room for one is the least that two tasks can have between them.
pub fn handed_over(message: Echo) -> tokio::sync::mpsc::Receiver<Echo> {
    let (hand, taken) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for _ in 0..MESSAGES {
            if hand.send(message.clone()).await.is_err() {
                return;
            }
        }
    });
    taken
}

/// Whatever goes wrong ends the program: a benchmark with an error in it measures nothing.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The least code over h2 that answers, or asks, correctly.
    Floor,
    /// Wirewright.
    Ours,
    /// tonic with tonic-prost, as its generator prints it.
    Tonic,
}

impl Kind {
    /// All of them, in the order of the table.
    pub const ALL: [Kind; 3] = [Kind::Floor, Kind::Ours, Kind::Tonic];

    /// The name on the command line and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Floor => "h2",
            Kind::Ours => "wirewright",
            Kind::Tonic => "tonic",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Kind, Failure> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| format!("{text:?} is none of h2, wirewright, tonic").into())
    }
}
