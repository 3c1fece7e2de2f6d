//! `timeout`: the grammar of `grpc-timeout`, and that no time is lost.

use std::time::Duration;

use wirewright::wire::timeout::{decode, encode};

/// Reads the input as a header value, and as a length of time to be written.
pub fn timeout(input: &[u8]) {
    assert_eq!(decode(input).ok(), model(input), "{}", input.escape_ascii());
    let Some((seconds, rest)) = input.split_first_chunk::<8>() else { return };
    let nanos = rest.first_chunk::<4>().map_or(0, |nanos| u32::from_le_bytes(*nanos) % 1_000_000_000);
    let length = Duration::new(u64::from_le_bytes(*seconds), nanos);
    let sent = encode(length);
    let read = decode(sent.as_bytes()).expect("what is written can be read");
    if length > LONGEST {
        assert_eq!(read, LONGEST);
    } else {
        assert!(read >= length, "{length:?} became {read:?}");
        // A hundredth, but no more than a millisecond; and where the next finer unit has no room for the digits, at
        // least 99,999,999 / 1000 of this one are there, so rounding adds less than a part in 99,999.
        let more = (length / 100).min(Duration::from_millis(1)).max(length / 99_999);
        assert!(read - length <= more, "{length:?} became {read:?}");
        assert_eq!(encode(read), sent, "a second hop adds nothing");
    }
}

/// One to eight digits, and a unit.
fn model(value: &[u8]) -> Option<Duration> {
    let (digits, unit) = std::str::from_utf8(value).ok()?.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// 99999999 hours: the longest time that can be said.
const LONGEST: Duration = Duration::from_secs(99_999_999 * 3600);
