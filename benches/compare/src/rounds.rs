//! The measurement: which processes, on which core, in which order, and what is made of their numbers.
//!
//! In: how thorough to be. Out: medians over the rounds.
//!
//! ```text
//!   round 1     h2   wirewright   tonic      the same work for each, one right after another, so that
//!   round 2     h2   wirewright   tonic      what the machine does meanwhile hits all of them alike
//!   ...
//! ```
//!
//! Every measurement has processes of its own, which evens out what depends on where a process happens to be put
//! in memory. The side under test runs on core 0, the other on core 1.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::{Failure, HANDED, Kind, MANY, MESSAGES, process};

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
}

/// The side under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Against the floor's client.
    Server,
    /// Against the floor's server.
    Client,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Bytes of the payload.
    pub size: usize,
    /// Calls at a time.
    pub in_flight: usize,
}

/// Everything that is asked.
pub const WORK: [Work; 6] = [
    Work { size: 16, in_flight: 1 },
    Work { size: 1024, in_flight: 1 },
    Work { size: 16, in_flight: 100 },
    Work { size: 1024, in_flight: 100 },
    Work { size: 16, in_flight: 10 },
    Work { size: 1024 * 1024, in_flight: 4 },
];

/// A stream of small messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The server always has the next one ready.
    Many,
    /// Another task of the server hands over one after another.
    Handed,
    /// One there, one back.
    PingPong,
}

/// All of them.
pub const FLOWS: [Flow; 3] = [Flow::Many, Flow::Handed, Flow::PingPong];

/// What it cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Calls that ended, per second.
    pub calls_per_second: f64,
    /// CPU time of the side under test, in microseconds per call.
    pub cpu_micros: f64,
    /// The median time of a call in microseconds; zero if more than one was in flight.
    pub p50_micros: f64,
}

/// Measures one work on one side, for all kinds.
pub fn measure(plan: &Plan, side: Side, work: Work) -> Result<[Cost; 3], Failure> {
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let mut round = [Cost::default(); 3];
        for (cost, kind) in round.iter_mut().zip(Kind::ALL) {
            *cost = one(plan, side, kind, work)?;
        }
        rounds.push(round);
    }
    let mut medians = [Cost::default(); 3];
    for (index, cost) in medians.iter_mut().enumerate() {
        let column =
            |field: fn(&Cost) -> f64| median(rounds.iter().map(|round| field(&round[index])).collect());
        cost.calls_per_second = column(|cost| cost.calls_per_second);
        cost.cpu_micros = column(|cost| cost.cpu_micros);
        cost.p50_micros = column(|cost| cost.p50_micros);
    }
    Ok(medians)
}

fn one(plan: &Plan, side: Side, kind: Kind, work: Work) -> Result<Cost, Failure> {
    let (server, client) = match side {
        Side::Server => ((kind, UNDER_TEST), (Kind::Floor, LOAD)),
        Side::Client => ((Kind::Floor, LOAD), (kind, UNDER_TEST)),
    };
    let mut server = Half::server(server.0, server.1)?;
    let (size, in_flight) = (work.size.to_string(), work.in_flight.to_string());
    let port = server.read_line()?;
    let mut client = Half::start(client.1, &["client", client.0.name(), &port, &in_flight, &size])?;
    client.go(plan.warm_up)?;
    let before = process::cpu_time_of(&server.id())?;
    let [calls, wall, cpu, p50] = client.go(plan.length)?;
    let cpu = match side {
        Side::Server => (process::cpu_time_of(&server.id())?.saturating_sub(before)).as_nanos() as f64,
        Side::Client => cpu,
    };
    Ok(Cost { calls_per_second: calls / (wall / 1e9), cpu_micros: cpu / calls / 1e3, p50_micros: p50 / 1e3 })
}

