//! Cases of many calls in a row: `rpc_soak` over one channel, `channel_soak` over a new one for each call.
//!
//! In: the soak flags. Out: a line for each call on standard error, and whether few enough failed or were slow.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::tester::{Outcome, Tester, check_response, simple_request, unexpected};

/// Where the calls of a soak case go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    One,
    OnePerCall,
}

/// What a worker has to tell.
#[derive(Default)]
struct Tally {
    made: u32,
    failed: u32,
}

/// Makes the calls.
pub(super) async fn soak(tester: &Tester, channels: Channels) -> Outcome {
    let flags = &tester.flags.soak;
    if !flags.iterations.is_multiple_of(flags.workers) || flags.workers == 0 {
        return Err("soak_iterations must be a multiple of soak_num_threads".to_owned());
    }
    let end = Instant::now() + Duration::from_secs(flags.overall_timeout_seconds);
    let mut workers = JoinSet::new();
    for worker in 0..flags.workers {
        let tester = tester.clone();
        workers.spawn(async move { work(&tester, worker, channels, end).await });
    }
    let mut total = Tally::default();
    while let Some(tally) = workers.join_next().await {
        let tally = tally.map_err(|error| error.to_string())?;
        total.made += tally.made;
        total.failed += tally.failed;
    }
    if total.made < flags.iterations {
        return Err(format!("only {} of {} calls were made in time", total.made, flags.iterations));
    }
    match total.failed > flags.max_failures {
        true => Err(format!("{} calls failed or were slow; {} may", total.failed, flags.max_failures)),
        false => Ok(()),
    }
}

/// Makes one worker's share of the calls.
async fn work(tester: &Tester, worker: u32, channels: Channels, end: Instant) -> Tally {
    let flags = &tester.flags.soak;
    let uri = format!("{}:{}", tester.flags.server_host, tester.flags.server_port);
    let mut tally = Tally::default();
    for iteration in 0..flags.iterations / flags.workers {
        let began = Instant::now();
        if began >= end {
            break;
        }
        let outcome = one_call(tester, channels).await;
        let elapsed = began.elapsed().as_millis();
        let outcome = outcome.and_then(|()| match elapsed > u128::from(flags.max_latency_ms) {
            true => Err(format!("exceeds max acceptable latency: {}", flags.max_latency_ms)),
            false => Ok(()),
        });
        tally.made += 1;
        tally.failed += u32::from(outcome.is_err());
        let outcome = outcome.err().map_or("succeeded".to_owned(), |why| format!("failed: {why}"));
        eprintln!(
            "worker {worker}: soak iteration: {iteration} elapsed_ms: {elapsed} server_uri: {uri} {outcome}"
        );
        sleep_until((began + Duration::from_millis(flags.min_time_ms_between_calls)).into()).await;
    }
    tally
}

async fn one_call(tester: &Tester, channels: Channels) -> Outcome {
    let flags = &tester.flags.soak;
    let fresh = match channels {
        Channels::One => None,
        Channels::OnePerCall => Some(Tester::new(&tester.flags)?),
    };
    let request = simple_request(flags.request_size, flags.response_size);
    let response = fresh.as_ref().unwrap_or(tester).client.unary_call(request).await.map_err(unexpected)?;
    check_response(response.get_ref(), flags.response_size)
}
