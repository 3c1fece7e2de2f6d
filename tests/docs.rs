//! Holds the documents to the repository: what they name exists, and numbers they repeat are the numbers.
//!
//! ```text
//!   [text](path)            a relative link leads to a file, and its #anchor to a heading
//!   `src/wire/mod.rs`       what looks like a path of this repository is one
//!   `a_test_that_says_it`   what looks like a test's name is the name of one
//!   | `SOME_BYTES` | 64 |   a row about a constant says its value
//! ```

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A document, and its lines outside code blocks.
struct Document {
    /// Relative to the repository.
    name: String,
    text: String,
}

impl Document {
    /// The lines that are prose, with their numbers.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut fenced = false;
        self.text.lines().enumerate().filter_map(move |(n, line)| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            (!fence && !fenced).then_some((n + 1, line))
        })
    }

    /// What stands between backticks.
    fn quoted(&self) -> impl Iterator<Item = (usize, &str)> {
        self.prose().flat_map(|(n, line)| line.split('`').skip(1).step_by(2).map(move |token| (n, token)))
    }

    /// Where its links lead.
    fn links(&self) -> impl Iterator<Item = (usize, &str)> {
        self.prose().flat_map(|(n, line)| {
            line.split("](").skip(1).filter_map(move |rest| Some((n, rest.split_once(')')?.0)))
        })
    }

    /// The anchors of its headings, as GitHub makes them.
    fn anchors(&self) -> HashSet<String> {
        let headings = self.prose().filter_map(|(_, line)| line.strip_prefix('#'));
        headings.map(|heading| anchor(heading.trim_start_matches('#').trim())).collect()
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.name)
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The documents at the root, and the decisions.
fn documents() -> Vec<Document> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions", "benches"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(root()).unwrap().display().to_string().replace('\\', "/");
                found.push(Document { name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    for expected in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        assert!(found.iter().any(|document| document.name == expected), "there is no {expected}");
    }
    found
}

/// The text of every Rust file of the library, its tools and their tests.
fn sources() -> Vec<String> {
    let tops = ["src", "tests", "codegen", "cli", "xtask", "examples", "interop", "fuzz", "benches"];
    let mut folders: Vec<PathBuf> =
        tops.iter().map(|top| root().join(top)).filter(|top| top.exists()).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[track_caller]
fn none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}\n  {}", breaches.join("\n  "));
}

