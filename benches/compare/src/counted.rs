//! What a call costs that can be counted: allocations and instructions. No neighbour on the machine changes them.
//!
//! In: the program `allocations`, and valgrind where it is installed. Out: tables.
//!
//! ```text
//!   instructions of a call  =  (those of a long run  -  those of a short one)  /  (calls of the one  -  of the other)
//! ```
//!
//! so that what a process does once, to start and to end, is in neither.

use std::process::Command;
use std::time::Duration;

use crate::half::{Half, LOAD, UNDER_TEST, pinned};
use crate::kind::beside;
use crate::plan::{By, COUNTED, Plan, bytes};
use crate::rounds::{Side, column};
use crate::table::{Column, Line, Row, Table};
use crate::{Failure, Kind};

/// Allocations of a unary call, of both ends together.
///
/// # Errors
///
/// If `allocations` is not beside this program or prints something else.
pub fn allocations(_: &Plan) -> Result<Table, Failure> {
    let output = Command::new(beside("allocations")?).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [size, kind, count, total] = words[..] else {
            return Err(format!("four words were expected of `allocations`, not {line:?}").into());
        };
        let (what, kind) = (allocations_row(size.parse()?), kind.parse()?);
        let figures: Line = (kind, vec![Some(count.parse()?), Some(total.parse()?)]);
        match rows.iter_mut().find(|row| row.what == what) {
            Some(row) => row.lines.push(figures),
            None => rows.push(Row { what, lines: vec![figures], drawn: true }),
        }
    }
    let title = "ALLOCATIONS of a unary call, client and server together";
    Ok(Table { key: "allocations", title, columns: ALLOCATIONS, compared: 0, less_is_better: true, rows })
}

/// Instructions of a unary call, as valgrind counts them; no rows where it is not installed.
///
/// # Errors
///
/// If this program does not know where it is.
pub fn instructions(plan: &Plan) -> Result<Table, Failure> {
    let mut rows = Vec::new();
    if Command::new("valgrind").arg("--version").output().is_ok() {
        for side in [Side::Server, Side::Client] {
            let mut kinds = match (plan.counted, side) {
                (By::Three, _) => Kind::ALWAYS.to_vec(),
                (By::All, Side::Server) => Kind::servers()?,
                (By::All, Side::Client) => Kind::clients()?,
            };
            // Go moves stacks under valgrind's feet.
            kinds.retain(|kind| *kind != Kind::Go);
            let lines = kinds.into_iter().filter_map(|kind| match of_a_call(side, kind) {
                Ok(each) => Some((kind, vec![Some(each)])),
                // Not every program bears valgrind, and whatever was measured before must not be lost for it.
                Err(why) => {
                    println!("\nskipped: instructions of {}, because {why}", kind.name());
                    None
                }
            });
            let lines = lines.collect();
            rows.push(Row { what: format!("{}, {}", side.name(), COUNTED.name()), lines, drawn: true });
        }
    } else {
        println!("\nskipped: instructions, because there is no valgrind");
    }
    let title = "INSTRUCTIONS of a unary call";
    Ok(Table { key: "instructions", title, columns: INSTRUCTIONS, compared: 0, less_is_better: true, rows })
}

/// Instructions that one call costs the one who is under test.
fn of_a_call(side: Side, kind: Kind) -> Result<f64, Failure> {
    let (few, short) = run(side, kind, SHORT)?;
    let (many, long) = run(side, kind, LONG)?;
    if many <= few {
        return Err("no more calls were made in more time".into());
    }
    Ok((long - short) / (many - few))
}

/// Calls that were made in about so long, and all instructions of the process under test.
fn run(side: Side, kind: Kind, length: Duration) -> Result<(f64, f64), Failure> {
    let log = std::env::temp_dir().join(format!("compare-{}.callgrind", std::process::id()));
    let counting = |words: &[&str]| {
        let mut command = pinned(UNDER_TEST, "valgrind".as_ref());
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(format!("--log-file={}", log.display()));
        command.arg(beside(kind.player())?).args(words);
        Half::spawn(command)
    };
    let numbers = [COUNTED.in_flight, COUNTED.size, COUNTED.connections].map(|number| number.to_string());
    let [in_flight, size, connections] = &numbers;
    let (mut server, mut client);
    match side {
        Side::Server => {
            server = counting(&["server", kind.name()])?;
            let port = server.read_line()?;
            client = Half::client(Kind::Floor, LOAD, &port, COUNTED, None)?;
        }
        Side::Client => {
            server = Half::server(Kind::Floor, LOAD, None)?;
            let port = server.read_line()?;
            client = counting(&["client", kind.name(), &port, in_flight, size, connections])?;
        }
    }
    // By then what is done once has been done.
    let warm_up = client.go(SHORT)?;
    let made = client.go(length)?;
    match side {
        Side::Server => server.end()?,
        Side::Client => client.end()?,
    }
    let text = std::fs::read_to_string(&log)?;
    let _ = std::fs::remove_file(&log);
    let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    let collected: f64 = collected.ok_or("callgrind does not say how many instructions it has seen")?;
    Ok((warm_up.calls + made.calls, collected))
}

/// How the rows of allocations are called.
pub fn allocations_row(size: usize) -> String {
    format!("echo of {}", bytes(size))
}

const ALLOCATIONS: &[Column] = &[column("allocations/call", 1), column("bytes/call", 0)];

const INSTRUCTIONS: &[Column] = &[column("instructions/call", 0)];

/// Under valgrind a hundred calls take about a twentieth of a second.
const SHORT: Duration = Duration::from_millis(250);

/// Some thousand calls more.
const LONG: Duration = Duration::from_millis(1500);
