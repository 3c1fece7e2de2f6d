//! One running program, and everything it has printed so far.
//!
//! In: a path and arguments. Out: its log as it grows, and how it ended. A
//! program lives no longer than its [`Program`]: dropping that ends it.
//!
//! ```text
//!   child --stdout--+
//!                   +--> one pipe --> reader thread --> Log --> whoever waits
//!   child --stderr--+
//! ```
//!
//! Both outputs go into one pipe, so that lines stay in the order in which
//! they were printed. Waiting is always for something and never for a length
//! of time: for a line, for the end of the pipe, for a port that answers.
//! It does not know what the programs say to each other.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, PipeReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A child process that ends with this value.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: Arc<Log>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts a program.
    pub(crate) fn start<A: AsRef<OsStr>>(path: &Path, arguments: &[A]) -> Result<Program, String> {
        let begin = || {
            let (reader, writer) = std::io::pipe()?;
            let mut command = Command::new(path);
            command.args(arguments).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
            // The command owns the writing ends, and drops them when this closure returns. From
            // then on only the child has them, so its end is the end of the pipe.
            command.spawn().map(|child| (child, reader))
        };
        let (child, pipe) =
            begin().map_err(|error: std::io::Error| format!("cannot start {}: {error}", path.display()))?;
        let log = Arc::new(Log::default());
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || log.read_all(pipe)
        });
        Ok(Program { child, log, reader: Some(reader) })
    }

    /// All that it has printed so far.
    pub(crate) fn log(&self) -> String {
        self.log.state().text.clone()
    }

    /// Waits until the log is as wanted, the program ends or the time is up;
    /// says whether the log is as wanted.
    pub(crate) fn wait_for(&self, limit: Duration, wanted: impl Fn(&str) -> bool) -> bool {
        let until = Instant::now() + limit;
        let mut state = self.log.state();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if wanted(&state.text) {
                return true;
            }
            if state.ended || left.is_zero() {
                return false;
            }
            state = self.log.wait(state, left);
        }
    }

    /// Waits for a program that ends of its own accord; `None` if it does not.
    pub(crate) fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        let mut state = self.log.state();
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self.log.wait(state, left);
        }
        drop(state);
        self.child.wait().ok()
    }

    /// Waits until the program's port answers; says whether it does.
    pub(crate) fn wait_port(&self, port: u16, limit: Duration) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if TcpStream::connect_timeout(&address, limit).is_ok() {
                return !self.log.state().ended;
            }
            let state = self.log.state();
            if state.ended {
                return false;
            }
            drop(self.log.wait(state, BETWEEN_KNOCKS));
        }
        false
    }

    /// Ends the program, if it has not ended yet, and reads its log to the end.
    pub(crate) fn stop(mut self) -> String {
        self.end();
        self.log()
    }

    fn end(&mut self) {
        // Killing fails when the child has already ended; either way it is then reaped.
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _panicked = reader.join();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a program has printed, shared with the thread that reads it.
#[derive(Debug, Default)]
struct Log {
    state: Mutex<LogState>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct LogState {
    text: String,
    /// The pipe has no writer left: the program is gone.
    ended: bool,
}

impl Log {
    fn state(&self) -> MutexGuard<'_, LogState> {
        // A thread that panicked while it held the lock left whole lines behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, LogState>, limit: Duration) -> MutexGuard<'a, LogState> {
        self.grown.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    fn read_all(&self, pipe: PipeReader) {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let mut state = self.state();
            state.text.push_str(&String::from_utf8_lossy(&line));
            state.text.push('\n');
            self.grown.notify_all();
        }
        self.state().ended = true;
        self.grown.notify_all();
    }
}

/// A port that was free a moment ago.
///
/// The kernel chooses it; between here and the program that listens on it
/// somebody else may take it, which whoever starts the program has to expect.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("cannot find a free port: {error}"))
}

/// How long to leave a program alone that does not listen yet. Programs take
/// some 10 ms to start, so this costs little and asks seldom.
const BETWEEN_KNOCKS: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Program {
        Program::start(Path::new("/bin/sh"), &["-c", script]).unwrap()
    }

    #[test]
    fn both_outputs_arrive_in_the_order_they_were_printed() {
        let mut program = shell("echo one; echo two >&2; echo three; exit 3");
        assert_eq!(program.wait_end(LIMIT).and_then(|status| status.code()), Some(3));
        assert_eq!(program.stop(), "one\ntwo\nthree\n");
    }

    #[test]
    fn a_line_is_seen_while_the_program_still_runs() {
        let program = shell("echo ready; exec sleep 1000");
        assert!(program.wait_for(LIMIT, |log| log.contains("ready")));
    }

    #[test]
    fn a_program_that_ends_is_not_waited_for() {
        assert!(!shell("echo bye").wait_for(LIMIT, |log| log.contains("ready")));
    }

    #[test]
    fn a_program_that_does_not_end_is_given_up() {
        assert!(shell("exec sleep 1000").wait_end(Duration::ZERO).is_none());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::start(Path::new("/no/such/program"), &["x"]).unwrap_err();
        assert!(error.contains("/no/such/program"), "{error}");
    }
}
