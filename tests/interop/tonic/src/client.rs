//! The interoperability client of tonic: one case, made once.
//!
//! In: flags. Out: whether the case passed, and if not, why. The cases that are missing need to see whether a
//! response came compressed, or to send one message of a stream uncompressed; tonic has neither.

use std::collections::HashSet;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::CompressionEncoding;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::flags::{ClientFlags, read};
use crate::protocol::test_service_client::TestServiceClient;
use crate::protocol::unimplemented_service_client::UnimplementedServiceClient;
use crate::protocol::{
    BoolValue, EchoStatus, Empty, Payload, ResponseParameters, SimpleRequest, StreamingInputCallRequest,
    StreamingOutputCallRequest,
};
use crate::{INITIAL_KEY, TRAILING_KEY};

type Outcome = Result<(), String>;
type Client = TestServiceClient<Channel>;

/// Makes the case that the flags name.
pub(crate) async fn make(flags: &ClientFlags) -> Outcome {
    let channel = connect(flags).await?;
    let outcome = run(flags, TestServiceClient::new(channel.clone()), channel).await;
    outcome.map_err(|why| format!("test case {}: {why}", flags.test_case))
}

async fn run(flags: &ClientFlags, mut client: Client, channel: Channel) -> Outcome {
    match flags.test_case.as_str() {
        "empty_unary" => empty_unary(&mut client).await,
        "large_unary" => large_unary(&mut client).await,
        "client_compressed_unary" => client_compressed_unary(client).await,
        "client_streaming" => client_streaming(&mut client).await,
        "server_streaming" => server_streaming(&mut client).await,
        "ping_pong" => ping_pong(&mut client).await,
        "empty_stream" => empty_stream(&mut client).await,
        "custom_metadata" => custom_metadata(&mut client).await,
        "status_code_and_message" => status_code_and_message(&mut client).await,
        "special_status_message" => special_status_message(&mut client).await,
        "unimplemented_method" => fails(
            "a method that no server has",
            client.unimplemented_call(Empty {}).await,
            Code::Unimplemented,
        )
        .map(drop),
        "unimplemented_service" => {
            let end = UnimplementedServiceClient::new(channel).unimplemented_call(Empty {}).await;
            fails("a service that no server has", end, Code::Unimplemented).map(drop)
        }
        "timeout_on_sleeping_server" => timeout_on_sleeping_server(&mut client).await,
        "concurrent_large_unary" => concurrent_large_unary(&client).await,
        "pick_first_unary" => pick_first_unary(&mut client).await,
        "rpc_soak" => soak(flags, Some(client)).await,
        "channel_soak" => soak(flags, None).await,
        _ => Err("there is no such case here".to_owned()),
    }
}

async fn empty_unary(client: &mut Client) -> Outcome {
    let response = client.empty_call(Empty {}).await.map_err(unexpected)?;
    equal("the response", response.into_inner(), Empty {})
}

async fn large_unary(client: &mut Client) -> Outcome {
    let response = client.unary_call(large()).await.map_err(unexpected)?;
    check(response.into_inner().payload, 314_159)
}

async fn client_compressed_unary(mut client: Client) -> Outcome {
    let request = |value| SimpleRequest { expect_compressed: Some(BoolValue { value }), ..large() };
    fails("the probe", client.unary_call(request(true)).await, Code::InvalidArgument)?;
    let mut compressing = client.clone().send_compressed(CompressionEncoding::Gzip);
    let response = compressing.unary_call(request(true)).await.map_err(unexpected)?;
    check(response.into_inner().payload, 314_159)?;
    let response = client.unary_call(request(false)).await.map_err(unexpected)?;
    check(response.into_inner().payload, 314_159)
}

async fn client_streaming(client: &mut Client) -> Outcome {
    let request = |size| StreamingInputCallRequest { payload: Some(zeros(size)), expect_compressed: None };
    let requests = tokio_stream::iter(REQUEST_SIZES.map(request));
    let response = client.streaming_input_call(requests).await.map_err(unexpected)?;
    equal("the sum of sizes", response.into_inner().aggregated_payload_size, 74_922)
}

async fn server_streaming(client: &mut Client) -> Outcome {
    let request = StreamingOutputCallRequest {
        response_parameters: RESPONSE_SIZES.map(parameters).to_vec(),
        ..StreamingOutputCallRequest::default()
    };
    let mut responses = client.streaming_output_call(request).await.map_err(unexpected)?.into_inner();
    for size in RESPONSE_SIZES {
        let response = responses.message().await.map_err(unexpected)?;
        check(response.and_then(|response| response.payload), size)?;
    }
    equal("what is left", responses.message().await.map_err(unexpected)?, None)
}

