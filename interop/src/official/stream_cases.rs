//! Cases of many requests, many responses, or both.

use std::time::Duration;

use wirewright::{Code, Request, Status, Streaming};

use super::tester::{Outcome, Tester, check_payload, count, equal, failed, unexpected, zeros};
use crate::protocol::grpc::testing::{
    ResponseParameters, StreamingInputCallRequest, StreamingOutputCallRequest, StreamingOutputCallResponse,
};

/// `client_streaming`: the server adds the sizes up.
pub(super) async fn client_streaming(tester: &Tester) -> Outcome {
    let mut upload = tester.client.streaming_input_call(()).await.map_err(unexpected)?;
    for size in REQUEST_SIZES {
        let request = StreamingInputCallRequest { payload: Some(zeros(size)), expect_compressed: None };
        if upload.send(request).await.is_err() {
            break;
        }
    }
    let response = upload.finish().await.map_err(unexpected)?;
    equal("the sum of sizes", &response.get_ref().aggregated_payload_size, &74_922)
}

/// `server_streaming`: four responses of the wanted sizes.
pub(super) async fn server_streaming(tester: &Tester) -> Outcome {
    let request = StreamingOutputCallRequest {
        response_parameters: RESPONSE_SIZES.map(parameters).to_vec(),
        ..StreamingOutputCallRequest::default()
    };
    let mut responses = tester.client.streaming_output_call(request).await.map_err(unexpected)?;
    for size in RESPONSE_SIZES {
        check_next(&mut responses, size).await?;
    }
    check_end(&mut responses).await
}

/// `ping_pong`: each response is waited for before the next request.
pub(super) async fn ping_pong(tester: &Tester) -> Outcome {
    let (mut requests, mut responses) = tester.client.full_duplex_call(()).await.map_err(unexpected)?;
    for (size, response_size) in REQUEST_SIZES.into_iter().zip(RESPONSE_SIZES) {
        // If the call has ended, reading says how.
        let _ = requests.send(output_request(size, response_size)).await;
        check_next(&mut responses, response_size).await?;
    }
    let _ = requests.finish().await;
    check_end(&mut responses).await
}

/// `empty_stream`: no message either way.
pub(super) async fn empty_stream(tester: &Tester) -> Outcome {
    let (requests, mut responses) = tester.client.full_duplex_call(()).await.map_err(unexpected)?;
    let _ = requests.finish().await;
    check_end(&mut responses).await
}

/// `cancel_after_begin`: the metadata has left, no message has.
pub(super) async fn cancel_after_begin(tester: &Tester) -> Outcome {
    let upload = tester.client.streaming_input_call(()).await.map_err(unexpected)?;
    let (requests, mut response) = upload.into_halves();
    // A request that is dropped before its end cancels the call.
    drop(requests);
    failed("a cancelled call", response.message().await, Code::Cancelled).map(drop)
}

/// `cancel_after_first_response`: in the middle of a stream.
pub(super) async fn cancel_after_first_response(tester: &Tester) -> Outcome {
    let (mut requests, mut responses) = tester.client.full_duplex_call(()).await.map_err(unexpected)?;
    let _ = requests.send(output_request(27_182, 31_415)).await;
    check_next(&mut responses, 31_415).await?;
    drop(requests);
    failed("a cancelled call", responses.message().await, Code::Cancelled).map(drop)
}

/// `timeout_on_sleeping_server`: a deadline that passes before anything can happen.
pub(super) async fn timeout_on_sleeping_server(tester: &Tester) -> Outcome {
    let head = Request::new(()).with_timeout(Duration::from_millis(1));
    let end: Result<_, Status> = async {
        let (mut requests, mut responses) = tester.client.full_duplex_call(head).await?;
        let request = StreamingOutputCallRequest {
            payload: Some(zeros(27_182)),
            ..StreamingOutputCallRequest::default()
        };
        let _ = requests.send(request).await;
        responses.message().await
    }
    .await;
    failed("a call with a millisecond to live", end, Code::DeadlineExceeded).map(drop)
}

/// One request for one response.
pub(super) fn output_request(size: usize, response_size: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest {
        response_parameters: vec![parameters(response_size)],
        payload: Some(zeros(size)),
        ..StreamingOutputCallRequest::default()
    }
}

/// Checks that the next response carries this many zeros.
pub(super) async fn check_next(
    responses: &mut Streaming<StreamingOutputCallResponse>,
    size: usize,
) -> Outcome {
    let response = responses.message().await.map_err(unexpected)?;
    let response = response.ok_or("the responses have ended too early")?;
    check_payload(response.payload.as_ref(), size)
}

/// Checks that there are no more responses, and that the call ended well.
pub(super) async fn check_end(responses: &mut Streaming<StreamingOutputCallResponse>) -> Outcome {
    match responses.message().await.map_err(unexpected)? {
        Some(_) => Err("there is a response too many".to_owned()),
        None => Ok(()),
    }
}

fn parameters(size: usize) -> ResponseParameters {
    ResponseParameters { size: count(size), ..ResponseParameters::default() }
}

/// The sizes that the descriptions give: large, small, middling, large again.
const REQUEST_SIZES: [usize; 4] = [27_182, 8, 1_828, 45_904];
const RESPONSE_SIZES: [usize; 4] = [31_415, 9, 2_653, 58_979];
