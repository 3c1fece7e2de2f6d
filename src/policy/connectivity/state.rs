//! The five states of a channel, under the names that every gRPC library shows.
//!
//! Nothing is decided here. The machine in the file above says which state a channel is in; a
//! program that watches its channel, and the balancers that will stand over several, only read it.
//!
//! Spec: gRPC `connectivity-semantics-and-api.md`, "States of Connectivity".
//!
//! Must not know: how a state comes about.

use std::fmt;

/// How a channel stands with its server: the five states of every gRPC library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConnectivityState {
    /// No connection, and none wanted: the next call begins to connect, and waits for it.
    #[default]
    Idle,
    /// Dialing for the first time since IDLE; calls wait.
    Connecting,
    /// Connected: the server's SETTINGS frame has arrived, and calls go out at once.
    Ready,
    /// Every address failed. Dialing goes on; calls fail, unless they asked to wait for READY.
    TransientFailure,
    /// Over for good: new calls fail, calls under way may end.
    Shutdown,
}

impl fmt::Display for ConnectivityState {
    /// The name that gRPC gives it: `TRANSIENT_FAILURE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ConnectivityState::Idle => "IDLE",
            ConnectivityState::Connecting => "CONNECTING",
            ConnectivityState::Ready => "READY",
            ConnectivityState::TransientFailure => "TRANSIENT_FAILURE",
            ConnectivityState::Shutdown => "SHUTDOWN",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectivityState as S;

    #[test]
    fn the_names_are_those_that_every_grpc_library_shows() {
        let table = [
            (S::Idle, "IDLE"),
            (S::Connecting, "CONNECTING"),
            (S::Ready, "READY"),
            (S::TransientFailure, "TRANSIENT_FAILURE"),
            (S::Shutdown, "SHUTDOWN"),
        ];
        for (state, name) in table {
            assert_eq!(state.to_string(), name);
        }
        assert_eq!(format!("[{:>12}]", S::Ready), "[       READY]");
    }
}
