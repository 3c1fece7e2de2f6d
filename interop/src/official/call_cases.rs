//! Cases of one request and one response.

use tokio::task::JoinSet;
use wirewright::Request;

use super::tester::{Outcome, Tester, check_response, equal, simple_request, unexpected, zeros};
use crate::protocol::grpc::testing::{Empty, SimpleRequest, SimpleResponse};

/// `empty_unary`: messages of zero bytes.
pub(super) async fn empty_unary(tester: &Tester) -> Outcome {
    let response = tester.client.empty_call(Empty {}).await.map_err(unexpected)?;
    equal("the response", response.get_ref(), &Empty {})
}

/// `large_unary`: messages larger than any window or frame is at first.
pub(crate) async fn large_unary(tester: &Tester) -> Outcome {
    let response = tester.client.unary_call(large_request()).await.map_err(unexpected)?;
    check_response(response.get_ref(), LARGE_RESPONSE)
}

/// Its request.
pub(crate) fn large_request() -> SimpleRequest {
    simple_request(LARGE_REQUEST, LARGE_RESPONSE)
}

/// Its response.
pub(crate) fn large_response() -> SimpleResponse {
    SimpleResponse { payload: Some(zeros(LARGE_RESPONSE)), ..SimpleResponse::default() }
}

/// `concurrent_large_unary`: a thousand of them at once, over one connection.
pub(super) async fn concurrent_large_unary(tester: &Tester) -> Outcome {
    let mut calls = JoinSet::new();
    for _ in 0..CONCURRENT_CALLS {
        let tester = tester.clone();
        calls.spawn(async move { large_unary(&tester).await });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// `pick_first_unary`: a hundred calls, all answered by the same server.
pub(super) async fn pick_first_unary(tester: &Tester) -> Outcome {
    let mut first = None;
    for _ in 0..100 {
        let request = Request::new(SimpleRequest { fill_server_id: true, ..simple_request(1, 1) });
        let response = tester.client.unary_call(request).await.map_err(unexpected)?.into_inner();
        if response.server_id.is_empty() {
            return Err("the server does not say which one it is".to_owned());
        }
        let first = first.get_or_insert_with(|| response.server_id.clone());
        equal("the server that answers", &response.server_id, first)?;
    }
    Ok(())
}

/// The sizes that the descriptions give.
pub(super) const LARGE_REQUEST: usize = 271_828;
pub(super) const LARGE_RESPONSE: usize = 314_159;

/// "1000 or more", say the descriptions.
const CONCURRENT_CALLS: usize = 1000;
