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
//! grpc-go's programs have a database and certificates built in. Ours have
//! their own, so they are given grpc-go's as files: two that talk of the same
//! places and trust the same authority. It does not know which pairings there
//! are.

use std::path::PathBuf;
use std::time::Duration;

use super::example::{Example, Ours, Role, Tls};
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
    pub(crate) fn play(&self, props: &Props, control: Option<&Performance>) -> Result<Performance, Failure> {
        let (mut server, port) = self.start_server(props).map_err(Failure::early)?;
        let mut client_log = String::new();
        let ended_well = self
            .run_client(props, port, &mut client_log)
            .and_then(|()| self.await_server(&mut server, control));
        let server_log = server.stop();

        let heard = ended_well.and_then(|()| self.compare(&client_log, &server_log, control));
        heard.map_err(|reason| {
            let logs = quote("client", &client_log) + &quote("server", &server_log);
            Failure { reason, logs }
        })
    }

    /// Starts the server on a free port; a port that was lost to somebody else is replaced.
    fn start_server(&self, props: &Props) -> Result<(Program, u16), String> {
        let path = programs::path(self.server, &self.example, &self.example.server);
        let mut log = String::new();
        for _ in 0..PORTS_TO_TRY {
            let port = free_port()?;
            let mut arguments = vec!["-port".to_owned(), port.to_string()];
            arguments.extend(props.server_flags(&self.example, self.server));
            let server = Program::start(&path, &arguments)?;
            if server.wait_port(port, START_LIMIT) {
                return Ok((server, port));
            }
            log = server.stop();
        }
        Err(format!("the server never listened; it said:\n{log}"))
    }

    /// Runs the client as often as the example wants, collecting what it prints.
    fn run_client(&self, props: &Props, port: u16, log: &mut String) -> Result<(), String> {
        let path = programs::path(self.client, &self.example, &self.example.client);
        let mut arguments = vec!["-addr".to_owned(), format!("localhost:{port}")];
        arguments.extend(props.client_flags(&self.example, self.client));
        for want in self.example.exits {
            let mut client = Program::start(&path, &arguments)?;
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

/// The files that grpc-go's programs have built in; without Go, each program uses its own.
#[derive(Debug, Default)]
pub(crate) struct Props {
    /// The folder of grpc-go's examples.
    pub(crate) go_examples: Option<PathBuf>,
}

impl Props {
    fn server_flags(&self, example: &Example, author: Author) -> Vec<String> {
        let mut files = Vec::new();
        if example.database {
            files.push(("-json_db_file", "route_guide/testdata/route_guide_db.json"));
        }
        if example.tls != Tls::No {
            files.push(("-cert_file", "data/x509/server_cert.pem"));
            files.push(("-key_file", "data/x509/server_key.pem"));
        }
        self.flags(example, author, &files)
    }

    fn client_flags(&self, example: &Example, author: Author) -> Vec<String> {
        let authority = [("-ca_file", "data/x509/ca_cert.pem")];
        self.flags(example, author, if example.tls == Tls::No { &[] } else { &authority })
    }

    fn flags(&self, example: &Example, author: Author, files: &[(&str, &str)]) -> Vec<String> {
        let mut flags = Vec::new();
        if example.tls == Tls::WithFlag {
            flags.push("-tls".to_owned());
        }
        if let Some(folder) = self.go_examples.as_deref().filter(|_| author == Author::Ours) {
            for (name, file) in files {
                flags.extend([(*name).to_owned(), folder.join(file).display().to_string()]);
            }
        }
        flags
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
