//! A channel's life told as tables, as a long simulated outage, and as lists of random events.

use proptest::prelude::*;

use super::*;
use crate::policy::loaded::{LoadedDice, RollingDice};

use ConnectivityEvent as E;

/// A machine, a clock that moves when told to, and everything the machine ordered, in short.
struct Rig {
    start: Instant,
    now: Instant,
    machine: Connectivity,
    /// The most recent dial.
    id: ConnectionId,
    orders: Vec<String>,
}

impl Rig {
    fn new(addresses: usize) -> Self {
        let start = Instant::now();
        Rig {
            start,
            now: start,
            machine: Connectivity::new(ConnectivityConfig::default(), NonZeroUsize::new(addresses).unwrap()),
            id: ConnectionId(u64::MAX),
            orders: Vec::new(),
        }
    }

    /// One event, with dice that take the jitter away; then all orders are written down.
    fn feed(&mut self, event: E) {
        self.machine.handle(self.now, event, &mut LoadedDice::Middle);
        while let Some(action) = self.machine.poll_action() {
            self.orders.push(match action {
                ConnectivityAction::Connect { id, address_index, deadline } => {
                    self.id = id;
                    format!("dial {address_index} until {}", self.ms(deadline))
                }
                ConnectivityAction::Abandon { reason, .. } => format!("abandon: {reason:?}"),
                ConnectivityAction::Publish(state) => state.to_string(),
            });
        }
    }

    /// Milliseconds since the start.
    fn ms(&self, instant: Instant) -> u128 {
        (instant - self.start).as_millis()
    }

    /// The wish to be woken, in milliseconds since the start.
    fn wakes_at(&self) -> Option<u128> {
        self.machine.poll_timeout().map(|at| self.ms(at))
    }

    /// One line of a script; returns what was ordered because of it.
    fn play(&mut self, line: &str) -> String {
        self.orders.clear();
        let id = self.id;
        match line {
            "wanted" => self.feed(E::Wanted),
            "connected" => self.feed(E::Connected(id)),
            "failed" => self.feed(E::ConnectFailed(id)),
            "closed" => self.feed(E::ConnectionClosed(id)),
            "draining" => self.feed(E::ConnectionDraining(id)),
            "reset" => self.feed(E::ResetBackoff),
            "shutdown" => self.feed(E::Shutdown),
            "timer" => {
                self.now = self.machine.poll_timeout().expect("a timer to wait for");
                self.feed(E::Timer);
            }
            wait => {
                let ms = wait.strip_prefix("wait ").unwrap().parse().unwrap();
                self.now += Duration::from_millis(ms);
                self.feed(E::Timer);
            }
        }
        self.orders.join(", ")
    }
}

/// Plays a script of `(event, what it makes the machine order)`.
fn script(name: &str, addresses: usize, lines: &[(&str, &str)]) {
    let mut rig = Rig::new(addresses);
    for (step, (event, expected)) in lines.iter().enumerate() {
        assert_eq!(rig.play(event), *expected, "{name}: step {step}, {event}");
    }
}

#[test]
fn a_channel_lives_as_the_drawing_says() {
    script(
        "idle until wanted, ready, lost, idle, wanted again",
        1,
        &[
            ("wait 86400000", ""),
            ("wanted", "CONNECTING, dial 0 until 86420000"),
            ("wanted", ""),
            ("connected", "READY"),
            ("wanted", ""),
            ("wait 1000", ""),
            ("closed", "IDLE"),
            ("wait 1000", ""),
            ("wanted", "CONNECTING, dial 0 until 86422000"),
            ("connected", "READY"),
            ("draining", "IDLE"),
            // The drained connection ends at last; it is not news.
            ("closed", ""),
            ("wanted", "CONNECTING, dial 0 until 86422000"),
        ],
    );
    script(
        "the addresses in order, a refused one costing nothing",
        3,
        &[
            ("wanted", "CONNECTING, dial 0 until 5000"),
            ("failed", "dial 1 until 5000"),
            ("wait 10", ""),
            ("failed", "dial 2 until 20000"),
            ("connected", "READY"),
            ("closed", "IDLE"),
            ("wanted", "CONNECTING, dial 0 until 5010"),
        ],
    );
    script(
        "a dial that was up but not ready has failed",
        3,
        &[
            ("wanted", "CONNECTING, dial 0 until 5000"),
            ("closed", "dial 1 until 5000"),
            ("draining", "dial 2 until 20000"),
        ],
    );
}

