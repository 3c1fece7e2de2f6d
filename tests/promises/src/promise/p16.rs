//! P16: nothing leaks.
//!
//! Connections that make one call and go, a quarter of them with a reset in the middle of it; then calls that are
//! dropped at a random moment. Afterwards both sides have as many tasks, handlers and open files as before, exactly,
//! and no more than 8 MiB of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, mib};
use crate::load::{Kind, Wish, filler};
use crate::ours::Client;
use crate::process::{Server, part};
use crate::scale::Scale;
use crate::wire::frame::Frame;
use crate::wire::{Raw, framed};

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let mut server = Server::start(Kind::Ours).await?;
    // The first tenth brings the pages that are wanted anyway.
    churn(server.port, scale.count(20_000)).await?;
    let before = Standing::settled_at_rest(&mut server).await?;
    let count = scale.count(200_000);
    churn(server.port, count).await?;
    let after = Standing::settled(&mut server, &before).await?;
    lines.push(
        Line::new("P16.connections", after.is_like(&before))
            .measured(format!("after {count} connections: {}", after.beside(&before)))
            .limit("tasks, handlers, files as before; +8 MiB"),
    );
    drop(server);

    let mut server = Server::start(Kind::Ours).await?;
    let count = scale.count(1_000_000);
    let arguments = [server.port as usize, count].map(|number| number.to_string());
    let warm = [server.port as usize, count / 10].map(|number| number.to_string());
    part("drop", Kind::Ours, &warm).await?;
    let before = Standing::settled_at_rest(&mut server).await?;
    let client = part("drop", Kind::Ours, &arguments).await?;
    let after = Standing::settled(&mut server, &before).await?;
    let (tasks, grown) = (client.of("tasks"), client.of("growth"));
    let good = after.is_like(&before) && tasks == 0 && client.of("failed") == 0 && grown <= MAX_GROWTH;
    lines.push(
        Line::new("P16.calls", good)
            .measured(format!(
                "after {count} calls dropped at random moments: {}; the client has {tasks} tasks more, +{}{}",
                after.beside(&before),
                mib(grown),
                client.remarks.first().map_or_else(String::new, |remark| format!(" ({remark})")),
            ))
            .limit("tasks, handlers, files as before; +8 MiB; both sides")
            .anchor("grpc-go checks for leaks in every test"),
    );
    Ok(lines)
}

/// What a process has.
struct Standing {
    tasks: u64,
    handlers: u64,
    files: u64,
    resident: u64,
}

impl Standing {
    async fn of(server: &mut Server) -> Result<Standing, Failure> {
        let stats = server.stats().await?;
        let process = server.process();
        let (tasks, handlers) = (stats.of("tasks"), stats.of("handlers"));
        Ok(Standing { tasks, handlers, files: process.files(), resident: process.resident() })
    }

    /// Once nothing moves any more; or as it is, if something goes on for ten seconds.
    async fn settled(server: &mut Server, before: &Standing) -> Result<Standing, Failure> {
        let begun = Instant::now();
        loop {
            let now = Standing::of(server).await?;
            if now.is_like(before) || begun.elapsed() > Duration::from_secs(10) {
                return Ok(now);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn settled_at_rest(server: &mut Server) -> Result<Standing, Failure> {
        // The last connections are still being taken down; when nothing changes any more they have been.
        let mut last = Standing::of(server).await?;
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = Standing::of(server).await?;
            let is_still = (now.tasks, now.files) == (last.tasks, last.files);
            last = now;
            if is_still {
                break;
            }
        }
        Ok(last)
    }

    fn is_like(&self, before: &Standing) -> bool {
        self.tasks == before.tasks
            && self.handlers == before.handlers
            && self.files == before.files
            && self.resident <= before.resident + MAX_GROWTH
    }

    fn beside(&self, before: &Standing) -> String {
        let grown = self.resident.saturating_sub(before.resident);
        format!(
            "tasks {} ({}), handlers {} ({}), files {} ({}), +{}",
            self.tasks,
            before.tasks,
            self.handlers,
            before.handlers,
            self.files,
            before.files,
            mib(grown)
        )
    }
}

/// So many connections with a call each, fifty at a time; every fourth is reset in the middle of its call.
async fn churn(port: u16, count: usize) -> Result<(), Failure> {
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let left = left.clone();
            tokio::spawn(async move {
                while let Ok(n) = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
                    visit(port, n % 4 == 0).await?;
                }
                Ok::<(), std::io::Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(())
}

async fn visit(port: u16, rudely: bool) -> std::io::Result<()> {
    let mut raw = Raw::client(port, &[]).await?;
    // Nothing lingers: the port is free again at once, and with bytes unsent this is a reset.
    socket2::SockRef::from(&raw.socket).set_linger(Some(Duration::ZERO))?;
    if rudely {
        raw.call(1, "Hold").data(1, &framed(b"half"), false);
        return raw.flush().await;
    }
    raw.call(1, "Echo").data(1, &framed(b"visit"), true);
    raw.flush().await?;
    loop {
        match raw.next().await {
            Frame::Headers { end: true, .. } | Frame::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The client: calls that are dropped after so many polls, whatever they have come to.
pub(crate) async fn drop_calls(port: u16, count: usize) -> Result<(), Failure> {
    let client = Client::connect(port, None).await?;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    client.echo(filler(16), None).await?;
    let (tasks_before, mut resident) = (tasks(), crate::process::Process::own().resident());
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (client, left) = (client.clone(), left.clone());
            tokio::spawn(async move {
                while let Ok(n) = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
                    let polls = fastrand::usize(0..8);
                    if n % 2 == 0 {
                        for_polls(polls, client.echo(filler(100), None)).await;
                    } else {
                        for_polls(polls, take_some(&client)).await;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    resident = resident.max(crate::process::Process::own().resident());
    for caller in callers {
        caller.await?;
    }
    let failed = usize::from(client.echo(filler(16), None).await.is_err());
    let begun = Instant::now();
    while tasks() > tasks_before && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let grown = crate::process::Process::own().resident().saturating_sub(resident);
    println!("failed={failed} tasks={} growth={grown}", tasks().saturating_sub(tasks_before));
    Ok(())
}

async fn take_some(client: &Client) -> Result<(), crate::caller::End> {
    let mut replies = client.flow(Wish { size: 100, count: 50 }).await?;
    while Client::next(&mut replies).await?.is_some() {}
    Ok(())
}

/// Polls a future so many times at the most, and drops it.
async fn for_polls<F: Future>(polls: usize, future: F) {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(cx).map(|_| ())
    })
    .await;
}

const MAX_GROWTH: u64 = 8 * 1024 * 1024;
