//! P8: a server that is killed takes nothing with it but the calls it was answering.
//!
//! SIGKILL at random moments under 64 callers; a supervisor starts the server again 50 ms later. Each call that was
//! under way ends within 100 ms with UNAVAILABLE; no answer is wrong; calls succeed again within 1.2 s. Sixteen more
//! callers have a retry policy (five attempts, UNAVAILABLE) and wait for a server to be there: none of their calls
//! fails, unary or streaming.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use wirewright::{Endpoint, RetryPolicy};

use crate::Failure;
use crate::caller::{Caller, End};
use crate::line::{Line, ms};
use crate::load::{Kind, Wish, filler};
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
    let retried = Retried::default();
    let again = retried.callers(port).await?;
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
    let retry = retried.end(again).await;
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
        retry,
    ])
}

/// Callers whose calls are made again.
#[derive(Clone, Default)]
struct Retried {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
    failed: Arc<AtomicU32>,
    remark: Arc<Mutex<Option<String>>>,
}

impl Retried {
    /// Sixteen over eight channels.
    async fn callers(&self, port: u16) -> Result<Vec<tokio::task::JoinHandle<()>>, Failure> {
        let policy = RetryPolicy::new().max_attempts(5);
        let policy = policy.backoff(Duration::from_millis(100), 2.0, Duration::from_secs(1));
        let endpoint =
            Endpoint::new(format!("127.0.0.1:{port}").as_str())?.retry(policy).wait_for_ready(true);
        let mut callers = Vec::new();
        for _ in 0..8 {
            let client = Client { channel: endpoint.clone().connect().await? };
            callers.push(tokio::spawn(self.clone().go_on(client.clone(), false)));
            callers.push(tokio::spawn(self.clone().go_on(client, true)));
        }
        Ok(callers)
    }

    /// One call after another; each has its own length, so that one call's answer is not another's.
    async fn go_on(self, client: Client, is_stream: bool) {
        while !self.stop.load(Relaxed) {
            let n = self.calls.fetch_add(1, Relaxed);
            let size = n as usize % 1_000;
            let end = match is_stream {
                false => client.echo(filler(size), None).await.map(|reply| reply == filler(size)),
                // One message: what follows the first cannot be taken back, and so not made again.
                true => flow(&client, Wish { size: size as u32, count: 1 }).await,
            };
            let remark = match end {
                Ok(true) => continue,
                Ok(false) => "a wrong answer".to_owned(),
                Err(end) => end.to_string(),
            };
            self.failed.fetch_add(1, Relaxed);
            self.remark.lock().await.get_or_insert(remark);
        }
    }

    async fn end(self, callers: Vec<tokio::task::JoinHandle<()>>) -> Line {
        self.stop.store(true, Relaxed);
        for caller in callers {
            if tokio::time::timeout(Duration::from_secs(15), caller).await.is_err() {
                self.failed.fetch_add(1, Relaxed);
                self.remark.lock().await.get_or_insert("a call hangs".to_owned());
            }
        }
        let (calls, failed) = (self.calls.load(Relaxed), self.failed.load(Relaxed));
        let remark = self.remark.lock().await.take().map(|remark| format!(" ({remark})")).unwrap_or_default();
        Line::new("P8.retry", failed == 0 && calls > 0)
            .measured(format!("{failed} of {calls} calls with a policy failed{remark}"))
            .limit("0 failed for idempotent calls with a retry policy")
    }
}

/// A stream; whether what was wished for came, and that alone.
async fn flow(client: &Client, wish: Wish) -> Result<bool, End> {
    let mut replies = client.flow(wish).await?;
    let mut is_right = true;
    let mut count = 0;
    while let Some(reply) = Client::next(&mut replies).await? {
        is_right &= reply == filler(wish.size as usize);
        count += 1;
    }
    Ok(is_right && count == wish.count)
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