async fn ping_pong(client: &mut Client) -> Outcome {
    let (sender, receiver) = mpsc::channel(1);
    let mut requests =
        REQUEST_SIZES.into_iter().zip(RESPONSE_SIZES).map(|(size, wanted)| output(size, wanted));
    let mut ask = async || {
        if let Some(request) = requests.next() {
            // If the call has ended, reading says how.
            drop(sender.send(request).await);
        }
    };
    // tonic gives the responses only once there is a head, and servers may wait with it for the first request.
    ask().await;
    let call = client.full_duplex_call(ReceiverStream::new(receiver)).await;
    let mut responses = call.map_err(unexpected)?.into_inner();
    for response_size in RESPONSE_SIZES {
        let response = responses.message().await.map_err(unexpected)?;
        check(response.and_then(|response| response.payload), response_size)?;
        ask().await;
    }
    drop(sender);
    equal("what is left", responses.message().await.map_err(unexpected)?, None)
}

async fn empty_stream(client: &mut Client) -> Outcome {
    let call = client.full_duplex_call(tokio_stream::empty()).await;
    let mut responses = call.map_err(unexpected)?.into_inner();
    equal("the responses", responses.message().await.map_err(unexpected)?, None)
}

async fn custom_metadata(client: &mut Client) -> Outcome {
    let response = client.unary_call(with_metadata(simple(1, 1))).await.map_err(unexpected)?;
    // tonic puts head and trailers of a unary call into one map.
    check_metadata(response.metadata(), response.metadata())?;
    check(response.into_inner().payload, 1)?;

    let request = with_metadata(tokio_stream::once(output(1, 1)));
    let response = client.full_duplex_call(request).await.map_err(unexpected)?;
    let head = response.metadata().clone();
    let mut responses = response.into_inner();
    check(responses.message().await.map_err(unexpected)?.and_then(|response| response.payload), 1)?;
    let trailers = responses.trailers().await.map_err(unexpected)?;
    check_metadata(&head, &trailers.unwrap_or_default())
}

fn with_metadata<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(INITIAL_KEY, MetadataValue::from_static(INITIAL_VALUE));
    request.metadata_mut().insert_bin(TRAILING_KEY, MetadataValue::from_bytes(&TRAILING_VALUE));
    request
}

fn check_metadata(head: &MetadataMap, trailers: &MetadataMap) -> Outcome {
    let text = head.get(INITIAL_KEY).and_then(|value| value.to_str().ok());
    equal("the text in the head", text, Some(INITIAL_VALUE))?;
    let bytes = trailers.get_bin(TRAILING_KEY).and_then(|value| value.to_bytes().ok());
    equal("the bytes in the trailers", bytes.as_deref(), Some(&TRAILING_VALUE[..]))
}

async fn status_code_and_message(client: &mut Client) -> Outcome {
    let message = "test status message";
    let request = SimpleRequest { response_status: status(message), ..SimpleRequest::default() };
    let end = fails("a unary call", client.unary_call(request).await, Code::Unknown)?;
    equal("the message", end.message(), message)?;
    let request = StreamingOutputCallRequest { response_status: status(message), ..Default::default() };
    let end =
        async { client.full_duplex_call(tokio_stream::once(request)).await?.into_inner().message().await };
    let end = end.await;
    equal("the message", fails("a stream", end, Code::Unknown)?.message(), message)
}

async fn special_status_message(client: &mut Client) -> Outcome {
    let request = SimpleRequest { response_status: status(SPECIAL_MESSAGE), ..SimpleRequest::default() };
    let end = fails("the call", client.unary_call(request).await, Code::Unknown)?;
    equal("the message", end.message(), SPECIAL_MESSAGE)
}

async fn timeout_on_sleeping_server(client: &mut Client) -> Outcome {
    let message = StreamingOutputCallRequest { payload: Some(zeros(27_182)), ..Default::default() };
    let (sender, receiver) = mpsc::channel(1);
    let _waits = sender.send(message).await;
    let mut request = Request::new(ReceiverStream::new(receiver));
    request.set_timeout(Duration::from_millis(1));
    let end = tokio::time::timeout(Duration::from_secs(2), async {
        client.full_duplex_call(request).await?.into_inner().message().await
    });
    let end = end.await.map_err(|_| "no end after two seconds")?;
    drop(sender);
    fails("a call with a millisecond to live", end, Code::DeadlineExceeded).map(drop)
}

