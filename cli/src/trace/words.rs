//! Numbers in words: times, sizes, and what gRPC's header fields mean.
//!
//! Must not know: how anything is laid out.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use wirewright::Code;

/// A duration as people read it: `0.49 ms`, `1.20 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let mut text = String::with_capacity(NUMBER_LETTERS);
    write_duration(duration, &mut text);
    text
}

/// Appends a [`duration`].
pub(crate) fn write_duration(duration: Duration, text: &mut String) {
    match duration.as_secs() {
        0 => decimal(duration, TEN_MICROS, 2, text),
        _ => decimal(duration, 1_000 * TEN_MICROS, 2, text),
    }
    text.push_str(if duration.as_secs() == 0 { " ms" } else { " s" });
}

/// A moment of a recording, in milliseconds, to three places.
pub(crate) fn moment(at: Duration) -> String {
    let mut text = String::with_capacity(NUMBER_LETTERS);
    write_moment(at, &mut text);
    text
}

/// Appends a [`moment`].
pub(crate) fn write_moment(at: Duration, text: &mut String) {
    decimal(at, TEN_MICROS / 10, 3, text);
    text.push_str(" ms");
}

/// Appends a text at the right of so many letters.
pub(crate) fn right(width: usize, out: &mut String, write: impl FnOnce(&mut String)) {
    let start = out.len();
    write(out);
    let written = out.len() - start;
    if let Some(spaces) = SPACES.get(..width.saturating_sub(written)) {
        out.insert_str(start, spaces);
    }
}

/// Appends a whole number.
pub(crate) fn number(number: u64, text: &mut String) {
    digits(number, 0, text);
}

/// Appends a duration as a decimal number: `step` is how many nanoseconds its last place counts.
///
/// In whole numbers, because a timeline writes a million of these, and floating point takes several times as long.
pub(crate) fn decimal(duration: Duration, step: u64, places: usize, text: &mut String) {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    digits(nanos.saturating_add(step / 2) / step, places, text);
}

/// Appends the digits of a number, the last `places` of them behind a point; what has no point has no places.
fn digits(number: u64, places: usize, text: &mut String) {
    let mut left = number;
    let mut letters = [b'.'; NUMBER_LETTERS];
    let mut used = 0;
    // From the last letter to the first; the point stands there already, so its place is passed over.
    for letter in letters.iter_mut().rev() {
        let is_point = used == places && places > 0;
        if left == 0 && used > places + usize::from(places > 0) {
            break;
        }
        if !is_point {
            // Lossless: a digit.
            *letter = b'0' + (left % 10) as u8;
            left /= 10;
        }
        used += 1;
    }
    let written = letters.get(NUMBER_LETTERS - used..).unwrap_or_default();
    text.push_str(std::str::from_utf8(written).unwrap_or_default());
}

/// A number of bytes: `7 B`, `1.5 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        ..10_000 => format!("{bytes} B"),
        10_000..10_240_000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0),
    }
}

/// Bytes in hexadecimal digits; of many, the first and the last.
pub(crate) fn hex(bytes: &[u8], most: usize, out: &mut String) {
    let digit = |value: u8| HEX_DIGITS.get(usize::from(value)).copied().unwrap_or(b'?');
    let push = |out: &mut String, bytes: &[u8]| {
        for (nth, some) in bytes.chunks(HEX_AT_ONCE).enumerate() {
            // Written here and appended at once: a page has more digits than anything else.
            let mut letters = [b' '; 3 * HEX_AT_ONCE];
            for ([_, high, low], byte) in letters.as_chunks_mut().0.iter_mut().zip(some) {
                (*high, *low) = (digit(byte >> 4), digit(byte & 0x0f));
            }
            let written = letters.get(usize::from(nth == 0)..3 * some.len()).unwrap_or_default();
            out.push_str(std::str::from_utf8(written).unwrap_or_default());
        }
    };
    if bytes.len() <= most {
        return push(out, bytes);
    }
    let (head, tail) = (most.saturating_sub(3), 2);
    push(out, bytes.get(..head).unwrap_or_default());
    out.push_str("..");
    push(out, bytes.get(bytes.len() - tail..).unwrap_or_default());
}

/// Bytes as text, with everything that is no printable ASCII escaped.
pub(crate) fn printable(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            other => {
                let _ = write!(text, "{}", other.escape_ascii());
            }
        }
    }
    Cow::Owned(text)
}

/// The name of a status code that a header spells as a number.
pub(crate) fn status_name(value: &[u8]) -> Option<&'static str> {
    let number: u32 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Some(Code::from_u32(number).name())
}

/// What the value of a field means, where that is not plain.
pub(crate) fn meaning(name: &[u8], value: &[u8]) -> Option<Cow<'static, str>> {
    match name {
        b"grpc-status" => status_name(value).map(Cow::Borrowed),
        b"grpc-timeout" => timeout(value).map(Cow::Owned),
        b":status" if value == b"200" => Some("HTTP's status; how the call went says grpc-status".into()),
        b"te" if value == b"trailers" => Some("proxies must let trailers through".into()),
        _ => None,
    }
}

/// `5010m`, in words (PROTOCOL-HTTP2, "Timeout").
fn timeout(value: &[u8]) -> Option<String> {
    let (unit, digits) = value.split_last()?;
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let unit = match unit {
        b'H' => "hours",
        b'M' => "minutes",
        b'S' => "seconds",
        b'm' => "milliseconds",
        b'u' => "microseconds",
        b'n' => "nanoseconds",
        _ => return None,
    };
    Some(format!("{number} {unit} from now"))
}

/// The places in which a decimal number ends: hundredths of a millisecond.
const TEN_MICROS: u64 = 10_000;

/// Twenty digits are the most that 64 bits have; a point, and what the unit takes.
const NUMBER_LETTERS: usize = 24;

/// Wider columns of numbers there are none.
const SPACES: &str = "                        ";

/// A row of a page shows nine.
const HEX_AT_ONCE: usize = 16;

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(duration(Duration::from_micros(490)), "0.49 ms");
        assert_eq!(duration(Duration::from_millis(1_200)), "1.20 s");
        assert_eq!(duration(Duration::ZERO), "0.00 ms");
        assert_eq!(moment(Duration::from_nanos(61_000_501)), "61.001 ms");
        assert_eq!(moment(Duration::from_nanos(499)), "0.000 ms");
        assert_eq!(moment(Duration::from_secs(3_600)), "3600000.000 ms");
        assert_eq!(moment(Duration::MAX), "18446744073709.551 ms");
        assert_eq!(size(9_999), "9999 B");
        assert_eq!(size(20 * 1024), "20.0 KiB");
        let mut text = String::new();
        hex(&[0, 1, 2, 3, 4, 5, 6, 0xff], 7, &mut text);
        assert_eq!(text, "00 01 02 03..06 ff");
        assert_eq!(meaning(b"grpc-timeout", b"5010m").unwrap(), "5010 milliseconds from now");
        assert_eq!(meaning(b"grpc-status", b"5").unwrap(), "NOT_FOUND");
    }
}
