//! Sixty scenarios and thirty-five attacks, each with its test or with the reason why it has none.
//!
//! The scenarios are what a mature implementation of gRPC was found to need tests for, numbered S1 to S60; the attacks
//! are those that HTTP/2 and gRPC servers and clients are known to have fallen to, numbered A1 to A35. `list.txt` says
//! in a line each what must hold. A test that plays one carries its number in its documentation:
//!
//! ```text
//!   /// S41, A12: what this test adds to its own name.
//!   #[tokio::test]
//! ```
//!
//! and may stand in any file of `tests/`. Here are those that no other file is about, under a clock that is paused, and
//! in every weather where the weather could matter.

mod clients;
mod floods;
mod servers;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_scenario_has_a_test_or_a_reason() {
    let list = include_str!("list.txt");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut told = BTreeMap::new();
    for line in lines {
        let mut parts = line.splitn(3, " | ");
        let (name, what) = (parts.next().unwrap(), parts.next().unwrap());
        assert!(!what.is_empty(), "{line}");
        assert!(told.insert(name, parts.next()).is_none(), "{name} stands twice in the list");
    }
    let all = (1..=60).map(|n| format!("S{n}")).chain((1..=35).map(|n| format!("A{n}")));
    let all: BTreeSet<String> = all.collect();
    let listed: BTreeSet<String> = told.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, all, "the list is not the list");

    let played = played();
    for name in played.keys() {
        assert!(all.contains(name), "{name} is played by {:?} and in no list", played[name]);
    }
    for (name, reason) in told {
        let tests = played.get(name).map_or(&[][..], Vec::as_slice);
        assert!(!tests.is_empty() || reason.is_some(), "{name} has neither a test nor a reason");
    }
}

/// The tests by the numbers in their documentation.
fn played() -> BTreeMap<String, Vec<String>> {
    let mut played: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(numbers) = line.strip_prefix("/// ").and_then(numbers) else { continue };
            // Between its documentation and its name a test has attributes alone.
            let rest = lines[at..].iter().skip_while(|line| line.starts_with("///"));
            let attributes: Vec<&&str> = rest.clone().take_while(|line| line.starts_with("#[")).collect();
            let name = rest.clone().find_map(|line| line.split("fn ").nth(1)).unwrap_or_default();
            let name = name.split('(').next().unwrap_or_default();
            let is_test = attributes.iter().any(|line| line.contains("test]") || line.contains("test("));
            assert!(is_test, "{}: {line}: is told of {name}, which is no test", path.display());
            for number in numbers {
                played.entry(number).or_default().push(name.to_owned());
            }
        }
    }
    played
}

/// `S41, A12: ...` and no other line.
fn numbers(line: &str) -> Option<Vec<String>> {
    let (numbers, _) = line.split_once(':')?;
    let number = |word: &str| {
        let digits = word.strip_prefix(['S', 'A'])?;
        (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).then(|| word.to_owned())
    };
    numbers.split(", ").map(number).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // The promises are a program of their own.
            if path.file_name().is_some_and(|name| name != "promises" && name != "interop") {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// S49: what the fixtures ask at the end of every test notices what is left behind.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "1 tasks are left")]
async fn a_task_that_is_left_behind_fails_its_test() {
    tokio::spawn(std::future::pending::<()>());
    crate::support::all_quiet().await;
}