#[test]
fn every_address_has_its_share_of_the_time_and_the_last_one_the_rest() {
    script(
        "one address has all of it",
        1,
        &[
            ("wanted", "CONNECTING, dial 0 until 20000"),
            ("wait 19999", ""),
            (
                "timer",
                // A second of backoff since the start is long over: the next round at once.
                "abandon: TimedOut, TRANSIENT_FAILURE, dial 0 until 40000",
            ),
        ],
    );
    script(
        "three addresses share it",
        3,
        &[
            ("wanted", "CONNECTING, dial 0 until 5000"),
            ("timer", "abandon: TimedOut, dial 1 until 10000"),
            ("timer", "abandon: TimedOut, dial 2 until 20000"),
            ("timer", "abandon: TimedOut, TRANSIENT_FAILURE, dial 0 until 25000"),
        ],
    );
    script(
        "six addresses need longer, and each has its share all the same",
        6,
        &[
            ("wanted", "CONNECTING, dial 0 until 5000"),
            ("timer", "abandon: TimedOut, dial 1 until 10000"),
            ("timer", "abandon: TimedOut, dial 2 until 15000"),
            ("timer", "abandon: TimedOut, dial 3 until 20000"),
            ("timer", "abandon: TimedOut, dial 4 until 25000"),
            ("timer", "abandon: TimedOut, dial 5 until 30000"),
            ("connected", "READY"),
        ],
    );
}

#[test]
fn the_backoff_counts_from_the_start_of_the_round() {
    script(
        "a quick failure waits for what is left",
        2,
        &[
            ("wanted", "CONNECTING, dial 0 until 5000"),
            ("wait 300", ""),
            ("failed", "dial 1 until 20000"),
            ("wait 300", ""),
            ("failed", "TRANSIENT_FAILURE"),
            ("wait 399", ""),
            // 1000 ms after the start; TRANSIENT_FAILURE sticks, so no state is shown.
            ("wait 1", "dial 0 until 6000"),
            ("failed", "dial 1 until 21000"),
            ("failed", ""),
            ("timer", "dial 0 until 7600"),
            ("failed", "dial 1 until 22600"),
            ("failed", ""),
            ("timer", "dial 0 until 10160"),
        ],
    );
    script(
        "a slow failure does not wait at all",
        1,
        &[
            ("wanted", "CONNECTING, dial 0 until 20000"),
            ("wait 7000", ""),
            ("failed", "TRANSIENT_FAILURE, dial 0 until 27000"),
            ("wait 500", ""),
            ("failed", ""),
            ("timer", "dial 0 until 28600"),
        ],
    );
}

#[test]
fn transient_failure_sticks_until_ready() {
    script(
        "sticky",
        1,
        &[
            ("wanted", "CONNECTING, dial 0 until 20000"),
            ("failed", "TRANSIENT_FAILURE"),
            ("wanted", ""),
            ("timer", "dial 0 until 21000"),
            ("wanted", ""),
            ("failed", ""),
            ("timer", "dial 0 until 22600"),
            ("connected", "READY"),
            ("closed", "IDLE"),
            // READY has reset the backoff: the next failure waits one second again.
            ("wanted", "CONNECTING, dial 0 until 22600"),
            ("failed", "TRANSIENT_FAILURE"),
            ("wait 999", ""),
            ("wait 1", "dial 0 until 23600"),
        ],
    );
}

