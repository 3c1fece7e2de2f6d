//! `HealthReporter`: the application's hand on the board.
//!
//! In: what the application knows of its services. Out: the board changes, and whoever watches is told.
//!
//! Must not know: how the board is read (`service`).

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::ServingStatus;
use super::board::{Board, Phase};
use super::service::HealthService;

/// Says how the services of a server are; clones speak for the same server.
///
/// The server as a whole, whose name is empty, is `SERVING` from the start. Every other service is unknown until
/// something is said of it.
#[derive(Clone)]
pub struct HealthReporter {
    board: Arc<watch::Sender<Board>>,
}

impl HealthReporter {
    /// A reporter of which nothing has been mounted yet.
    pub fn new() -> HealthReporter {
        HealthReporter { board: Arc::new(watch::Sender::new(Board::new())) }
    }

    /// The service to mount: it answers with what this reporter, or a clone of it, says.
    ///
    /// When the server that it is mounted on is told to stop, everything becomes `NOT_SERVING` for good before any
    /// client is told to go, and streams of `Watch` end.
    pub fn service(&self) -> HealthService {
        HealthService::new(self.board.clone())
    }

    /// Says how a service is; an empty name means the server as a whole.
    ///
    /// `ServiceUnknown` is the same as [`forget`](HealthReporter::forget).
    pub fn set(&self, service: &str, status: ServingStatus) {
        self.board.send_if_modified(|board| board.set(service, status));
    }

    /// Says that a service answers calls.
    pub fn serving(&self, service: &str) {
        self.set(service, ServingStatus::Serving);
    }

    /// Says that a service does not answer calls now.
    pub fn not_serving(&self, service: &str) {
        self.set(service, ServingStatus::NotServing);
    }

    /// Says that there is no such service: `Check` answers `NOT_FOUND`, and whoever watches hears `SERVICE_UNKNOWN`.
    pub fn forget(&self, service: &str) {
        self.set(service, ServingStatus::ServiceUnknown);
    }

    /// Takes everything out of service until [`resume`](HealthReporter::resume), whatever is said meanwhile.
    ///
    /// A server that is about to stop calls it ahead of time, so that load balancers look elsewhere before calls are
    /// refused.
    pub fn pause(&self) {
        self.board.send_if_modified(|board| board.enter(Phase::Paused));
    }

    /// Lets everything be what was last said of it.
    pub fn resume(&self) {
        self.board.send_if_modified(|board| board.enter(Phase::Open));
    }
}

impl Default for HealthReporter {
    fn default() -> HealthReporter {
        HealthReporter::new()
    }
}

impl fmt::Debug for HealthReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthReporter").field("board", &*self.board.borrow()).finish()
    }
}
