//! When a client asks "are you still there?", and when it stops believing so.
//!
//! In: bytes read, the number of calls, the time. Out: an order to send a PING, or to close the
//! connection ([`KeepaliveAction`]).
//!
//! ```text
//!                no byte for `time`: SendPing
//!    +--------+ ------------------------------> +---------+
//!    | Awake  |                                 | Waiting |
//!    +--------+ <------------------------------ +---------+
//!      ^    |           any byte read                |  no byte for `timeout`: CloseConnection
//!      |    |                                        v
//!      |    | the last call ends                +--------+
//!      |    v                                   | Closed |
//!    +--------+                                 +--------+
//!    | Asleep |
//!    +--------+   asleep only if pings without calls are not permitted
//! ```
//!
//! A peer that vanished looks like a peer that is quiet: TCP says nothing until it is asked to
//! write, and then needs minutes to despair. A PING must be answered at once (RFC 9113 6.7), so a
//! PING without an answer is proof. But a million clients that ask every ten seconds are an attack,
//! which explains the rest: silence is counted from the last byte *read*, so that a busy connection
//! is never asked; a connection without calls sleeps; ten seconds are the least; and a server that
//! answers `too_many_pings` is asked half as often from then on ([`KeepaliveConfig::doubled`]).
//!
//! Sleep does not stop the count. A call that begins after a long silence is preceded by a PING, so
//! that it learns of a dead connection within `timeout`, not after `time` more.
//!
//! Spec: gRFC A8 "Client-side Keepalive"; RFC 9113 6.7 "PING".
//!
//! Must not know: frames, sockets, the clock.

use std::time::{Duration, Instant};

use super::{SHORTEST_WAIT, later};

/// The machine of one connection, from READY on.
#[derive(Debug)]
pub struct Keepalive {
    /// The rules.
    config: KeepaliveConfig,
    /// Calls under way.
    calls: usize,
    /// When the last byte came, as far as it was told.
    last_read: Instant,
    /// The question that no byte has answered yet.
    waiting: Option<Waiting>,
    /// Has the answer to the last PING still to come, though other bytes have proved life?
    ///
    /// `h2` allows one PING of ours at a time, so until then the next question is a silent one.
    is_pong_owed: bool,
    /// Was the connection given up?
    is_closed: bool,
    /// Decided, and not yet polled; one event never decides two things.
    action: Option<KeepaliveAction>,
}

/// How often to ask, and how long to wait for the answer.
///
/// Keepalive is off unless a client is given one of these: its server must agree to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepaliveConfig {
    /// The silence after which to ask. Less than ten seconds counts as ten (gRFC A8).
    pub time: Duration,
    /// The silence after asking that proves the connection dead; 20 s unless set.
    pub timeout: Duration,
    /// Whether to ask also while no call is under way; `false` unless set.
    pub without_calls: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepaliveAction {
    /// Send a PING, before the HEADERS of any call that has just been counted.
    SendPing,
    /// Close the connection; its calls end as UNAVAILABLE.
    CloseConnection,
}

/// A question asked.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// When it was asked: an earlier byte is no answer, even if it is told later.
    asked: Instant,
    /// When silence becomes proof.
    until: Instant,
}

impl Keepalive {
    /// A connection that has just become READY, without a call.
    #[must_use]
    pub fn new(config: KeepaliveConfig, now: Instant) -> Self {
        Keepalive {
            config: KeepaliveConfig {
                time: config.time.max(SHORTEST_TIME),
                timeout: config.timeout.max(SHORTEST_WAIT),
                ..config
            },
            calls: 0,
            last_read: now,
            waiting: None,
            is_pong_owed: false,
            is_closed: false,
            action: None,
        }
    }

    /// Bytes came, at the instant `read_at`; of any kind, for any stream.
    ///
    /// A driver that only notes the instant of each read may tell it as late as just before
    /// [`Keepalive::on_timer`]: there is no need to wake it for every read.
    pub fn on_read(&mut self, read_at: Instant) {
        self.last_read = self.last_read.max(read_at);
        if self.waiting.is_some_and(|waiting| waiting.asked <= read_at) {
            self.waiting = None;
        }
    }

    /// The PING was answered.
    pub fn on_pong(&mut self, now: Instant) {
        self.is_pong_owed = false;
        self.on_read(now);
    }

    /// So many calls are under way now. Told before the HEADERS of a new call are sent.
    pub fn on_call_count(&mut self, now: Instant, calls: usize) {
        self.calls = calls;
        self.on_timer(now);
    }

