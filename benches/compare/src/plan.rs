//! What is measured, and how thoroughly.
//!
//! In: nothing. Out: two plans. The thorough one is what the figures in the documents come from; the quick one shows
//! within two minutes whether something has become much worse.

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
    /// Idle connections that are opened, twice.
    pub connections: usize,
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
    const fn new(size: usize, in_flight: usize, connections: usize) -> Work {
        Work { size, in_flight, connections }
    }

    /// How it is called in the tables.
    pub fn name(&self) -> String {
        let on = if self.connections == 1 { String::new() } else { format!(" on {}", self.connections) };
        format!("{}, {} in flight{on}", bytes(self.size), self.in_flight)
    }
}

impl Flow {
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

/// What the figures in the documents come from: about ten minutes of measuring.
pub const THOROUGH: Plan = Plan {
    rounds: 5,
    warm_up: Duration::from_millis(200),
    length: Duration::from_millis(1000),
    connections: 2000,
    works: &[
        Work::new(16, 1, 1),
        Work::new(16, 10, 1),
        Work::new(16, 100, 1),
        Work::new(16, 1000, 1),
        Work::new(16, 100, 10),
        Work::new(16, 1000, 10),
        Work::new(KIB, 1, 1),
        Work::new(KIB, 100, 1),
        Work::new(KIB, 1000, 10),
        Work::new(64 * KIB, 1, 1),
        Work::new(64 * KIB, 10, 1),
        Work::new(64 * KIB, 100, 10),
        Work::new(MIB, 1, 1),
        Work::new(MIB, 4, 1),
        Work::new(MIB, 10, 10),
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

/// What shows whether something has become much worse: about a minute and a half of measuring.
pub const QUICK: Plan = Plan {
    rounds: 3,
    warm_up: Duration::from_millis(50),
    length: Duration::from_millis(300),
    connections: 300,
    works: &[
        Work::new(16, 1, 1),
        Work::new(16, 100, 1),
        Work::new(16, 1000, 10),
        Work::new(KIB, 100, 1),
        Work::new(64 * KIB, 10, 1),
        Work::new(MIB, 4, 1),
    ],
    flows: &[
        (Flow::Many, 16),
        (Flow::Handed, 16),
        (Flow::Upload, 16),
        (Flow::PingPong, 16),
        (Flow::Many, 16 * KIB),
    ],
};

/// The work that is done with everything switched on, beside the same with nothing.
pub const ARMED: Work = Work::new(16, 100, 1);

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
