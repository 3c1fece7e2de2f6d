//! The page that the figures are kept on: `docs/promises.md`.
//!
//! In: lines, and the page as it was. Out: the page with the rows of those lines new and all others as they were, so
//! that a promise can be measured alone.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Failure;
use crate::line::Line;
use crate::scale::Scale;

/// Writes the rows of these lines into the page.
pub(crate) fn write(path: &str, lines: &[Line], scale: Scale) -> Result<(), Failure> {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    let mut rows: BTreeMap<(u32, String), String> = BTreeMap::new();
    for row in old.lines().filter(|line| line.starts_with("| P")) {
        let name = row.split('|').nth(1).unwrap_or_default().trim();
        rows.insert(order(name), row.to_owned());
    }
    for line in lines {
        rows.insert(order(&line.name), row(line, scale));
    }
    let mut page = HEAD.to_owned();
    for row in rows.values() {
        page.push_str(row);
        page.push('\n');
    }
    Ok(std::fs::write(path, page)?)
}

fn row(line: &Line, scale: Scale) -> String {
    let verdict = if line.passed() { "pass" } else { "**fail**" };
    let size = scale.pick("full", "a twentieth");
    let cell = |text: &str| text.replace('|', "/");
    format!(
        "| {} | {verdict} | {} | {} | {} | {size}, {} |",
        line.name,
        cell(&line.measured),
        cell(&line.limit),
        cell(&line.anchor),
        today()
    )
}

/// `P5.A3` after `P5.A1` and before `P12`.
fn order(name: &str) -> (u32, String) {
    let digits: String = name.chars().skip(1).take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u32::MAX), name.to_owned())
}

/// The date in UTC, by the civil calendar.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let mut days = seconds / 86_400;
    let mut year = 1970;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

const HEAD: &str = concat!(
    "# Promises, measured\n\n",
    "`cargo xtask promises` writes this page; what a promise says and how it is measured stands at the top of its file in\n",
    "[tests/promises/src/promise](../tests/promises/src/promise). wirewright ",
    "0.1.0 on h2 0.4.20, beside tonic 0.14.9 in the same run,\n",
    "release builds on two cores of a virtual machine that others use too: times are upper bounds, counts and bytes are\n",
    "exact. Where nothing was measured of tonic, the last column but one quotes or says so.\n\n",
    "A line that fails is not explained away: [known.txt](../tests/promises/known.txt) gives the reason for each, and\n",
    "`cargo xtask test`, which measures everything at a twentieth of its size, fails when one of them begins to pass.\n\n",
    "| promise | verdict | measured | limit | beside | size, date |\n",
    "|---|---|---|---|---|---|\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_is_measured_alone_changes_its_own_row_only() {
        let path = std::env::temp_dir().join(format!("promises-{}.md", std::process::id()));
        let path = path.to_str().unwrap().to_owned();
        let lines = ["P12", "P5.A1"].map(|name| Line::new(name, true).measured("first"));
        write(&path, &lines, Scale::Quick).unwrap();
        write(&path, &[Line::new("P12", false).measured("second")], Scale::Full).unwrap();
        let page = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| P")).collect();
        assert!(rows[0].starts_with("| P5.A1 | pass | first |"), "{rows:?}");
        assert!(rows[1].starts_with("| P12 | **fail** | second |"), "{rows:?}");
        assert_eq!(rows.len(), 2);
    }
}
