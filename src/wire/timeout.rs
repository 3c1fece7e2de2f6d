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
//! Eight digits cannot hold every length exactly. The finest unit that fits is
//! chosen and the value rounded up, because a server that gives up a little
//! late is harmless (the client's own clock ends the call) and one that gives
//! up early would fail calls that had time left.
//!
//! Source: PROTOCOL-HTTP2 "Requests", the rules `Timeout`, `TimeoutValue` and
//! `TimeoutUnit`. Must not know: clocks. A timeout is a length; the instant at
//! which it ends is a `Deadline` and is computed by whoever can read a clock.

use std::io::{Cursor, Write};
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
    let nanos = timeout.as_nanos();
    let (value, unit) = UNITS
        .iter()
        .map(|(letter, length)| (nanos.div_ceil(*length), *letter))
        .find(|(value, _)| *value <= MAX_VALUE)
        .unwrap_or((MAX_VALUE, b'H'));
    // On the stack, so that the header value is the only allocation.
    let mut text = Cursor::new([0; MAX_LEN]);
    let written = write!(text, "{value}{}", char::from(unit)).ok();
    let len = text.position() as usize;
    let bytes = written.and_then(|()| text.get_ref().get(..len)).unwrap_or(LONGEST);
    // Digits and a letter are a legal header value; the other arm is for the compiler.
    HeaderValue::from_bytes(bytes).unwrap_or(HeaderValue::from_static("99999999H"))
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

/// The units from the finest to the coarsest, with their length in nanoseconds.
const UNITS: [(u8, u128); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

/// The largest number that eight digits can write.
const MAX_VALUE: u128 = 99_999_999;

/// Eight digits and a unit.
const MAX_LEN: usize = 9;

/// The longest timeout that can be said.
const LONGEST: &[u8] = b"99999999H";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_finest_unit_that_fits_is_chosen_and_rounded_up() {
        let table = [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(1), "1n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_nanos(100_000_000), "100000u"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_millis(200), "200000u"),
            (Duration::from_secs(10), "10000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(99_999), "99999000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::new(100_000, 1), "100001S"),
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
            // A unit is given up for one at most 1000 times coarser once the number has 9 digits.
            prop_assert!(sent - timeout <= timeout / 100_000);
        }

        #[test]
        fn what_was_sent_once_is_sent_the_same_again(value in 0..=99_999_999_u64) {
            let timeout = Duration::from_nanos(value);
            prop_assert_eq!(decode(encode(timeout).as_bytes()), Ok(timeout));
        }

        #[test]
        fn no_bytes_make_it_fail_badly(value in proptest::collection::vec(any::<u8>(), 0..16)) {
            let _ = decode(&value);
        }
    }
}
