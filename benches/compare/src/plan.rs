//! What is measured, and how thoroughly.
//!
//! In: nothing. Out: two plans. The thorough one is what the figures in the documents come from; the quick one shows
//! within five minutes whether something has become much worse.

use std::time::Duration;

/// How thorough to be.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often everything is measured; the median counts.
    pub rounds: usize,
    /// How long calls are made before a measurement.
    pub warm_up: Duration,
    /// How long calls are made for one.
    pub length: Duration,
    /// Whose instructions are counted.
    pub counted: By,
    /// Idle connections, and idle streams, that are opened, twice.
    pub idle: usize,
    /// The unary calls.
    pub works: &'static [Work],
    /// The streams.
    pub flows: &'static [(Flow, usize)],
}

/// Unary calls: bytes of the payload, calls at a time, connections that they are spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Bytes of the payload.
    pub size: usize,
    /// Calls at a time, on all connections together.
    pub in_flight: usize,
    /// Connections, all from one client.
    pub connections: usize,
    /// Who does it.
    pub by: By,
}

/// Who does a work: there is time for everybody to do the telling ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The floor, ours and tonic. It shows how a cost moves with the number of calls or connections.
    Three,
    /// Everybody who can. It is drawn.
    All,
}

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The server always has the next message ready.
    Many,
    /// Another task of the server hands over one after another.
    Handed,
    /// The client always has the next message ready.
    Upload,
    /// One there, one back.
    PingPong,
}

impl Work {
    const fn three(size: usize, in_flight: usize, connections: usize) -> Work {
        Work { size, in_flight, connections, by: By::Three }
    }

    const fn all(size: usize, in_flight: usize, connections: usize) -> Work {
        Work { size, in_flight, connections, by: By::All }
    }

    /// How it is called in the tables.
    pub fn name(&self) -> String {
        let on = if self.connections == 1 { String::new() } else { format!(" on {}", self.connections) };
        format!("{}, {} in flight{on}", bytes(self.size), self.in_flight)
    }
}

impl Flow {
    /// How a row of the tables is called, with messages of this size.
    pub fn row(self, size: usize) -> String {
        format!("{}, {}", self.name(), bytes(size))
    }

    /// How it is called in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Flow::Many => "from the server, always ready",
            Flow::Handed => "from the server, handed over",
            Flow::Upload => "from the client, always ready",
            Flow::PingPong => "ping-pong",
        }
    }
}

/// A size as it is said.
pub fn bytes(size: usize) -> String {
    match size {
        0..KIB => format!("{size} B"),
        KIB..MIB => format!("{} KiB", size / KIB),
        _ => format!("{} MiB", size / MIB),
    }
}

/// What the figures in the documents come from: about twenty minutes of measuring.
///
/// Of the sizes, numbers in flight and connections that could be combined, these are left out because they would say
/// nothing new: fewer calls than connections (some are then idle); as many calls as connections, but for the thousand
/// that are there for the sake of it; and more than 10 MiB of messages in flight, which measures windows and the
/// memory bus.
pub const THOROUGH: Plan = Plan {
    rounds: 5,
    warm_up: Duration::from_millis(150),
    length: Duration::from_millis(600),
    counted: By::All,
    idle: 5000,
    works: &[
        Work::all(16, 1, 1),
        Work::three(16, 10, 1),
        Work::all(16, 100, 1),
        Work::three(16, 1000, 1),
        Work::three(16, 100, 10),
        Work::all(16, 1000, 10),
        Work::three(16, 1000, 100),
        Work::three(16, 1000, 1000),
        Work::three(KIB, 1, 1),
        Work::three(KIB, 10, 1),
        Work::all(KIB, 100, 1),
        Work::three(KIB, 1000, 1),
        Work::three(KIB, 1000, 10),
        Work::three(64 * KIB, 1, 1),
        Work::all(64 * KIB, 10, 1),
        Work::three(64 * KIB, 100, 1),
        Work::three(64 * KIB, 100, 10),
        Work::three(MIB, 1, 1),
        Work::all(MIB, 4, 1),
        Work::three(MIB, 10, 1),
        Work::three(MIB, 10, 10),
    ],
    flows: &[
        (Flow::Many, 16),
        (Flow::Many, 16 * KIB),
        (Flow::Handed, 16),
        (Flow::Handed, 16 * KIB),
        (Flow::Upload, 16),
        (Flow::Upload, 16 * KIB),
        (Flow::PingPong, 16),
        (Flow::PingPong, 16 * KIB),
    ],
};

/// What shows whether something has become much worse: about four minutes of measuring.
pub const QUICK: Plan = Plan {
    rounds: 3,
    warm_up: Duration::from_millis(50),
    length: Duration::from_millis(300),
    counted: By::Three,
    idle: 500,
    works: &[
        Work::all(16, 1, 1),
        Work::all(16, 100, 1),
        Work::three(16, 1000, 1),
        Work::all(16, 1000, 10),
        Work::three(16, 1000, 1000),
        Work::three(KIB, 1, 1),
        Work::all(KIB, 100, 1),
        Work::three(64 * KIB, 1, 1),
        Work::all(64 * KIB, 10, 1),
        Work::three(MIB, 1, 1),
        Work::all(MIB, 4, 1),
    ],
    flows: &[
        (Flow::Many, 16),
        (Flow::Handed, 16),
        (Flow::Upload, 16),
        (Flow::PingPong, 16),
        (Flow::Many, 16 * KIB),
        (Flow::PingPong, 16 * KIB),
    ],
};

/// The work that is done with everything switched on, beside the same with nothing.
pub const ARMED: Work = Work::all(16, 100, 1);

/// The works that are done over TLS.
pub const TLS: [Work; 2] = [Work::all(16, 100, 1), Work::all(KIB, 100, 1)];

/// The work whose instructions are counted.
pub const COUNTED: Work = Work::all(16, 100, 1);

/// Bytes of a KiB.
pub const KIB: usize = 1024;

/// Bytes of a MiB.
pub const MIB: usize = 1024 * KIB;
