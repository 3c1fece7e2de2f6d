//! How long a server keeps a connection: idle, too old, or silent in the middle of something.
//!
//! In: bytes read, the number of calls, the time. Out: orders ([`TenureAction`]).
//!
//! ```text
//!   no call for `idle`                               Drain
//!   `age` old, give or take a tenth                  Drain, and `grace` later Close
//!   something was said, and no call came of it:
//!     half of `begun` later                          SendPing
//!     all of `begun` later, without an answer        Close
//! ```
//!
//! Drain is two GOAWAYs and a PING between them (see [`drain`](super::drain)): calls that were on their way are
//! served, and the client connects anew for the next one. Ages differ by chance, so that clients which connected
//! together do not come back together.
//!
//! The third rule is for peers that begin a frame and do not end it. An engine shows whole calls alone, and half of a
//! header block looks like an idle client; but an idle client answers a PING, and whoever is in the middle of a frame
//! cannot (RFC 9113, section 4.3, lets nothing come between the frames of a header block). A byte now and then is no
//! answer. A client is asked once after each time that it fell silent, and not again.
//!
//! Spec: gRFC A9 "Server-side Connection Management".
//!
//! Must not know: frames, sockets, the clock.

use std::time::{Duration, Instant};

use super::{Dice, SHORTEST_WAIT, later};

/// The machine of one connection, from the end of its handshake on.
#[derive(Debug)]
pub struct Tenure {
    config: TenureConfig,
    /// Calls under way.
    calls: usize,
    /// Since when there is none.
    idle_since: Option<Instant>,
    /// When the connection is too old; `None` once it drains, or never.
    old_at: Option<Instant>,
    /// When a connection that drains because of its age is closed.
    cut_at: Option<Instant>,
    /// Whether it was told to drain.
    is_draining: bool,
    doubt: Doubt,
    /// Decided, and not yet polled.
    action: Option<TenureAction>,
}

/// How long connections are kept; without a limit unless set, but for what was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenureConfig {
    /// How long a connection may have no call.
    pub idle: Option<Duration>,
    /// How old it may become, give or take 10 %.
    pub age: Option<Duration>,
    /// How long its calls may go on after that; `None` is as long as they take.
    pub grace: Option<Duration>,
    /// How long a peer may leave something that it has begun unfinished.
    pub begun: Duration,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenureAction {
    /// Send a PING.
    SendPing,
    /// Begin no calls, and close after the last one.
    Drain,
    /// Close now.
    Close(Closed),
}

/// Why a connection is closed with its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It was too old, and its grace is over.
    Old,
    /// It began something and did not go on.
    Unfinished,
}

/// Whether the peer is in the middle of something, as far as can be known.
#[derive(Debug, Clone, Copy)]
enum Doubt {
    /// What it said led to a call, or to an answer.
    None,
    /// It said something, at this instant first.
    Since(Instant),
    /// It was asked, and must answer by then.
    Asked(Instant),
}

impl Tenure {
    /// A connection whose handshake has ended, without a call.
    #[must_use]
    pub fn new(config: TenureConfig, now: Instant, dice: &mut impl Dice) -> Self {
        Tenure {
            old_at: config.age.map(|age| later(now, jittered(age, dice))),
            config: TenureConfig { begun: config.begun.max(2 * SHORTEST_WAIT), ..config },
            calls: 0,
            idle_since: Some(now),
            cut_at: None,
            is_draining: false,
            doubt: Doubt::None,
            action: None,
        }
    }

    /// Bytes came.
    pub fn on_read(&mut self, now: Instant) {
        if matches!(self.doubt, Doubt::None) && self.calls == 0 {
            self.doubt = Doubt::Since(now);
        }
    }

    /// The PING was answered.
    pub fn on_pong(&mut self) {
        self.doubt = Doubt::None;
    }

    /// A call came. It may have ended before its number is told.
    pub fn on_call(&mut self, now: Instant) {
        self.doubt = Doubt::None;
        if self.calls == 0 {
            self.idle_since = Some(now);
        }
    }

    /// Whether calls were under way when they were last counted.
    pub fn has_calls(&self) -> bool {
        self.calls > 0
    }

    /// So many calls are under way now.
    pub fn on_call_count(&mut self, now: Instant, calls: usize) {
        if calls > 0 {
            self.idle_since = None;
            self.doubt = Doubt::None;
        } else if self.calls > 0 {
            self.idle_since = Some(now);
        }
        self.calls = calls;
    }

    /// The instant of [`Tenure::poll_timeout`] has come. Waking too early does no harm.
    pub fn on_timer(&mut self, now: Instant) {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.cut_at) {
            self.close(Closed::Old);
        } else if is_due(self.doubt_ends()) {
            self.resolve(now);
        } else if is_due(self.old_at) {
            self.cut_at = self.config.grace.map(|grace| later(now, grace.max(SHORTEST_WAIT)));
            self.old_at = None;
            self.drain();
        } else if is_due(self.idle_ends()) {
            self.drain();
        }
    }

    /// The next thing to do; ask until there is none.
    pub fn poll_action(&mut self) -> Option<TenureAction> {
        self.action.take()
    }

    /// When to come back with [`Tenure::on_timer`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let all = [self.cut_at, self.doubt_ends(), self.old_at, self.idle_ends()];
        all.into_iter().flatten().min()
    }

    fn doubt_ends(&self) -> Option<Instant> {
        match self.doubt {
            Doubt::None => None,
            Doubt::Since(since) => Some(later(since, self.config.begun / 2)),
            Doubt::Asked(until) => Some(until),
        }
    }

    fn idle_ends(&self) -> Option<Instant> {
        let (idle, since) = (self.config.idle?, self.idle_since?);
        (!self.is_draining).then(|| later(since, idle.max(SHORTEST_WAIT)))
    }

    fn resolve(&mut self, now: Instant) {
        match self.doubt {
            Doubt::Since(_) => {
                self.doubt = Doubt::Asked(later(now, self.config.begun / 2));
                self.action = Some(TenureAction::SendPing);
            }
            Doubt::Asked(_) => self.close(Closed::Unfinished),
            Doubt::None => {}
        }
    }

    fn drain(&mut self) {
        if !self.is_draining {
            self.is_draining = true;
            self.action = Some(TenureAction::Drain);
        }
    }

    fn close(&mut self, why: Closed) {
        (self.cut_at, self.old_at, self.idle_since, self.doubt) = (None, None, None, Doubt::None);
        self.action = Some(TenureAction::Close(why));
    }
}