    /// The instant of [`Keepalive::poll_timeout`] has come. Waking too early does no harm.
    pub fn on_timer(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        if self.waiting.take().is_some() {
            self.is_closed = true;
            self.action = Some(KeepaliveAction::CloseConnection);
            return;
        }
        self.waiting = Some(Waiting { asked: now, until: later(now, self.config.timeout) });
        if !self.is_pong_owed {
            self.is_pong_owed = true;
            self.action = Some(KeepaliveAction::SendPing);
        }
    }

    /// The next thing to do; ask until there is none.
    pub fn poll_action(&mut self) -> Option<KeepaliveAction> {
        self.action.take()
    }

    /// When to come back with [`Keepalive::on_timer`], always later than the last event.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let is_asleep = self.calls == 0 && !self.config.without_calls;
        match self.waiting {
            _ if self.is_closed => None,
            // A question that was asked is waited for, even if the last call ends meanwhile.
            Some(waiting) => Some(waiting.until),
            None if is_asleep => None,
            None => Some(later(self.last_read, self.config.time)),
        }
    }
}

impl KeepaliveConfig {
    /// Asks after `time` of silence, while calls are under way.
    #[must_use]
    pub fn new(time: Duration) -> Self {
        KeepaliveConfig { time, timeout: TIMEOUT, without_calls: false }
    }

    /// For the next connections of a channel whose server complained: half as often.
    ///
    /// The complaint is a GOAWAY with `ENHANCE_YOUR_CALM` and the debug data `too_many_pings`.
    #[must_use]
    pub fn doubled(self) -> Self {
        KeepaliveConfig { time: self.time.max(SHORTEST_TIME).saturating_mul(2), ..self }
    }
}

/// The least `KEEPALIVE_TIME` of gRFC A8: 10 s.
const SHORTEST_TIME: Duration = Duration::from_secs(10);

