//! The suite's service: every request says what its answer is to be.
//!
//! In: a call whose first message defines the response. Out: that response, with all that was seen of the request
//! in it, so that the reference client can compare. What each method has to do is told in `service.proto`.

use std::time::{Duration, Instant};

use prost::Name;
use prost_types::Any;
use tokio::time::sleep;
use wirewright::{Metadata, Request, Response, Sender, Status, Streaming};

use super::{failure, pairs};
use crate::protocol::connectrpc::conformance::v1::conformance_payload::RequestInfo;
use crate::protocol::connectrpc::conformance::v1::unary_response_definition::Response as Definition;
use crate::protocol::connectrpc::conformance::v1::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse, ConformancePayload,
    ConformanceService, Header, IdempotentUnaryRequest, IdempotentUnaryResponse, ServerStreamRequest,
    ServerStreamResponse, StreamResponseDefinition, UnaryRequest, UnaryResponse, UnaryResponseDefinition,
    UnimplementedRequest, UnimplementedResponse,
};

/// Answers as each request wants it.
#[derive(Debug)]
pub(super) struct Echo;

impl ConformanceService for Echo {
    async fn unary(&self, request: Request<UnaryRequest>) -> Result<Response<UnaryResponse>, Status> {
        let info = observe(&request, [any(request.get_ref())?]);
        let response = answer(request.into_inner().response_definition, info).await?;
        Ok(response.map(|payload| UnaryResponse { payload: Some(payload) }))
    }

    async fn idempotent_unary(
        &self,
        request: Request<IdempotentUnaryRequest>,
    ) -> Result<Response<IdempotentUnaryResponse>, Status> {
        let info = observe(&request, [any(request.get_ref())?]);
        let response = answer(request.into_inner().response_definition, info).await?;
        Ok(response.map(|payload| IdempotentUnaryResponse { payload: Some(payload) }))
    }

    async fn client_stream(
        &self,
        requests: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        let mut info = observe(&requests, []);
        let mut requests = requests.into_inner();
        let mut definition = None;
        while let Some(request) = requests.message().await? {
            let message = any(&request)?;
            if info.requests.is_empty() {
                definition = request.response_definition;
            }
            info.requests.push(message);
        }
        let response = answer(definition, info).await?;
        Ok(response.map(|payload| ClientStreamResponse { payload: Some(payload) }))
    }

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
        replies: &mut Sender<ServerStreamResponse>,
    ) -> Result<(), Status> {
        let info = observe(&request, [any(request.get_ref())?]);
        let Some(definition) = request.into_inner().response_definition else {
            return Ok(());
        };
        let mut script = Script::new(definition, info);
        *replies.headers_mut() = script.head()?;
        *replies.trailers_mut() = script.trailers()?;
        replies.flush().await?;
        while let Some(payload) = script.next().await {
            replies.send(ServerStreamResponse { payload: Some(payload) }).await?;
        }
        script.end()
    }

    async fn bidi_stream(
        &self,
        requests: Request<Streaming<BidiStreamRequest>>,
        replies: &mut Sender<BidiStreamResponse>,
    ) -> Result<(), Status> {
        let info = observe(&requests, []);
        let mut requests = requests.into_inner();
        let Some(first) = requests.message().await? else {
            return Ok(());
        };
        let (message, full_duplex) = (any(&first)?, first.full_duplex);
        let mut script = Script::new(first.response_definition.unwrap_or_default(), info);
        script.heard(message);
        *replies.headers_mut() = script.head()?;
        *replies.trailers_mut() = script.trailers()?;
        if full_duplex {
            replies.flush().await?;
            while let Some(payload) = script.next().await {
                replies.send(BidiStreamResponse { payload: Some(payload) }).await?;
                match requests.message().await? {
                    Some(request) => script.heard(any(&request)?),
                    None => break,
                }
            }
        } else {
            while let Some(request) = requests.message().await? {
                script.heard(any(&request)?);
            }
        }
        while let Some(payload) = script.next().await {
            replies.send(BidiStreamResponse { payload: Some(payload) }).await?;
        }
        script.end()
    }

    async fn unimplemented(
        &self,
        _request: Request<UnimplementedRequest>,
    ) -> Result<Response<UnimplementedResponse>, Status> {
        Err(Status::unimplemented("the suite wants this method not to be there"))
    }
}

/// The answer of a method with one reply.
async fn answer(
    definition: Option<UnaryResponseDefinition>,
    info: RequestInfo,
) -> Result<Response<ConformancePayload>, Status> {
    let definition = definition.unwrap_or_default();
    let (head, trailers) = (&definition.response_headers, &definition.response_trailers);
    pause(definition.response_delay_ms).await;
    match definition.response {
        Some(Definition::Error(error)) => {
            // A handler that fails before its reply answers with a single block, so all its metadata is there.
            let status = failure::status(error, [any(&info)?]);
            Err(status.with_metadata(metadata(head.iter().chain(trailers))?))
        }
        Some(Definition::ResponseData(data)) => {
            let payload = ConformancePayload { data, request_info: Some(info) };
            Ok(Response::from_parts(payload, metadata(head)?, metadata(trailers)?))
        }
        None => {
            let payload = ConformancePayload { data: Vec::new(), request_info: Some(info) };
            Ok(Response::from_parts(payload, metadata(head)?, metadata(trailers)?))
        }
    }
}

/// The replies that a streaming method has still to give.
struct Script {
    definition: StreamResponseDefinition,
    /// What has been seen of the request since the last reply.
    info: Option<RequestInfo>,
    given: usize,
}

impl Script {
    fn new(definition: StreamResponseDefinition, info: RequestInfo) -> Script {
        Script { definition, info: Some(info), given: 0 }
    }

    fn head(&self) -> Result<Metadata, Status> {
        metadata(&self.definition.response_headers)
    }

    fn trailers(&self) -> Result<Metadata, Status> {
        metadata(&self.definition.response_trailers)
    }

    fn heard(&mut self, request: Any) {
        self.info.get_or_insert_default().requests.push(request);
    }

    /// The next reply, when it is time for it.
    async fn next(&mut self) -> Option<ConformancePayload> {
        let data = self.definition.response_data.get(self.given)?.clone();
        self.given += 1;
        pause(self.definition.response_delay_ms).await;
        Some(ConformancePayload { data, request_info: self.info.take() })
    }

    /// How the call is to end.
    fn end(self) -> Result<(), Status> {
        let Some(error) = self.definition.error else {
            return Ok(());
        };
        // Where no reply could tell what was seen of the request, the error does.
        let seen = match self.info.filter(|_| self.given == 0) {
            Some(info) => Some(any(&info)?),
            None => None,
        };
        Err(failure::status(error, seen))
    }
}

/// What is to be seen of a request before its messages.
fn observe<T>(request: &Request<T>, requests: impl Into<Vec<Any>>) -> RequestInfo {
    let left = request.deadline().map(|deadline| deadline.remaining(Instant::now()));
    RequestInfo {
        request_headers: pairs::headers(request.metadata()),
        timeout_ms: left.map(|left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
        requests: requests.into(),
        connect_get_info: None,
    }
}

fn any<M: Name>(message: &M) -> Result<Any, Status> {
    Any::from_msg(message).map_err(|error| Status::internal(error.to_string()))
}

fn metadata<'a>(headers: impl IntoIterator<Item = &'a Header>) -> Result<Metadata, Status> {
    pairs::metadata(headers).map_err(Status::invalid_argument)
}

async fn pause(milliseconds: u32) {
    if milliseconds > 0 {
        sleep(Duration::from_millis(u64::from(milliseconds))).await;
    }
}
