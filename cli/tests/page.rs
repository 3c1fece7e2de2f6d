//! `wright report` and `wright view`: what is written, what is served, and to whom.

#![allow(clippy::indexing_slicing, reason = "a test may fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::support::{run, text, wright};

/// A folder of this test's own, gone afterwards.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("wright-page-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `wright view`, running.
pub(crate) struct Viewing {
    child: Child,
    /// The address that it printed.
    pub(crate) address: String,
}

impl Viewing {
    pub(crate) fn start(arguments: &[&str]) -> Viewing {
        let mut command = wright(&[&["view"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Viewing { child, address: address.trim().to_owned() }
    }

    /// Tells it to stop as Ctrl-C does; gives its exit code.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    /// `127.0.0.1:40321`, and `/3f9c../`.
    fn parts(&self) -> (&str, &str) {
        let rest = self.address.strip_prefix("http://").expect("it prints its address");
        rest.split_at(rest.find('/').unwrap())
    }

    /// What it answers to a request; the head, and the rest.
    fn ask(&self, path: &str, host: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.parts().0).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), rest.to_owned())
    }

    /// What is below its secret address.
    fn get(&self, path: &str) -> String {
        let (host, secret) = self.parts();
        let (head, rest) = self.ask(&format!("{secret}{path}"), host);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        rest
    }

    /// The table of contents; what is new of it, for who knows some.
    fn index(&self, known: &str) -> Value {
        serde_json::from_str(&self.get(&format!("index?known={known}"))).unwrap()
    }

    /// Asks until there are so many rows. Who knows all there is gets an answer when there is more.
    fn wait_for_rows(&self, count: usize) -> Value {
        loop {
            let index = self.index("0.0.0.0.0.0.0");
            if len(&index, "/rows/kind") >= count {
                return index;
            }
            self.index(&known(&index));
        }
    }
}

/// How long a list is.
fn len(index: &Value, path: &str) -> usize {
    index.pointer(path).unwrap().as_array().unwrap().len()
}

/// How who has this table of contents asks for more.
fn known(index: &Value) -> String {
    let lens = ["/rows/kind", "/texts", "/whys", "/roles", "/conns", "/calls", "/spreads"];
    lens.map(|path| len(index, path).to_string()).join(".")
}

impl Drop for Viewing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands between two texts.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after}")).0
}

#[test]
fn a_report_is_one_file_that_may_load_nothing() {
    let folder = Folder::new("report");
    let output = folder.path("out.html");
    let done = run(&mut wright(&["report", "lesson:4", "-o", &output]));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(text(&done.stdout), "");
    let page = std::fs::read_to_string(&output).unwrap();
    let hash = |part: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, part.as_bytes())));
    let style = hash(between(&page, "<style>", "</style>"));
    let script = hash(between(&page, "<script>", "</script>"));
    assert_eq!(
        between(&page, "Content-Security-Policy\" content=\"", "\">"),
        format!(
            "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'"
        ),
        "the policy admits this script and this style, and nothing else"
    );
    assert_eq!(page.matches("<script").count(), 3, "the table of contents, one batch, the script");
}

#[test]
fn the_same_recording_makes_the_same_page() {
    let folder = Folder::new("same");
    let pages = ["a.html", "b.html"].map(|name| {
        let output = folder.path(name);
        assert!(run(&mut wright(&["report", "lesson:3", "-o", &output])).status.success());
        std::fs::read(output).unwrap()
    });
    assert!(pages[0] == pages[1]);
}

#[test]
fn what_cannot_be_a_page_is_told_in_a_line_with_a_hint() {
    let folder = Folder::new("bad");
    let file = |name: &str, content: &[u8]| {
        std::fs::write(folder.0.join(name), content).unwrap();
        folder.path(name)
    };
    let later = file("later.jsonl", b"{\"v\":99,\"k\":\"head\"}\n");
    let json = file("other.jsonl", b"{\"k\":\"bytes\"}\n");
    let prose = file("prose.txt", b"this is no recording\n");
    let out = folder.path("out.html");
    let nowhere = folder.path("no/such/folder.html");
    let table: [(&[&str], &str); 6] = [
        (&["report", "no-such-file", "-o", &out], "cannot open no-such-file"),
        (&["report", &later, "-o", &out], "version 99"),
        (&["report", &json, "-o", &out], "has no version"),
        (&["report", &prose, "-o", &out], "neither a recording nor hexadecimal digits"),
        (&["report", "lesson:1", "-o", &nowhere], "hint: is the folder there"),
        (&["report", &later, "-o", &later], "hint: recordings are never overwritten"),
    ];
    for (arguments, reason) in table {
        let done = run(&mut wright(arguments));
        assert_eq!(done.status.code(), Some(1), "{arguments:?}");
        assert!(text(&done.stderr).contains(reason), "{arguments:?}: {}", text(&done.stderr));
        assert!(text(&done.stderr).lines().count() <= 2, "{}", text(&done.stderr));
    }
    assert!(!std::path::Path::new(&out).exists(), "nothing is written of what cannot be read");
}

