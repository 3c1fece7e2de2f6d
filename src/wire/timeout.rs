//! `grpc-timeout`: how long a call may take, as at most eight digits and a unit.
//!
//! In: a length of time. Out: a header value; and back.
//!
//! ```text
//!   grpc-timeout: 1500m
//!                 ---- at most 8 digits
//!                     - H hours  M minutes  S seconds
//!                       m milli-  u micro-  n nanoseconds
//! ```
//!
//! What is sent is rounded up, by a hundredth or a millisecond at the most, and
//! written in the coarsest unit that says it exactly: the ten seconds that a
//! caller gave, of which 9.999987 are left, go out as `10S`. HPACK makes one
//! byte of a value that was sent before; one that differs from call to call
//! costs ten, and drives a useful field out of the table each time. Rounding up
//! rather than down, because a server that gives up a little late is harmless
//! (the client's own clock ends the call) and one that gives up early would
//! fail calls that had time left.
//!
//! Source: PROTOCOL-HTTP2 "Requests", the rules `Timeout`, `TimeoutValue` and
//! `TimeoutUnit`. Must not know: clocks. A timeout is a length; the instant at
//! which it ends is a `Deadline` and is computed by whoever can read a clock.

use std::time::Duration;

use http::HeaderValue;

/// A `grpc-timeout` that does not follow its grammar, and where it leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimeout {
    /// Fewer than one or more than eight digits before the unit.
    #[error("{0} characters are not 1 to 8 digits and a unit")]
    Length(usize),
    /// A byte that should be a digit.
    #[error("byte {0:#04x} is not a digit")]
    Digit(u8),
    /// A last byte that is no unit.
    #[error("byte {0:#04x} is not one of the units H, M, S, m, u, n")]
    Unit(u8),
}

