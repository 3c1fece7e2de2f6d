//! The house rules that a machine can check: floors, fences, sizes, words.
//!
//! ```text
//!  floor 5   services                                   on the public interface alone
//!  floor 4   client | server                            twins; neither imports the other
//!  floor 3   call                                       and tap, which listens to its connections
//!  floor 2   transport                                  the only importer of h2
//!  floor 1   wire | policy | inspect <- recording       strangers, but for the arrow; pure
//!  floor 0   words
//! ```
//!
//! Each rule stands beside its reason. A rule that is wrong is changed here, with a page in `docs/decisions/`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// A room: where its files are, which rooms it may import, which crates it may name.
struct Room {
    path: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
}

const WORDS: [&str; 10] = [
    "code",
    "deadline",
    "error_details",
    "message",
    "metadata",
    "method",
    "peer",
    "request",
    "response",
    "status",
];

/// Imports go down, and siblings are strangers. `inspect` alone may read its neighbour's constants, because a
/// second table of them would drift.
const ROOMS: [Room; 12] = [
    Room { path: "error_details", rooms: &[], crates: &["std", "bytes", "prost"] },
    Room { path: "metadata", rooms: &[], crates: &["std", "bytes", "http", "base64", "thiserror"] },
    Room { path: "wire", rooms: &[], crates: &["std", "bytes", "http", "thiserror"] },
    Room { path: "policy", rooms: &[], crates: &["std"] },
    Room { path: "inspect", rooms: &["wire"], crates: &["std", "bytes"] },
    Room {
        path: "recording",
        rooms: &["inspect"],
        crates: &["std", "bytes", "base64", "serde", "thiserror"],
    },
    Room { path: "tap", rooms: &["inspect", "recording", "call"], crates: &["std", "tokio"] },
    Room {
        path: "transport",
        rooms: &["wire", "policy"],
        crates: &["std", "bytes", "http", "h2", "tokio", "tokio_rustls", "socket2", "thiserror"],
    },
    Room {
        path: "call",
        rooms: &["wire", "policy", "transport"],
        crates: &["std", "bytes", "http", "tokio", "futures_core", "pin_project_lite", "thiserror"],
    },
    Room {
        path: "client",
        rooms: &["wire", "policy", "transport", "call", "recording", "tap"],
        crates: &["std", "bytes", "http", "tokio", "fastrand", "thiserror"],
    },
    Room {
        path: "server",
        rooms: &["wire", "policy", "transport", "call", "recording", "tap"],
        crates: &["std", "bytes", "http", "tokio", "fastrand", "thiserror"],
    },
    Room {
        path: "services",
        rooms: &["server"],
        crates: &["std", "bytes", "prost", "prost_types", "tokio", "thiserror"],
    },
];

/// One source file of the library.
struct Source {
    path: PathBuf,
    /// Its path below `src/`, with `/`.
    name: String,
    text: String,
}

impl Source {
    /// The lines before the inline tests, with their numbers.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test_file = self.name.ends_with("tests.rs");
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
        lines.filter(move |_| !is_test_file).map(|(n, line)| (n + 1, line))
    }

    /// The lines before the inline tests that are code.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn sources(below: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What the generator prints is held to the generator's own rules.
                folders.extend((!path.ends_with("generated")).then_some(path));
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(&root).unwrap().display().to_string().replace('\\', "/");
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path, name, text });
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", root.display());
    found
}

/// The sources of the library and of its tools.
fn all_sources() -> Vec<Source> {
    ["src", "codegen/src", "cli/src"].into_iter().flat_map(sources).collect()
}

#[track_caller]
fn none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}\n  {}", breaches.join("\n  "));
}

/// The identifiers that follow `prefix` in a line of code.
fn named_after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).filter_map(move |(at, _)| {
        let whole = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let rest = &line[at + prefix.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        (whole && end > 0).then(|| &rest[..end])
    })
}

#[test]
fn imports_go_down_and_siblings_are_strangers() {
    let mut breaches = Vec::new();
    for source in sources("src") {
        let room = ROOMS.iter().find(|room| {
            source.name.starts_with(&format!("{}/", room.path)) || source.name == format!("{}.rs", room.path)
        });
        let is_word = WORDS.iter().any(|word| source.name == format!("{word}.rs"));
        let (home, rooms) = match room {
            Some(room) => (room.path, room.rooms),
            None if is_word => ("words", &[][..]),
            None => continue,
        };
        for (n, line) in source.code() {
            for name in named_after(line, "crate::").filter(|name| name.starts_with(char::is_lowercase)) {
                let allowed = WORDS.contains(&name) || name == home || rooms.contains(&name);
                if !allowed {
                    breaches.push(format!("{}: {home} imports {name}", source.place(n)));
                }
            }
        }
    }
    none("imports go down; siblings are strangers", &breaches);
}

#[test]
fn each_room_names_only_the_crates_it_needs() {
    let mut breaches = Vec::new();
    for source in sources("src") {
        for room in ROOMS.iter().filter(|room| source.name.starts_with(&format!("{}/", room.path))) {
            for (n, line) in source.code() {
                let head = line.trim_start();
                let import =
                    ["use ", "pub use ", "pub(crate) use "].iter().any(|start| head.starts_with(start));
                for name in named_after(head, "use ").filter(|_| import) {
                    let ours = ["crate", "self", "super"].contains(&name) || name == "configure";
                    let relative = source.text.contains(&format!("mod {name};"))
                        || source.text.contains(&format!("mod {name} {{"))
                        || name.starts_with(char::is_uppercase);
                    if !ours && !relative && !room.crates.contains(&name) {
                        breaches.push(format!("{}: {} names the crate {name}", source.place(n), room.path));
                    }
                }
            }
        }
    }
    none("each room names only the crates it needs", &breaches);
}

