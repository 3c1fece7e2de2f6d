//! `Subchannel`: keeps one connection to one of a list of addresses.
//!
//! In: the wish for a connection. Out: one that is ready, or why there is none. A task obeys the machine of
//! [`policy::connectivity`](crate::policy::connectivity): it makes connections, watches them, and sleeps.
//!
//! ```text
//!   calls --want--> [ task: machine ] --Connect--> [ task: dial, then drive the connection ]
//!     ^                  |      ^                          |
//!     +---- view --------+      +------ what happened -----+
//! ```
//!
//! Must not know: calls, messages, metadata.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::dialing::{self, Connecting, Dialed};
use super::driving::drive;
use super::ear::Noted;
use crate::call::now;
use crate::peer::{Address, PeerInfo};
use crate::policy::Dice;
use crate::policy::connectivity::{
    AbandonReason, ConnectionId, Connectivity, ConnectivityAction, ConnectivityEvent, ConnectivityState,
};
use crate::policy::keepalive::KeepaliveConfig;
use crate::status::Status;
use crate::transport::{Cause, Initiator, Opener, TransportError};

/// A handle on the task that keeps the connection.
pub(super) struct Subchannel {
    view: watch::Sender<View>,
    events: mpsc::UnboundedSender<Event>,
    /// The task, until the first call sets it to work: a channel may be made outside a runtime.
    task: Mutex<Option<Task>>,
}

/// A connection that takes calls.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) opener: Opener,
    pub(super) peer: PeerInfo,
    pub(super) noted: Noted,
    id: ConnectionId,
}

/// What callers see.
#[derive(Clone, Debug, Default)]
struct View {
    state: ConnectivityState,
    connection: Option<Connection>,
    /// Why the last attempt failed.
    failure: Option<Status>,
}

/// What the task hears.
enum Event {
    Wanted,
    ShutDown,
    Draining(ConnectionId, Complaint),
    Connected(Connection),
    Failed(ConnectionId, Status),
    Closed(ConnectionId, Complaint),
}

/// Whether a server that ended a connection complained of being asked too often (gRFC A8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Complaint {
    None,
    TooManyPings,
}

/// How a call wants a channel that cannot connect (gRPC `wait-for-ready.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It fails at once.
    Fails,
    /// It waits, until its deadline, for a server that can be reached.
    Waits,
}

impl Subchannel {
    pub(super) fn new(connecting: Connecting) -> Subchannel {
        let (events, inbox) = mpsc::unbounded_channel();
        let view = watch::Sender::new(View::default());
        let task = Task::new(connecting, view.clone(), events.downgrade(), inbox);
        Subchannel { view, events, task: Mutex::new(Some(task)) }
    }

    pub(super) fn state(&self) -> ConnectivityState {
        self.view.borrow().state
    }

    pub(super) async fn state_changed(&self, from: ConnectivityState) -> ConnectivityState {
        let mut view = self.view.subscribe();
        // The sending end lives in `self`, so waiting cannot fail.
        view.wait_for(|view| view.state != from).await.map_or(from, |view| view.state)
    }

    /// Asks for a connection.
    pub(super) fn want(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            tokio::spawn(task.run());
        }
        self.tell(Event::Wanted);
    }

    pub(super) fn shut_down(&self) {
        self.tell(Event::ShutDown);
        self.want();
    }

    /// Waits for a connection that takes calls.
    ///
    /// In TRANSIENT_FAILURE it fails at once, unless the call has more patience.
    pub(super) async fn ready(&self, patience: Patience) -> Result<Connection, Status> {
        if let Some(connection) = self.usable() {
            return Ok(connection);
        }
        let mut view = self.view.subscribe();
        self.want();
        loop {
            let (state, failure) = {
                let view = view.borrow_and_update();
                (view.state, view.failure.clone())
            };
            match state {
                ConnectivityState::Ready => {
                    if let Some(connection) = self.usable() {
                        return Ok(connection);
                    }
                }
                ConnectivityState::TransientFailure if patience == Patience::Waits => {}
                ConnectivityState::TransientFailure => {
                    let unknown = || Status::unavailable("no attempt to connect has succeeded");
                    return Err(failure.unwrap_or_else(unknown));
                }
                ConnectivityState::Shutdown => {
                    let shut_down = || Status::unavailable("the channel is shut down");
                    return Err(failure.unwrap_or_else(shut_down));
                }
                // Not asked yet, or the connection was lost between the question and now.
                ConnectivityState::Idle => self.tell(Event::Wanted),
                ConnectivityState::Connecting => {}
            }
            if view.changed().await.is_err() {
                return Err(Status::unavailable("the channel is gone"));
            }
        }
    }

    /// The present connection, unless it takes no new calls any more.
    fn usable(&self) -> Option<Connection> {
        let mut connection = self.view.borrow().connection.clone()?;
        let Some(why) = connection.opener.closed() else {
            return Some(connection);
        };
        // The server is draining it, or it broke this instant. The machine need not be told twice, but it does
        // not mind.
        self.tell(Event::Draining(connection.id, complaint(&why)));
        None
    }

    fn tell(&self, event: Event) {
        // If the task has ended the channel is shut down, and its view says so.
        let _ = self.events.send(event);
    }
}

