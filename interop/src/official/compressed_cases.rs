//! Cases of compression, where the flag before each message counts and not only what the message says.
//!
//! A server that cannot compress, or cannot tell, fails the probe that comes first: a request that says it is
//! compressed and is not.

use wirewright::{Code, Request};

use super::call_cases::{LARGE_REQUEST, LARGE_RESPONSE};
use super::tester::{
    Outcome, Tester, check_payload, check_response, count, equal, failed, simple_request, unexpected, zeros,
};
use crate::protocol::grpc::testing::{
    BoolValue, ResponseParameters, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
};

/// `client_compressed_unary`.
pub(super) async fn client_compressed_unary(tester: &Tester) -> Outcome {
    let request = |expected| SimpleRequest {
        expect_compressed: flag(expected),
        ..simple_request(LARGE_REQUEST, LARGE_RESPONSE)
    };
    let probe = tester.client.unary_call(request(true)).await;
    failed("the probe", probe, Code::InvalidArgument)?;
    for (compressed, encoding) in [(true, "gzip"), (false, "identity")] {
        let request = Request::new(request(compressed)).with_encoding(encoding);
        let response = tester.client.unary_call(request).await.map_err(unexpected)?;
        check_response(response.get_ref(), LARGE_RESPONSE)?;
    }
    Ok(())
}

/// `server_compressed_unary`.
pub(super) async fn server_compressed_unary(tester: &Tester) -> Outcome {
    for compressed in [true, false] {
        let request = SimpleRequest {
            response_compressed: flag(compressed),
            ..simple_request(LARGE_REQUEST, LARGE_RESPONSE)
        };
        let response = tester.client.unary_call(request).await.map_err(unexpected)?;
        equal("whether the response is compressed", &response.was_compressed(), &compressed)?;
        check_response(response.get_ref(), LARGE_RESPONSE)?;
    }
    Ok(())
}

/// `client_compressed_streaming`: two messages of one stream, one compressed and one not.
pub(super) async fn client_compressed_streaming(tester: &Tester) -> Outcome {
    let request = |expected, size| StreamingInputCallRequest {
        payload: Some(zeros(size)),
        expect_compressed: flag(expected),
    };
    let mut probe = tester.client.streaming_input_call(()).await.map_err(unexpected)?;
    let _ = probe.send(request(true, 27_182)).await;
    failed("the probe", probe.finish().await, Code::InvalidArgument)?;

    let head = Request::new(()).with_encoding("gzip");
    let mut upload = tester.client.streaming_input_call(head).await.map_err(unexpected)?;
    let _ = upload.send(request(true, 27_182)).await;
    upload.compress(false);
    let _ = upload.send(request(false, 45_904)).await;
    let response = upload.finish().await.map_err(unexpected)?;
    equal("the sum of sizes", &response.get_ref().aggregated_payload_size, &73_086)
}

/// `server_compressed_streaming`: two responses of one stream, one compressed and one not.
pub(super) async fn server_compressed_streaming(tester: &Tester) -> Outcome {
    let wanted = [(true, 31_415), (false, 92_653)];
    let parameters = wanted.map(|(compressed, size)| ResponseParameters {
        size: count(size),
        compressed: flag(compressed),
        ..ResponseParameters::default()
    });
    let request = StreamingOutputCallRequest {
        response_parameters: parameters.to_vec(),
        ..StreamingOutputCallRequest::default()
    };
    let mut responses = tester.client.streaming_output_call(request).await.map_err(unexpected)?;
    for (compressed, size) in wanted {
        let response = responses.message().await.map_err(unexpected)?;
        let response = response.ok_or("the responses have ended too early")?;
        equal("whether a response is compressed", &responses.was_compressed(), &compressed)?;
        check_payload(response.payload.as_ref(), size)?;
    }
    super::stream_cases::check_end(&mut responses).await
}

#[expect(clippy::unnecessary_wraps, reason = "the fields that it fills are optional")]
fn flag(value: bool) -> Option<BoolValue> {
    Some(BoolValue { value })
}