#[test]
fn a_dial_may_last_as_long_as_its_backoff() {
    let mut rig = Rig::new(1);
    rig.play("wanted");
    // Refused eight times: the ninth wait is 42.9 s, more than the 20 s every dial is promised.
    for _ in 0..8 {
        rig.play("failed");
        rig.play("timer");
    }
    assert_eq!(rig.wakes_at(), Some(rig.ms(rig.now) + 42_949));
}

#[test]
fn a_reset_backoff_dials_now_and_waits_as_little_as_after_a_first_failure() {
    script(
        "while waiting",
        1,
        &[
            ("wanted", "CONNECTING, dial 0 until 20000"),
            ("failed", "TRANSIENT_FAILURE"),
            ("timer", "dial 0 until 21000"),
            ("failed", ""),
            ("wait 100", ""),
            ("reset", "dial 0 until 21100"),
            ("failed", ""),
            ("wait 999", ""),
            ("wait 1", "dial 0 until 22100"),
        ],
    );
    script(
        "while dialing: the dial goes on, its round counts as a first one",
        1,
        &[
            ("wanted", "CONNECTING, dial 0 until 20000"),
            ("failed", "TRANSIENT_FAILURE"),
            ("timer", "dial 0 until 21000"),
            ("failed", ""),
            ("timer", "dial 0 until 22600"),
            ("wait 600", ""),
            ("reset", ""),
            ("failed", ""),
            ("wait 399", ""),
            ("wait 1", "dial 0 until 23600"),
        ],
    );
    script("while idle: nobody wants a dial", 1, &[("reset", "")]);
    script(
        "while ready: nothing to do",
        1,
        &[("wanted", "CONNECTING, dial 0 until 20000"), ("connected", "READY"), ("reset", "")],
    );
}

#[test]
fn shutdown_gives_up_what_is_under_way_and_is_final() {
    let after = ["wanted", "connected", "failed", "closed", "draining"];
    let table: &[(&[&str], &str)] = &[
        (&[], "SHUTDOWN"),
        (&["wanted"], "abandon: ShutDown, SHUTDOWN"),
        (&["wanted", "failed"], "SHUTDOWN"),
        (&["wanted", "failed", "timer"], "abandon: ShutDown, SHUTDOWN"),
        (&["wanted", "connected"], "SHUTDOWN"),
        (&["wanted", "connected", "closed"], "SHUTDOWN"),
    ];
    for (before, orders) in table {
        let mut rig = Rig::new(1);
        for line in *before {
            rig.play(line);
        }
        assert_eq!(rig.play("shutdown"), *orders, "{before:?}");
        for line in after.into_iter().chain(["reset", "shutdown", "wait 999999"]) {
            assert_eq!(rig.play(line), "", "{before:?}, shutdown, {line}");
        }
        assert_eq!(rig.wakes_at(), None);
        assert_eq!(rig.machine.state(), ConnectivityState::Shutdown);
    }
}

#[test]
fn the_end_of_an_old_connection_does_not_harm_the_new_one() {
    let mut rig = Rig::new(1);
    rig.play("wanted");
    let old = rig.id;
    rig.play("connected");
    rig.play("draining");
    rig.play("wanted");
    for event in [E::Connected(old), E::ConnectFailed(old), E::ConnectionClosed(old)] {
        rig.feed(event);
        assert_eq!(rig.machine.state(), ConnectivityState::Connecting);
    }
    rig.play("connected");
    rig.feed(E::ConnectionClosed(old));
    rig.feed(E::ConnectionDraining(old));
    assert_eq!(rig.machine.state(), ConnectivityState::Ready);
}

#[test]
fn news_that_comes_late_is_still_news() {
    // The machine was not woken for an hour: what the event says comes first, the clock second.
    let mut rig = Rig::new(2);
    rig.play("wanted");
    rig.now += Duration::from_secs(3600);
    assert_eq!(rig.play("connected"), "READY");

    let mut rig = Rig::new(2);
    rig.play("wanted");
    rig.now += Duration::from_secs(3600);
    assert_eq!(
        rig.play("wanted"),
        "abandon: TimedOut, dial 1 until 3605000",
        "an event that says nothing still brings the time"
    );
}

