//! What the tests stand on: the program, and golden files.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The program with these arguments, and without whatever the environment says about colours.
pub(crate) fn wright(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wright"));
    command.args(arguments).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CARGO"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// Its output, which must be text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the output is UTF-8")
}

/// Compares with `tests/golden/NAME`; `REFRESH=1` writes it instead, for a reviewer to read the difference.
pub(crate) fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("the golden file is there: REFRESH=1 writes it");
    assert!(
        actual == expected,
        "{name} differs; REFRESH=1 accepts this as its new text:\n{actual}\nexpected was:\n{expected}"
    );
}

/// `wright demo --listen`, running.
pub(crate) struct Serving {
    child: Child,
    lines: Receiver<String>,
    pub(crate) address: String,
}

impl Serving {
    pub(crate) fn start() -> Serving {
        let mut command = wright(&["demo", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (lines, received) = channel();
        std::thread::spawn(move || output.lines().try_for_each(|line| lines.send(line.unwrap())));
        let mut serving = Serving { child, lines: received, address: String::new() };
        let first = serving.next_line();
        let address = first.strip_prefix("listening on ").expect("where it listens comes first");
        serving.address = address.to_owned();
        serving
    }

    /// The next line of its output, columns one space apart; a line that does not come is a failure, not a hang.
    pub(crate) fn next_line(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(30)).expect("the server prints a line");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Tells it to stop as Ctrl-C does; gives its exit code and what it said on standard error.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Where a test failed the server must not outlive it; elsewhere it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that is killed, and waited for, when the test is over.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Running {
        let mut child = wright(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Running { child, lines }
    }

    /// One that was started in another way.
    pub(crate) fn of(child: Child, lines: BufReader<std::process::ChildStdout>) -> Running {
        Running { child, lines }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the process has ended");
        line
    }

    /// Waits for its end: its exit code, and what else it printed.
    pub(crate) fn rest(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }

    /// The first address in the lines that it prints.
    pub(crate) fn address(&mut self) -> String {
        loop {
            let line = self.line();
            let words = line.split([' ', ',']).map(|word| word.trim_end_matches(['\n', ',', '.']));
            if let Some(address) = words.map(str::to_owned).find(|word| word.starts_with("127.0.0.1:")) {
                return address;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
