//! Numbers in words: times, sizes, and what gRPC's header fields mean.
//!
//! Must not know: how anything is laid out.

use std::fmt::Write as _;
use std::time::Duration;

use wirewright::Code;

/// A duration as people read it: `0.49 ms`, `1.20 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let micros = duration.as_nanos() as f64 / 1e3;
    match micros {
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// A moment of a recording, in milliseconds, to three places.
pub(crate) fn moment(at: Duration) -> String {
    format!("{:.3} ms", at.as_nanos() as f64 / 1e6)
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
    let push = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            if !out.is_empty() && !out.ends_with(' ') && !out.ends_with('.') {
                out.push(' ');
            }
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 0x0f));
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
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            other => {
                let _ = write!(text, "{}", other.escape_ascii());
            }
        }
    }
    text
}

/// The name of a status code that a header spells as a number.
pub(crate) fn status_name(value: &[u8]) -> Option<&'static str> {
    let number: u32 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Some(Code::from_u32(number).name())
}

/// What the value of a field means, where that is not plain.
pub(crate) fn meaning(name: &[u8], value: &[u8]) -> Option<String> {
    match name {
        b"grpc-status" => status_name(value).map(str::to_owned),
        b"grpc-timeout" => timeout(value),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(duration(Duration::from_micros(490)), "0.49 ms");
        assert_eq!(duration(Duration::from_millis(1_200)), "1.20 s");
        assert_eq!(size(9_999), "9999 B");
        assert_eq!(size(20 * 1024), "20.0 KiB");
        let mut text = String::new();
        hex(&[0, 1, 2, 3, 4, 5, 6, 0xff], 7, &mut text);
        assert_eq!(text, "00 01 02 03..06 ff");
        assert_eq!(meaning(b"grpc-timeout", b"5010m").unwrap(), "5010 milliseconds from now");
        assert_eq!(meaning(b"grpc-status", b"5").unwrap(), "NOT_FOUND");
    }
}
