//! `Board`: what has been said of each service, and whether it still counts.
//!
//! In: statuses, and the wish to stop. Out: the status that a caller is told.
//!
//! ```text
//!   phase       a known service is          Watch
//!   Open        what was said last          goes on
//!   Paused      NOT_SERVING                 goes on: the server may resume
//!   Draining    NOT_SERVING                 ends, once that has been said
//! ```
//!
//! Must not know: callers.

use std::collections::BTreeMap;

use super::ServingStatus;

/// What has been said of each service.
#[derive(Debug)]
pub(super) struct Board {
    statuses: BTreeMap<String, ServingStatus>,
    pub(super) phase: Phase,
}

/// Whether what was said counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It does.
    Open,
    /// The application has taken everything out of service, for now.
    Paused,
    /// The server is stopping, for good.
    Draining,
}

impl Board {
    /// Nothing is known but the server itself, which serves.
    pub(super) fn new() -> Board {
        let server = (SERVER.to_owned(), ServingStatus::Serving);
        Board { statuses: BTreeMap::from([server]), phase: Phase::Open }
    }

    /// Sets the status of a service; `false` if that changes nothing.
    pub(super) fn set(&mut self, service: &str, status: ServingStatus) -> bool {
        match status {
            // That is how the protocol says that there is no such service.
            ServingStatus::ServiceUnknown => self.statuses.remove(service).is_some(),
            _ => self.statuses.insert(service.to_owned(), status) != Some(status),
        }
    }

    /// Enters a phase; `false` if that changes nothing. A server that drains never serves again.
    pub(super) fn enter(&mut self, phase: Phase) -> bool {
        let changes = self.phase != phase && self.phase != Phase::Draining;
        if changes {
            self.phase = phase;
        }
        changes
    }

    /// What a caller is told of a service; `None` if it is not known.
    pub(super) fn status(&self, service: &str) -> Option<ServingStatus> {
        self.statuses.get(service).map(|status| self.told(*status))
    }

    /// What a caller is told of all services.
    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = (&str, ServingStatus)> {
        self.statuses.iter().map(|(service, status)| (service.as_str(), self.told(*status)))
    }

    fn told(&self, status: ServingStatus) -> ServingStatus {
        match self.phase {
            Phase::Open => status,
            Phase::Paused | Phase::Draining => ServingStatus::NotServing,
        }
    }
}

/// `health-checking.md`: the empty name asks about the server as a whole.
const SERVER: &str = "";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_serves_until_told_otherwise_and_nothing_else_is_known() {
        let mut board = Board::new();
        assert_eq!(board.status(""), Some(ServingStatus::Serving));
        assert_eq!(board.status("a.B"), None);
        assert!(board.set("a.B", ServingStatus::NotServing));
        assert!(!board.set("a.B", ServingStatus::NotServing), "nothing new");
        assert_eq!(board.status("a.B"), Some(ServingStatus::NotServing));
        assert!(board.set("a.B", ServingStatus::ServiceUnknown));
        assert_eq!(board.status("a.B"), None);
    }

    #[test]
    fn a_pause_hides_what_was_said_and_a_drain_hides_it_for_good() {
        let mut board = Board::new();
        assert!(board.enter(Phase::Paused));
        assert_eq!(board.status(""), Some(ServingStatus::NotServing));
        // What is said meanwhile counts afterwards.
        assert!(board.set("a.B", ServingStatus::Serving));
        assert_eq!(board.status("a.B"), Some(ServingStatus::NotServing));
        assert!(board.enter(Phase::Open));
        assert_eq!(board.status("a.B"), Some(ServingStatus::Serving));
        assert!(board.enter(Phase::Draining));
        assert!(!board.enter(Phase::Open));
        assert_eq!(board.status(""), Some(ServingStatus::NotServing));
    }
}
