//! The client that has to cope with the misbehaving server.
//!
//! In: the flags of the interoperability client. Out: whether it coped.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use wirewright::{Code, ConnectivityState};

use super::script::Case;
use crate::official::{Outcome, Tester, client_flags, failed, large_request, large_unary};

/// Makes the case that the command line names.
///
/// # Errors
///
/// Says what was not as it must be, or that there is no such case.
pub async fn run_client() -> Result<(), String> {
    let flags = client_flags();
    let case = Case::named(&flags.test_case)?;
    let tester = Tester::new(&flags)?;
    let outcome = timeout(LIMIT, run(&tester, case)).await;
    let outcome = outcome.unwrap_or_else(|_| Err(format!("no end after {} s", LIMIT.as_secs())));
    outcome.map_err(|why| format!("test case {}: {why}", flags.test_case))
}

async fn run(tester: &Tester, case: Case) -> Outcome {
    match case {
        Case::GoAway => go_away(tester).await,
        // RST_STREAM(NO_ERROR) without trailers is INTERNAL, however much came before it (PROTOCOL-HTTP2, "Errors").
        Case::RstAfterHeader | Case::RstDuringData | Case::RstAfterData => {
            let end = tester.client.unary_call(large_request()).await;
            failed("a call that was reset", end, Code::Internal).map(drop)
        }
        Case::Ping | Case::DataFramePadding | Case::NoPaddingSanity => large_unary(tester).await,
        Case::MaxStreams => max_streams(tester).await,
    }
}

/// Two calls with a GOAWAY between them.
async fn go_away(tester: &Tester) -> Outcome {
    large_unary(tester).await?;
    // The second call must not race with the GOAWAY: the channel shows that it has arrived.
    while tester.channel.state() == ConnectivityState::Ready {
        tester.channel.state_changed(ConnectivityState::Ready).await;
    }
    large_unary(tester).await
}

/// One call, then many at once, of which the server takes one at a time.
async fn max_streams(tester: &Tester) -> Outcome {
    large_unary(tester).await?;
    let mut calls = JoinSet::new();
    for _ in 0..15 {
        let tester = tester.clone();
        calls.spawn(async move { large_unary(&tester).await });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// Each case takes less than a second; what takes longer waits for something that does not come.
const LIMIT: Duration = Duration::from_secs(30);