impl Drop for Subchannel {
    fn drop(&mut self) {
        self.tell(Event::ShutDown);
    }
}

impl fmt::Debug for Subchannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subchannel").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// The task that obeys the machine.
struct Task {
    connecting: Arc<Connecting>,
    machine: Connectivity,
    view: watch::Sender<View>,
    /// For the tasks of connections; weak, so that they do not keep the channel alive.
    events: mpsc::WeakUnboundedSender<Event>,
    inbox: mpsc::UnboundedReceiver<Event>,
    dials: HashMap<ConnectionId, Dial>,
    /// When to ask a silent server: less often from one complaint to the next.
    keepalive: Option<KeepaliveConfig>,
    /// The connection of the last complaint, so that it counts once.
    complained: Option<ConnectionId>,
}

/// A dial under way.
struct Dial {
    task: AbortHandle,
    /// What is dialed, for the error of a dial that is given up.
    address: Address,
    /// How long it is given.
    patience: Duration,
}

impl Task {
    fn new(
        connecting: Connecting,
        view: watch::Sender<View>,
        events: mpsc::WeakUnboundedSender<Event>,
        inbox: mpsc::UnboundedReceiver<Event>,
    ) -> Task {
        let addresses = NonZeroUsize::new(connecting.target.addresses().len()).unwrap_or(NonZeroUsize::MIN);
        let machine = Connectivity::new(connecting.connectivity, addresses);
        let keepalive = connecting.keepalive;
        let (connecting, dials) = (Arc::new(connecting), HashMap::new());
        Task { connecting, machine, view, events, inbox, dials, keepalive, complained: None }
    }

    async fn run(mut self) {
        while self.machine.state() != ConnectivityState::Shutdown {
            let event = match self.machine.poll_timeout() {
                Some(at) => tokio::time::timeout_at(at.into(), self.inbox.recv()).await,
                None => Ok(self.inbox.recv().await),
            };
            let event = match event {
                Ok(Some(event)) => self.take_in(event),
                Ok(None) => ConnectivityEvent::Shutdown,
                Err(_elapsed) => ConnectivityEvent::Timer,
            };
            self.machine.handle(now(), event, &mut Random);
            while let Some(action) = self.machine.poll_action() {
                self.obey(action);
            }
        }
    }

    /// Notes what an event brings along, and says it in the machine's words.
    fn take_in(&mut self, event: Event) -> ConnectivityEvent {
        match event {
            Event::Wanted => ConnectivityEvent::Wanted,
            Event::ShutDown => ConnectivityEvent::Shutdown,
            Event::Draining(id, complaint) => {
                self.hear(id, complaint);
                ConnectivityEvent::ConnectionDraining(id)
            }
            Event::Connected(connection) => {
                let id = connection.id;
                if self.dials.remove(&id).is_some() {
                    self.view.send_modify(|view| {
                        view.connection = Some(connection);
                        view.failure = None;
                    });
                }
                ConnectivityEvent::Connected(id)
            }
            Event::Failed(id, why) => {
                if self.dials.remove(&id).is_some() {
                    self.view.send_modify(|view| view.failure = Some(why));
                }
                ConnectivityEvent::ConnectFailed(id)
            }
            Event::Closed(id, complaint) => {
                self.hear(id, complaint);
                ConnectivityEvent::ConnectionClosed(id)
            }
        }
    }

