//! How a server stops without failing a call: refuse what is new, let end what has begun, and not
//! wait for ever.
//!
//! In: connections that open and close, the wish to stop, the time. Out: orders to the listener and
//! to all connections at once ([`DrainAction`]). The same machine serves a single connection that
//! has become too old (gRFC A9): it counts to one, and has no listener.
//!
//! ```text
//!   Stop                                            5 s                    grace
//!   |                                               |                        |
//!   |StopAccepting  listener closed: new clients go elsewhere at once        |
//!   |StartDrain     each connection:                |                        |
//!   |                 -> GOAWAY(2^31-1), PING       |                        |
//!   |                 <- PING ACK                   |                        |
//!   |                 -> GOAWAY(last stream)        |                        |
//!   |                 calls go on, and end          |                        |
//!   |                                               |CutIdle: connections    |
//!   |                                               |without calls close     |
//!   |                                                                        |CutOff: all close
//!   +---------------- whenever the last connection has closed: Done ---------+-->
//! ```
//!
//! Why two GOAWAYs: calls that the client sent before it heard of the first are still on their way.
//! A GOAWAY that named the last stream at once would throw them away, or leave the client guessing
//! whether they had run. The first one says only "begin nothing new"; the answer to the PING proves
//! that it was read and that nothing sent before it is missing; the second one then tells the truth.
//! HTTP/2 (RFC 9113 6.8) describes this, and `h2` does it when it is asked to `graceful_shutdown`.
//!
//! Why `CutIdle`: `h2` waits for the answer to that PING for ever. A client that is gone never
//! answers, and one dead laptop must not keep a server from stopping. Five seconds later silence
//! counts as an answer, and a connection closes as soon as no call is running on it.
//!
//! Spec: RFC 9113 6.8 "GOAWAY"; gRFC A9.
//!
//! Must not know: connections, only how many there are; signals; the clock.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use super::later;

/// The machine: counts connections, and tells them when to go.
#[derive(Debug, Default)]
pub struct Drain {
    /// Connections that are open, from `accept` to the end of their last handler.
    open: usize,
    /// How far the stopping has come.
    state: State,
    /// Decided, and not yet polled.
    actions: VecDeque<DrainAction>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainEvent {
    /// A connection was accepted. It counts from here on, not from the end of its handshake.
    Opened,
    /// A connection has ended, and so have its handlers.
    Closed,
    /// Stop, and cut off what is still running after `grace`; `None` waits as long as it takes.
    ///
    /// Saying it again can only shorten the wait: a second Ctrl-C is a `Stop` with no grace at all.
    Stop {
        /// How long calls may go on.
        grace: Option<Duration>,
    },
    /// The instant of [`Drain::poll_timeout`] has come. Waking too early does no harm.
    Timer,
}

/// What to do. Each is ordered at most once, and in this order, though some may be left out.
///
/// `StartDrain`, `CutIdle` and `CutOff` are for every connection, also for one that was accepted
/// just before the stop and asks only now: keep the last order where latecomers find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainAction {
    /// Close the listener.
    StopAccepting,
    /// Send GOAWAY, twice as drawn above, and close when the last call has ended.
    StartDrain,
    /// Close every connection without a call now, and every other one at the end of its last.
    CutIdle,
    /// Close every connection, and drop the handlers that still run.
    CutOff,
    /// No connection is left, and none will come.
    Done,
}

/// How far the stopping has come. Only a drain has instants to wait for.
#[derive(Debug, Default)]
enum State {
    /// Not stopping.
    #[default]
    Serving,
    /// Waiting for the calls to end.
    Draining(Draining),
    /// Everything has been told to close; closing takes a moment.
    Cutting,
    /// Stopped.
    Done,
}

/// The two patiences of a drain.
#[derive(Debug)]
struct Draining {
    /// When silent and idle connections are cut; `None` once they are.
    cut_idle_at: Option<Instant>,
    /// When all are; `None` is never.
    cut_off_at: Option<Instant>,
}

impl Drain {
    /// A server that serves, with no connection yet.
    #[must_use]
    pub fn new() -> Self {
        Drain::default()
    }

    /// Takes one event, and then whatever the passing of time has made due by `now`.
    pub fn handle(&mut self, now: Instant, event: DrainEvent) {
        match event {
            DrainEvent::Opened => self.open = self.open.saturating_add(1),
            DrainEvent::Closed => self.open = self.open.saturating_sub(1),
            DrainEvent::Stop { grace } => self.stop(now, grace),
            DrainEvent::Timer => {}
        }
        self.state = match mem::take(&mut self.state) {
            State::Draining(_) | State::Cutting if self.open == 0 => {
                self.actions.push_back(DrainAction::Done);
                State::Done
            }
            State::Draining(draining) => self.catch_up(now, draining),
            state => state,
        };
    }

    /// The next thing to do; ask until there is none.
    pub fn poll_action(&mut self) -> Option<DrainAction> {
        self.actions.pop_front()
    }

    /// When to come back with [`DrainEvent::Timer`], always later than the last event.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Draining(draining) => {
                [draining.cut_idle_at, draining.cut_off_at].into_iter().flatten().min()
            }
            State::Serving | State::Cutting | State::Done => None,
        }
    }

    /// Begins to stop, or stops with less patience than before.
    fn stop(&mut self, now: Instant, grace: Option<Duration>) {
        let cut_off_at = grace.map(|grace| later(now, grace));
        match &mut self.state {
            State::Serving => {
                self.actions.push_back(DrainAction::StopAccepting);
                if self.open > 0 {
                    self.actions.push_back(DrainAction::StartDrain);
                }
                let cut_idle_at = Some(later(now, ACK_PATIENCE));
                self.state = State::Draining(Draining { cut_idle_at, cut_off_at });
            }
            State::Draining(draining) => {
                draining.cut_off_at = [draining.cut_off_at, cut_off_at].into_iter().flatten().min();
            }
            State::Cutting | State::Done => {}
        }
    }

    /// Gives the orders that are due by `now`; when both are, the greater one says it all.
    fn catch_up(&mut self, now: Instant, mut draining: Draining) -> State {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(draining.cut_off_at) {
            self.actions.push_back(DrainAction::CutOff);
            return State::Cutting;
        }
        if is_due(draining.cut_idle_at) {
            self.actions.push_back(DrainAction::CutIdle);
            draining.cut_idle_at = None;
        }
        State::Draining(draining)
    }
}

