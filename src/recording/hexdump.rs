//! Reads bytes that somebody has written down in hexadecimal.
//!
//! In: text such as a debugger, a test or a chat message has it. Out: chunks with direction and time:
//!
//! ```text
//!   > 0 us                     the client says, at 0 microseconds
//!   50 52 49 20 2a ..
//!   < 310 us                   the server says
//!   00 00 06 04 ..
//! ```
//!
//! Without such marks everything is one chunk of the client's, or of the server's if it does not begin as a client
//! does. Spaces, commas, `0x` and line ends may stand anywhere between bytes; `#` begins a remark.
//!
//! Must not know: what the bytes mean.

use std::time::Duration;

use crate::inspect::Direction;
use crate::inspect::frames::PREFACE;

/// Reads a hex dump, as chunks in the order written.
///
/// # Errors
///
/// Where the first letter stands that is no hexadecimal digit, and which letter it is.
pub fn read_hex_dump(text: &str) -> Result<Vec<(Direction, Duration, Vec<u8>)>, String> {
    let mut chunks: Vec<(Option<Direction>, Duration, Vec<u8>)> = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mark = [('>', Direction::ToServer), ('<', Direction::ToClient)];
        if let Some((sign, direction)) = mark.into_iter().find(|(sign, _)| line.starts_with(*sign)) {
            let at = time(line.trim_start_matches([sign, '-', ' ']));
            chunks.push((
                Some(direction),
                at.ok_or(format!("line {}: what time is {line:?}?", nth + 1))?,
                Vec::new(),
            ));
            continue;
        }
        if line.is_empty() {
            continue;
        }
        if chunks.is_empty() {
            chunks.push((None, Duration::ZERO, Vec::new()));
        }
        if let Some((_, _, bytes)) = chunks.last_mut() {
            digits(line, bytes).map_err(|why| format!("line {}: {why}", nth + 1))?;
        }
    }
    let guess = |bytes: &[u8]| match bytes.starts_with(PREFACE) {
        true => Direction::ToServer,
        false => Direction::ToClient,
    };
    let directed = chunks.into_iter().filter(|(_, _, bytes)| !bytes.is_empty());
    Ok(directed.map(|(mark, at, bytes)| (mark.unwrap_or_else(|| guess(&bytes)), at, bytes)).collect())
}

/// `310 us`, `1.5 ms`, `2 s`, or nothing.
fn time(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Duration::ZERO);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let unit = match unit.trim() {
        "ns" => 1e-9,
        "us" | "" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

/// Appends the bytes of a line.
fn digits(line: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
    for word in line.split([' ', '\t', ',', ':', '|']).filter(|word| !word.is_empty()) {
        let word = word.strip_prefix("0x").or(word.strip_prefix("\\x")).unwrap_or(word);
        let mut high = None;
        for letter in word.chars() {
            let value = letter.to_digit(16).ok_or(format!("{letter:?} is no hexadecimal digit"))?;
            // Lossless: a digit is below 16.
            let value = value as u8;
            match high.take() {
                None => high = Some(value),
                Some(upper) => bytes.push(upper << 4 | value),
            }
        }
        if high.is_some() {
            return Err(format!("{word:?} has an odd number of digits"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_are_read_with_and_without_marks() {
        let told = read_hex_dump("> 0 us\n50 52\n49 # PRI\n< 1.5 ms\n0x00,0x01\n").unwrap();
        let expected = [
            (Direction::ToServer, Duration::ZERO, b"PRI".to_vec()),
            (Direction::ToClient, Duration::from_micros(1500), vec![0, 1]),
        ];
        assert_eq!(told, expected);
        let plain = read_hex_dump("000004 0801").unwrap();
        assert_eq!(plain, [(Direction::ToClient, Duration::ZERO, vec![0, 0, 4, 8, 1])]);
        assert!(read_hex_dump("").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_hex_is_named() {
        assert_eq!(read_hex_dump("00\nzz").unwrap_err(), "line 2: 'z' is no hexadecimal digit");
        assert_eq!(read_hex_dump("000").unwrap_err(), "line 1: \"000\" has an odd number of digits");
        assert!(read_hex_dump("> soon\n00").unwrap_err().contains("what time is"));
    }
}