/// A second HTTP/2 engine must be able to stand beside the first without a change above.
#[test]
fn only_one_folder_names_h2() {
    let mut breaches = Vec::new();
    for source in sources("src").iter().filter(|source| !source.name.starts_with("transport/h2/")) {
        for (n, line) in source.code() {
            let engine_modules = ["client", "recv_half", "send_half", "server"];
            if named_after(line, "h2::").any(|name| !engine_modules.contains(&name)) {
                breaches.push(source.place(n));
            }
        }
    }
    none("h2 is named in src/transport/h2/ alone", &breaches);
}

/// A clock read in one place can be paused in one place.
#[test]
fn one_file_reads_the_clock() {
    let mut breaches = Vec::new();
    for source in sources("src").iter().filter(|source| source.name != "call/clock.rs") {
        for (n, line) in source.code() {
            if line.contains("Instant::now") || line.contains("SystemTime::now") {
                breaches.push(source.place(n));
            }
        }
    }
    none("the clock is read in src/call/clock.rs alone", &breaches);
}

/// Boxes are free per process and fine per connection, but no call and no message may need one.
#[test]
fn futures_are_boxed_per_connection_alone() {
    let mut breaches = Vec::new();
    for source in sources("src").iter().filter(|source| source.name != "transport/io.rs") {
        for (n, line) in source.code() {
            if line.contains("dyn Future") || line.contains("Box::pin(async") {
                breaches.push(source.place(n));
            }
        }
    }
    none("futures are boxed in src/transport/io.rs alone", &breaches);
}

/// Every file is a page: when one outgrows that, two ideas have met.
#[test]
fn no_file_outgrows_a_page() {
    let mut breaches = Vec::new();
    for source in all_sources() {
        let lines = source.lines().count();
        if lines > 400 {
            breaches.push(format!("{}: {lines} lines before its tests", source.path.display()));
        }
    }
    none("a file has at most 400 lines before its tests", &breaches);
}

#[test]
fn no_function_outgrows_a_screen() {
    let mut breaches = Vec::new();
    for source in all_sources() {
        let mut open: Option<(usize, usize)> = None;
        for (n, line) in source.lines() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let begins = ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn ", "pub(super) fn "]
                .iter()
                .chain(&["pub(crate) async fn ", "pub(super) async fn ", "const fn ", "pub const fn "])
                .any(|start| head.starts_with(start));
            if begins && !head.ends_with(';') {
                open = Some((n, indent));
            } else if let Some((start, at)) = open.filter(|(_, at)| indent == *at && head == "}") {
                if n - start >= 60 {
                    breaches.push(format!("{}: {} lines", source.place(start), n - start + 1));
                }
                open = open.filter(|_| at > indent);
            }
        }
    }
    none("a function has at most 60 lines", &breaches);
}

/// A newcomer learns from the top of any file what it is for and what it leaves to others.
#[test]
fn every_file_opens_with_what_it_is() {
    let mut breaches = Vec::new();
    for source in all_sources() {
        if !source.text.starts_with("//!") {
            breaches.push(source.path.display().to_string());
        }
    }
    none("every file opens with a module comment", &breaches);
}

/// One word for one thing: gRPC's own.
#[test]
fn banned_words_do_not_come_back() {
    const BANNED: [(&str, &str); 8] = [
        ("payload", "message"),
        ("payloads", "messages"),
        ("expiry", "deadline"),
        ("ttl", "timeout"),
        ("footer", "trailers"),
        ("controller", "handler"),
        ("util", "a name of its own"),
        ("utils", "a name of its own"),
    ];
    let mut breaches = Vec::new();
    for source in sources("src") {
        for (n, line) in source.lines() {
            let words = line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            for word in words {
                if let Some((_, better)) = BANNED.iter().find(|(banned, _)| word == *banned) {
                    breaches.push(format!("{}: {word:?}; say {better:?}", source.place(n)));
                }
            }
        }
    }
    none("one word for one thing", &breaches);
}

/// Letters that look alike have hidden bugs in other projects.
#[test]
fn sources_are_ascii() {
    let mut breaches = Vec::new();
    for source in all_sources() {
        for (n, line) in source.lines() {
            if !line.is_ascii() {
                breaches.push(source.place(n));
            }
        }
    }
    none("sources are ASCII", &breaches);
}

/// A line that says "later" without saying where it is decided is a promise to nobody.
#[test]
fn nothing_is_left_to_do_in_silence() {
    let mut breaches = Vec::new();
    let marks =
        ["TO", "FIX", "XX"].map(|start| format!("{start}{}", if start == "TO" { "DO" } else { "ME" }));
    for source in all_sources() {
        for (n, line) in source.lines() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) || line.contains("todo!(") {
                breaches.push(source.place(n));
            }
        }
    }
    none("no marks of unfinished work", &breaches);
}
