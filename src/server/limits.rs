//! `Limits`: what a server suffers from its connections, and for how long.
//!
//! In: what an application knows better. Out: numbers for the accept loop and the connections. Everything has a value
//! that ships, and each says what the peer sees when it bites; the pages of `SECURITY.md` are held to them.
//!
//! Must not know: how any of it is enforced.

use std::time::Duration;

use super::builder::ServerBuilder;
use crate::call::{Interceptor, WRITE_STALL};
use crate::policy::conduct::{ConductConfig, Rate};
use crate::policy::keepalive::KeepaliveConfig;
use crate::policy::tenure::TenureConfig;

/// What a server suffers.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) grace: Duration,
    pub(super) handshake: Duration,
    pub(super) connections: usize,
    pub(super) handlers: usize,
    pub(super) handlers_per_connection: usize,
    pub(super) write_stall: Duration,
    pub(super) keepalive: KeepaliveConfig,
    pub(super) tenure: TenureConfig,
    pub(super) conduct: ConductConfig,
    /// How long a call may wait before others are turned away.
    pub(super) longest_wait: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            grace: GRACE,
            handshake: HANDSHAKE_TIMEOUT,
            connections: MAX_CONNECTIONS,
            handlers: MAX_HANDLERS,
            handlers_per_connection: MAX_HANDLERS_PER_CONNECTION,
            write_stall: WRITE_STALL,
            keepalive: KeepaliveConfig { without_calls: true, ..KeepaliveConfig::new(KEEPALIVE_TIME) },
            tenure: TenureConfig { idle: None, age: None, grace: None, begun: BEGUN },
            conduct: ConductConfig {
                resets: Rate { burst: RESETS, per_second: RESETS_PER_SECOND },
                faults: Rate { burst: FAULTS, per_second: FAULTS_PER_SECOND },
            },
            longest_wait: None,
        }
    }
}

