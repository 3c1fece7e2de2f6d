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

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kind::beside;
use crate::load::Caller;
use crate::plan::{self, ARMED, Flow, Plan, Work};
use crate::table::{Column, Line, Row, Table};
use crate::{Failure, HANDED, Kind, MANY, current_thread, floor, messages, process};

/// The side under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Against the floor's client.
    Server,
    /// Against the floor's server.
    Client,
}

/// Unary calls on one side.
pub fn calls(plan: &Plan, side: Side) -> Result<Table, Failure> {
    let (key, title, kinds) = match side {
        Side::Server => ("server", "SERVER, unary calls from the h2 client", Kind::servers()?),
        Side::Client => ("client", "CLIENT, unary calls to the h2 server", Kind::BOTH.to_vec()),
    };
    let rows = plan.works.iter().map(|work| {
        let lines = medians(plan, &kinds, |kind| match side {
            Side::Server => call(plan, (kind, Kind::Floor), side, *work),
            Side::Client => call(plan, (Kind::Floor, kind), side, *work),
        })?;
        Ok(Row { what: work.name(), lines })
    });
    let rows = rows.collect::<Result<_, Failure>>()?;
    Ok(Table { key, title, columns: CALLS, compared: 1, less_is_better: true, rows })
}

/// The same work with an interceptor, deadlines and limits at both ends, and without.
pub fn armed(plan: &Plan) -> Result<Table, Failure> {
    let rows = [(Side::Server, "server"), (Side::Client, "client")].map(|(side, name)| {
        let lines = medians(plan, &[Kind::Ours, Kind::Armed], |kind| call(plan, (kind, kind), side, ARMED))?;
        Ok(Row { what: format!("{name}, {}", ARMED.name()), lines })
    });
    let rows = rows.into_iter().collect::<Result<_, Failure>>()?;
    let title = "SWITCHED ON: an interceptor, deadlines and limits at both ends, beside none of them";
    Ok(Table { key: "armed", title, columns: CALLS, compared: 1, less_is_better: true, rows })
}

fn call(plan: &Plan, kinds: (Kind, Kind), side: Side, work: Work) -> Result<Vec<Option<f64>>, Failure> {
    let (server, client) = match side {
        Side::Server => (UNDER_TEST, LOAD),
        Side::Client => (LOAD, UNDER_TEST),
    };
    let mut server = Half::server(kinds.0, server)?;
    let port = server.read_line()?;
    let numbers = [work.in_flight, work.size, work.connections].map(|number| number.to_string());
    let [in_flight, size, connections] = &numbers;
    let words = ["client", kinds.1.name(), &port, in_flight, size, connections];
    let mut client = Half::start(client, &words)?;
    client.go(plan.warm_up)?;
    let before = process::cpu_time_of(&server.id())?;
    let [calls, wall, client_cpu, p50, p99, p999] = client.go(plan.length)?;
    let server_cpu = process::cpu_time_of(&server.id())?.saturating_sub(before).as_nanos() as f64;
    let (cpu, under_test) = match side {
        Side::Server => (server_cpu, &server),
        Side::Client => (client_cpu, &client),
    };
    let peak = process::peak_of(&under_test.id())? as f64 / MIB;
    let [p50, p99, p999] = [p50, p99, p999].map(|nanos| nanos / 1e3);
    Ok([calls / (wall / 1e9), cpu / calls / 1e3, p50, p99, p999, peak].map(Some).to_vec())
}

/// Messages on streams.
///
/// The client that lets a server stream is the floor's; the others are played by the same library at both ends.
pub fn streams(plan: &Plan) -> Result<Table, Failure> {
    let rows = plan.flows.iter().map(|(flow, size)| {
        let kinds = [Kind::Ours, Kind::Tonic];
        let lines = medians(plan, &kinds, |kind| stream(plan, kind, *flow, *size))?;
        Ok(Row { what: format!("{}, {}", flow.name(), plan::bytes(*size)), lines })
    });
    let rows = rows.collect::<Result<_, Failure>>()?;
    let title = "STREAMS, what each message costs";
    Ok(Table { key: "streams", title, columns: STREAMS, compared: 0, less_is_better: false, rows })
}

fn stream(plan: &Plan, kind: Kind, flow: Flow, size: usize) -> Result<Vec<Option<f64>>, Failure> {
    let mut server = Half::server(kind, UNDER_TEST)?;
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
    let [calls, wall, client_cpu, ..] = client.go(plan.length)?;
    let server_cpu = process::cpu_time_of(&server.id())?.saturating_sub(before).as_nanos() as f64;
    let messages = calls * messages(size) as f64;
    // What the floor's client costs is nobody's question.
    let client_cpu = ours.then_some(client_cpu / messages);
    let peak = process::peak_of(&server.id())? as f64 / MIB;
    Ok(vec![Some(messages / (wall / 1e9)), Some(server_cpu / messages), client_cpu, Some(peak)])
}

