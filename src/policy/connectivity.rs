//! The life of one channel over a fixed list of addresses: which to dial, when, and what to call it.
//!
//! In: what happened to the connections ([`ConnectivityEvent`]) and what the callers want. Out:
//! which address to dial, which dial to give up, and the state to show ([`ConnectivityAction`]).
//!
//! ```text
//!               Wanted                  Connected
//!    +------+ ---------> +------------+ ---------------------> +-------+
//! -> | IDLE |            | CONNECTING |                        | READY |
//!    +------+            +------------+                  +---> +-------+
//!       ^                      | every address failed    |         |
//!       |                      v                         |         |
//!       |            +-------------------+   Connected   |         |
//!       |            | TRANSIENT_FAILURE | --------------+         |
//!       |            | waits, dials,     |                         |
//!       |            | waits, dials ..   |   ConnectionClosed or   |
//!       |            +-------------------+   ConnectionDraining    |
//!       +----------------------------------------------------------+
//!
//!    any state -- Shutdown --> SHUTDOWN, for good
//! ```
//!
//! A *round* dials the addresses in order until one answers. Three rules give it its times:
//!
//! ```text
//!  round starts                                                      the next round starts
//!  |---- 5 s ----|---- 5 s ----|------- the last address ------|         |
//!  | address 0   | address 1   | address 2: what is left of    |         |
//!  |             |             | the 20 s, at least 5          |         |
//!  |------------ at least 20 s before time alone fails a round |         |
//!  |------------------------------ backoff, from the start of the round -|
//! ```
//!
//! 1. A silent address may cost only so much while others wait: each has 5 seconds, and a refused
//!    dial is followed by the next at once. The last keeps nobody waiting, so it has the rest of
//!    the 20 s that `connection-backoff.md` gives a dial at least; a list of one has all of them.
//! 2. When the last address has failed, the channel waits out the backoff, counted from the start
//!    of the round: a round that took longer than its backoff is followed by the next at once.
//! 3. After the first round has failed the channel shows TRANSIENT_FAILURE *until it is READY*,
//!    also while it dials (gRFC A62, "sticky"). Calls that do not wait for READY then fail at once
//!    instead of hanging through every round anew.
//!
//! A connection that is lost leads to IDLE, not to a dial: perhaps nobody wants it any more, and
//! idle clients must not storm a server because it restarts. The next call wants it.
//!
//! Spec: gRPC `connectivity-semantics-and-api.md`, `connection-backoff.md`; gRFC A62.
//!
//! Must not know: what an address is, how one dials, why a dial failed, the clock.

mod state;

use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::backoff::{Backoff, BackoffConfig};
use super::{Dice, SHORTEST_WAIT, later};

pub use state::ConnectivityState;

/// The machine: events in, dials and states out.
///
/// It starts IDLE. At any time at most one dial is under way, and at most one connection takes
/// new calls; while there is either, there is not the other.
#[derive(Debug)]
pub struct Connectivity {
    /// How many addresses there are; they are known here only by their place in the list.
    addresses: NonZeroUsize,
    /// How long a dial may take while other addresses wait for their turn.
    address_timeout: Duration,
    /// How long a round is given before time alone can fail it.
    min_connect_timeout: Duration,
    /// The wait from the start of one round to the start of the next.
    backoff: Backoff,
    /// What the machine is doing, and what it knows because of that.
    state: State,
    /// The state last shown. Not the same as `state`: TRANSIENT_FAILURE sticks while dialing.
    shown: ConnectivityState,
    /// The id of the next dial.
    next_id: u64,
    /// Decided, and not yet polled: at most three per event.
    actions: VecDeque<ConnectivityAction>,
}

/// When to give up on an address and on a round, and how long to wait between rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConnectivityConfig {
    /// The wait between the starts of two rounds.
    pub backoff: BackoffConfig,
    /// How long one address may be silent while others wait; 5 s. A millisecond at least.
    pub address_timeout: Duration,
    /// How long a round lasts at least before its last address is given up; 20 s.
    pub min_connect_timeout: Duration,
}

