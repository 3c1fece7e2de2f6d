//! The life of one connection: moves its bytes, and watches that its client keeps up.
//!
//! In: a connection past its handshake, and limits. Out: one [`Event`] after another. Four machines decide:
//! [`tenure`](crate::policy::tenure), whether it is idle, old or silent in the middle of something;
//! [`keepalive`](crate::policy::keepalive), whether its client is still there; [`stall`](crate::policy::stall), whether
//! it takes what is sent; and [`conduct`](crate::policy::conduct), whether it has calls made in vain.
//!
//! ```text
//!   bytes read, answers, calls, bytes owed, offences    Accepted, Ended
//!   ServerConnection ----------> machines ------------> Drain, GivenUp
//!          ^                        |
//!          +----- PING, rest -------+
//! ```
//!
//! Must not know: what a stream is answered with, or what is done about an event.

use std::task::{Context, Poll};
use std::time::Instant;

use super::event::GivenUp;
use super::limits::Limits;
use super::permits::Offences;
use crate::call::{Alarm, now};
use crate::policy::Dice;
use crate::policy::conduct::Conduct;
use crate::policy::keepalive::{Keepalive, KeepaliveAction};
use crate::policy::stall::Stall;
use crate::policy::tenure::{Closed, Tenure, TenureAction};
use crate::transport::{Accepted, Io, ServerConnection, TransportError};

/// Watches one connection.
pub(super) struct Life {
    tenure: Tenure,
    keepalive: Keepalive,
    write: Stall,
    conduct: Conduct,
    /// Whether the client is not listened to for now.
    is_resting: bool,
    alarm: Alarm,
}

/// What happened on a connection.
#[expect(clippy::large_enum_variant, reason = "a stream is handed on at once, and is to cost no allocation")]
pub(super) enum Event {
    /// A stream came.
    Accepted(Accepted),
    /// The connection has ended.
    Ended(Result<(), TransportError>),
    /// It is idle or old: the client shall go.
    Drain,
    /// It is to be closed with its calls.
    GivenUp(GivenUp),
}

/// What is wanted of a connection for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The next stream.
    Streams,
    /// The next stream; and the end, as soon as none is open.
    LastStreams,
    /// That bytes move; no stream can be answered now.
    Movement,
}

impl Life {
    pub(super) fn new(limits: &Limits) -> Life {
        let now = now();
        Life {
            tenure: Tenure::new(limits.tenure, now, &mut Random),
            keepalive: Keepalive::new(limits.keepalive, now),
            write: Stall::new(limits.write_stall, LEAST_WRITTEN_BYTES),
            conduct: Conduct::new(limits.conduct, now),
            is_resting: false,
            alarm: Alarm::default(),
        }
    }

    /// The next event. While it is not polled, no stream of the connection moves.
    pub(super) fn poll<T: Io>(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut ServerConnection<T>,
        offences: &Offences,
        wanted: Wanted,
    ) -> Poll<Event> {
        loop {
            if let Poll::Ready(event) = poll_connection(cx, connection, wanted) {
                // Among others a call is no news, and the clock would be read for each.
                if matches!(event, Event::Accepted(_)) && !self.tenure.has_calls() {
                    self.tenure.on_call(now());
                }
                return Poll::Ready(event);
            }
            if wanted == Wanted::LastStreams && connection.is_idle() {
                return Poll::Ready(Event::Ended(Ok(())));
            }
            let now = now();
            self.listen(cx, now, connection);
            if self.judge(now, connection, offences) {
                // What has come meanwhile is read.
                continue;
            }
            match self.decide(now) {
                Some(Order::Ping) => {
                    connection.ping();
                    continue;
                }
                Some(Order::Drain) => return Poll::Ready(Event::Drain),
                Some(Order::GiveUp(why)) => return Poll::Ready(Event::GivenUp(why)),
                None => {}
            }
            let machines = [
                self.tenure.poll_timeout(),
                self.keepalive.poll_timeout(),
                self.write.poll_timeout(),
                self.conduct.poll_timeout(now),
            ];
            if self.alarm.poll(cx, machines.into_iter().flatten().min()).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Tells the machines what has become known.
    fn listen<T: Io>(&mut self, cx: &mut Context<'_>, now: Instant, connection: &mut ServerConnection<T>) {
        let calls = usize::from(connection.has_streams());
        self.tenure.on_call_count(now, calls);
        self.keepalive.on_call_count(now, calls);
        if connection.has_heard() {
            self.tenure.on_read(now);
            self.keepalive.on_read(now);
        }
        if connection.poll_pong(cx).is_ready() {
            self.tenure.on_pong();
            self.keepalive.on_pong(now);
        }
        match connection.owed() {
            Some(sent) => self.write.on_owed(now, sent),
            None => self.write.on_paid(),
        }
        self.tenure.on_timer(now);
        self.keepalive.on_timer(now);
    }

    /// Notes what calls were in vain for; whether the client is listened to again after a rest.
    fn judge<T: Io>(&mut self, now: Instant, connection: &ServerConnection<T>, offences: &Offences) -> bool {
        for (offence, times) in offences.take().into_iter().flatten() {
            self.conduct.on_offence(now, offence, times);
        }
        let was_resting = std::mem::replace(&mut self.is_resting, self.conduct.is_resting(now));
        if was_resting != self.is_resting {
            connection.rest(self.is_resting);
        }
        was_resting && !self.is_resting
    }

    fn decide(&mut self, now: Instant) -> Option<Order> {
        if self.conduct.is_over(now) {
            return Some(Order::GiveUp(GivenUp::Unruly));
        }
        if self.write.is_over(now) {
            return Some(Order::GiveUp(GivenUp::TakesNothing));
        }
        match self.keepalive.poll_action() {
            Some(KeepaliveAction::SendPing) => return Some(Order::Ping),
            Some(KeepaliveAction::CloseConnection) => return Some(Order::GiveUp(GivenUp::Silent)),
            None => {}
        }
        self.tenure.poll_action().map(|action| match action {
            TenureAction::SendPing => Order::Ping,
            TenureAction::Drain => Order::Drain,
            TenureAction::Close(Closed::Old) => Order::GiveUp(GivenUp::Old),
            TenureAction::Close(Closed::Unfinished) => Order::GiveUp(GivenUp::Unfinished),
        })
    }
}

/// What a machine has decided.
enum Order {
    Ping,
    Drain,
    GiveUp(GivenUp),
}

fn poll_connection<T: Io>(
    cx: &mut Context<'_>,
    connection: &mut ServerConnection<T>,
    wanted: Wanted,
) -> Poll<Event> {
    if wanted == Wanted::Movement {
        return connection.poll_streams(cx).map(Event::Ended);
    }
    connection.poll_accept(cx).map(|accepted| match accepted {
        Some(Ok(accepted)) => Event::Accepted(accepted),
        Some(Err(error)) => Event::Ended(Err(error)),
        None => Event::Ended(Ok(())),
    })
}

/// Chance for ages: it keeps clients apart and guards nothing.
struct Random;

impl Dice for Random {
    fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { fastrand::u64(..n) }
    }
}

/// What a peer must take in the time that it is given: a drip does not count (CVE-2019-9511, "data dribble").
const LEAST_WRITTEN_BYTES: u64 = 1_024;
