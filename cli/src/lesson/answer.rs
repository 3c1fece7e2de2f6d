//! Whether an answer is right, however it is written.
//!
//! In: what was typed, and what is right. Out: yes or no. Who has found `7` may write `7`, `seven`, `7 bytes`, `7 B` or
//! `0x07`; who has found `grpc-status` may write `grpc status: 0`. Both sides are taken to words in one spelling, and
//! words that only stand beside an answer do no harm:
//!
//! ```text
//!   "The END-STREAM flag."   the end stream flag    end stream           right, if END_STREAM is
//!   "5 (NOT_FOUND)"          5 not found            5, beside not found  right, if 5 is and `not found` may stand beside
//!   "12 bytes"               12 bytes               12                   wrong, if 7 is
//! ```
//!
//! Must not know: the course.

/// Whether what was typed is one of `right`, perhaps with some of `beside`.
pub(super) fn is_right(typed: &str, right: &[&str], beside: &[&str]) -> bool {
    let typed = words(typed);
    let (right, beside): (Vec<_>, Vec<_>) =
        (right.iter().map(|text| words(text)).collect(), beside.iter().map(|text| words(text)).collect());
    let (mut rest, mut has_answer) = (typed.as_slice(), false);
    while let Some((first, others)) = rest.split_first() {
        // The longest first: `grpc status` before a `status` that only stands beside.
        let longest = |all: &[Vec<String>]| {
            all.iter().filter(|one| !one.is_empty() && rest.starts_with(one)).map(Vec::len).max().unwrap_or(0)
        };
        let (answer, aside) = (longest(&right), longest(&beside));
        has_answer |= answer > 0 && answer >= aside;
        rest = match answer.max(aside) {
            0 if FILLERS.contains(&first.as_str()) => others,
            0 => return false,
            taken => rest.get(taken..).unwrap_or_default(),
        };
    }
    has_answer
}

/// The words of a text: lower case, without punctuation, numbers in decimal.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for piece in text.split(|c: char| c.is_whitespace() || "\"'`.:;()#!?".contains(c)) {
        if let Some(number) = number(piece) {
            // `65 535` is one number.
            let thousands = words.last().filter(|last| piece.len() == 3 && is_short(last)).cloned();
            match thousands {
                Some(thousands) => {
                    words.pop();
                    words.push(format!("{thousands}{piece}"));
                }
                None => words.push(number.to_string()),
            }
            continue;
        }
        let parts = piece.split(['_', '-', ',']).filter(|part| !part.is_empty());
        words.extend(parts.map(|part| number_word(part).map_or_else(|| part.to_owned(), |n| n.to_string())));
    }
    words
}

/// Whether a word is a number that thousands may follow.
fn is_short(word: &str) -> bool {
    word.len() <= 3 && !word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `65,535`, `65_535`, `007`, `0xffff`, `2^16-1`, `7b`.
fn number(text: &str) -> Option<u64> {
    if let Some((two, power)) = text.split_once('^') {
        let (power, less) = power.split_once('-').unwrap_or((power, "0"));
        let power: u32 = power.parse().ok().filter(|power| *power < u64::BITS && two == "2")?;
        return (1_u64 << power).checked_sub(less.parse().ok()?);
    }
    let digits = text.replace([',', '_'], "");
    match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => digits.strip_suffix('b').unwrap_or(&digits).parse().ok(),
    }
}

fn number_word(word: &str) -> Option<usize> {
    const WORDS: [&str; 11] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.iter().position(|known| *known == word)
}

/// Words that say nothing by themselves.
const FILLERS: [&str; 24] = [
    "a", "an", "the", "it", "is", "in", "with", "just", "only", "byte", "bytes", "b", "message", "messages",
    "frame", "frames", "flag", "field", "header", "encoding", "encoded", "code", "letters", "stream",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_may_be_written_as_people_write_them() {
        let table: [(&[&str], &[&str], &[&str]); 12] = [
            (&["7"], &[], &["7", " 7 bytes\n", "7 B", "7B", "0x07", "07", "seven", "7.", "It is 7"]),
            (&["1"], &[], &["1 byte", "01", "0x01", "one", "just one", "1 frame", "#1", "stream 1"]),
            (&["200"], &["ok", "http", "status"], &["200 OK", "HTTP 200", ":status 200", ":status: 200"]),
            (
                &["5"],
                &["not found", "grpc-status"],
                &["five", "5 NOT_FOUND", "5 (NOT_FOUND)", "grpc-status: 5"],
            ),
            (&["65535"], &[], &["65,535", "65_535", "65 535", "0xffff", "2^16-1", "65535 bytes"]),
            (&["16384", "16 KiB"], &[], &["16,384", "2^14", "0x4000", "16 KiB"]),
            (&["2147483647", "7f ff ff ff"], &[], &["2^31-1", "0x7fffffff", "7f ff ff ff", "2,147,483,647"]),
            (&["END_STREAM"], &[], &["end stream", "END-STREAM", "the END_STREAM flag", "`END_STREAM`"]),
            (
                &["grpc-status"],
                &["0", "ok"],
                &["grpc status", "grpc_status:", "grpc-status: 0", "\"grpc-status\""],
            ),
            (
                &["base64", "base 64"],
                &["without padding"],
                &["base-64", "in base64", "base64 encoding", "Base 64"],
            ),
            (&["CANCEL", "8"], &[], &["cancel (8)", "8 CANCEL", "0x8", "CANCEL"]),
            (&["no", "n", "nope"], &[], &["No.", "n", "nope"]),
        ];
        for (right, beside, all) in table {
            for typed in all {
                assert!(is_right(typed, right, beside), "{typed} for {right:?}");
            }
        }
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        let table: [(&[&str], &[&str], &[&str]); 5] = [
            (&["7"], &[], &["12", "12 bytes", "bytes", "", "7 or 8", "77", "0x70"]),
            (&["grpc-status"], &["0", "ok"], &[":status", "status", "0", "ok", "grpc-message"]),
            (&["grpc-encoding"], &["gzip"], &["grpc-accept-encoding", "encoding", "gzip"]),
            (&["65535"], &[], &["65536", "65530", "65 53", "2^16", "2^99", "3^16-1"]),
            (&["CANCEL", "8"], &[], &["CANCELLED", "DEADLINE_EXCEEDED", "cancel nothing"]),
        ];
        for (right, beside, all) in table {
            for typed in all {
                assert!(!is_right(typed, right, beside), "{typed} for {right:?}");
            }
        }
    }
}
