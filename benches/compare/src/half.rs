//! One of the two processes of a measurement.
//!
//! In: a program, its words, a core. Out: what it answers to the orders that it is given, line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::kind::beside;
use crate::plan::Work;
use crate::{Failure, Kind};

/// One of the two processes; it does not outlive its owner.
pub struct Half {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What a client says when it has made calls for a while.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// How many.
    pub calls: f64,
    /// How long that took, in nanoseconds.
    pub wall: f64,
    /// CPU time of the client, in nanoseconds.
    pub cpu: f64,
    /// How long a call took, in nanoseconds: half of them, 99 of 100, 999 of 1000, all of them.
    pub times: [f64; 4],
}

impl Half {
    /// The server of this kind; over TLS with the certificate in the folder.
    ///
    /// # Errors
    ///
    /// Says what was tried if it cannot be started.
    pub fn server(kind: Kind, core: &str, tls: Option<&Path>) -> Result<Half, Failure> {
        let player = if tls.is_some() { kind.player_with_tls() } else { kind.player() };
        let mut command = pinned(core, &beside(player)?);
        command.args(["server", kind.name()]).args(tls);
        Half::spawn(command)
    }

    /// The client of this kind, which makes these calls to the server at this port.
    ///
    /// # Errors
    ///
    /// Says what was tried if it cannot be started.
    pub fn client(
        kind: Kind,
        core: &str,
        port: &str,
        work: Work,
        tls: Option<&Path>,
    ) -> Result<Half, Failure> {
        let player = if tls.is_some() { kind.player_with_tls() } else { kind.player() };
        let mut command = pinned(core, &beside(player)?);
        let numbers = [work.in_flight, work.size, work.connections].map(|number| number.to_string());
        command.args(["client", kind.name(), port]).args(numbers).args(tls);
        Half::spawn(command)
    }

    /// This program, told by these words.
    ///
    /// # Errors
    ///
    /// Says what was tried if it cannot be started.
    pub fn start(core: &str, words: &[&str]) -> Result<Half, Failure> {
        let mut command = pinned(core, &std::env::current_exe()?);
        command.args(words);
        Half::spawn(command)
    }

    /// Whatever the command is.
    ///
    /// # Errors
    ///
    /// Says what was tried if it cannot be started.
    pub fn spawn(mut command: Command) -> Result<Half, Failure> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child =
            child.map_err(|error| format!("cannot run taskset, which pins processes to cores: {error}"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (orders, answers) = pipes.ok_or("a child without its pipes")?;
        Ok(Half { child, orders, answers: BufReader::new(answers) })
    }

    /// The id of the process.
    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// The next line that it prints.
    ///
    /// # Errors
    ///
    /// If it prints nothing any more.
    pub fn read_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err("a process of the comparison has died; what it said is above".into()),
            _ => Ok(line.trim().to_owned()),
        }
    }

    /// Tells it something and waits for its answer.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn ask(&mut self, order: &str) -> Result<String, Failure> {
        writeln!(self.orders, "{order}")?;
        self.read_line()
    }

    /// Has a client make calls for so long.
    ///
    /// # Errors
    ///
    /// If it does not answer, or something else than seven numbers.
    pub fn go(&mut self, length: Duration) -> Result<Made, Failure> {
        let answer = self.ask(&format!("go {}", length.as_millis()))?;
        let numbers: Vec<f64> = answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [calls, wall, cpu, p50, p99, p999, max] = numbers[..] else {
            return Err(format!("seven numbers were expected, not {answer:?}").into());
        };
        Ok(Made { calls, wall, cpu, times: [p50, p99, p999, max] })
    }

    /// Asks the process to end, and waits until it has.
    ///
    /// # Errors
    ///
    /// If there is no `kill`.
    pub fn end(mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.id()).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing of it stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program on one core.
pub fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

/// The core of the side under test.
pub const UNDER_TEST: &str = "0";

/// The core of the other side, and of whoever measures.
pub const LOAD: &str = "1";