/// The memory that a server holds for what is idle. Of so many things that are opened, only the second half counts:
/// with the first come pages that the process would have wanted anyway.
pub fn memory(plan: &Plan) -> Result<Table, Failure> {
    let works: [(&str, &[&str]); 3] = [
        ("connection, just opened", &["idle", "fresh"]),
        ("connection, after one call", &["idle", "used"]),
        ("stream with nothing but its head", &["quiet", "open"]),
    ];
    let things = plan.connections;
    let rows = works.map(|(what, words)| {
        let lines = Kind::servers()?.into_iter().map(|kind| {
            let mut server = Half::server(kind, UNDER_TEST)?;
            let port = server.read_line()?;
            let words: Vec<&str> = words.iter().copied().chain([port.as_str()]).collect();
            let mut client = Half::start(LOAD, &words)?;
            client.ask(&things.to_string())?;
            let before = process::resident_of(&server.id())?;
            client.ask(&things.to_string())?;
            let after = process::resident_of(&server.id())?;
            Ok((kind, vec![Some(after.saturating_sub(before) as f64 / things as f64 / KIB)]))
        });
        Ok(Row { what: what.to_owned(), lines: lines.collect::<Result<_, Failure>>()? })
    });
    let rows = rows.into_iter().collect::<Result<_, Failure>>()?;
    let title = "MEMORY of a server for what is idle";
    Ok(Table { key: "memory", title, columns: MEMORY, compared: 0, less_is_better: true, rows })
}

/// How soon a server answers after it was started, and how large its program is.
pub fn start(plan: &Plan) -> Result<Table, Failure> {
    let lines = medians(plan, &Kind::servers()?, |kind| {
        let program = beside(kind.program())?;
        let size = std::fs::metadata(&program).map_err(|e| format!("{}: {e}", program.display()))?.len();
        let began = Instant::now();
        let mut server = Half::run(UNDER_TEST, &program, &[])?;
        let port = server.read_line()?.parse()?;
        current_thread(async { floor::Client::connect(port, 16).await?.call().await })?;
        let millis = began.elapsed().as_secs_f64() * 1e3;
        let peak = process::peak_of(&server.id())? as f64 / MIB;
        Ok(vec![Some(millis), Some(size as f64 / MIB), Some(peak)])
    })?;
    let rows = vec![Row { what: "a server of one service".into(), lines }];
    let title =
        "START of a server: from its first instruction to its first answer, and the size of its program";
    Ok(Table { key: "start", title, columns: START, compared: 0, less_is_better: true, rows })
}

/// Everybody takes a turn in every round; the medians of each column count.
fn medians(
    plan: &Plan,
    kinds: &[Kind],
    mut turn: impl FnMut(Kind) -> Result<Vec<Option<f64>>, Failure>,
) -> Result<Vec<Line>, Failure> {
    let mut seen: Vec<Vec<Vec<Option<f64>>>> = vec![Vec::new(); kinds.len()];
    for _ in 0..plan.rounds {
        for (kind, seen) in kinds.iter().zip(&mut seen) {
            let figures = turn(*kind).map_err(|error| format!("{}: {error}", kind.name()))?;
            seen.push(figures);
        }
    }
    let lines = kinds.iter().zip(seen).map(|(kind, rounds)| {
        let columns = rounds.first().map_or(0, Vec::len);
        let column = |at: usize| median(rounds.iter().filter_map(|figures| figures[at]).collect());
        (*kind, (0..columns).map(column).collect())
    });
    Ok(lines.collect())
}

/// One of the two processes of a measurement.
struct Half {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Half {
    fn server(kind: Kind, core: &str) -> Result<Half, Failure> {
        match kind {
            // The others are this program, so that what differs is the library and not how it was linked.
            Kind::Go => Half::run(core, &beside(kind.program())?, &[]),
            _ => Half::start(core, &["server", kind.name()]),
        }
    }

    fn start(core: &str, words: &[&str]) -> Result<Half, Failure> {
        Half::run(core, &std::env::current_exe()?, words)
    }

    fn run(core: &str, program: &Path, words: &[&str]) -> Result<Half, Failure> {
        let mut child = Command::new("taskset")
            .args(["-c", core])
            .arg(program)
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

    fn go(&mut self, length: Duration) -> Result<[f64; 6], Failure> {
        let answer = self.ask(&format!("go {}", length.as_millis()))?;
        let numbers: Vec<f64> = answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        numbers.try_into().map_err(|_| format!("six numbers were expected, not {answer:?}").into())
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing of it stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

const fn column(name: &'static str, digits: usize) -> Column {
    Column { name, digits }
}

const CALLS: &[Column] = &[
    column("calls/s", 0),
    column("CPU us/call", 2),
    column("p50 us", 1),
    column("p99 us", 1),
    column("p99.9 us", 1),
    column("peak MiB", 1),
];

const STREAMS: &[Column] = &[
    column("messages/s", 0),
    column("server's CPU ns/message", 0),
    column("client's CPU ns/message", 0),
    column("server's peak MiB", 1),
];

const MEMORY: &[Column] = &[column("KiB each", 1)];

const START: &[Column] = &[column("ms", 2), column("program MiB", 2), column("peak MiB", 1)];

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

/// The core of the side under test.
const UNDER_TEST: &str = "0";

/// The core of the other side, and of whoever measures.
const LOAD: &str = "1";
