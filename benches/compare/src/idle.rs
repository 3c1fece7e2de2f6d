//! What a server costs when nothing happens: its memory for what is idle, its start, its size.
//!
//! In: how thorough to be. Out: tables.

use std::time::Instant;

use crate::half::{Half, LOAD, UNDER_TEST, pinned};
use crate::kind::beside;
use crate::load::Caller;
use crate::plan::Plan;
use crate::rounds::{KIB, MIB, column, medians};
use crate::table::{Column, Row, Table};
use crate::{Failure, Kind, current_thread, floor, process};

/// The memory that a server holds for what is idle. Of so many things that are opened, only the second half counts:
/// with the first come pages that the process would have wanted anyway.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn memory(plan: &Plan) -> Result<Table, Failure> {
    let works: [(&str, &[&str]); 3] =
        [(FRESH, &["idle", "fresh"]), (USED, &["idle", "used"]), (STREAM, &["quiet", "open"])];
    let rows = works.map(|(what, words)| {
        let servers = Kind::servers()?.into_iter().filter(|kind| kind.is_patient());
        let lines = servers.map(|kind| {
            let each =
                held_for_each(kind, words, plan.idle).map_err(|why| format!("{}: {why}", kind.name()))?;
            Ok((kind, vec![Some(each)]))
        });
        Ok(Row { what: what.to_owned(), lines: lines.collect::<Result<_, Failure>>()?, drawn: true })
    });
    let rows = rows.into_iter().collect::<Result<_, Failure>>()?;
    let title = "MEMORY of a server for what is idle";
    Ok(Table { key: "memory", title, columns: MEMORY, compared: 0, less_is_better: true, rows })
}

/// KiB for each of so many things that a client opens as these words say, after as many before.
fn held_for_each(kind: Kind, words: &[&str], things: usize) -> Result<f64, Failure> {
    let mut server = Half::server(kind, UNDER_TEST, None)?;
    let port = server.read_line()?;
    let words: Vec<&str> = words.iter().copied().chain([port.as_str()]).collect();
    let mut client = Half::start(LOAD, &words)?;
    client.ask(&things.to_string())?;
    let before = process::resident_of(&server.id())?;
    client.ask(&things.to_string())?;
    let after = process::resident_of(&server.id())?;
    Ok(after.saturating_sub(before) as f64 / things as f64 / KIB)
}

/// How soon a server answers after it was started, and how large its program is.
///
/// # Errors
///
/// Whatever kept a process from doing its part.
pub fn start(plan: &Plan) -> Result<Table, Failure> {
    let lines = medians(plan, &Kind::servers()?, START, |kind| {
        let program = beside(kind.program())?;
        let size = std::fs::metadata(&program).map_err(|e| format!("{}: {e}", program.display()))?.len();
        let began = Instant::now();
        let mut server = Half::spawn(pinned(UNDER_TEST, &program))?;
        let port = server.read_line()?.parse()?;
        current_thread(async { first_call(port).await })?;
        let millis = began.elapsed().as_secs_f64() * 1e3;
        let peak = process::peak_of(&server.id())? as f64 / MIB;
        Ok(vec![Some(millis), Some(size as f64 / MIB), Some(peak)])
    })?;
    let rows = vec![Row { what: "a server of one service".into(), lines, drawn: true }];
    let title =
        "START of a server: from its first instruction to its first answer, and the size of its program";
    Ok(Table { key: "start", title, columns: START, compared: 0, less_is_better: true, rows })
}

/// A call to a server that has said its port. pajamax says it before it listens, so the first attempts may fail.
async fn first_call(port: u16) -> Result<(), Failure> {
    for _ in 0..ATTEMPTS {
        match floor::Client::connect(port, 16).await {
            Ok(client) => return client.call().await,
            Err(_) => tokio::task::yield_now().await,
        }
    }
    Err("a server does not listen at the port that it says".into())
}

/// The rows of memory, by which what is wanted is looked up.
pub const FRESH: &str = "connection, just opened";
/// See [`FRESH`].
pub const USED: &str = "connection, after one call";
/// See [`FRESH`].
pub const STREAM: &str = "stream with nothing but its head";

const MEMORY: &[Column] = &[column("KiB each", 1)];

const START: &[Column] = &[column("ms", 2), column("program MiB", 2), column("peak MiB", 1)];

/// An attempt that is refused takes some 20 us, so this is two seconds.
const ATTEMPTS: usize = 100_000;
