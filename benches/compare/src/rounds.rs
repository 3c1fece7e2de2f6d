//! The measurement: which processes, on which core, in which order, and what is made of their numbers.
//!
//! In: how thorough to be. Out: medians over the rounds, as tables.
//!
//! ```text
//!   round 1     h2   wirewright   tonic      the same work for each, one right after another, so that
//!   round 2     h2   wirewright   tonic      what the machine does meanwhile hits all of them alike
//!   ...
//! ```
//!
//! Every measurement has processes of its own, which evens out what depends on where a process happens to be put
//! in memory. The side under test runs on core 0, the other on core 1.

use std::path::Path;

use crate::half::{Half, LOAD, UNDER_TEST};
use crate::plan::{ARMED, By, Flow, Plan, TLS, Work};
use crate::table::{Across, Column, Line, Row, Table};
use crate::{Failure, HANDED, Kind, MANY, certificate, messages, process};

/// The side under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Against the floor's client.
    Server,
    /// Against the floor's server.
    Client,
}

impl Side {
    /// How it is called in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Server => "server",
            Side::Client => "client",
        }
    }

    /// Everybody who can be on this side.
    fn kinds(self) -> Result<Vec<Kind>, Failure> {
        match self {
            Side::Server => Kind::servers(),
            Side::Client => Kind::clients(),
        }
    }

    /// Who serves and who calls when this kind is on this side.
    fn against_the_floor(self, kind: Kind) -> (Kind, Kind) {
        match self {
            Side::Server => (kind, Kind::Floor),
            Side::Client => (Kind::Floor, kind),
        }
    }
}

/// Unary calls on one side.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn calls(plan: &Plan, side: Side) -> Result<Table, Failure> {
    let (key, title) = match side {
        Side::Server => ("server", "SERVER, unary calls from the h2 client"),
        Side::Client => ("client", "CLIENT, unary calls to the h2 server"),
    };
    let rows = plan.works.iter().map(|work| {
        let kinds = match work.by {
            By::Three => Kind::ALWAYS.to_vec(),
            By::All => side.kinds()?.into_iter().filter(|kind| kind.takes(work.size)).collect(),
        };
        let lines =
            medians(plan, &kinds, CALLS, |kind| call(plan, side.against_the_floor(kind), side, *work, None))?;
        Ok(Row { what: work.name(), lines, drawn: work.by == By::All })
    });
    let rows = rows.collect::<Result<_, Failure>>()?;
    Ok(Table { key, title, columns: CALLS, compared: 1, less_is_better: true, rows })
}

/// Unary calls over TLS, on either side.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn tls(plan: &Plan) -> Result<Table, Failure> {
    let folder = certificate::Folder::new()?;
    let mut rows = Vec::new();
    for side in [Side::Server, Side::Client] {
        let mut kinds = side.kinds()?;
        kinds.retain(|kind| kind.has_tls());
        for work in TLS {
            let lines = medians(plan, &kinds, CALLS, |kind| {
                call(plan, side.against_the_floor(kind), side, work, Some(folder.path()))
            })?;
            rows.push(Row { what: format!("{}, {}", side.name(), work.name()), lines, drawn: true });
        }
    }
    let title = "TLS, the same calls with TLS 1.3 and AES-128-GCM";
    Ok(Table { key: "tls", title, columns: CALLS, compared: 1, less_is_better: true, rows })
}

/// The same work with an interceptor, deadlines and limits at both ends, and without.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn armed(plan: &Plan) -> Result<Table, Failure> {
    let mut rows = Vec::new();
    for side in [Side::Server, Side::Client] {
        let lines = medians(plan, &[Kind::Ours, Kind::Armed], CALLS, |kind| {
            call(plan, (kind, kind), side, ARMED, None)
        })?;
        rows.push(Row { what: format!("{}, {}", side.name(), ARMED.name()), lines, drawn: true });
    }
    let title = "SWITCHED ON: an interceptor, deadlines and limits at both ends, beside none of them";
    Ok(Table { key: "armed", title, columns: CALLS, compared: 1, less_is_better: true, rows })
}

fn call(
    plan: &Plan,
    kinds: (Kind, Kind),
    side: Side,
    work: Work,
    tls: Option<&Path>,
) -> Result<Vec<Option<f64>>, Failure> {
    let (server, client) = match side {
        Side::Server => (UNDER_TEST, LOAD),
        Side::Client => (LOAD, UNDER_TEST),
    };
    let mut server = Half::server(kinds.0, server, tls)?;
    let port = server.read_line()?;
    let mut client = Half::client(kinds.1, client, &port, work, tls)?;
    client.go(plan.warm_up)?;
    let before = process::cpu_time_of(&server.id())?;
    let made = client.go(plan.length)?;
    let server_cpu = process::cpu_time_of(&server.id())?.saturating_sub(before).as_nanos() as f64;
    let (cpu, under_test) = match side {
        Side::Server => (server_cpu, &server),
        Side::Client => (made.cpu, &client),
    };
    let peak = process::peak_of(&under_test.id())? as f64 / MIB;
    let [p50, p99, p999, max] = made.times.map(|nanos| nanos / 1e3);
    let figures = [made.calls / (made.wall / 1e9), cpu / made.calls / 1e3, p50, p99, p999, max, peak];
    Ok(figures.map(Some).to_vec())
}

