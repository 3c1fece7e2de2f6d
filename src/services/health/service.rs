//! `HealthService`: the board, read by callers.
//!
//! In: calls. Out: statuses.
//!
//! ```text
//!            known service    unknown service                        more than 100 services
//!   Check    its status       NOT_FOUND ends the call
//!   List                                                             RESOURCE_EXHAUSTED
//!   Watch    its status       SERVICE_UNKNOWN, and goes on
//! ```
//!
//! Source: gRPC `health-checking.md`; gRFC A90 for `List`.
//!
//! Must not know: who changes the board.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::ServingStatus;
use super::board::{Board, Phase};
use super::v1::{
    Health, HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse, HealthServer,
};
use crate::server::{Ended, ServerCall, Service};
use crate::{Interceptor, MethodDescriptor, Request, Response, Sender, Status};

/// The service `grpc.health.v1.Health`; see [`HealthReporter::service`](super::HealthReporter::service).
#[derive(Clone)]
pub struct HealthService {
    board: Arc<watch::Sender<Board>>,
    calls: HealthServer<Reader>,
}

impl HealthService {
    pub(super) fn new(board: Arc<watch::Sender<Board>>) -> HealthService {
        let reader = Reader { board: board.clone() };
        HealthService { board, calls: HealthServer::new(reader) }
    }
}

impl Service for HealthService {
    const NAME: &'static str = <HealthServer<Reader> as Service>::NAME;
    const METHODS: &'static [MethodDescriptor] = <HealthServer<Reader> as Service>::METHODS;

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        self.calls.call(call).await
    }

    fn on_drain(&self) {
        self.board.send_if_modified(|board| board.enter(Phase::Draining));
    }
}

impl fmt::Debug for HealthService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthService").field("board", &*self.board.borrow()).finish()
    }
}

/// Answers from the board.
struct Reader {
    board: Arc<watch::Sender<Board>>,
}

impl Health for Reader {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        match self.board.borrow().status(&service) {
            Some(status) => Ok(Response::new(response(status))),
            None => Err(Status::not_found(format!("unknown service {service:?}"))),
        }
    }

    async fn list(&self, _: Request<HealthListRequest>) -> Result<Response<HealthListResponse>, Status> {
        let board = self.board.borrow();
        let all = board.all();
        if all.len() > MAX_LISTED {
            let count = all.len();
            return Err(Status::resource_exhausted(format!(
                "there are {count} services, and a list has at most {MAX_LISTED}: check them one by one"
            )));
        }
        let statuses = all.map(|(service, status)| (service.to_owned(), response(status))).collect();
        Ok(Response::new(HealthListResponse { statuses }))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
        replies: &mut Sender<HealthCheckResponse>,
    ) -> Result<(), Status> {
        let service = request.into_inner().service;
        let (mut board, mut told) = (self.board.subscribe(), None);
        loop {
            let (status, phase) = {
                let board = board.borrow_and_update();
                (board.status(&service).unwrap_or(ServingStatus::ServiceUnknown), board.phase)
            };
            // The board also changes for reasons that are none of this caller's.
            if told != Some(status) {
                replies.send(response(status)).await?;
                told = Some(status);
            }
            // The sending end lives in `self`, so waiting cannot fail.
            if phase == Phase::Draining || board.changed().await.is_err() {
                // A stream without an end would hold the drain up for the whole of its grace.
                return Err(Status::unavailable("the server is stopping"));
            }
        }
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

/// gRFC A90.
const MAX_LISTED: usize = 100;
