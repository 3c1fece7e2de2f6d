//! The load: so many callers at once, each making one call after another for a while.
//!
//! In: a client for each connection. Out: how many calls were made, in how long, and how long one of them took.
//! It is driven by lines on standard input, so that whoever measures decides when, and reads the server's clock at
//! the same moment:
//!
//! ```text
//!   in:  "go 1500"     make calls for 1500 ms
//!   out: "CALLS WALL_NS CPU_NS P50_NS P99_NS P999_NS MAX_NS"
//! ```
//!
//! Where many calls share one core, most of the time of one is its wait for the others: those percentiles tell about
//! fairness, and only those with one call in flight tell how long a call takes.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::LocalSet;

use crate::histogram::Histogram;
use crate::{Echo, Failure, process};

/// Makes one call after another.
pub trait Caller: Clone + 'static {
    /// One call, checked.
    fn call(&self) -> impl Future<Output = Result<(), Failure>>;
}

/// A message with a payload of this size.
pub fn echo(size: usize) -> Echo {
    Echo { payload: vec![b'x'; size] }
}

/// Obeys standard input until it ends. Callers take turns at the clients, of which there is one for each connection.
pub async fn obey(clients: Vec<impl Caller>, in_flight: usize) -> Result<(), Failure> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let Some(millis) = line.strip_prefix("go ") else {
            return Err(format!("cannot obey {line:?}").into());
        };
        let cpu = process::cpu_time()?;
        let made = run(&clients, in_flight, Duration::from_millis(millis.parse()?)).await?;
        let cpu = process::cpu_time()?.saturating_sub(cpu);
        let [p50, p99, p999] = [500, 990, 999].map(|permille| made.times.within(permille).as_nanos());
        let (wall, cpu, max) = (made.wall.as_nanos(), cpu.as_nanos(), made.longest.as_nanos());
        println!("{} {wall} {cpu} {p50} {p99} {p999} {max}", made.calls);
    }
    Ok(())
}

/// What was done.
#[derive(Default)]
struct Made {
    calls: u64,
    wall: Duration,
    times: Histogram,
    longest: Duration,
}

async fn run(clients: &[impl Caller], in_flight: usize, length: Duration) -> Result<Made, Failure> {
    let made = Rc::new(RefCell::new(Made::default()));
    let start = Instant::now();
    let local = LocalSet::new();
    let callers: Vec<_> = clients
        .iter()
        .cycle()
        .take(in_flight)
        .map(|client| {
            let (client, made) = (client.clone(), made.clone());
            local.spawn_local(async move {
                let mut before = start;
                loop {
                    client.call().await?;
                    let now = Instant::now();
                    let mut made = made.borrow_mut();
                    made.calls += 1;
                    made.times.add(now - before);
                    made.longest = made.longest.max(now - before);
                    before = now;
                    if now - start > length {
                        return Ok::<(), Failure>(());
                    }
                }
            })
        })
        .collect();
    local.await;
    for caller in callers {
        caller.await??;
    }
    let mut made = made.take();
    made.wall = start.elapsed();
    Ok(made)
}
