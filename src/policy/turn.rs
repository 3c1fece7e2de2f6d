//! How much of what a peer sends is taken in before others have a turn.
//!
//! In: bytes read, the time where it is asked for, and how many others are as busy. Out: how many more may be read in this
//! turn ([`Turn::room`]).
//!
//! ```text
//!   one busy connection:   |read work read work read work .........|  others  |read work read work ..
//!                          `---------- a round: 1 ms -------------'
//!   ten of them:           |read work|read work|read work|.........|  others  |read work|read work ..
//!                          `- 100 us '
//! ```
//!
//! All connections of a server share its threads, and a task has its thread until it waits. A peer that sends without a
//! pause never lets it wait: whoever shares the thread is served when the flood ends. So a turn has a length, and who
//! has used it up goes to the end of the line. All who use theirs up share a round between them: whoever has something
//! small to say waits for a round, however many they are. Nobody is cut, and nothing is counted against anybody; a peer
//! that keeps a core busy has its share of the core.
//!
//! The length is a time, because bytes say little: 16 KiB are one frame of a message or a thousand PINGs, and a header
//! block of a few hundred bytes may unfold to thousands. But a clock is not free, and most turns are over long before
//! it could matter. So the limit is a number of bytes, and only turns that follow one which was used up are timed: what
//! they took per byte says how many the next may have. A peer that sends bulk finds its allowance grow at once.
//!
//! Must not know: sockets, frames, tasks, the clock.

use std::time::{Duration, Instant};

/// The turns of one connection.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Bytes that a turn may take.
    allowance: usize,
    /// Bytes that the present one has taken.
    taken: usize,
    /// When the present turn began, if it is timed.
    since: Option<Instant>,
    /// Whether the last turn was used up.
    was_used_up: bool,
}

impl Turn {
    /// The first turn of a connection.
    #[must_use]
    pub const fn new() -> Turn {
        Turn { allowance: FIRST_ALLOWANCE_BYTES, taken: 0, since: None, was_used_up: false }
    }

    /// How many bytes may be read now; with none the turn is over.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.allowance.saturating_sub(self.taken)
    }

    /// Whether the time is wanted, by [`on_time`](Turn::on_time), before something is read.
    #[must_use]
    pub const fn wants_time(&self) -> bool {
        self.was_used_up && self.since.is_none()
    }

    /// The present turn began now.
    pub fn on_time(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// So many bytes came.
    pub fn on_read(&mut self, bytes: usize) {
        self.taken = self.taken.saturating_add(bytes);
    }

    /// Whether the time is wanted at the end of this turn.
    #[must_use]
    pub const fn is_timed(&self) -> bool {
        self.since.is_some() && self.taken > 0
    }

    /// The turn is over: there is nothing more to read for now, or it was used up. The time tells nothing unless the
    /// turn [is timed](Turn::is_timed). `busy` connections, this one among them if it is, use their turns up.
    pub fn on_end(&mut self, now: Option<Instant>, busy: usize) {
        self.was_used_up = self.room() == 0;
        if let (Some(now), Some(since), 1..) = (now, self.since, self.taken) {
            let took = now.saturating_duration_since(since).as_nanos().max(1);
            let length = (ROUND.as_nanos() / (busy as u128).max(1)).max(SHORTEST.as_nanos());
            let in_time = (self.taken as u128).saturating_mul(length) / took;
            let in_time = usize::try_from(in_time).unwrap_or(usize::MAX);
            self.allowance = in_time.clamp(LEAST_ALLOWANCE_BYTES, MOST_ALLOWANCE_BYTES);
        }
        (self.taken, self.since) = (0, None);
    }

    /// Whether the last turn was used up.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.was_used_up
    }
}

impl Default for Turn {
    fn default() -> Self {
        Turn::new()
    }
}

/// How long all turns together last that are used up: long enough for a single busy connection to do a hundred calls and
/// send their answers in one piece, and what nobody feels who waits for it.
const ROUND: Duration = Duration::from_millis(1);

/// The shortest turn, however many share the round: a hundred of the cheapest frames. Shorter, and changing from one to the
/// next would be what the time goes into.
const SHORTEST: Duration = Duration::from_micros(20);

/// What a turn may take before anything is known of its peer: two reads of h2, or the heads of two hundred calls.
const FIRST_ALLOWANCE_BYTES: usize = 16 * 1024;

/// The least: a block or two of the size that metadata has.
const LEAST_ALLOWANCE_BYTES: usize = 1024;

/// The most: four frames of the usual size, which take about a turn. A peer whose bytes were cheap so far may send costly
/// ones next, and a clock that stands still, as in tests, must not make turns endless.
const MOST_ALLOWANCE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays one turn of a peer that never pauses, one of so many, at this cost a byte; how long it took.
    fn play(turn: &mut Turn, now: &mut Instant, cost: Duration, busy: usize) -> Duration {
        let begun = *now;
        while turn.room() > 0 {
            if turn.wants_time() {
                turn.on_time(*now);
            }
            let bytes = turn.room().min(8 * 1024);
            *now += cost * bytes as u32;
            turn.on_read(bytes);
        }
        turn.on_end(turn.is_timed().then_some(*now), busy);
        assert!(turn.is_busy());
        *now - begun
    }

    #[test]
    fn from_the_third_turn_on_a_flood_has_its_share_of_the_round_and_no_more() {
        let mut now = Instant::now();
        for busy in [1, 2, 8, 50] {
            for cost in [2, 5, 10].map(Duration::from_nanos) {
                let mut turn = Turn::new();
                play(&mut turn, &mut now, cost, busy);
                play(&mut turn, &mut now, cost, busy);
                for _ in 0..100 {
                    let took = play(&mut turn, &mut now, cost, busy);
                    assert!(took <= ROUND / busy as u32, "{took:?} at {cost:?} a byte, one of {busy}");
                }
            }
        }
    }

    #[test]
    fn bulk_has_all_the_room_there_is_and_loses_it_when_it_becomes_costly() {
        let (mut turn, mut now) = (Turn::new(), Instant::now());
        for _ in 0..3 {
            play(&mut turn, &mut now, Duration::from_nanos(0), 8);
        }
        assert_eq!(turn.room(), MOST_ALLOWANCE_BYTES);
        play(&mut turn, &mut now, Duration::from_nanos(1_000), 8);
        assert_eq!(turn.room(), LEAST_ALLOWANCE_BYTES);
    }

    #[test]
    fn who_pauses_in_time_is_never_timed() {
        let mut turn = Turn::new();
        for _ in 0..1_000 {
            assert!(!turn.wants_time());
            turn.on_read(FIRST_ALLOWANCE_BYTES - 1);
            assert!(turn.room() > 0 && !turn.is_timed());
            turn.on_end(None, 1);
            assert!(!turn.is_busy());
        }
    }
}
