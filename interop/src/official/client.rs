//! The interoperability client: makes one case, or all of them.
//!
//! In: flags. Out: for one case, whether it passed; for all, a table of them.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::case::{CASES, Case, named};
use super::flags::{ClientFlags, client_flags};
use super::soak::{Channels, soak};
use super::tester::{Outcome, Tester};
use super::{cacheable, call_cases, compressed_cases, status_cases, stream_cases};

/// Makes the case that the command line names.
///
/// # Errors
///
/// Says what was not as it must be, or that there is no such case.
pub async fn run_client() -> Result<(), String> {
    let flags = client_flags();
    if flags.test_case == "all" {
        return run_all(&flags).await;
    }
    let case = named(&flags.test_case)?;
    let outcome = run_case(&flags, case).await;
    outcome.map_err(|why| format!("test case {}: {why}", flags.test_case))
}

/// Makes every case, each on a channel of its own, and prints how each went.
async fn run_all(flags: &ClientFlags) -> Result<(), String> {
    let mut failed = 0;
    for (name, case) in CASES {
        let began = Instant::now();
        let outcome = run_case(flags, case).await;
        let elapsed = began.elapsed().as_millis();
        match outcome {
            Ok(()) => println!("{name:<28}  passed  {elapsed:>5} ms"),
            Err(why) => {
                failed += 1;
                println!("{name:<28}  FAILED  {elapsed:>5} ms  {why}");
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(format!("{failed} of {} test cases failed", CASES.len())),
    }
}

async fn run_case(flags: &ClientFlags, case: Case) -> Outcome {
    let tester = &Tester::new(flags)?;
    let limit = match case {
        Case::RpcSoak | Case::ChannelSoak | Case::LongLivedChannel => {
            Duration::from_secs(flags.soak.overall_timeout_seconds)
        }
        _ => Duration::ZERO,
    };
    let outcome = async {
        match case {
            Case::EmptyUnary => call_cases::empty_unary(tester).await,
            Case::CacheableUnary => cacheable::cacheable_unary(tester).await,
            Case::LargeUnary => call_cases::large_unary(tester).await,
            Case::ClientCompressedUnary => compressed_cases::client_compressed_unary(tester).await,
            Case::ServerCompressedUnary => compressed_cases::server_compressed_unary(tester).await,
            Case::ClientStreaming => stream_cases::client_streaming(tester).await,
            Case::ClientCompressedStreaming => compressed_cases::client_compressed_streaming(tester).await,
            Case::ServerStreaming => stream_cases::server_streaming(tester).await,
            Case::ServerCompressedStreaming => compressed_cases::server_compressed_streaming(tester).await,
            Case::PingPong => stream_cases::ping_pong(tester).await,
            Case::EmptyStream => stream_cases::empty_stream(tester).await,
            Case::CustomMetadata => status_cases::custom_metadata(tester).await,
            Case::StatusCodeAndMessage => status_cases::status_code_and_message(tester).await,
            Case::SpecialStatusMessage => status_cases::special_status_message(tester).await,
            Case::UnimplementedMethod => status_cases::unimplemented_method(tester).await,
            Case::UnimplementedService => status_cases::unimplemented_service(tester).await,
            Case::CancelAfterBegin => stream_cases::cancel_after_begin(tester).await,
            Case::CancelAfterFirstResponse => stream_cases::cancel_after_first_response(tester).await,
            Case::TimeoutOnSleepingServer => stream_cases::timeout_on_sleeping_server(tester).await,
            Case::ConcurrentLargeUnary => call_cases::concurrent_large_unary(tester).await,
            Case::RpcSoak => soak(tester, Channels::One).await,
            Case::ChannelSoak => soak(tester, Channels::OnePerCall).await,
            // The experimental case is the first soak case with pauses, for which it shares the flag.
            Case::LongLivedChannel => soak(tester, Channels::One).await,
            Case::PickFirstUnary => call_cases::pick_first_unary(tester).await,
        }
    };
    let limit = limit + CASE_LIMIT;
    timeout(limit, outcome).await.unwrap_or_else(|_| Err(format!("no end after {} s", limit.as_secs())))
}

/// A case takes milliseconds, the one of a thousand calls some seconds; what takes longer hangs.
const CASE_LIMIT: Duration = Duration::from_secs(60);