/// How long the answer to the PING between the two GOAWAYs may take: 5 s, as in grpc-go. A live
/// client answers in one round trip; five seconds forgive it a lost packet and a busy moment.
const ACK_PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays `(seconds since the start, event, orders because of it)`.
    fn script(name: &str, lines: &[(u64, DrainEvent, &[DrainAction])]) {
        let start = Instant::now();
        let mut drain = Drain::new();
        for (step, (seconds, event, expected)) in lines.iter().enumerate() {
            let now = start + Duration::from_secs(*seconds);
            drain.handle(now, *event);
            let orders: Vec<_> = std::iter::from_fn(|| drain.poll_action()).collect();
            assert_eq!(orders, *expected, "{name}: step {step}, {event:?}");
        }
    }

    /// A stop with so many seconds of grace.
    fn stop(seconds: u64) -> DrainEvent {
        DrainEvent::Stop { grace: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn a_server_stops_as_the_drawing_says() {
        use DrainAction::{CutIdle, CutOff, Done, StartDrain, StopAccepting};
        use DrainEvent::{Closed, Opened, Timer};
        let patiently = DrainEvent::Stop { grace: None };

        script("nobody there", &[(0, stop(30), &[StopAccepting, Done]), (1, Timer, &[]), (2, stop(0), &[])]);
        script(
            "nobody there any more",
            &[(0, Opened, &[]), (1, Closed, &[]), (2, stop(30), &[StopAccepting, Done])],
        );
        script(
            "all end in time",
            &[
                (0, Opened, &[]),
                (0, Opened, &[]),
                (1, stop(30), &[StopAccepting, StartDrain]),
                (2, Closed, &[]),
                (3, Closed, &[Done]),
                (99, Timer, &[]),
            ],
        );
        script(
            "one client never answers, another never ends",
            &[
                (0, Opened, &[]),
                (0, Opened, &[]),
                (10, stop(30), &[StopAccepting, StartDrain]),
                (14, Timer, &[]),
                (15, Timer, &[CutIdle]),
                (15, Closed, &[]),
                (39, Timer, &[]),
                (40, Timer, &[CutOff]),
                (40, Closed, &[Done]),
            ],
        );
        script(
            "a grace shorter than the patience for silence",
            &[
                (0, Opened, &[]),
                (0, stop(2), &[StopAccepting, StartDrain]),
                (2, Timer, &[CutOff]),
                (9, Timer, &[]),
            ],
        );
        script(
            "no grace",
            &[(0, Opened, &[]), (0, stop(0), &[StopAccepting, StartDrain, CutOff]), (0, Closed, &[Done])],
        );
        script(
            "a second Ctrl-C",
            &[
                (0, Opened, &[]),
                (0, patiently, &[StopAccepting, StartDrain]),
                (5, Timer, &[CutIdle]),
                (999, Timer, &[]),
                (999, stop(0), &[CutOff]),
                (999, stop(0), &[]),
                (999, Closed, &[Done]),
            ],
        );
        script(
            "impatience can only grow",
            &[
                (0, Opened, &[]),
                (0, stop(30), &[StopAccepting, StartDrain]),
                (5, stop(60), &[CutIdle]),
                (6, patiently, &[]),
                (30, Timer, &[CutOff]),
            ],
        );
        script(
            "one more in the door",
            &[
                (0, Opened, &[]),
                (0, stop(30), &[StopAccepting, StartDrain]),
                (0, Opened, &[]),
                (1, Closed, &[]),
                (2, Closed, &[Done]),
            ],
        );
    }

    fn event() -> impl Strategy<Value = DrainEvent> {
        prop_oneof![
            4 => Just(DrainEvent::Opened),
            4 => Just(DrainEvent::Closed),
            3 => Just(DrainEvent::Timer),
            1 => prop::option::of(0..60_u64)
                .prop_map(|grace| DrainEvent::Stop { grace: grace.map(Duration::from_secs) }),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_the_orders_come_once_and_in_order(
            events in prop::collection::vec((0..20_u64, event()), 1..60),
        ) {
            let mut drain = Drain::new();
            let mut now = Instant::now();
            let (mut last, mut limit) = (None, None);
            for (seconds, event) in events {
                now += Duration::from_secs(seconds);
                drain.handle(now, event);
                if let DrainEvent::Stop { grace: Some(grace) } = event {
                    limit = Some(limit.map_or(now + grace, |old: Instant| old.min(now + grace)));
                }
                while let Some(order) = drain.poll_action() {
                    prop_assert!(last < Some(order), "{:?} after {:?}", order, last);
                    last = Some(order);
                }
                prop_assert!(drain.poll_timeout().is_none_or(|wake| wake > now));
                if limit.is_some_and(|limit| limit <= now) {
                    prop_assert!(last >= Some(DrainAction::CutOff), "the limit is hard");
                }
                if drain.open == 0 && last.is_some() {
                    prop_assert_eq!(last, Some(DrainAction::Done));
                }
            }
        }
    }
}