async fn concurrent_large_unary(client: &Client) -> Outcome {
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let mut client = client.clone();
        calls.spawn(async move { large_unary(&mut client).await });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome.map_err(|error| error.to_string())??;
    }
    Ok(())
}

async fn pick_first_unary(client: &mut Client) -> Outcome {
    let mut servers = HashSet::new();
    for _ in 0..100 {
        let request = SimpleRequest { fill_server_id: true, ..simple(1, 1) };
        servers.insert(client.unary_call(request).await.map_err(unexpected)?.into_inner().server_id);
    }
    equal("whether one server says its name", servers.len() == 1 && !servers.contains(""), true)
}

/// Calls in a row: on the one channel, or each on a channel of its own.
async fn soak(flags: &ClientFlags, one: Option<Client>) -> Outcome {
    let end = Instant::now() + Duration::from_secs(flags.overall_timeout_seconds);
    for iteration in 0..flags.iterations {
        let began = Instant::now();
        let mut client = match &one {
            Some(client) => client.clone(),
            None => TestServiceClient::new(connect(flags).await?),
        };
        large_unary(&mut client).await?;
        let elapsed = began.elapsed();
        if elapsed > Duration::from_millis(flags.max_latency_ms) {
            return Err(format!("call {iteration} took {elapsed:?}"));
        }
        if Instant::now() > end {
            return Err(format!("only {} of {} calls were made in time", iteration + 1, flags.iterations));
        }
    }
    Ok(())
}

/// A channel to the server that the flags name.
async fn connect(flags: &ClientFlags) -> Result<Channel, String> {
    let scheme = if flags.use_tls { "https" } else { "http" };
    let target = format!("{scheme}://{}:{}", flags.host, flags.port);
    let mut endpoint = Endpoint::from_shared(target).map_err(|error| error.to_string())?;
    if flags.use_tls {
        let mut tls = ClientTlsConfig::new();
        if flags.use_test_ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(flags.authority.as_ref())?));
        }
        if let Some(name) = &flags.name {
            tls = tls.domain_name(name);
        }
        endpoint = endpoint.tls_config(tls).map_err(|error| error.to_string())?;
    }
    endpoint.connect().await.map_err(|error| format!("no connection: {error}"))
}

fn zeros(size: usize) -> Payload {
    Payload { body: vec![0; size], ..Payload::default() }
}

fn simple(size: usize, response_size: i32) -> SimpleRequest {
    SimpleRequest { response_size, payload: Some(zeros(size)), ..SimpleRequest::default() }
}

fn large() -> SimpleRequest {
    simple(271_828, 314_159)
}

fn output(size: usize, response_size: usize) -> StreamingOutputCallRequest {
    StreamingOutputCallRequest {
        response_parameters: vec![parameters(response_size)],
        payload: Some(zeros(size)),
        ..StreamingOutputCallRequest::default()
    }
}

fn parameters(size: usize) -> ResponseParameters {
    ResponseParameters { size: i32::try_from(size).unwrap_or(i32::MAX), ..ResponseParameters::default() }
}

fn status(message: &str) -> Option<EchoStatus> {
    Some(EchoStatus { code: 2, message: message.to_owned() })
}

fn check(payload: Option<Payload>, size: usize) -> Outcome {
    equal("the payload", payload, Some(zeros(size)))
}

fn equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Outcome {
    match found == expected {
        true => Ok(()),
        // A payload is long, and its beginning tells enough.
        false => Err(format!("{what}: expected {expected:.40?}, found {found:.40?}")),
    }
}

fn fails<T>(what: &str, end: Result<T, Status>, code: Code) -> Result<Status, String> {
    match end {
        Err(status) if status.code() == code => Ok(status),
        Err(status) => Err(format!("{what}: expected {code:?}, found {status}")),
        Ok(_) => Err(format!("{what}: expected {code:?}, and it went well")),
    }
}

fn unexpected(status: Status) -> String {
    format!("a call failed: {status}")
}

const REQUEST_SIZES: [usize; 4] = [27_182, 8, 1_828, 45_904];
const RESPONSE_SIZES: [usize; 4] = [31_415, 9, 2_653, 58_979];
const INITIAL_VALUE: &str = "test_initial_metadata_value";
const TRAILING_VALUE: [u8; 3] = [0xab, 0xab, 0xab];
const SPECIAL_MESSAGE: &str =
    "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n";