#[test]
fn lengths_of_nothing_and_of_for_ever_are_survived() {
    for length in [Duration::ZERO, Duration::MAX] {
        let config = ConnectivityConfig {
            backoff: BackoffConfig { initial: length, max: length, ..BackoffConfig::default() },
            address_timeout: length,
            min_connect_timeout: length,
        };
        let mut machine = Connectivity::new(config, NonZeroUsize::new(2).unwrap());
        let mut now = Instant::now();
        machine.handle(now, E::Wanted, &mut LoadedDice::High);
        for _ in 0..3 {
            let wake = machine.poll_timeout().unwrap();
            assert!(wake > now);
            now = wake;
            machine.handle(now, E::Timer, &mut LoadedDice::High);
        }
    }
}

/// A simulated server behind the machine: refuses, swallows or accepts, by the hour.
#[test]
fn a_day_of_outages_in_a_millisecond() {
    const HOUR: u64 = 3600;
    let start = Instant::now();
    let mut dice = RollingDice(2);
    let mut machine = Connectivity::new(ConnectivityConfig::default(), NonZeroUsize::new(2).unwrap());
    let mut now = start;
    let mut connection = None;
    let mut rounds = Vec::new();
    let (mut lost, mut ready_at) = (0, Vec::new());
    machine.handle(now, E::Wanted, &mut dice);
    while now < start + Duration::from_secs(24 * HOUR) {
        let hour = (now - start).as_secs() / HOUR;
        // Three hours out of four the server is away: refusing first, then silent.
        let server = ["accepts", "refuses", "refuses", "is silent"][hour as usize % 4];
        if let Some(action) = machine.poll_action() {
            let ConnectivityAction::Connect { id, address_index, .. } = action else {
                continue;
            };
            if address_index == 0 {
                rounds.push(now);
            }
            match server {
                "refuses" => machine.handle(now, E::ConnectFailed(id), &mut dice),
                "accepts" if address_index == 1 => {
                    machine.handle(now, E::Connected(id), &mut dice);
                    connection = Some(id);
                    ready_at.push(now);
                }
                "accepts" => machine.handle(now, E::ConnectFailed(id), &mut dice),
                _ => {}
            }
        } else if let Some(wake) = machine.poll_timeout() {
            now = wake;
            machine.handle(now, E::Timer, &mut dice);
        } else if let Some(id) = connection.take_if(|_| server != "accepts") {
            machine.handle(now, E::ConnectionClosed(id), &mut dice);
            lost += 1;
            machine.handle(now, E::Wanted, &mut dice);
        } else {
            now += Duration::from_secs(60);
        }
    }
    assert_eq!((ready_at.len(), lost), (6, 6), "one good hour in four");
    for (outage, ready) in ready_at.iter().enumerate() {
        let back = start + Duration::from_secs(4 * HOUR * outage as u64);
        let longest = Duration::from_secs(144 + 5);
        assert!(*ready - back <= longest, "found again within a backoff");
    }
    for pair in rounds.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(800), "no storm");
    }
    // Eighteen hours at about two minutes a round, and the quicker ones at each beginning.
    assert!((540..700).contains(&rounds.len()), "{}", rounds.len());
}

/// What a random test may do to a machine.
#[derive(Debug, Clone)]
enum Operation {
    Wait(u64),
    WaitForTimer,
    Wanted,
    Reset,
    Shutdown,
    /// An event about a dial so many ids before the latest.
    About(u64, fn(ConnectionId) -> E),
}