    /// Asks half as often, from the next connection on, if the server complained.
    fn hear(&mut self, id: ConnectionId, complaint: Complaint) {
        if complaint == Complaint::TooManyPings && self.complained < Some(id) {
            self.complained = Some(id);
            self.keepalive = self.keepalive.map(KeepaliveConfig::doubled);
        }
    }

    fn obey(&mut self, action: ConnectivityAction) {
        match action {
            ConnectivityAction::Connect { id, address_index, deadline } => {
                self.dial(id, address_index, deadline.saturating_duration_since(now()));
            }
            ConnectivityAction::Abandon { id, reason } => {
                let Some(dial) = self.dials.remove(&id) else {
                    return;
                };
                dial.task.abort();
                self.connecting.ear.dial("abandon", &dial.address, Some(&format_args!("{reason:?}")));
                if reason == AbandonReason::TimedOut {
                    let why = dialing::silent(&dial.address, dial.patience);
                    self.view.send_modify(|view| view.failure = Some(why));
                }
            }
            ConnectivityAction::Publish(state) => self.view.send_modify(|view| {
                self.connecting.ear.state(state, view.failure.as_ref().map(Status::message));
                view.state = state;
                if state != ConnectivityState::Ready {
                    view.connection = None;
                }
                if state == ConnectivityState::Shutdown {
                    view.failure = None;
                }
            }),
        }
    }

    fn dial(&mut self, id: ConnectionId, address_index: usize, patience: Duration) {
        let addresses = self.connecting.target.addresses();
        let Some(address) = addresses.get(address_index).cloned() else {
            return;
        };
        self.connecting.ear.dial("connect", &address, None);
        let (connecting, keepalive) = (self.connecting.clone(), self.keepalive);
        let events = self.events.clone();
        let task = tokio::spawn(dial_and_drive(id, address.clone(), connecting, keepalive, events));
        self.dials.insert(id, Dial { task: task.abort_handle(), address, patience });
    }
}

/// A task that ends before its channel was shut down went with its runtime; without it nobody would ever answer.
impl Drop for Task {
    fn drop(&mut self) {
        self.view.send_if_modified(|view| {
            let is_lost = view.state != ConnectivityState::Shutdown;
            if is_lost {
                view.state = ConnectivityState::Shutdown;
                view.connection = None;
                let why = "the runtime that the channel was first used in has ended";
                view.failure = Some(Status::unavailable(why));
            }
            is_lost
        });
    }
}

/// Dials, and then moves the connection's bytes until it ends.
async fn dial_and_drive(
    id: ConnectionId,
    address: Address,
    connecting: Arc<Connecting>,
    keepalive: Option<KeepaliveConfig>,
    events: mpsc::WeakUnboundedSender<Event>,
) {
    let tell = |event| {
        // Without a listener the channel is gone, and nobody needs to know.
        if let Some(events) = events.upgrade() {
            let _ = events.send(event);
        }
    };
    match dialing::dial(&address, &connecting).await {
        Ok(Dialed { opener, driver, peer, noted }) => {
            tell(Event::Connected(Connection { opener, peer, noted, id }));
            // How it ended is told to the calls that were on it; here only a complaint matters.
            let end = drive(driver, keepalive).await;
            tell(Event::Closed(id, end.err().map_or(Complaint::None, |error| complaint(&error))));
        }
        Err(why) => tell(Event::Failed(id, why)),
    }
}

/// gRFC A8: GOAWAY with `ENHANCE_YOUR_CALM` and `too_many_pings`.
fn complaint(why: &TransportError) -> Complaint {
    match why.cause() {
        Cause::GoAway { reason: ENHANCE_YOUR_CALM, by: Initiator::Peer, explanation }
            if explanation == "too_many_pings" =>
        {
            Complaint::TooManyPings
        }
        _ => Complaint::None,
    }
}

/// Chance for waits: their jitter keeps clients apart and guards nothing.
pub(super) struct Random;

impl Dice for Random {
    fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { fastrand::u64(..n) }
    }
}

/// RFC 9113, section 7.
const ENHANCE_YOUR_CALM: u32 = 0xb;
