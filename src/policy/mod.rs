//! The policy room: decisions that need neither a network nor a clock.
//!
//! When to dial again, when a server that is stopping has waited long enough, how long to leave a
//! full machine alone: questions like these are easy to answer and hard to test once they are
//! woven into sockets and timers. Here they are plain state machines. A test plays a day of
//! outages in a millisecond, and a bug report becomes a list of events.
//!
//! # The dialect
//!
//! Every machine of this room speaks the same four words, and the async code that drives it (the
//! *driver*, on a floor above) is always the same loop:
//!
//! ```text
//!               events in                            actions out
//!   driver ---- handle(now, event) ---->  machine  ---- poll_action() ----> driver obeys
//!     ^         on_something(now)            |
//!     |                                      +---- poll_timeout() -> Some(instant)
//!     +------------- sleeps until then, or until something happens <---------+
//! ```
//!
//! * `handle*` and `on_*` take an event. They never wait and never fail: an event that makes no
//!   sense in the present state changes nothing, because events race and the loser is no error.
//! * `poll_action` gives the next thing to do, until it says `None`. An action is an order, not a
//!   question: the driver obeys, and what comes of it returns as an event.
//! * `poll_timeout` says when the machine wants to be woken though nothing happened; `None` means
//!   never. After any event it lies in the future, so a driver that sleeps until it cannot spin.
//! * Time is an argument named `now`, and chance an argument named `dice`. No machine reads a
//!   clock or draws a number by itself, so the same events always give the same actions.
//!
//! # What stands here
//!
//! | file | decides | after |
//! |---|---|---|
//! | [`backoff`] | how long to wait before dialing again | gRPC `connection-backoff.md` |
//! | [`connectivity`] | which address to dial, and what to call the state | gRPC `connectivity-semantics-and-api.md`, gRFC A62 |
//! | [`retry`] | whether a call that failed is made again, and when | gRFC A6 |
//! | [`throttle`] | how much a channel asks again while its server fails | gRFC A6 |
//! | [`keepalive`] | when to ask a silent server, and when to give it up | gRFC A8 |
//! | [`drain`] | what a server that stops tells its connections | RFC 9113 6.8, gRFC A9 |
//! | [`tenure`] | how long a server keeps a connection | gRFC A9 |
//! | [`overload`] | how many calls may wait for a server that is too slow | |
//! | [`turn`] | how much of what a peer sends is taken in before others have a turn | |
//! | [`conduct`] | what a peer may make a server do in vain | CVE-2023-44487, CVE-2025-8671 |
//! | [`stall`] | whether progress is too slow | |
//! | [`accept_backoff`] | how long a listener rests after an error | accept(2) |
//!
//! Rooms that fit beside them and know nothing of them: `hedge`,
//! `service_config`, and the balancers (`balancer`, `pick_first`, `round_robin`). A balancer stands
//! *over* several [`connectivity`] machines, each fed by its own driver; none of them has to change.
//!
//! Must not know: async, sockets, tasks, HTTP/2, the wall clock.

pub mod accept_backoff;
pub mod backoff;
pub mod conduct;
pub mod connectivity;
pub mod drain;
pub mod keepalive;
pub mod overload;
pub mod retry;
pub mod stall;
pub mod tenure;
pub mod throttle;
pub mod turn;

use std::time::{Duration, Instant};

/// A source of chance, handed in by whoever drives a machine.
///
/// The client hands in a real generator. A test hands in one that always says the same, which
/// turns "between 0.8 and 1.2 seconds" into two exact cases.
pub trait Dice {
    /// A number from 0 up to, but not including, `n`; 0 when `n` is 0.
    fn below(&mut self, n: u64) -> u64;
}

/// The instant `length` after `now`, and never past what the clock can hold.
///
/// `Instant + Duration` panics on overflow, and lengths come from users, who write
/// `Duration::MAX` when they mean "never".
fn later(now: Instant, length: Duration) -> Instant {
    now.checked_add(length.min(FAR)).unwrap_or(now)
}

/// The shortest wait that counts as one: one millisecond.
///
/// Timers on the floors above are no finer, and a wait of nothing would let a machine ask to be
/// woken at the very instant it was handled, for ever.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// As good as never: ten years of 365 days, in seconds. Any clock can hold it.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Dice for tests: loaded ones, and rolling ones that repeat themselves exactly.
#[cfg(test)]
mod loaded {
    use super::Dice;

    /// Dice that always fall the same way.
    #[derive(Debug, Clone, Copy)]
    pub(crate) enum LoadedDice {
        /// Always the least possible number.
        Low,
        /// Always the middle one.
        Middle,
        /// Always the greatest possible number.
        High,
    }

    impl Dice for LoadedDice {
        fn below(&mut self, n: u64) -> u64 {
            match self {
                LoadedDice::Low => 0,
                LoadedDice::Middle => n / 2,
                LoadedDice::High => n.saturating_sub(1),
            }
        }
    }

    /// Dice that look random, and are the same for the same seed (splitmix64).
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct RollingDice(pub(crate) u64);

    impl Dice for RollingDice {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)).checked_rem(n).unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_than_the_clock_can_hold_is_merely_far() {
        let now = Instant::now();
        assert_eq!(later(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        assert_eq!(later(now, Duration::MAX), now + FAR);
    }
}
