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
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::ear::{Ear, Noted};
use super::target::Target;
use crate::call::now;
use crate::peer::{Address, PeerInfo};
use crate::policy::Dice;
use crate::policy::connectivity::{
    AbandonReason, ConnectionId, Connectivity, ConnectivityAction, ConnectivityConfig, ConnectivityEvent,
    ConnectivityState,
};
use crate::status::Status;
#[cfg(feature = "tls")]
use crate::transport::tls::ClientTls;
use crate::transport::{self, Driver, ErasedConnector, Http2Settings, Opener, TransportError};

/// A handle on the task that keeps the connection.
pub(super) struct Subchannel {
    view: watch::Sender<View>,
    events: mpsc::UnboundedSender<Event>,
    /// The task, until the first call sets it to work: a channel may be made outside a runtime.
    task: Mutex<Option<Task>>,
}

/// How to connect.
pub(super) struct Connecting {
    pub(super) target: Target,
    pub(super) connector: Arc<dyn ErasedConnector>,
    pub(super) http2: Http2Settings,
    pub(super) connectivity: ConnectivityConfig,
    /// How to do TLS, and with whom.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<(ClientTls, String)>,
    /// Who listens in.
    pub(super) ear: Ear,
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
    failure: Option<String>,
}

/// What the task hears.
enum Event {
    Wanted,
    ShutDown,
    Draining(ConnectionId),
    Connected(Connection),
    Failed(ConnectionId, String),
    Closed(ConnectionId),
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
    /// Fails at once while the channel is in TRANSIENT_FAILURE (gRPC `wait-for-ready.md`: that is the default).
    pub(super) async fn ready(&self) -> Result<Connection, Status> {
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
                ConnectivityState::TransientFailure => {
                    let why = failure.unwrap_or_else(|| "no attempt to connect has succeeded".to_owned());
                    return Err(Status::unavailable(why));
                }
                ConnectivityState::Shutdown => {
                    return Err(Status::unavailable(
                        failure.as_deref().unwrap_or("the channel is shut down"),
                    ));
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
        if connection.opener.is_open() {
            return Some(connection);
        }
        // The server is draining it, or it broke this instant. The machine need not be told twice, but it does
        // not mind.
        self.tell(Event::Draining(connection.id));
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
        let connecting = Arc::new(connecting);
        Task { connecting, machine, view, events, inbox, dials: HashMap::new() }
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
            Event::Draining(id) => ConnectivityEvent::ConnectionDraining(id),
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
            Event::Closed(id) => ConnectivityEvent::ConnectionClosed(id),
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
                    let why =
                        failure(&dial.address, format_args!("no answer within {:?}", dial.patience), SILENT);
                    self.view.send_modify(|view| view.failure = Some(why));
                }
            }
            ConnectivityAction::Publish(state) => self.view.send_modify(|view| {
                self.connecting.ear.state(state, view.failure.as_deref());
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
        let connecting = self.connecting.clone();
        let task = tokio::spawn(dial_and_drive(id, address.clone(), connecting, self.events.clone()));
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
                view.failure = Some("the runtime that the channel was first used in has ended".to_owned());
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
    events: mpsc::WeakUnboundedSender<Event>,
) {
    let tell = |event| {
        // Without a listener the channel is gone, and nobody needs to know.
        if let Some(events) = events.upgrade() {
            let _ = events.send(event);
        }
    };
    match dial(&address, &connecting).await {
        Ok((opener, driver, noted)) => {
            tell(Event::Connected(Connection { opener, peer: PeerInfo::new(address), noted, id }));
            // How it ended is told to the calls that were on it.
            let _ = driver.run().await;
            tell(Event::Closed(id));
        }
        Err(why) => tell(Event::Failed(id, why)),
    }
}

async fn dial(address: &Address, connecting: &Connecting) -> Result<(Opener, Driver, Noted), String> {
    let io = connecting.connector.connect(address).await;
    let io = io.map_err(|error| failure(address, &error, advice(address, &error)))?;
    #[cfg(feature = "tls")]
    let io = match &connecting.tls {
        Some((tls, host)) => tls.connect(io, host).await.map_err(|error| format!("{address}: {error}"))?,
        None => io,
    };
    #[cfg(feature = "tls")]
    let is_tls = connecting.tls.is_some();
    #[cfg(not(feature = "tls"))]
    let is_tls = false;
    let (io, noted) = connecting.ear.listen(io, address, is_tls);
    let failed =
        |error: TransportError| failure(address, format_args!("{error} before HTTP/2 began"), FOREIGN);
    let (opener, mut driver) = transport::connect(io, &connecting.http2).await.map_err(failed)?;
    driver.ready().await.map_err(failed)?;
    Ok((opener, driver, noted))
}

/// Why there is no connection, in one line: what was tried, what came of it, and what to look at next.
fn failure(address: &Address, why: impl fmt::Display, next: &str) -> String {
    format!("cannot connect to {address}: {why}{next}")
}

/// What to look at when a network refuses to connect.
fn advice(address: &Address, error: &io::Error) -> &'static str {
    match (error.kind(), address) {
        (io::ErrorKind::ConnectionRefused, _) => "; is a server listening there?",
        (io::ErrorKind::NotFound, Address::Unix(_)) => "; has the server created its socket?",
        (io::ErrorKind::PermissionDenied, Address::Unix(_)) => "; may this user open the socket?",
        // Errors of the resolver have no number of the system's.
        (_, Address::Name(..)) if error.raw_os_error().is_none() => "; is the host name right?",
        _ => "",
    }
}

/// Chance for backoff: its jitter keeps clients apart and guards nothing.
struct Random;

impl Dice for Random {
    fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { fastrand::u64(..n) }
    }
}

/// What to look at when nobody answers.
const SILENT: &str = "; is it a gRPC server without TLS, and does a firewall let it be reached?";

/// What to look at when somebody else answers.
const FOREIGN: &str = "; is this the port of a gRPC server without TLS?";
