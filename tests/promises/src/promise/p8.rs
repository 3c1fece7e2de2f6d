//! P8: a server that is killed takes nothing with it but the calls it was answering.
//!
//! SIGKILL at random moments under 64 callers; a supervisor starts the server again 50 ms later. Each call that was
//! under way ends within 100 ms with UNAVAILABLE; no answer is wrong; calls succeed again within 1.2 s.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, ms};
use crate::load::{Kind, filler};
use crate::ours::Client;
use crate::process::Server;
use crate::scale::Scale;

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let kills = scale.count(200);
    let mut server = Server::start(Kind::Ours).await?;
    let port = server.port;
    let log = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU32::new(0));
    let mut callers = Vec::new();
    for _ in 0..8 {
        let client = Client::connect(port, None).await?;
        for _ in 0..8 {
            callers.push(tokio::spawn(call_on(client.clone(), next.clone(), stop.clone(), log.clone())));
        }
    }
    let mut late = Duration::ZERO;
    let mut recovered = Duration::ZERO;
    let (mut cut, mut other, mut wrong) = (0, 0, 0);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..150))).await;
        let killed = Instant::now();
        server.kill().await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        server = Server::start_with(Kind::Ours, &[&format!("port={port}")], None).await?;
        let back = Instant::now();
        // The next that succeeds says when the channels were READY again.
        let ready = loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let entries: Vec<Entry> = std::mem::take(&mut *log.lock().await);
            for entry in &entries {
                wrong += usize::from(entry.code == WRONG);
                if entry.begun < killed && entry.ended >= killed && entry.code != 0 {
                    cut += 1;
                    other += usize::from(entry.code != UNAVAILABLE);
                    late = late.max(entry.ended - killed);
                }
            }
            let good = entries.iter().filter(|entry| entry.code == 0 && entry.begun > killed);
            match good.map(|entry| entry.ended).min() {
                Some(ended) => break ended - killed,
                None if back.elapsed() > Duration::from_secs(10) => break Duration::from_secs(10),
                None => {}
            }
        };
        recovered = recovered.max(ready);
    }
    stop.store(true, Relaxed);
    for caller in callers {
        let _ = tokio::time::timeout(Duration::from_secs(5), caller).await;
    }
    let ends = late <= Duration::from_millis(100) && other == 0 && wrong == 0;
    Ok(vec![
        Line::new("P8.ends", ends)
            .measured(format!(
                "{cut} calls cut by {kills} kills, the last {} later, {other} not UNAVAILABLE, {wrong} wrong answers",
                ms(late)
            ))
            .limit("<= 100 ms, all UNAVAILABLE, 0 wrong"),
        Line::new("P8.ready", recovered <= Duration::from_millis(1_200))
            .measured(format!("calls succeed {} after a kill at the latest", ms(recovered)))
            .limit("<= 1.2 s")
            .anchor("grpc-go waits for 1 s before it connects again"),
        Line::new("P8.retry", false)
            .measured("no retry policy is built: a call that a server has begun to answer is not made again")
            .limit("0 failed for idempotent calls with a retry policy"),
    ])
}

/// One call.
struct Entry {
    begun: Instant,
    ended: Instant,
    code: u32,
}

async fn call_on(client: Client, next: Arc<AtomicU32>, stop: Arc<AtomicBool>, log: Arc<Mutex<Vec<Entry>>>) {
    while !stop.load(Relaxed) {
        // Every call has its own length, so that one call's answer is not another's.
        let message = filler(next.fetch_add(1, Relaxed) as usize % 1_000);
        let begun = Instant::now();
        let code = match client.echo(message.clone(), None).await {
            Ok(reply) if reply == message => 0,
            Ok(_) => WRONG,
            Err(end) => end.code,
        };
        log.lock().await.push(Entry { begun, ended: Instant::now(), code });
        if code != 0 {
            // A caller that is refused at once must not spin.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

const UNAVAILABLE: u32 = 14;
/// No status code has this number.
const WRONG: u32 = 1_000;
