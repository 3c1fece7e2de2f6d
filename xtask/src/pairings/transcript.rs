//! A program's log with everything taken out that differs from run to run.
//!
//! In: what a program printed. Out: lines that can be compared with those of
//! another run, of another program, in another language.
//!
//! ```text
//!   2026/01/31 12:00:00 server listening at [::]:40123   ->   server listening at <address>
//!    0. Jan 31 12:00:00.123456789                        ->   0. <time>
//!   name:"a"  location:{latitude:1}                      ->   name:"a" location:{latitude:1}
//! ```
//!
//! The doubled spaces are Go's: its text form of a message puts one or two
//! spaces between fields, the same within one build and different in the next,
//! to keep people from relying on the text. It knows no example.

/// The comparable form of a whole log.
pub(crate) fn lines(log: &str) -> Vec<String> {
    log.lines().map(line).collect()
}

/// The comparable form of one line.
fn line(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if let [date, time, ..] = words.as_slice()
        && shape(date) == "0/0/0"
        && shape(time) == "0:0:0"
    {
        words.drain(..2);
    }
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if is_clock(word) {
            // `Jan 31 12:00:00.123`: the month and the day are part of the time.
            let day = out.pop_if(|day| shape(day) == "0").is_some();
            if day {
                out.pop();
            }
            out.push("<time>".into());
        } else {
            out.push(timeless(word));
        }
    }
    out.join(" ")
}

/// A word without its date or its address.
fn timeless(word: &str) -> String {
    let bare = word.trim_end_matches([',', '.', ';', ')']);
    let tail = word.get(bare.len()..).unwrap_or_default();
    let shape = shape(bare);
    if shape.starts_with("0-0-0T0:0:0") {
        format!("<time>{tail}")
    } else if matches!(shape.as_str(), "[::]:0" | "[::0]:0" | "0.0.0.0:0") {
        format!("<address>{tail}")
    } else {
        word.to_owned()
    }
}

/// `12:00:00.123456789`: a time of day with its fraction, as Go's StampNano has it.
fn is_clock(word: &str) -> bool {
    shape(word) == "0:0:0.0"
}

/// A word with every run of digits made a single 0.
fn shape(word: &str) -> String {
    let mut shape = String::with_capacity(word.len());
    for letter in word.chars() {
        if !letter.is_ascii_digit() {
            shape.push(letter);
        } else if !shape.ends_with('0') {
            shape.push('0');
        }
    }
    shape
}

/// What two transcripts disagree about first, or nothing.
pub(crate) fn difference(got: &[String], want: &[String]) -> Option<String> {
    let unequal = got.iter().zip(want).position(|(got, want)| got != want);
    let at = unequal.unwrap_or(got.len().min(want.len()));
    match (got.get(at), want.get(at)) {
        (None, None) => None,
        (Some(got), Some(want)) => Some(format!("line {}: got `{got}`, want `{want}`", at + 1)),
        (Some(got), None) => Some(format!("line {}: got `{got}`, want no more lines", at + 1)),
        (None, Some(want)) => Some(format!("line {}: got no more lines, want `{want}`", at + 1)),
    }
}

/// Every run of digits in a line made `N`.
pub(crate) fn without_numbers(line: &str) -> String {
    shape(line).replace('0', "N")
}

/// The first number in the first line that starts so.
pub(crate) fn number_after(lines: &[String], start: &str) -> Option<u64> {
    let rest = lines.iter().find_map(|line| line.strip_prefix(start))?;
    let digits = rest.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_taken_out() {
        let table = [
            ("2026/01/31 12:00:00 Greeting: Hello world", "Greeting: Hello world"),
            ("server listening at [::]:40123", "server listening at <address>"),
            (" 0. Jan 31 12:00:00.123456789", "0. <time>"),
            (" 0. Jan  1 12:00:00.123456789", "0. <time>"),
            ("LOG:\tat 2026-01-31T12:00:00Z, err: <nil>", "LOG: at <time>, err: <nil>"),
            ("LOG:\tat 2026-01-31T12:00:00+02:00", "LOG: at <time>"),
            ("name:\"a\"  location:{latitude:1}", "name:\"a\" location:{latitude:1}"),
            ("[1] wanted = OK, got = OK", "[1] wanted = OK, got = OK"),
            ("point:(407838351, -746143763)", "point:(407838351, -746143763)"),
        ];
        for (logged, want) in table {
            assert_eq!(line(logged), want);
        }
    }

    #[test]
    fn a_difference_names_the_first_line_that_differs() {
        let text = |lines: &str| lines.split(' ').map(String::from).collect::<Vec<_>>();
        assert_eq!(difference(&text("a b"), &text("a b")), None);
        assert_eq!(difference(&text("a x"), &text("a b")), Some("line 2: got `x`, want `b`".into()));
        assert_eq!(
            difference(&text("a b c"), &text("a b")),
            Some("line 3: got `c`, want no more lines".into())
        );
        assert_eq!(difference(&text("a"), &text("a b")), Some("line 2: got no more lines, want `b`".into()));
    }

    #[test]
    fn numbers_are_found_and_blurred() {
        let lines = ["Sent 25 messages.".to_owned(), "Sent 7 messages.".to_owned()];
        assert_eq!(number_after(&lines, "Sent "), Some(25));
        assert_eq!(number_after(&lines, "Read "), None);
        assert_eq!(without_numbers("Sent 205 messages."), "Sent N messages.");
    }
}
