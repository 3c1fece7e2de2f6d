//! Cases of metadata and of calls that end with an error.

use wirewright::{Code, Metadata, Request, Status};

use super::stream_cases::{check_end, check_next, output_request};
use super::tester::{Outcome, Tester, check_response, equal, failed, simple_request, unexpected};
use crate::protocol::grpc::testing::{EchoStatus, Empty, SimpleRequest, StreamingOutputCallRequest};

/// `custom_metadata`: text comes back in the head, bytes come back in the trailers.
pub(super) async fn custom_metadata(tester: &Tester) -> Outcome {
    let mut sent = Metadata::new();
    let added =
        sent.insert(INITIAL_KEY, INITIAL_VALUE).and_then(|()| sent.insert_bin(TRAILING_KEY, TRAILING_VALUE));
    added.map_err(|error| error.to_string())?;

    let mut request = Request::new(simple_request(1, 1));
    *request.metadata_mut() = sent.clone();
    let response = tester.client.unary_call(request).await.map_err(unexpected)?;
    check_response(response.get_ref(), 1)?;
    check_metadata(response.metadata(), response.trailers())?;

    let mut head = Request::new(());
    *head.metadata_mut() = sent;
    let (mut requests, mut responses) = tester.client.full_duplex_call(head).await.map_err(unexpected)?;
    let _ = requests.send(output_request(1, 1)).await;
    let head = responses.headers().await.map_err(unexpected)?.clone();
    check_next(&mut responses, 1).await?;
    let _ = requests.finish().await;
    check_end(&mut responses).await?;
    check_metadata(&head, responses.trailers().unwrap_or(&Metadata::new()))
}

/// `status_code_and_message`: the error that was asked for, from both kinds of call.
pub(super) async fn status_code_and_message(tester: &Tester) -> Outcome {
    let request = SimpleRequest { response_status: status(PLAIN_MESSAGE), ..SimpleRequest::default() };
    check_echo(tester.client.unary_call(request).await, PLAIN_MESSAGE)?;

    let (mut requests, mut responses) = tester.client.full_duplex_call(()).await.map_err(unexpected)?;
    let request = StreamingOutputCallRequest { response_status: status(PLAIN_MESSAGE), ..Default::default() };
    let _ = requests.send(request).await;
    let _ = requests.finish().await;
    check_echo(responses.message().await, PLAIN_MESSAGE)
}

/// `special_status_message`: a message that a header line cannot carry as it is.
pub(super) async fn special_status_message(tester: &Tester) -> Outcome {
    let request = SimpleRequest { response_status: status(SPECIAL_MESSAGE), ..SimpleRequest::default() };
    check_echo(tester.client.unary_call(request).await, SPECIAL_MESSAGE)
}

/// `unimplemented_method`.
pub(super) async fn unimplemented_method(tester: &Tester) -> Outcome {
    let end = tester.client.unimplemented_call(Empty {}).await;
    failed("a method that no server has", end, Code::Unimplemented).map(drop)
}

/// `unimplemented_service`.
pub(super) async fn unimplemented_service(tester: &Tester) -> Outcome {
    let end = tester.nobody.unimplemented_call(Empty {}).await;
    failed("a service that no server has", end, Code::Unimplemented).map(drop)
}

fn check_metadata(head: &Metadata, trailers: &Metadata) -> Outcome {
    equal("the text in the head", &head.get_all(INITIAL_KEY).collect(), &vec![INITIAL_VALUE])?;
    let bytes: Vec<_> = trailers.get_all_bin(TRAILING_KEY).map(Vec::from).collect();
    equal("the bytes in the trailers", &bytes, &vec![TRAILING_VALUE.to_vec()])
}

fn check_echo<T>(end: Result<T, Status>, message: &str) -> Outcome {
    let status = failed("a call that asked for an error", end, Code::Unknown)?;
    equal("the error's message", &status.message(), &message)
}

#[expect(clippy::unnecessary_wraps, reason = "the fields that it fills are optional")]
fn status(message: &str) -> Option<EchoStatus> {
    Some(EchoStatus { code: 2, message: message.to_owned() })
}

pub(super) const INITIAL_KEY: &str = "x-grpc-test-echo-initial";
pub(super) const TRAILING_KEY: &str = "x-grpc-test-echo-trailing-bin";
const INITIAL_VALUE: &str = "test_initial_metadata_value";
const TRAILING_VALUE: &[u8] = &[0xab, 0xab, 0xab];
const PLAIN_MESSAGE: &str = "test status message";
const SPECIAL_MESSAGE: &str =
    "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";