/// A length, give or take a tenth (gRFC A9).
fn jittered(length: Duration, dice: &mut impl Dice) -> Duration {
    // From 900 to 1,100 thousandths.
    let thousandths = 900_u64.saturating_add(dice.below(201));
    let nanos = length.as_nanos().saturating_mul(thousandths.into()) / 1_000;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).max(SHORTEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::super::loaded::LoadedDice;
    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Told {
        Read,
        Pong,
        Call,
        Calls(usize),
        Timer,
    }
    use Told::{Call, Calls, Pong, Read, Timer};

    const PING: Option<TenureAction> = Some(TenureAction::SendPing);
    const DRAIN: Option<TenureAction> = Some(TenureAction::Drain);

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    fn config() -> TenureConfig {
        TenureConfig { idle: None, age: None, grace: None, begun: Duration::from_secs(10) }
    }

    /// One line: seconds, what is told, what is ordered, the next wake-up.
    type Line = (u64, Told, Option<TenureAction>, Option<u64>);

    fn script(name: &str, config: TenureConfig, lines: &[Line]) {
        let start = Instant::now();
        let mut tenure = Tenure::new(config, start, &mut LoadedDice::Middle);
        for (step, &(at, told, action, wake)) in lines.iter().enumerate() {
            let now = start + Duration::from_secs(at);
            match told {
                Read => tenure.on_read(now),
                Pong => tenure.on_pong(),
                Call => tenure.on_call(now),
                Calls(calls) => tenure.on_call_count(now, calls),
                Timer => tenure.on_timer(now),
            }
            let got = (tenure.poll_action(), tenure.poll_timeout().map(|at| (at - start).as_secs()));
            assert_eq!(got, (action, wake), "{name}: step {step}, {told:?} at {at} s");
        }
    }

    #[test]
    fn idle_connections_drain() {
        let config = TenureConfig { idle: seconds(60), ..config() };
        script("never a call", config, &[(59, Timer, None, Some(60)), (60, Timer, DRAIN, None)]);
        script(
            "idle again",
            config,
            &[
                (50, Calls(1), None, None),
                (100, Timer, None, None),
                (200, Calls(0), None, Some(260)),
                (260, Timer, DRAIN, None),
                (999, Timer, None, None),
            ],
        );
        script(
            "a call too short to be counted",
            config,
            &[(50, Call, None, Some(110)), (60, Timer, None, Some(110))],
        );
    }

    #[test]
    fn old_connections_drain_and_then_close() {
        let aging = TenureConfig { age: seconds(100), grace: seconds(20), ..config() };
        let close = Some(TenureAction::Close(Closed::Old));
        script(
            "a call that does not end",
            aging,
            &[(0, Calls(1), None, Some(100)), (100, Timer, DRAIN, Some(120)), (120, Timer, close, None)],
        );
        script(
            "without a grace",
            TenureConfig { grace: None, ..aging },
            &[(0, Calls(1), None, Some(100)), (100, Timer, DRAIN, None), (9_999, Timer, None, None)],
        );
        script(
            "idle first, and old after",
            TenureConfig { idle: seconds(60), ..aging },
            &[(60, Timer, DRAIN, Some(100)), (100, Timer, None, Some(120)), (120, Timer, close, None)],
        );
    }

    #[test]
    fn ages_differ_by_a_tenth() {
        let start = Instant::now();
        let config = TenureConfig { age: seconds(1000), ..config() };
        for (dice, at) in [(LoadedDice::Low, 900), (LoadedDice::Middle, 1000), (LoadedDice::High, 1100)] {
            let mut dice = dice;
            let tenure = Tenure::new(config, start, &mut dice);
            assert_eq!((tenure.poll_timeout().unwrap() - start).as_secs(), at);
        }
    }

    #[test]
    fn who_begins_and_does_not_go_on_is_asked_and_then_closed() {
        let close = Some(TenureAction::Close(Closed::Unfinished));
        script("an idle client", config(), &[(99, Timer, None, None)]);
        script(
            "half a head",
            config(),
            &[(7, Read, None, Some(12)), (12, Timer, PING, Some(17)), (17, Timer, close, None)],
        );
        script(
            "a byte now and then",
            config(),
            &[
                (7, Read, None, Some(12)),
                (12, Timer, PING, Some(17)),
                (16, Read, None, Some(17)),
                (17, Timer, close, None),
            ],
        );
        script(
            "a client that answers, and is not asked again",
            config(),
            &[
                (7, Read, None, Some(12)),
                (12, Timer, PING, Some(17)),
                (13, Read, None, Some(17)),
                (13, Pong, None, None),
            ],
        );
        script("a call came of it", config(), &[(7, Read, None, Some(12)), (8, Call, None, None)]);
        script(
            "while calls are under way it is not in doubt",
            config(),
            &[(0, Calls(1), None, None), (7, Read, None, None), (99, Calls(0), None, None)],
        );
    }
}