/// Messages on streams.
///
/// The client that lets a server stream is the floor's; the others are played by the same library at both ends.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn streams(plan: &Plan) -> Result<Table, Failure> {
    let rows = plan.flows.iter().map(|(flow, size)| {
        let kinds = [Kind::Ours, Kind::Tonic];
        let lines = medians(plan, &kinds, STREAMS, |kind| stream(plan, kind, *flow, *size))?;
        Ok(Row { what: flow.row(*size), lines, drawn: true })
    });
    let rows = rows.collect::<Result<_, Failure>>()?;
    let title = "STREAMS, what each message costs";
    Ok(Table { key: "streams", title, columns: STREAMS, compared: 0, less_is_better: false, rows })
}

fn stream(plan: &Plan, kind: Kind, flow: Flow, size: usize) -> Result<Vec<Option<f64>>, Failure> {
    let mut server = Half::server(kind, UNDER_TEST, None)?;
    let (port, bytes) = (server.read_line()?, size.to_string());
    let (words, ours) = match flow {
        Flow::Many => (["drain", MANY, &port, &bytes], false),
        Flow::Handed => (["drain", HANDED, &port, &bytes], false),
        Flow::Upload => (["upload", kind.name(), &port, &bytes], true),
        Flow::PingPong => (["ping-pong", kind.name(), &port, &bytes], true),
    };
    let mut client = Half::start(LOAD, &words)?;
    client.go(plan.warm_up)?;
    let before = process::cpu_time_of(&server.id())?;
    let made = client.go(plan.length)?;
    let server_cpu = process::cpu_time_of(&server.id())?.saturating_sub(before).as_nanos() as f64;
    let messages = made.calls * messages(size) as f64;
    // What the floor's client costs is nobody's question.
    let client_cpu = ours.then_some(made.cpu / messages);
    let peak = process::peak_of(&server.id())? as f64 / MIB;
    Ok(vec![Some(messages / (made.wall / 1e9)), Some(server_cpu / messages), client_cpu, Some(peak)])
}

/// Everybody takes a turn in every round; the medians of each column count, or the worst where that is asked for.
///
/// # Errors
///
/// Says whose turn went wrong. A library that is not ours is left out of this work then, which is printed: what it
/// cannot do is no reason not to measure the others.
pub fn medians(
    plan: &Plan,
    kinds: &[Kind],
    columns: &[Column],
    mut turn: impl FnMut(Kind) -> Result<Vec<Option<f64>>, Failure>,
) -> Result<Vec<Line>, Failure> {
    let mut seen: Vec<Option<Vec<Vec<Option<f64>>>>> = vec![Some(Vec::new()); kinds.len()];
    for _ in 0..plan.rounds {
        for (kind, left_in) in kinds.iter().zip(&mut seen) {
            let Some(seen) = left_in else { continue };
            match turn(*kind) {
                Ok(figures) => seen.push(figures),
                Err(error) if kind.is_peer() => {
                    println!("\nleft out of the next table in one row: {}, because {error}", kind.name());
                    *left_in = None;
                }
                Err(error) => return Err(format!("{}: {error}", kind.name()).into()),
            }
        }
    }
    let lines = kinds.iter().zip(seen).map(|(kind, rounds)| {
        let rounds = rounds.unwrap_or_default();
        let columns = columns.iter().enumerate().map(|(at, column)| {
            let figures = rounds.iter().filter_map(|figures| figures.get(at).copied().flatten());
            match column.across {
                Across::Median => median(figures.collect()),
                Across::Worst => figures.reduce(f64::max),
            }
        });
        (*kind, columns.collect())
    });
    Ok(lines.collect())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A column of medians.
pub const fn column(name: &'static str, digits: usize) -> Column {
    Column { name, digits, across: Across::Median }
}

const CALLS: &[Column] = &[
    column("calls/s", 0),
    column("CPU us/call", 2),
    column("p50 us", 1),
    column("p99 us", 1),
    column("p99.9 us", 1),
    // A stall in one round of five is a stall.
    Column { name: "worst us", digits: 0, across: Across::Worst },
    column("peak MiB", 1),
];

const STREAMS: &[Column] = &[
    column("messages/s", 0),
    column("server's CPU ns/message", 0),
    column("client's CPU ns/message", 0),
    column("server's peak MiB", 1),
];

/// Bytes of a KiB.
pub const KIB: f64 = 1024.0;

/// Bytes of a MiB.
pub const MIB: f64 = 1024.0 * KIB;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_in_one_round_is_seen_and_a_slow_round_is_not() {
        let columns = [column("us", 1), Column { name: "worst us", digits: 0, across: Across::Worst }];
        let plan = Plan { rounds: 3, ..crate::plan::QUICK };
        let mut rounds = [[2.0, 5.0], [9.0, 40_000.0], [3.0, 6.0]].into_iter();
        let lines =
            medians(&plan, &[Kind::Ours], &columns, |_| Ok(rounds.next().unwrap().map(Some).to_vec()));
        assert_eq!(lines.unwrap(), [(Kind::Ours, vec![Some(3.0), Some(40_000.0)])]);
    }
}
