//! Drives one connection: moves its bytes, and asks the server whether it is still there.
//!
//! In: a connection that is ready, and the rules of keepalive. Out: how it ended. The machine of
//! [`policy::keepalive`](crate::policy::keepalive) decides when to ask and when to give up; this loop tells it what
//! it hears, obeys, and sleeps.
//!
//! ```text
//!            calls under way, bytes read, answers
//!   Driver ------------------------------------------> Keepalive
//!     ^                                                    |
//!     +----- SendPing, CloseConnection --------------------+
//! ```
//!
//! A connection that nobody uses any more says goodbye. On a line that is dead nobody hears it, so that too is given
//! up after [`FAREWELL`].
//!
//! Must not know: addresses, what a call is, or what happens after the end.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::call::{Alarm, now};
use crate::policy::keepalive::{Keepalive, KeepaliveAction, KeepaliveConfig};
use crate::transport::{Cause, Driver, TransportError};

/// Moves the connection's bytes until it ends, and says how it ended.
pub(super) async fn drive(driver: Driver, keepalive: Option<KeepaliveConfig>) -> Result<(), TransportError> {
    let keepalive = keepalive.map(|config| (config.timeout, Keepalive::new(config, now())));
    let mut driving = Driving { driver, keepalive, leave_at: None, alarm: Alarm::default() };
    let end = poll_fn(|cx| driving.poll(cx)).await;
    match end {
        End::Ended(end) => end,
        End::GivenUp(why) => {
            driving.driver.bury(why.clone());
            Err(why)
        }
    }
}

struct Driving {
    driver: Driver,
    /// The machine, and how long it waits for an answer.
    keepalive: Option<(Duration, Keepalive)>,
    /// When a connection that nobody uses is left although it has not said goodbye.
    leave_at: Option<Instant>,
    alarm: Alarm,
}

/// How it ended.
enum End {
    /// By itself.
    Ended(Result<(), TransportError>),
    /// By our decision.
    GivenUp(TransportError),
}

impl Driving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let now = now();
            let Driving { driver, keepalive, leave_at, alarm } = self;
            if let Some((timeout, machine)) = keepalive {
                // A call that ends a long silence is preceded by a PING, so it counts before its head moves.
                machine.on_call_count(now, driver.calls());
                machine.on_timer(now);
                match machine.poll_action() {
                    Some(KeepaliveAction::SendPing) => driver.ping(),
                    Some(KeepaliveAction::CloseConnection) => {
                        return Poll::Ready(End::GivenUp(Cause::Silent(*timeout).into()));
                    }
                    None => {}
                }
            }
            if let Poll::Ready(end) = driver.poll(cx) {
                return Poll::Ready(End::Ended(end));
            }
            let has_heard = driver.has_heard();
            if let Some((_, machine)) = keepalive {
                if has_heard {
                    machine.on_read(now);
                }
                if driver.poll_pong(cx).is_ready() {
                    machine.on_pong(now);
                }
            }
            if driver.is_forsaken() {
                let leave_at = *leave_at.get_or_insert_with(|| now.checked_add(FAREWELL).unwrap_or(now));
                if leave_at <= now {
                    return Poll::Ready(End::GivenUp(Cause::Closed.into()));
                }
            }
            let wake = keepalive.as_ref().and_then(|(_, machine)| machine.poll_timeout());
            if alarm.poll(cx, wake.into_iter().chain(*leave_at).min()).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// How long a connection that nobody uses any more may take to say so: as long as a peer that drains is given for
/// the answer to a PING, many round trips.
const FAREWELL: Duration = Duration::from_secs(5);
