//! One pairing: a server, a client, and what they are heard to say.
//!
//! In: an example and who plays which part. Out: both transcripts, or the
//! reason why the pairing failed together with all that was logged.
//!
//! ```text
//!   server -port P        until its port answers
//!   client -addr :P       until it ends: exit code
//!   server                until its log is complete: it may lag behind the client
//!   both logs             compared
//! ```
//!
//! Where grpc-go's programs insist on TLS and ours have none, a proxy between
//! the two adds it on one side; see `tests/interop/go/tlsproxy`. It does not
//! know which pairings there are.

use std::path::Path;
use std::time::Duration;

use super::example::{Example, Ours, Role};
use super::program::{Program, free_port};
use super::programs::{self, Author};
use super::transcript;

/// Who plays which part of an example.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cast {
    pub(crate) example: Example,
    pub(crate) client: Author,
    pub(crate) server: Author,
}

/// What was heard when both parts were played well.
#[derive(Debug)]
pub(crate) struct Performance {
    client: Vec<String>,
    server: Vec<String>,
}

/// Why a pairing failed, and all that was logged.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) logs: String,
}

impl Failure {
    fn early(reason: String) -> Failure {
        Failure { reason, logs: String::new() }
    }
}

impl Cast {
    /// Plays the example once; `control` is how grpc-go plays both parts, where that is known.
    pub(crate) fn play(
        &self,
        database: Option<&Path>,
        control: Option<&Performance>,
    ) -> Result<Performance, Failure> {
        let (mut server, port) = self.start_server(database).map_err(Failure::early)?;
        let proxy = self.start_proxy(port).map_err(Failure::early)?;
        let client_port = proxy.as_ref().map_or(port, |(_, port)| *port);
        let mut client_log = String::new();
        let ended_well = self
            .run_client(client_port, &mut client_log)
            .and_then(|()| self.await_server(&mut server, control));
        let server_log = server.stop();
        let proxy_log = proxy.map_or(String::new(), |(proxy, _)| proxy.stop());

        let heard = ended_well.and_then(|()| self.compare(&client_log, &server_log, control));
        heard.map_err(|reason| {
            let logs = [("client", &client_log), ("server", &server_log), ("proxy", &proxy_log)];
            let quoted = logs.iter().filter(|(_, log)| !log.is_empty());
            Failure { reason, logs: quoted.map(|(who, log)| quote(who, log)).collect() }
        })
    }

    /// Starts the server on a free port; a port that was lost to somebody else is replaced.
    fn start_server(&self, database: Option<&Path>) -> Result<(Program, u16), String> {
        let path = programs::path(self.server, &self.example, &self.example.server);
        let mut log = String::new();
        for _ in 0..PORTS_TO_TRY {
            let port = free_port()?;
            let mut arguments = vec!["-port".to_owned(), port.to_string()];
            if let Some(database) = database.filter(|_| self.example.database) {
                arguments.extend(["-json_db_file".to_owned(), database.display().to_string()]);
            }
            let server = Program::start(&path, &arguments)?;
            if server.wait_port(port, START_LIMIT) {
                return Ok((server, port));
            }
            log = server.stop();
        }
        Err(format!("the server never listened; it said:\n{log}"))
    }

    /// Starts the proxy that one of the two needs to understand the other.
    fn start_proxy(&self, server_port: u16) -> Result<Option<(Program, u16)>, String> {
        if !self.example.tls || self.client == self.server {
            return Ok(None);
        }
        let side = if self.server == Author::Go { "client" } else { "server" };
        let port = free_port()?;
        let listen = format!("127.0.0.1:{port}");
        let to = format!("127.0.0.1:{server_port}");
        let proxy = Program::start(&programs::tls_proxy(), &["-side", side, "-listen", &listen, "-to", &to])?;
        if proxy.wait_port(port, START_LIMIT) {
            Ok(Some((proxy, port)))
        } else {
            Err(format!("the TLS proxy never listened; it said:\n{}", proxy.stop()))
        }
    }

    /// Runs the client as often as the example wants, collecting what it prints.
    fn run_client(&self, port: u16, log: &mut String) -> Result<(), String> {
        let path = programs::path(self.client, &self.example, &self.example.client);
        for want in self.example.exits {
            let mut client = Program::start(&path, &["-addr".to_owned(), format!("localhost:{port}")])?;
            let status = client.wait_end(CLIENT_LIMIT);
            log.push_str(&client.stop());
            match status {
                Some(status) if status.code() == Some(*want) => {}
                Some(status) => return Err(format!("the client ended with {status}, want exit code {want}")),
                None => return Err(format!("the client had not ended after {} s", CLIENT_LIMIT.as_secs())),
            }
        }
        Ok(())
    }

    /// Gives the server time to say what it has to say, or to end where it should.
    fn await_server(&self, server: &mut Program, control: Option<&Performance>) -> Result<(), String> {
        if !self.example.server_ends {
            // What is still missing when the time is up shows in the comparison.
            let control = control.map(|control| control.server.as_slice());
            server.wait_for(FAREWELL_LIMIT, |log| {
                let lines = transcript::lines(log);
                self.check(self.server, &self.example.server, &lines, control).is_ok()
            });
            return Ok(());
        }
        match server.wait_end(CLIENT_LIMIT) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("the server ended with {status}")),
            None => Err("the server did not end of its own accord".into()),
        }
    }

    /// Holds both logs against what they should be.
    fn compare(
        &self,
        client: &str,
        server: &str,
        control: Option<&Performance>,
    ) -> Result<Performance, String> {
        let (client, server) = (transcript::lines(client), transcript::lines(server));
        let control_client = control.map(|control| control.client.as_slice());
        self.check(self.client, &self.example.client, &client, control_client)
            .map_err(|why| format!("the client's log: {why}"))?;
        let control_server = control.map(|control| control.server.as_slice());
        self.check(self.server, &self.example.server, &server, control_server)
            .map_err(|why| format!("the server's log: {why}"))?;
        (self.example.agree)(&client, &server)?;
        Ok(Performance { client, server })
    }

    fn check(
        &self,
        author: Author,
        role: &Role,
        lines: &[String],
        control: Option<&[String]>,
    ) -> Result<(), String> {
        let (says, control) = match role.ours {
            Ours::OwnLines(says) if author == Author::Ours => (says, None),
            _ => (role.says, control),
        };
        let said = |words: &&&str| lines.iter().any(|line| line.contains(**words));
        if let Some(missing) = says.iter().find(|words| !said(words)) {
            return Err(format!("nowhere does it say `{missing}`"));
        }
        let Some(control) = control else {
            return Ok(());
        };
        let (got, want) = (self.example.comparable(lines), self.example.comparable(control));
        match transcript::difference(&got, &want) {
            None => Ok(()),
            Some(difference) => Err(format!("not what grpc-go logs with itself, {difference}")),
        }
    }
}

/// A log, set off from everything around it.
fn quote(who: &str, log: &str) -> String {
    log.lines().map(|line| format!("    {who} | {line}\n")).collect()
}

/// How often to start a server again whose port was taken in between. Two
/// programs would have to lose the same race three times.
const PORTS_TO_TRY: u32 = 3;

/// How long a program may take to listen. Starting one takes 10 ms; a machine
/// that compiles something on the side may need a hundred times that.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may run: grpc-go's own script allows as much. The longest
/// takes five seconds.
const CLIENT_LIMIT: Duration = Duration::from_secs(20);

/// How long a server may lag behind a client that has ended. What it still has
/// to log is caused by something that has already been sent.
const FAREWELL_LIMIT: Duration = Duration::from_secs(5);