/// `KEEPALIVE_TIMEOUT` of gRFC A8: 20 s, many round trips and a few lost packets.
const TIMEOUT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a test tells the machine.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Read,
        /// A read so many seconds ago that is told only now.
        ReadBefore(u64),
        Pong,
        Calls(usize),
        Timer,
    }
    use Event::{Calls, Pong, Read, ReadBefore, Timer};

    const PING: Option<KeepaliveAction> = Some(KeepaliveAction::SendPing);
    const CLOSE: Option<KeepaliveAction> = Some(KeepaliveAction::CloseConnection);

    fn tell(machine: &mut Keepalive, now: Instant, event: Event) {
        match event {
            Read => machine.on_read(now),
            ReadBefore(seconds) => machine.on_read(now - Duration::from_secs(seconds)),
            Pong => machine.on_pong(now),
            Calls(calls) => machine.on_call_count(now, calls),
            Timer => machine.on_timer(now),
        }
    }

    /// One line of a script: seconds since READY, event, action, next wake-up in seconds.
    type Line = (u64, Event, Option<KeepaliveAction>, Option<u64>);

    fn script(name: &str, config: KeepaliveConfig, lines: &[Line]) {
        let start = Instant::now();
        let mut machine = Keepalive::new(config, start);
        for (step, &(seconds, event, action, wake)) in lines.iter().enumerate() {
            tell(&mut machine, start + Duration::from_secs(seconds), event);
            let told = (machine.poll_action(), machine.poll_timeout().map(|at| (at - start).as_secs()));
            assert_eq!(told, (action, wake), "{name}: step {step}, {event:?} at {seconds} s");
        }
    }

    #[test]
    fn a_connection_is_asked_as_the_drawing_says() {
        let minute = KeepaliveConfig::new(Duration::from_secs(60));
        script(
            "asleep without calls, however long",
            minute,
            &[(0, Timer, None, None), (9999, Timer, None, None), (9999, Read, None, None)],
        );
        script(
            "a busy connection is never asked",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (59, Read, None, Some(119)),
                (60, Timer, None, Some(119)),
                (118, Read, None, Some(178)),
            ],
        );
        script(
            "asked, answered, and asked again a minute after the answer",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (61, Pong, None, Some(121)),
                (121, Timer, PING, Some(141)),
                (122, Pong, None, Some(182)),
            ],
        );
        script(
            "asked, not answered",
            minute,
            &[
                (0, Calls(2), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (79, Timer, None, Some(80)),
                (80, Timer, CLOSE, None),
                (81, Read, None, None),
                (99, Calls(3), None, None),
                (999, Timer, None, None),
            ],
        );
        script(
            "the last call ends before the answer: the question stands",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (61, Calls(0), None, Some(80)),
                (62, Pong, None, None),
                (99, Calls(1), None, Some(122)),
            ],
        );
        script(
            "a call after a long sleep is preceded by a question",
            minute,
            &[(600, Calls(1), PING, Some(620)), (620, Timer, CLOSE, None)],
        );
        script(
            "a call after a short sleep is not",
            minute,
            &[(30, Calls(1), None, Some(60)), (31, Calls(0), None, None), (59, Calls(1), None, Some(60))],
        );
        script(
            "permitted without calls",
            KeepaliveConfig { without_calls: true, ..minute },
            &[(0, Timer, None, Some(60)), (60, Timer, PING, Some(80)), (61, Pong, None, Some(121))],
        );
    }

    #[test]
    fn any_byte_proves_life_but_only_if_it_came_after_the_question() {
        let minute = KeepaliveConfig::new(Duration::from_secs(60));
        script(
            "bytes, and the pong far behind them: no second PING meanwhile",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (70, Read, None, Some(130)),
                (130, Timer, None, Some(150)),
                (140, Pong, None, Some(200)),
                (200, Timer, PING, Some(220)),
            ],
        );
        script(
            "bytes, and then neither bytes nor pong",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (70, Read, None, Some(130)),
                (130, Timer, None, Some(150)),
                (150, Timer, CLOSE, None),
            ],
        );
        script(
            "a read before the question, told after it",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (65, ReadBefore(6), None, Some(80)),
                (66, ReadBefore(3), None, Some(123)),
            ],
        );
        script(
            "a read in time, told late: a driver that overslept closes nothing",
            minute,
            &[
                (0, Calls(1), None, Some(60)),
                (60, Timer, PING, Some(80)),
                (500, ReadBefore(430), None, Some(130)),
                (500, Timer, None, Some(520)),
            ],
        );
    }

    #[test]
    fn nobody_asks_more_often_than_every_ten_seconds_and_a_complaint_halves_that() {
        let eager = KeepaliveConfig::new(Duration::from_secs(1));
        script("eager", eager, &[(0, Calls(1), None, Some(10))]);
        script("after a complaint", eager.doubled(), &[(0, Calls(1), None, Some(20))]);
        script("after another", eager.doubled().doubled(), &[(0, Calls(1), None, Some(40))]);
        let hasty = KeepaliveConfig { timeout: Duration::ZERO, ..eager };
        let start = Instant::now();
        let mut machine = Keepalive::new(hasty, start);
        machine.on_call_count(start + SHORTEST_TIME, 1);
        assert_eq!(machine.poll_timeout(), Some(start + SHORTEST_TIME + SHORTEST_WAIT));
        let never = KeepaliveConfig::new(Duration::MAX).doubled();
        assert_eq!(never.time, Duration::MAX);
        let mut machine = Keepalive::new(never, Instant::now());
        machine.on_call_count(Instant::now(), 1);
        assert!(machine.poll_timeout().is_some());
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            2 => Just(Read),
            1 => (0..30_u64).prop_map(ReadBefore),
            2 => Just(Pong),
            2 => (0..3_usize).prop_map(Calls),
            4 => Just(Timer),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_pings_are_single_and_silence_is_long(
            without_calls in any::<bool>(),
            events in prop::collection::vec((0..30_u64, event()), 1..80),
        ) {
            let config = KeepaliveConfig { without_calls, ..KeepaliveConfig::new(Duration::from_secs(30)) };
            let start = Instant::now() + Duration::from_secs(60);
            let (mut now, mut last_read, mut is_pong_owed) = (start, start, false);
            let mut machine = Keepalive::new(config, now);
            for (seconds, event) in events {
                now += Duration::from_secs(seconds);
                tell(&mut machine, now, event);
                match event {
                    Pong => (last_read, is_pong_owed) = (now, false),
                    Read => last_read = now,
                    ReadBefore(seconds) => last_read = last_read.max(now - Duration::from_secs(seconds)),
                    Calls(_) | Timer => {}
                }
                match machine.poll_action() {
                    Some(KeepaliveAction::SendPing) => {
                        prop_assert!(!is_pong_owed, "two PINGs at once");
                        prop_assert!(now - last_read >= config.time);
                        is_pong_owed = true;
                    }
                    Some(KeepaliveAction::CloseConnection) => {
                        prop_assert!(now - last_read >= config.timeout);
                        prop_assert_eq!(machine.poll_timeout(), None);
                    }
                    None => {}
                }
                if matches!(event, Calls(_) | Timer) {
                    prop_assert!(machine.poll_timeout().is_none_or(|wake| wake > now));
                }
            }
        }
    }
}