#[test]
fn a_recording_that_was_cut_is_shown_as_far_as_it_goes() {
    let folder = Folder::new("cut");
    let whole = include_str!("recordings/grpc-go.jsonl");
    let cut = folder.path("cut.jsonl");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let output = folder.path("out.html");
    let done = run(&mut wright(&["report", &cut, "-o", &output]));
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stderr).contains("warning: "), "{}", text(&done.stderr));
    assert!(std::fs::metadata(&output).unwrap().len() > 50_000);
}

#[test]
fn a_view_is_for_who_has_its_secret_and_its_address() {
    let viewing = Viewing::start(&["lesson:1"]);
    let (host, secret) = viewing.parts();
    assert!(host.starts_with("127.0.0.1:"));
    assert_eq!(secret.len(), 34, "128 bits in hexadecimal digits, and two slashes");
    let (head, page) = viewing.ask(secret, host);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for line in [
        "Content-Security-Policy: default-src 'none'; ",
        "frame-ancestors 'none'",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Cross-Origin-Resource-Policy: same-origin",
    ] {
        assert!(head.contains(line), "{line}");
    }
    assert!(page.contains("connect-src 'self'") && !page.contains("id=\"index\""));
    for (path, host) in [("/", host), ("/favicon.ico", host), (&secret[1..], host), (secret, "evil.example")]
    {
        let (head, said) = viewing.ask(path, host);
        assert!(!head.starts_with("HTTP/1.1 2"), "{path} {host}: {head}");
        assert!(!said.contains("lesson"), "{said}");
    }
    assert!(viewing.ask("/", host).0.starts_with("HTTP/1.1 403 Forbidden"));
    assert!(viewing.ask(secret, "evil.example").0.starts_with("HTTP/1.1 403 Forbidden"));
    assert_eq!(viewing.stop(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_told_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = run(&mut wright(&["view", "lesson:1", "--port", &port]));
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(1), ""));
    assert!(text(&done.stderr).contains("hint: choose another with --port"), "{}", text(&done.stderr));
}

#[test]
fn a_view_of_a_recording_that_grows_grows_with_it() {
    let folder = Folder::new("grow");
    let whole = include_str!("recordings/grpc-go.jsonl");
    let file = folder.path("rec.jsonl");
    // Not there yet: it is waited for.
    let viewing = Viewing::start(&["--live", &file]);
    let index = viewing.index("0.0.0.0.0.0.0");
    assert_eq!(index.pointer("/live"), Some(&Value::Bool(true)));
    assert_eq!(index.pointer("/warnings/0").unwrap(), "rec.jsonl is not there yet");
    let mut recording = std::fs::File::create(&file).unwrap();
    // To the middle of a line.
    let cut = whole.len() / 2;
    recording.write_all(&whole.as_bytes()[..cut]).unwrap();
    let some = len(&viewing.wait_for_rows(5), "/rows/kind");
    assert!(some < 45, "half of it");
    recording.write_all(&whole.as_bytes()[cut..]).unwrap();
    let all = viewing.wait_for_rows(45);
    assert_eq!(len(&all, "/warnings"), 0);
    assert_eq!(len(&all, "/calls") + len(&all, "/open"), 3);
    // Who knows most of it is told the rest.
    let mut lens: Vec<_> = known(&all).split('.').map(|n| n.parse::<usize>().unwrap()).collect();
    lens[0] -= 2;
    let news = viewing.index(&lens.iter().map(usize::to_string).collect::<Vec<_>>().join("."));
    assert_eq!(len(&news, "/rows/kind"), 2);
    assert_eq!(len(&news, "/texts"), 0);
    let batch = viewing.get("batch?nth=0");
    assert!(!batch.is_empty());
}

#[test]
fn a_view_of_what_is_no_recording_says_so_and_ends() {
    let folder = Folder::new("noview");
    let prose = folder.path("prose.txt");
    std::fs::write(&prose, "{\"this\": \"is no recording\"}\n").unwrap();
    for arguments in [&["view", &prose][..], &["view", "--live", &prose], &["view", "no-such-file"]] {
        let done = run(&mut wright(arguments));
        assert_eq!(done.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&done.stdout), "");
        assert!(text(&done.stderr).starts_with("error: "), "{}", text(&done.stderr));
    }
}

#[test]
fn the_readme_shows_what_explain_prints() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let shown = between(&readme, "$ wright explain lesson:4 --stream 1\n", "```");
    assert_eq!(
        shown.trim_end(),
        text(&run(&mut wright(&["explain", "lesson:4", "--stream", "1"])).stdout).trim_end()
    );
}