/// One dial, and the connection it became: two dials of one address have different ids.
///
/// Every event about a connection names it, so that the end of an old connection, which may drain
/// for minutes, is never taken for the end of the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// What happened.
///
/// An event that fits neither the present state nor the present connection changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectivityEvent {
    /// A call found no connection, or the user asked to connect.
    Wanted,
    /// The dial succeeded: the server's SETTINGS frame is here.
    Connected(ConnectionId),
    /// The dial failed, whatever the reason and however far it came.
    ConnectFailed(ConnectionId),
    /// The connection is gone, and its calls with it.
    ConnectionClosed(ConnectionId),
    /// The server sent GOAWAY: calls under way may end there, new ones go elsewhere.
    ConnectionDraining(ConnectionId),
    /// The instant of [`Connectivity::poll_timeout`] has come. Waking too early does no harm.
    Timer,
    /// The user knows that it is worth trying now: the network is back, say.
    ResetBackoff,
    /// The channel is no longer needed.
    Shutdown,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectivityAction {
    /// Dial this address, and report `Connected` or `ConnectFailed` under this id.
    Connect {
        /// The name of the dial in every event about it.
        id: ConnectionId,
        /// Which address of the list to dial.
        address_index: usize,
        /// When the machine will give this dial up, for a connector that divides its time.
        deadline: Instant,
    },
    /// Give this dial up. No event about it will be heard any more.
    Abandon {
        /// The dial to give up.
        id: ConnectionId,
        /// Why, for the error that the waiting calls will see.
        reason: AbandonReason,
    },
    /// Show this state; it differs from the one shown before.
    ///
    /// Unless it is READY, let go of the connection: it lives as long as the calls still on it.
    Publish(ConnectivityState),
}

/// Why a dial was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbandonReason {
    /// The address said nothing for as long as it was given.
    TimedOut,
    /// The channel shut down.
    ShutDown,
}

/// What the machine is doing: each state is consumed to make the next, and knows only what is true
/// in it, so that there is no deadline without a dial.
#[derive(Debug, Default)]
enum State {
    /// Nothing, until wanted.
    #[default]
    Idle,
    /// Dialing.
    Dialing(Dialing),
    /// Between two rounds.
    Waiting(Round),
    /// A connection takes calls.
    Ready(ConnectionId),
    /// Nothing, for good.
    Shutdown,
}

/// A dial under way.
#[derive(Debug)]
struct Dialing {
    /// The dial.
    id: ConnectionId,
    /// The address being dialed.
    address: usize,
    /// When it is given up.
    deadline: Instant,
    /// The round it belongs to.
    round: Round,
}

/// One walk through the addresses.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// When it began, for a backoff that is reset while it lasts.
    started: Instant,
    /// Until when its last address may be silent.
    patience: Instant,
    /// When the next one may begin.
    retry_at: Instant,
}

impl Connectivity {
    /// A channel over `addresses` addresses, IDLE.
    #[must_use]
    pub fn new(config: ConnectivityConfig, addresses: NonZeroUsize) -> Self {
        Connectivity {
            addresses,
            address_timeout: config.address_timeout.max(SHORTEST_WAIT),
            min_connect_timeout: config.min_connect_timeout,
            backoff: Backoff::new(config.backoff),
            state: State::default(),
            shown: ConnectivityState::default(),
            next_id: 0,
            actions: VecDeque::new(),
        }
    }

    /// Takes one event, and then whatever the passing of time has made due by `now`.
    pub fn handle(&mut self, now: Instant, event: ConnectivityEvent, dice: &mut impl Dice) {
        use ConnectivityEvent as E;
        self.state = match (mem::take(&mut self.state), event) {
            (State::Shutdown, _) => State::Shutdown,
            (state, E::Shutdown) => self.shut_down(&state),
            (state, E::ResetBackoff) => self.reset_backoff(now, state, dice),

            (State::Idle, E::Wanted) => self.start_round(now, dice),
            (State::Dialing(dial), E::Connected(id)) if dial.id == id => self.become_ready(id),
            // A connection that goes before it was ready is a dial that failed.
            (
                State::Dialing(dial),
                E::ConnectFailed(id) | E::ConnectionClosed(id) | E::ConnectionDraining(id),
            ) if dial.id == id => self.go_on(now, &dial),
            (State::Ready(ready), E::ConnectionClosed(id) | E::ConnectionDraining(id)) if ready == id => {
                self.publish(ConnectivityState::Idle);
                State::Idle
            }

            (state, _) => state,
        };
        self.catch_up(now, dice);
    }

    /// The next thing to do; ask until there is none.
    pub fn poll_action(&mut self) -> Option<ConnectivityAction> {
        self.actions.pop_front()
    }