impl<I: Interceptor> ServerBuilder<I> {
    /// How long calls may go on after the server was told to stop; 30 s by default. The limit is hard.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.limits.grace = grace;
        self
    }

    /// How long a peer may take for TLS, and again to begin HTTP/2; 10 s by default. Then its connection is closed.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.limits.handshake = timeout;
        self
    }

    /// Connections at a time; 10,000 by default. Further ones wait in the kernel until one has closed.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections.max(1);
        self
    }

    /// Handlers at work at a time; 10,000 by default.
    ///
    /// A handler counts until its future is gone, whatever has become of its stream. A call that finds all taken waits
    /// for a second, and then ends `RESOURCE_EXHAUSTED`.
    pub fn max_handlers(mut self, handlers: usize) -> Self {
        self.limits.handlers = handlers.max(1);
        self
    }

    /// The same for one connection; 100 by default, as many as a client may have streams.
    ///
    /// A client that resets its calls at once may begin new ones, but has never more handlers at work.
    pub fn max_handlers_per_connection(mut self, handlers: usize) -> Self {
        self.limits.handlers_per_connection = handlers.max(1);
        self
    }

    /// Turns calls away that would wait for longer than this until their handler has its first turn; off by default.
    ///
    /// A server that is asked for more than it can do otherwise begins every call, too late for its deadline. With this
    /// it learns how many may wait, and ends the others `RESOURCE_EXHAUSTED` before anything is done for them, with
    /// `grpc-retry-pushback-ms`. Five milliseconds suit handlers that take a fraction of that between two waits; a
    /// server whose handlers keep a thread for longer needs more, or turns calls away that it could serve. What it
    /// costs is two looks at the clock for each call.
    pub fn shed_load(mut self, longest_wait: Duration) -> Self {
        self.limits.longest_wait = Some(longest_wait);
        self
    }

    /// How long a peer may take nothing, or nearly nothing, of what is to be sent to it; 60 s by default. Then its
    /// connection is closed.
    ///
    /// The same holds of a stream that is being written: a client that takes less than a kibibyte of it for so long has
    /// its call ended `CANCELLED`, although its connection lives. Where clients may rest in the middle of a stream for
    /// longer than that, set it longer; `Duration::MAX` is for ever.
    pub fn write_stall_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write_stall = timeout;
        self.settings().write_stall = timeout;
        self
    }

    /// How long a client may begin something and not go on; 10 s by default. Then its connection is closed.
    ///
    /// After half of it a client without calls is sent a PING, which it can answer only if it is between frames.
    pub fn unfinished_timeout(mut self, timeout: Duration) -> Self {
        self.limits.tenure.begun = timeout;
        self
    }

    /// How many calls a client may take back on one connection before their answer has begun; 10,000 at once and 5,000 a
    /// second by default. Nothing more is read from it until it is within that again.
    ///
    /// A call that could not be read, because its head is none of a call or its message over the limit, counts as ten.
    pub fn max_resets(mut self, rate: Rate) -> Self {
        self.limits.conduct.resets = rate;
        self
    }

    /// On how many streams of one connection a client may break HTTP/2, so that the server must reset them; 1,000 at
    /// once and 100 a second by default. Then the connection is closed (GOAWAY with `ENHANCE_YOUR_CALM`).
    pub fn max_faults(mut self, rate: Rate) -> Self {
        self.limits.conduct.faults = rate;
        self
    }

    /// When a silent client is asked whether it is still there; after 2 h by default, and given 20 s.
    ///
    /// [`KeepaliveConfig::without_calls`] decides whether clients without calls are asked; by default they are, which
    /// is how a server learns of clients that vanished.
    pub fn keepalive(mut self, keepalive: KeepaliveConfig) -> Self {
        self.limits.keepalive = keepalive;
        self
    }

    /// How long a connection may have no call; without a limit by default. Then the client is told to go (GOAWAY) and
    /// the connection is closed.
    pub fn max_connection_idle(mut self, idle: Duration) -> Self {
        self.limits.tenure.idle = Some(idle);
        self
    }

    /// How old a connection may become, give or take 10 %; without a limit by default. Then the client is told to begin
    /// no more calls on it (GOAWAY), and those under way end in peace.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.limits.tenure.age = Some(age);
        self
    }

    /// How long calls may go on after that; without a limit by default. Then the connection is closed.
    pub fn max_connection_age_grace(mut self, grace: Duration) -> Self {
        self.limits.tenure.grace = Some(grace);
        self
    }
}

/// Long enough for nearly every call; short enough for whoever waits for a restart. Kubernetes gives a pod as long.
const GRACE: Duration = Duration::from_secs(30);

/// Many round trips to anywhere. Without it a client that says nothing costs a connection for ever.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Half of the files that a system commonly lets a server open, so that it can still open others.
const MAX_CONNECTIONS: usize = 10_000;

/// As many as a hundred connections can have. Memory for them is what their handlers use, a few KiB each at the least.
const MAX_HANDLERS: usize = 10_000;

/// The number of streams that a client may have open. A reset frees a stream at once, and a handler when it is gone
/// (CVE-2023-44487, "Rapid Reset"); only the second bounds work.
const MAX_HANDLERS_PER_CONNECTION: usize = 100;

/// gRFC A9: two hours.
const KEEPALIVE_TIME: Duration = Duration::from_secs(2 * 60 * 60);

/// A connection of a proxy with ten thousand calls under way, when all their deadlines pass at once.
const RESETS: u32 = 10_000;

/// Half of what a connection can carry of the smallest calls: a client that hedges takes back one of two.
const RESETS_PER_SECOND: u32 = 5_000;

/// What other implementations suffer of resets that a peer made them send (CVE-2025-8671, "MadeYouReset").
const FAULTS: u32 = 1_000;

/// A client whose every call breaks HTTP/2 is of no use to anybody, but it need not be hostile: so many in a second cost
/// nothing that would be felt.
const FAULTS_PER_SECOND: u32 = 100;

/// As for the handshake: many round trips.
const BEGUN: Duration = Duration::from_secs(10);
