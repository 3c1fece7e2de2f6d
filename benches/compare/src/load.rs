//! The load: so many callers at once, each making one call after another for a while.
//!
//! In: a client. Out: how many calls were made, in how long, and at one caller the median time of a call.
//! It is driven by lines on standard input, so that whoever measures decides when, and reads the server's clock at
//! the same moment:
//!
//! ```text
//!   in:  "go 1500"     make calls for 1500 ms
//!   out: "CALLS WALL_NS CPU_NS P50_NS"
//! ```

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::LocalSet;

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

/// Obeys standard input until it ends.
pub async fn obey(client: impl Caller, in_flight: usize) -> Result<(), Failure> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let Some(millis) = line.strip_prefix("go ") else {
            return Err(format!("cannot obey {line:?}").into());
        };
        let cpu = process::cpu_time()?;
        let made = run(&client, in_flight, Duration::from_millis(millis.parse()?)).await?;
        let cpu = process::cpu_time()?.saturating_sub(cpu);
        println!("{} {} {} {}", made.calls, made.wall.as_nanos(), cpu.as_nanos(), made.p50.as_nanos());
    }
    Ok(())
}

/// What was done.
struct Made {
    calls: u64,
    wall: Duration,
    p50: Duration,
}

async fn run(client: &impl Caller, in_flight: usize, length: Duration) -> Result<Made, Failure> {
    let calls = Rc::new(Cell::new(0));
    let times = Rc::new(RefCell::new(Vec::new()));
    let start = Instant::now();
    let local = LocalSet::new();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (client, calls, times) = (client.clone(), calls.clone(), times.clone());
            local.spawn_local(async move {
                let mut before = start;
                loop {
                    client.call().await?;
                    calls.set(calls.get() + 1);
                    let now = Instant::now();
                    // Where many wait for one core, the time of one call says nothing.
                    if in_flight == 1 {
                        times.borrow_mut().push(now - before);
                    }
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
    let mut times = times.take();
    times.sort_unstable();
    let p50 = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Made { calls: calls.get(), wall: start.elapsed(), p50 })
}