/// The value of `grpc-timeout` for this length of time, rounded up.
///
/// Times longer than 99999999 hours (eleven thousand years) are sent as that.
pub fn encode(timeout: Duration) -> HeaderValue {
    let length = rounded(timeout);
    let (value, unit) = exact(length).filter(fits).unwrap_or_else(|| coarse(length));
    // On the stack, so that the header value is the only allocation; from the last character to the first.
    let mut text = [unit; MAX_LEN];
    let mut cells = text.iter_mut().rev().skip(1);
    let mut rest = value;
    for cell in cells.by_ref() {
        *cell = b'0'.wrapping_add((rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let unused = cells.len();
    // Digits and a letter are a legal header value; the other arm is for the compiler.
    let value = text.get(unused..).map(HeaderValue::from_bytes);
    value.and_then(Result::ok).unwrap_or(HeaderValue::from_static("99999999H"))
}

/// Rounds up to whole milliseconds, or to a hundredth of what is less than a tenth of a second.
fn rounded(timeout: Duration) -> Duration {
    let (seconds, nanos) = (timeout.as_secs(), timeout.subsec_nanos());
    let mut step = COARSEST_STEP_NANOS;
    while seconds == 0 && step > 1 && nanos < step.saturating_mul(100) {
        step /= 10;
    }
    let nanos = Duration::from_nanos(nanos.next_multiple_of(step).into());
    Duration::from_secs(seconds).saturating_add(nanos)
}

/// The coarsest unit that says a length of time without a rest, and how many of it. Minutes and hours are not used for
/// what seconds can say: 90S reads better beside 100S than 2M does.
fn exact(length: Duration) -> Option<(u64, u8)> {
    let (value, unit) = match length.subsec_nanos() {
        0 => (length.as_secs().into(), b'S'),
        nanos if nanos % 1_000_000 == 0 => (length.as_millis(), b'm'),
        nanos if nanos % 1_000 == 0 => (length.as_micros(), b'u'),
        _ => (length.as_nanos(), b'n'),
    };
    Some((value.try_into().ok()?, unit))
}

/// The finest unit in which eight digits can say a length of time, and how many of it, rounded up.
fn coarse(length: Duration) -> (u64, u8) {
    let seconds = length.as_secs().saturating_add(u64::from(length.subsec_nanos() > 0));
    let units = [(b'S', 1), (b'M', 60), (b'H', 3600)].map(|(unit, size)| (seconds.div_ceil(size), unit));
    units.into_iter().find(fits).unwrap_or((MAX_VALUE, b'H'))
}

fn fits((value, _): &(u64, u8)) -> bool {
    *value <= MAX_VALUE
}

/// The length of time that a `grpc-timeout` states.
///
/// Every value of the grammar fits a `Duration`, hours included, so nothing
/// needs to be clamped here. Zero is legal and means that the time is up.
///
/// # Errors
///
/// [`InvalidTimeout`] if the value is not one to eight ASCII digits followed by
/// one of the six units. Signs and spaces are not digits.
pub fn decode(value: &[u8]) -> Result<Duration, InvalidTimeout> {
    if !(2..=MAX_LEN).contains(&value.len()) {
        return Err(InvalidTimeout::Length(value.len()));
    }
    let Some((unit, digits)) = value.split_last() else {
        return Err(InvalidTimeout::Length(value.len()));
    };
    let mut number: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(InvalidTimeout::Digit(*digit));
        }
        // Eight digits stay far below the end of a u64.
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')));
    }
    Ok(match unit {
        b'n' => Duration::from_nanos(number),
        b'u' => Duration::from_micros(number),
        b'm' => Duration::from_millis(number),
        b'S' => Duration::from_secs(number),
        b'M' => Duration::from_secs(number.wrapping_mul(60)),
        b'H' => Duration::from_secs(number.wrapping_mul(3600)),
        other => return Err(InvalidTimeout::Unit(*other)),
    })
}

/// The most that rounding adds, in nanoseconds: a millisecond, in which timers count anyway.
const COARSEST_STEP_NANOS: u32 = 1_000_000;

/// The largest number that eight digits can write.
const MAX_VALUE: u64 = 99_999_999;

/// Eight digits and a unit.
const MAX_LEN: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_is_rounded_up_and_said_in_the_coarsest_exact_unit() {
        let table = [
            (Duration::ZERO, "0S"),
            (Duration::from_nanos(1), "1n"),
            (Duration::from_nanos(123), "123n"),
            (Duration::from_nanos(9_991), "10u"),
            (Duration::from_nanos(1_234_567), "1240u"),
            (Duration::from_nanos(99_900_001), "100m"),
            (Duration::from_nanos(100_000_001), "101m"),
            (Duration::from_millis(200), "200m"),
            (Duration::from_micros(9_999_987), "10S"),
            (Duration::from_millis(1_500), "1500m"),
            (Duration::from_secs(100), "100S"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::new(100_000, 1), "100001S"),
            (Duration::from_secs(99_999_999), "99999999S"),
            (Duration::from_secs(100_000_000), "1666667M"),
            (Duration::from_secs(99_999_999 * 60), "99999999M"),
            (Duration::from_secs(99_999_999 * 60 + 1), "1666667H"),
            (Duration::MAX, "99999999H"),
        ];
        for (timeout, value) in table {
            assert_eq!(encode(timeout), value, "{timeout:?}");
        }
    }

    #[test]
    fn what_is_left_of_one_timeout_is_one_value_for_all_calls_that_leave_at_once() {
        for micros in 1..1000 {
            assert_eq!(encode(Duration::from_secs(10) - Duration::from_micros(micros)), "10S");
        }
    }

    #[test]
    fn every_unit_is_read() {
        let table: [(&str, Duration); 10] = [
            ("1H", Duration::from_secs(3600)),
            ("1M", Duration::from_secs(60)),
            ("1S", Duration::from_secs(1)),
            ("1m", Duration::from_millis(1)),
            ("1u", Duration::from_micros(1)),
            ("1n", Duration::from_nanos(1)),
            ("0n", Duration::ZERO),
            ("00000007S", Duration::from_secs(7)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ];
        for (value, timeout) in table {
            assert_eq!(decode(value.as_bytes()), Ok(timeout), "{value}");
        }
    }

    #[test]
    fn what_is_no_timeout_is_refused_by_its_fault() {
        use InvalidTimeout::{Digit, Length, Unit};
        let table = [
            ("", Length(0)),
            ("S", Length(1)),
            ("1", Length(1)),
            ("123456789S", Length(10)),
            ("11", Unit(b'1')),
            ("1s", Unit(b's')),
            ("1h", Unit(b'h')),
            ("-1S", Digit(b'-')),
            ("+1S", Digit(b'+')),
            ("1 S", Digit(b' ')),
            (" 1S", Digit(b' ')),
            ("1.5S", Digit(b'.')),
            ("SS", Digit(b'S')),
            ("1\u{e9}", Digit(0xc3)),
        ];
        for (value, error) in table {
            assert_eq!(decode(value.as_bytes()), Err(error), "{value:?}");
        }
    }

    #[test]
    fn every_byte_in_every_place_is_judged_as_the_grammar_judges_it() {
        for (one, other) in (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |other| (one, other))) {
            for value in [&[one, other][..], &[b'7', one, other], &[one, b'7', other]] {
                let (unit, digits) = value.split_last().unwrap();
                let legal = digits.iter().all(u8::is_ascii_digit) && b"HMSmun".contains(unit);
                assert_eq!(decode(value).is_ok(), legal, "{value:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_timeout_is_never_shortened_and_hardly_lengthened(secs in 0..=350_000_000_000_u64, nanos in 0..1_000_000_000_u32) {
            let timeout = Duration::new(secs, nanos);
            let sent = decode(encode(timeout).as_bytes()).unwrap();
            prop_assert!(sent >= timeout);
            // A millisecond, or a hundredth; and from nine digits on a part in 99,999 of a unit that much coarser.
            let more = (timeout / 100).min(Duration::from_millis(1)).max(timeout / 99_999);
            prop_assert!(sent - timeout <= more);
        }

        #[test]
        fn what_was_sent_once_is_sent_the_same_again(value in 0..=99_999_999_999_u64) {
            let sent = encode(Duration::from_nanos(value));
            prop_assert_eq!(encode(decode(sent.as_bytes()).unwrap()), sent);
        }

        #[test]
        fn no_bytes_make_it_fail_badly(value in proptest::collection::vec(any::<u8>(), 0..16)) {
            let _ = decode(&value);
        }
    }
}
