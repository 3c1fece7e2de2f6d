//! What `wright demo --listen` prints: where it serves, and a line for each call.
//!
//! In: the four moments of every call, as interceptors see them, and what happens around connections. Out: lines;
//! where it listens and the calls on standard output, everything else on standard error.
//!
//! Must not know: services.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use wirewright::{CallInfo, Direction, Interceptor, Message, Metadata, ServerEvent, Status};

use crate::style::{self, paint};

/// Prints a line when a call has ended.
#[derive(Debug)]
pub(super) struct Journal;

/// What is counted while a call lasts.
#[derive(Clone, Debug)]
struct Tally(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    start: Instant,
    requests: AtomicU64,
    replies: AtomicU64,
}

impl Interceptor for Journal {
    async fn start(&self, call: &CallInfo, _metadata: &mut Metadata) -> Result<(), Status> {
        let (requests, replies) = Default::default();
        call.insert_extension(Tally(Arc::new(Counts { start: Instant::now(), requests, replies })));
        Ok(())
    }

    fn message<M: Message>(&self, call: &CallInfo, direction: Direction, _: &mut M) -> Result<(), Status> {
        if let Some(Tally(counts)) = call.extension() {
            let count = match direction {
                Direction::Request => &counts.requests,
                Direction::Response => &counts.replies,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn end(&self, call: &CallInfo, end: &Result<(), Status>, _trailers: &mut Metadata) {
        let peer = call.peer().map(ToString::to_string).unwrap_or_default();
        let (mut requests, mut replies, mut took) = (0, 0, String::new());
        if let Some(Tally(counts)) = call.extension() {
            requests = counts.requests.load(Ordering::Relaxed);
            replies = counts.replies.load(Ordering::Relaxed);
            took = format!("{:8.2} ms", counts.start.elapsed().as_secs_f64() * 1e3);
        }
        let end = match end {
            Ok(()) => paint(style::GOOD, "OK".to_owned()),
            Err(status) => paint(style::BAD, status.to_string()),
        };
        let path = call.path();
        say(format_args!("{peer:<21}  {path:<35}  {requests:>3} in  {replies:>3} out  {took}  {end}"));
    }
}

/// Says where the server listens, and what one could do now.
pub(super) fn opened(address: SocketAddr) {
    say(format_args!("listening on {}", paint(style::STRONG, address)));
    complain("calls to helloworld.Greeter and routeguide.RouteGuide are answered; Ctrl-C ends");
}

/// Says that Ctrl-C was heard.
pub(super) fn stopping() {
    complain("stopping once the calls under way have ended; Ctrl-C again ends at once");
}

/// Says that the server has ended.
pub(super) fn closed() {
    complain("stopped");
}

/// Tells what happened around a connection; the server goes on.
pub(super) fn troubled(event: &ServerEvent) {
    complain(event);
}

/// A line on standard output. A server whose output nobody reads any more still serves.
fn say(line: impl Display) {
    let mut out = anstream::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line on standard error.
fn complain(line: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{}", paint(style::QUIET, line));
}