/// Messages per second, and the server's CPU time for each in nanoseconds, of ours and of tonic.
///
/// The client that lets a server stream is the floor's; ping-pong is played by the same library at both ends.
pub fn stream(plan: &Plan, flow: Flow) -> Result<[(f64, f64); 2], Failure> {
    let kinds = [Kind::Ours, Kind::Tonic];
    let mut seen = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..plan.rounds {
        for (seen, kind) in seen.iter_mut().zip(kinds) {
            let mut server = Half::server(kind, UNDER_TEST)?;
            let port = server.read_line()?;
            let mut client = match flow {
                Flow::Many => Half::start(LOAD, &["drain", MANY, &port])?,
                Flow::Handed => Half::start(LOAD, &["drain", HANDED, &port])?,
                Flow::PingPong => Half::start(LOAD, &["ping-pong", kind.name(), &port])?,
            };
            client.go(plan.warm_up)?;
            let before = process::cpu_time_of(&server.id())?;
            let [calls, wall, ..] = client.go(plan.length)?;
            let cpu = process::cpu_time_of(&server.id())?.saturating_sub(before);
            let messages = calls * MESSAGES as f64;
            seen.0.push(messages / (wall / 1e9));
            seen.1.push(cpu.as_nanos() as f64 / messages);
        }
    }
    Ok(seen.map(|(rates, costs)| (median(rates), median(costs))))
}

/// Bytes of memory that a server holds for each stream on which nothing happens, for all kinds.
pub fn quiet(plan: &Plan) -> Result<[f64; 3], Failure> {
    memory_of(plan.connections, |port| Half::start(LOAD, &["quiet", port]))
}

/// Bytes of memory that a server holds for each idle connection, for all kinds.
///
/// With `used`, every connection has carried one call before it fell idle. The first half of the connections is
/// not counted: with it come pages that the process would have wanted anyway.
pub fn idle(plan: &Plan, used: bool) -> Result<[f64; 3], Failure> {
    memory_of(plan.connections, |port| {
        Half::start(LOAD, &["idle", port, if used { "used" } else { "fresh" }])
    })
}

/// Bytes of memory for each of so many things that a client opens, after as many before.
fn memory_of(things: usize, client: impl Fn(&str) -> Result<Half, Failure>) -> Result<[f64; 3], Failure> {
    let mut bytes = [0.0; 3];
    for (bytes, kind) in bytes.iter_mut().zip(Kind::ALL) {
        let mut server = Half::server(kind, UNDER_TEST)?;
        let mut client = client(&server.read_line()?)?;
        client.ask(&things.to_string())?;
        let before = process::resident_of(&server.id())?;
        client.ask(&things.to_string())?;
        let after = process::resident_of(&server.id())?;
        *bytes = after.saturating_sub(before) as f64 / things as f64;
    }
    Ok(bytes)
}

/// One of the two processes of a measurement.
struct Half {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Half {
    fn server(kind: Kind, core: &str) -> Result<Half, Failure> {
        Half::start(core, &["server", kind.name()])
    }

    fn start(core: &str, words: &[&str]) -> Result<Half, Failure> {
        let mut child = Command::new("taskset")
            .args(["-c", core])
            .arg(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run taskset, which pins processes to cores: {error}"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (orders, answers) = pipes.ok_or("a child without its pipes")?;
        Ok(Half { child, orders, answers: BufReader::new(answers) })
    }

    fn id(&self) -> String {
        self.child.id().to_string()
    }

    fn read_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err("a process of the comparison has died; what it said is above".into()),
            _ => Ok(line.trim().to_owned()),
        }
    }

    fn ask(&mut self, order: &str) -> Result<String, Failure> {
        writeln!(self.orders, "{order}")?;
        self.read_line()
    }

    fn go(&mut self, length: Duration) -> Result<[f64; 4], Failure> {
        let answer = self.ask(&format!("go {}", length.as_millis()))?;
        let numbers: Vec<f64> = answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        numbers.try_into().map_err(|_| format!("four numbers were expected, not {answer:?}").into())
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing of it stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The core of the side under test.
const UNDER_TEST: &str = "0";

/// The core of the other side, and of whoever measures.
const LOAD: &str = "1";
