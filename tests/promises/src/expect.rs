//! Which lines are known to fail, and why.
//!
//! In: a file of lines `NAME reason`; `#` begins a comment. Out: whether a run went as the file says.
//!
//! ```text
//!   listed,   failed    known
//!   listed,   passed    an error: mended, so the file is out of date
//!   unlisted, failed    an error: something broke
//! ```
//!
//! `NAME?` marks a line that stands too near its limit, on a machine that others use too, to say which way it falls:
//! both are known.

use std::collections::BTreeMap;

use crate::Failure;
use crate::line::Line;

/// What is known.
#[derive(Debug)]
pub(crate) struct Expectations {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    reason: String,
    wavers: bool,
}

impl Expectations {
    pub(crate) fn read(path: &str) -> Result<Expectations, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        Expectations::parse(&text)
    }

    fn parse(text: &str) -> Result<Expectations, Failure> {
        let mut known = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) = line
                .split_once(' ')
                .ok_or_else(|| format!("{line:?} does not say why it is known to fail"))?;
            let bare = name.trim_end_matches('?');
            let entry = Known { reason: reason.trim().to_owned(), wavers: bare != name };
            known.insert(bare.to_owned(), entry);
        }
        Ok(Expectations { known })
    }

    /// Compares, and says every difference.
    pub(crate) fn hold(&self, lines: &[Line]) -> bool {
        let mut as_expected = true;
        for line in lines {
            match (self.known.get(&line.name), line.passed()) {
                (Some(known), false) => println!("known: {} fails: {}", line.name, known.reason),
                (Some(known), true) if known.wavers => {}
                (Some(_), true) => {
                    as_expected = false;
                    println!("error: {} passes now: strike it from the known failures", line.name);
                }
                (None, true) => {}
                (None, false) => {
                    as_expected = false;
                    println!("error: {} fails, and is not a known failure", line.name);
                }
            }
        }
        as_expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_must_go_as_the_file_says() {
        let known = Expectations::parse("# why\nP1 h2 hides it\nP2? near its limit\n").unwrap();
        let line = |name: &str, passed| Line::new(name, passed);
        for (lines, good) in [
            (vec![line("P1", false), line("P3", true)], true),
            (vec![line("P1", true)], false),
            (vec![line("P3", false)], false),
            (vec![line("P2", false)], true),
            (vec![line("P2", true)], true),
        ] {
            assert_eq!(known.hold(&lines), good, "{lines:?}");
        }
    }

    #[test]
    fn a_known_failure_has_a_reason() {
        assert!(Expectations::parse("P1").is_err());
    }
}