    /// When to come back with [`ConnectivityEvent::Timer`], always later than the last event.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Dialing(dial) => Some(dial.deadline),
            State::Waiting(round) => Some(round.retry_at),
            State::Idle | State::Ready(_) | State::Shutdown => None,
        }
    }

    /// The state last decided, whether or not its `Publish` has been polled.
    #[must_use]
    pub fn state(&self) -> ConnectivityState {
        self.shown
    }

    /// Dials the first address, and fixes the times of the whole round.
    fn start_round(&mut self, now: Instant, dice: &mut impl Dice) -> State {
        self.publish(ConnectivityState::Connecting);
        // The wait is drawn before the round, not after its failure: as in connection-backoff.md,
        // a dial may also last until the next one would start anyway.
        let wait = self.backoff.next(dice);
        let round = Round {
            started: now,
            patience: later(now, self.min_connect_timeout.max(wait)),
            retry_at: later(now, wait),
        };
        self.dial(now, 0, round)
    }

    /// Dials one address of a round.
    fn dial(&mut self, now: Instant, address: usize, round: Round) -> State {
        let mut deadline = later(now, self.address_timeout);
        if address + 1 == self.addresses.get() {
            deadline = deadline.max(round.patience);
        }
        let id = ConnectionId(self.next_id);
        self.next_id += 1;
        self.actions.push_back(ConnectivityAction::Connect { id, address_index: address, deadline });
        State::Dialing(Dialing { id, address, deadline, round })
    }

    /// After a dial that failed: the next address, or the end of the round.
    fn go_on(&mut self, now: Instant, failed: &Dialing) -> State {
        let next = failed.address + 1;
        if next < self.addresses.get() {
            return self.dial(now, next, failed.round);
        }
        self.publish(ConnectivityState::TransientFailure);
        State::Waiting(failed.round)
    }

    /// A connection is up. Only this ends a series of failures.
    fn become_ready(&mut self, id: ConnectionId) -> State {
        self.backoff.reset();
        self.publish(ConnectivityState::Ready);
        State::Ready(id)
    }

    /// Waits as after a first failure: what waits starts now, what dials goes on.
    fn reset_backoff(&mut self, now: Instant, state: State, dice: &mut impl Dice) -> State {
        self.backoff.reset();
        match state {
            State::Waiting(_) => self.start_round(now, dice),
            State::Dialing(mut dial) => {
                let first = later(dial.round.started, self.backoff.next(dice));
                dial.round.retry_at = dial.round.retry_at.min(first);
                State::Dialing(dial)
            }
            state => state,
        }
    }

    /// Leaves whatever it was.
    fn shut_down(&mut self, state: &State) -> State {
        if let State::Dialing(dial) = state {
            self.abandon(dial.id, AbandonReason::ShutDown);
        }
        self.publish(ConnectivityState::Shutdown);
        State::Shutdown
    }

    /// Does what is due by `now`. Two steps suffice, because a dial that starts now is not yet due.
    fn catch_up(&mut self, now: Instant, dice: &mut impl Dice) {
        self.state = match mem::take(&mut self.state) {
            State::Dialing(dial) if dial.deadline <= now => {
                self.abandon(dial.id, AbandonReason::TimedOut);
                self.go_on(now, &dial)
            }
            state => state,
        };
        self.state = match mem::take(&mut self.state) {
            State::Waiting(round) if round.retry_at <= now => self.start_round(now, dice),
            state => state,
        };
    }

    /// Orders a dial to be given up.
    fn abandon(&mut self, id: ConnectionId, reason: AbandonReason) {
        let action = ConnectivityAction::Abandon { id, reason };
        self.actions.push_back(action);
    }

    /// Shows a state, if it is news.
    fn publish(&mut self, state: ConnectivityState) {
        use ConnectivityState as S;
        // gRFC A62: a channel that has failed does not claim to be connecting; it stays in
        // TRANSIENT_FAILURE until it can say READY.
        let sticks = self.shown == S::TransientFailure && state == S::Connecting;
        if state != self.shown && !sticks {
            self.shown = state;
            self.actions.push_back(ConnectivityAction::Publish(state));
        }
    }
}

impl Default for ConnectivityConfig {
    fn default() -> Self {
        ConnectivityConfig {
            backoff: BackoffConfig::default(),
            address_timeout: ADDRESS_TIMEOUT,
            min_connect_timeout: MIN_CONNECT_TIMEOUT,
        }
    }
}

/// One address' share: 5 s, room for two lost SYNs (sent again after 1 s and after 3 s) and a TLS
/// handshake, while a list of four still comes to its end within the 20 s below.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(5);

/// `MIN_CONNECT_TIMEOUT` of `connection-backoff.md`: 20 s.
const MIN_CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests;