#[test]
fn every_relative_link_leads_somewhere() {
    let documents = documents();
    let mut breaches = Vec::new();
    for document in &documents {
        for (n, link) in document.links() {
            if ["http://", "https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&document.name).parent().unwrap_or(Path::new(""));
            let target = if path.is_empty() { PathBuf::from(&document.name) } else { folder.join(path) };
            if !root().join(&target).exists() {
                breaches.push(format!("{}: {link}", document.place(n)));
            }
            let wanted = fs::canonicalize(root().join(&target)).ok();
            let read = documents.iter().find(|d| fs::canonicalize(root().join(&d.name)).ok() == wanted);
            if read.is_some_and(|read| !anchor.is_empty() && !read.anchors().contains(anchor)) {
                breaches.push(format!("{}: {link}: no such heading", document.place(n)));
            }
        }
    }
    none("a link leads to a file of this repository, and to a heading in it", &breaches);
}

#[test]
fn every_path_that_is_named_exists() {
    const TOPS: [&str; 12] = [
        "src/",
        "tests/",
        "codegen/",
        "cli/",
        "xtask/",
        "proto/",
        "docs/",
        "examples/",
        "interop/",
        "fuzz/",
        "benches/",
        ".ci/",
    ];
    let mut breaches = Vec::new();
    for document in documents() {
        for (n, token) in document.quoted() {
            let is_path = TOPS.iter().any(|top| token.starts_with(top));
            let is_pattern = token.contains(['*', '<', '{', ' ', '$']) || token.contains("NNNN");
            if is_path && !is_pattern && !root().join(token).exists() {
                breaches.push(format!("{}: {token}", document.place(n)));
            }
        }
    }
    none("what looks like a path of this repository is one", &breaches);
}

#[test]
fn every_test_that_is_named_exists() {
    let sources = sources();
    let mut breaches = Vec::new();
    for document in documents() {
        for (n, token) in document.quoted() {
            // Test names are sentences, so they are told from other names by their length.
            let is_name = token.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_name && token.matches('_').count() >= 4 {
                let definition = format!("fn {token}(");
                if !sources.iter().any(|source| source.contains(&definition)) {
                    breaches.push(format!("{}: {token}", document.place(n)));
                }
            }
        }
    }
    none("what looks like the name of a test is one", &breaches);
}

#[test]
fn every_number_that_is_repeated_is_the_number() {
    let constants = constants();
    let mut breaches = Vec::new();
    let mut rows = 0;
    for document in documents() {
        for (n, line) in document.prose().filter(|(_, line)| line.starts_with("| ")) {
            let mut cells = line.trim_matches('|').split('|').map(str::trim).rev();
            let Some(name) = cells.next().and_then(|cell| cell.strip_prefix('`')?.strip_suffix('`')) else {
                continue;
            };
            if !name.contains('_') || name.chars().any(|c| c.is_ascii_lowercase()) {
                continue;
            }
            rows += 1;
            let said = cells.next().unwrap_or_default();
            let digits: String = said.chars().filter(|c| *c != ',').collect();
            let number = digits.split(' ').next().and_then(|word| word.parse::<u64>().ok());
            match constants.get(name) {
                None => breaches.push(format!("{}: there is no constant {name}", document.place(n))),
                Some(value) if number != Some(*value) => {
                    breaches.push(format!("{}: {name} is {value}, not {said}", document.place(n)));
                }
                Some(_) => {}
            }
        }
    }
    none("a row whose last cell is a constant says its value before it", &breaches);
    assert!(rows > 10, "only {rows} rows name a constant: has the form of the tables changed?");
}

/// Every constant of the library whose value is a number, a product of numbers, or a length of time in seconds or
/// milliseconds.
fn constants() -> HashMap<String, u64> {
    let mut texts = HashMap::new();
    for source in sources() {
        for line in source.lines() {
            let Some((_, rest)) = line.split_once("const ") else { continue };
            if let (Some((name, _)), Some((_, value))) = (rest.split_once(':'), rest.split_once(" = ")) {
                texts.insert(name.to_owned(), value.trim_end_matches(';').to_owned());
            }
        }
    }
    let names: Vec<String> = texts.keys().cloned().collect();
    names.into_iter().filter_map(|name| value_of(&texts, &name).map(|value| (name, value))).collect()
}

fn value_of(texts: &HashMap<String, String>, expression: &str) -> Option<u64> {
    let expression = expression.trim();
    let expression = ["Duration::from_secs(", "Duration::from_millis("]
        .iter()
        .find_map(|start| expression.strip_prefix(start)?.strip_suffix(')'))
        .unwrap_or(expression);
    if expression.contains('*') {
        return expression.split('*').map(|factor| value_of(texts, factor)).product();
    }
    match expression.replace('_', "").parse() {
        Ok(number) => Some(number),
        Err(_) => value_of(texts, texts.get(expression)?),
    }
}

/// A decision that is not linked is not found.
#[test]
fn every_decision_is_numbered_and_listed() {
    let documents = documents();
    let index = documents.iter().find(|document| document.name == "docs/decisions/README.md").unwrap();
    let mut breaches = Vec::new();
    for document in &documents {
        let Some(file) = document.name.strip_prefix("docs/decisions/").filter(|file| *file != "README.md")
        else {
            continue;
        };
        let numbered = file.len() > 5 && file.chars().take(4).all(|c| c.is_ascii_digit());
        let parts = ["## Question", "## Choice", "## Reason", "## Price"];
        if !numbered || !index.links().any(|(_, link)| link == file) {
            breaches.push(format!("{file}: not numbered, or not in docs/decisions/README.md"));
        }
        breaches.extend(
            parts
                .iter()
                .filter(|part| !document.text.contains(**part))
                .map(|part| format!("{file}: no {part}")),
        );
    }
    none("a decision has a number, a line in the index, and its four parts", &breaches);
}
