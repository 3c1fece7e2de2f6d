//! The service of the interoperability tests.
//!
//! In: requests that say how they want to be answered. Out: that answer. What every method must do is in
//! `doc/interop-test-descriptions.md`, "Server features".

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;
use wirewright::{Code, Metadata, PeerInfo, Request, Response, Sender, Status, Streaming};

use super::status_cases::{INITIAL_KEY, TRAILING_KEY};
use super::tester::zeros;
use crate::protocol::grpc::testing::{
    BoolValue, EchoStatus, Empty, Payload, SimpleRequest, SimpleResponse, StreamingInputCallRequest,
    StreamingInputCallResponse, StreamingOutputCallRequest, StreamingOutputCallResponse, TestService,
};

/// Answers as each request wants it.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Tells this server from others, for clients that ask.
    server_id: String,
}

impl Answers {
    /// Answers of the server that listens here.
    pub(crate) fn new(address: SocketAddr) -> Answers {
        Answers { server_id: format!("{}/{address}", std::process::id()) }
    }
}

impl TestService for Answers {
    async fn empty_call(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn unary_call(&self, request: Request<SimpleRequest>) -> Result<Response<SimpleResponse>, Status> {
        let (head, trailers) = echo(request.metadata())?;
        check_compressed(request.get_ref().expect_compressed, request.was_compressed())?;
        let request = request.into_inner();
        end(request.response_status).map_err(|status| status.with_metadata(trailers.clone()))?;
        let response = SimpleResponse {
            payload: Some(payload(request.response_size)?),
            server_id: if request.fill_server_id { self.server_id.clone() } else { String::new() },
            ..SimpleResponse::default()
        };
        let encoding = if wanted(request.response_compressed) { "gzip" } else { "identity" };
        Ok(Response::from_parts(response, head, trailers).with_encoding(encoding))
    }

    async fn cacheable_unary_call(
        &self,
        _request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        // The time tells a response that a proxy has kept from one that was made anew.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let payload = Payload { body: now.to_string().into_bytes(), ..Payload::default() };
        let mut response = Response::new(SimpleResponse { payload: Some(payload), ..Default::default() });
        add(response.metadata_mut().insert("cache-control", "max-age=60, public"))?;
        Ok(response)
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
        replies: &mut Sender<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        let peer = request.peer().cloned();
        answer(request.into_inner(), peer.as_ref(), replies).await
    }

    async fn streaming_input_call(
        &self,
        requests: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let mut requests = requests.into_inner();
        let mut sum = 0_usize;
        while let Some(request) = requests.message().await? {
            check_compressed(request.expect_compressed, requests.was_compressed())?;
            sum += request.payload.map_or(0, |payload| payload.body.len());
        }
        let aggregated_payload_size =
            i32::try_from(sum).map_err(|_| Status::out_of_range(format!("a sum of {sum} bytes")))?;
        Ok(Response::new(StreamingInputCallResponse { aggregated_payload_size }))
    }

    async fn full_duplex_call(
        &self,
        requests: Request<Streaming<StreamingOutputCallRequest>>,
        replies: &mut Sender<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        (*replies.headers_mut(), *replies.trailers_mut()) = echo(requests.metadata())?;
        let peer = requests.peer().cloned();
        let mut requests = requests.into_inner();
        while let Some(request) = requests.message().await? {
            answer(request, peer.as_ref(), replies).await?;
        }
        Ok(())
    }

    async fn half_duplex_call(
        &self,
        requests: Request<Streaming<StreamingOutputCallRequest>>,
        replies: &mut Sender<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        (*replies.headers_mut(), *replies.trailers_mut()) = echo(requests.metadata())?;
        let peer = requests.peer().cloned();
        let mut requests = requests.into_inner();
        let mut waiting = Vec::new();
        while let Some(request) = requests.message().await? {
            waiting.push(request);
        }
        for request in waiting {
            answer(request, peer.as_ref(), replies).await?;
        }
        Ok(())
    }

    async fn unimplemented_call(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("no server has this method"))
    }
}

/// Sends the responses that one request wants, or ends the call as it wants.
async fn answer(
    request: StreamingOutputCallRequest,
    peer: Option<&PeerInfo>,
    replies: &mut Sender<StreamingOutputCallResponse>,
) -> Result<(), Status> {
    end(request.response_status)?;
    for parameters in request.response_parameters {
        if let Ok(interval @ 1..) = u64::try_from(parameters.interval_us) {
            sleep(Duration::from_micros(interval)).await;
        }
        let response = StreamingOutputCallResponse {
            payload: Some(payload(parameters.size)?),
            peer_socket_address: match wanted(parameters.fill_peer_socket_address) {
                true => peer.map(|peer| peer.address().to_string()).unwrap_or_default(),
                false => String::new(),
            },
        };
        replies.compress(wanted(parameters.compressed));
        replies.send(response).await?;
    }
    Ok(())
}

/// What of the request's metadata goes back in the head, and what in the trailers.
fn echo(metadata: &Metadata) -> Result<(Metadata, Metadata), Status> {
    let (mut head, mut trailers) = (Metadata::new(), Metadata::new());
    for value in metadata.get_all(INITIAL_KEY) {
        add(head.append(INITIAL_KEY, value))?;
    }
    for value in metadata.get_all_bin(TRAILING_KEY) {
        add(trailers.append_bin(TRAILING_KEY, &value))?;
    }
    Ok((head, trailers))
}

fn add(added: Result<(), wirewright::InvalidMetadata>) -> Result<(), Status> {
    added.map_err(|error| Status::internal(error.to_string()))
}

fn check_compressed(expected: Option<BoolValue>, found: bool) -> Result<(), Status> {
    match expected {
        Some(BoolValue { value }) if value != found => {
            Err(Status::invalid_argument(format!("compressed: expected {value}, found {found}")))
        }
        _ => Ok(()),
    }
}

/// The end that the request wants, if it wants one other than OK.
fn end(status: Option<EchoStatus>) -> Result<(), Status> {
    match status {
        Some(EchoStatus { code, message }) if code != 0 => {
            Err(Status::new(Code::from_u32(u32::try_from(code).unwrap_or(u32::MAX)), message))
        }
        _ => Ok(()),
    }
}

fn payload(size: i32) -> Result<Payload, Status> {
    let size = usize::try_from(size);
    size.map(zeros).map_err(|_| Status::invalid_argument("a response cannot have less than no bytes"))
}

fn wanted(value: Option<BoolValue>) -> bool {
    value.is_some_and(|value| value.value)
}