fn operation() -> impl Strategy<Value = Operation> {
    let about = |event| (0..3_u64).prop_map(move |back| Operation::About(back, event));
    prop_oneof![
        3 => (0..30_000_u64).prop_map(Operation::Wait),
        6 => Just(Operation::WaitForTimer),
        6 => Just(Operation::Wanted),
        1 => Just(Operation::Reset),
        4 => about(E::Connected),
        8 => about(E::ConnectFailed),
        3 => about(E::ConnectionClosed),
        2 => about(E::ConnectionDraining),
        1 => (0..20_u8).prop_map(|n| match n {
            0 => Operation::Shutdown,
            _ => Operation::Wanted,
        }),
    ]
}

/// Checks each action against what came before it.
#[derive(Default)]
struct Witness {
    /// The dial under way.
    dialing: Option<ConnectionId>,
    shown: ConnectivityState,
    dials: u64,
}

impl Witness {
    fn check(&mut self, now: Instant, addresses: usize, action: ConnectivityAction) {
        use ConnectivityState as S;
        assert_ne!(self.shown, S::Shutdown, "{action:?} after SHUTDOWN");
        match action {
            ConnectivityAction::Connect { id, address_index, deadline } => {
                assert_eq!(self.dialing.replace(id), None, "two dials under way");
                assert_eq!(id, ConnectionId(self.dials), "an id is used once");
                self.dials += 1;
                assert!(address_index < addresses);
                assert!(deadline > now);
                assert!(matches!(self.shown, S::Connecting | S::TransientFailure));
            }
            ConnectivityAction::Abandon { id, .. } => {
                assert_eq!(self.dialing.take(), Some(id), "only a dial under way");
            }
            ConnectivityAction::Publish(state) => {
                let legal = match self.shown {
                    S::Idle => matches!(state, S::Connecting | S::Shutdown),
                    S::Connecting => {
                        matches!(state, S::Ready | S::TransientFailure | S::Shutdown)
                    }
                    S::TransientFailure => matches!(state, S::Ready | S::Shutdown),
                    S::Ready => matches!(state, S::Idle | S::Shutdown),
                    S::Shutdown => false,
                };
                assert!(legal, "{} to {state}", self.shown);
                self.shown = state;
            }
        }
    }
}

proptest! {
    #[test]
    fn no_list_of_events_breaks_a_promise(
        addresses in 1..4_usize,
        seed in any::<u64>(),
        operations in prop::collection::vec(operation(), 1..120),
    ) {
        let mut dice = RollingDice(seed);
        let mut machine = Connectivity::new(
            ConnectivityConfig::default(),
            NonZeroUsize::new(addresses).unwrap(),
        );
        let mut witness = Witness::default();
        let mut now = Instant::now();
        for operation in operations {
            let event = match operation {
                Operation::Wait(ms) => {
                    now += Duration::from_millis(ms);
                    E::Timer
                }
                Operation::WaitForTimer => {
                    now = machine.poll_timeout().unwrap_or(now);
                    E::Timer
                }
                Operation::Wanted => E::Wanted,
                Operation::Reset => E::ResetBackoff,
                Operation::Shutdown => E::Shutdown,
                Operation::About(back, event) => {
                    event(ConnectionId(witness.dials.wrapping_sub(1 + back)))
                }
            };
            machine.handle(now, event, &mut dice);
            // A dial that the event itself ended is no longer under way.
            if let E::Connected(id)
            | E::ConnectFailed(id)
            | E::ConnectionClosed(id)
            | E::ConnectionDraining(id) = event
                && witness.dialing == Some(id)
            {
                witness.dialing = None;
            }
            prop_assert!(machine.actions.len() <= 3);
            while let Some(action) = machine.poll_action() {
                witness.check(now, addresses, action);
            }
            prop_assert_eq!(machine.state(), witness.shown);
            let wake = machine.poll_timeout();
            prop_assert!(wake.is_none_or(|wake| wake > now), "a driver would spin");
            // Someone is always at work on a channel that is neither idle, ready nor shut down.
            prop_assert_eq!(wake.is_some(), matches!(
                witness.shown,
                ConnectivityState::Connecting | ConnectivityState::TransientFailure
            ));
        }
    }
}
