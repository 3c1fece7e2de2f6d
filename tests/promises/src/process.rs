//! The processes of a measurement, and what the system knows of them. Linux only.
//!
//! ```text
//!   driver --"stats"--> server        the server answers one line to every word
//!   driver <--"accepted=1 ..."--
//!   driver --end of input--> server   it ends
//! ```

use std::collections::HashMap;
use std::fs;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use wirewright::transport::TcpIncoming;

use crate::Failure;
use crate::load::Kind;
use crate::meters::{self, Gate};
use crate::ours::{Counted, Load};
use crate::peer_tonic::{Answers, LoadServer, counted};

/// A server in a process of its own. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one, on core 0.
    pub(crate) async fn start(kind: Kind) -> Result<Server, Failure> {
        Server::start_with(kind, &[], None).await
    }

    /// Starts one with options, and at most so many open files.
    pub(crate) async fn start_with(
        kind: Kind,
        options: &[&str],
        files: Option<u32>,
    ) -> Result<Server, Failure> {
        Server::start_at(None, kind, options, files).await
    }

    /// Starts one in a network namespace.
    pub(crate) async fn start_at(
        namespace: Option<&str>,
        kind: Kind,
        options: &[&str],
        files: Option<u32>,
    ) -> Result<Server, Failure> {
        let mut words = vec!["serve", kind.name()];
        words.extend(options);
        let mut command = on_core(namespace, SERVER_CORE, &words)?;
        if let Some(files) = files {
            let limited = command;
            command = Command::new("prlimit");
            command.arg(format!("--nofile={files}"));
            command.arg(limited.as_std().get_program()).args(limited.as_std().get_args());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (orders, answers) = pipes.ok_or("a child without its pipes")?;
        let mut server = Server { child, orders, answers: BufReader::new(answers).lines(), port: 0 };
        server.port = server.answer().await?.parse()?;
        Ok(server)
    }

    /// Says a word, and waits for the answer.
    pub(crate) async fn ask(&mut self, word: &str) -> Result<String, Failure> {
        self.orders.write_all(format!("{word}\n").as_bytes()).await?;
        self.answer().await
    }

    /// What it has counted.
    pub(crate) async fn stats(&mut self) -> Result<Figures, Failure> {
        Ok(Figures::parse(&self.ask("stats").await?))
    }

    async fn answer(&mut self) -> Result<String, Failure> {
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        answer.map_err(|_| "the server process does not answer")??.ok_or("the server process ended".into())
    }

    pub(crate) fn process(&self) -> Process {
        Process { id: self.child.id().map_or_else(|| "self".to_owned(), |id| id.to_string()) }
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

/// Runs a client in a process of its own, on core 1, and returns what it found.
///
/// One that hangs is killed, and has failed.
pub(crate) async fn part(name: &str, kind: Kind, arguments: &[String]) -> Result<Figures, Failure> {
    part_at(None, name, kind, arguments).await
}

/// The same in a network namespace.
pub(crate) async fn part_at(
    namespace: Option<&str>,
    name: &str,
    kind: Kind,
    arguments: &[String],
) -> Result<Figures, Failure> {
    let mut words = vec!["part", name, kind.name()];
    words.extend(arguments.iter().map(String::as_str));
    let mut command = on_core(namespace, LOAD_CORE, &words)?;
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let Ok(output) = tokio::time::timeout(PART_PATIENCE, output).await else {
        let hung = format!("failed=1\nremark hung for {} s", PART_PATIENCE.as_secs());
        return Ok(Figures::parse(&hung));
    };
    let output = output?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("part {name} of {}: {}", kind.name(), complaint.trim()).into());
    }
    Ok(Figures::parse(&String::from_utf8_lossy(&output.stdout)))
}

/// A process on core 1 that does something until it is dropped.
pub(crate) fn beside(words: &[&str]) -> Result<Child, Failure> {
    let mut command = on_core(None, LOAD_CORE, words)?;
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?)
}

fn on_core(namespace: Option<&str>, core: &str, words: &[&str]) -> io::Result<Command> {
    let mut command = match namespace {
        Some(namespace) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", namespace, "taskset"]);
            command
        }
        None => Command::new("taskset"),
    };
    command.args(["-c", core]).arg(std::env::current_exe()?).args(words);
    Ok(command)
}

/// The driver plays clients and attackers, so it belongs on the other core than the servers.
pub(crate) fn pin_to_load_core() {
    let own = std::process::id().to_string();
    // Where there is no taskset nothing else here starts either, and says so.
    let _ = std::process::Command::new("taskset")
        .args(["-a", "-c", "-p", LOAD_CORE, &own])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Numbers with names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    numbers: HashMap<String, u64>,
    /// Lines that carry no number: what the first failed call said.
    pub(crate) remarks: Vec<String>,
}

impl Figures {
    fn parse(text: &str) -> Figures {
        let mut figures = Figures::default();
        for line in text.lines() {
            match line.strip_prefix("remark ") {
                Some(remark) => figures.remarks.push(remark.to_owned()),
                None => {
                    for (name, number) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
                        if let Ok(number) = number.parse() {
                            figures.numbers.insert(name.to_owned(), number);
                        }
                    }
                }
            }
        }
        figures
    }

    /// The number with this name; zero if there is none.
    pub(crate) fn of(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }
}

/// A process as `/proc` shows it.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    id: String,
}

impl Process {
    /// This one.
    pub(crate) fn own() -> Process {
        Process { id: "self".to_owned() }
    }

    /// Memory in RAM now, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory in RAM since it began, or since [`forget_peak`](Process::forget_peak).
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Begins a new peak.
    pub(crate) fn forget_peak(&self) {
        // proc(5): 5 resets VmHWM.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.id), "5");
    }

    /// User and system time so far, all threads together.
    pub(crate) fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id)).into_iter().flatten().flatten();
        let nanos = tasks.filter_map(|task| {
            let stat = fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Open files.
    pub(crate) fn files(&self) -> u64 {
        fs::read_dir(format!("/proc/{}/fd", self.id)).map_or(0, |files| files.count() as u64)
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib =
            line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }
}

/// The role `serve`: a server that obeys standard input.
///
/// Options: `tls`, with a certificate of its own making; `any`, to listen on every address; `keepalive`, of 10 s and
/// 3 s; `shed`, to turn calls away that would wait for 5 ms; `port=N`; `age=MS`, the greatest age of a connection.
pub(crate) async fn serve(kind: &str, options: &[&str]) -> Result<(), Failure> {
    let mut house = House {
        kind: Kind::read(kind)?,
        gate: Gate::new(),
        tls: None,
        age: None,
        keepalive: false,
        shed: false,
    };
    let (mut host, mut port) = ([127, 0, 0, 1], 0);
    for option in options {
        match option.split_once('=') {
            None if *option == "tls" => house.tls = Some(crate::secure::Certificate::new()?),
            None if *option == "any" => host = [0, 0, 0, 0],
            None if *option == "keepalive" => house.keepalive = true,
            None if *option == "shed" => house.shed = true,
            Some(("port", number)) => port = number.parse()?,
            Some(("age", number)) => house.age = Some(Duration::from_millis(number.parse()?)),
            _ => return Err(format!("a server has no option {option:?}").into()),
        }
    }
    let listener = TcpListener::from_std(listen(host, port)?)?;
    let port = listener.local_addr()?.port();
    println!("{port}");
    let mut stop = house.generation(listener);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(word) = lines.next_line().await? {
        match word.as_str() {
            "stats" => println!("{}", meters::report()),
            "reset" => {
                meters::reset();
                println!("reset");
            }
            "gate" => {
                house.gate.open();
                println!("open");
            }
            "reload" => {
                house.tls.as_ref().ok_or("a server without TLS has no certificate")?.reload()?;
                println!("reloaded");
            }
            // A graceful restart: the next generation listens before the last one stops.
            "turn" => {
                let next = house.generation(TcpListener::from_std(listen(host, port)?)?);
                let _ = std::mem::replace(&mut stop, next).send(());
                println!("turned");
            }
            other => return Err(format!("a server does not know the word {other:?}").into()),
        }
    }
    Ok(())
}

/// What all generations of a server have in common.
struct House {
    kind: Kind,
    gate: Gate,
    tls: Option<crate::secure::Certificate>,
    age: Option<Duration>,
    keepalive: bool,
    shed: bool,
}

impl House {
    /// Serves on this listener until told to stop.
    fn generation(&self, listener: TcpListener) -> oneshot::Sender<()> {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let gate = self.gate.clone();
        match self.kind {
            Kind::Ours => {
                let mut server = wirewright::Server::builder()
                    .add_service(Load { gate })
                    .compression(wirewright::Gzip::default())
                    .compression(wirewright::Zstd::default());
                if let Some(tls) = self.tls.as_ref().and_then(|certificate| certificate.tls().ok()) {
                    server = server.tls(tls);
                }
                if let Some(age) = self.age {
                    server = server.max_connection_age(age);
                }
                if self.shed {
                    server = server.shed_load(Duration::from_millis(5));
                }
                if self.keepalive {
                    server = server.keepalive(crate::ours::keepalive());
                }
                let incoming = Counted(TcpIncoming::new(listener));
                tokio::spawn(server.serve_until(incoming, stopped));
            }
            Kind::Tonic => {
                let server = tonic::transport::Server::builder();
                let server = match self.age {
                    Some(age) => server.max_connection_age(age),
                    None => server,
                };
                let mut server = server;
                let server = server.add_service(LoadServer::new(Answers { gate }));
                tokio::spawn(server.serve_with_incoming_shutdown(counted(listener), stopped));
            }
        }
        stop
    }
}

/// A listening socket with a backlog for thousands, and a port that others may share.
fn listen(host: [u8; 4], port: u16) -> io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&std::net::SocketAddr::from((host, port)).into())?;
    socket.listen(4_096)?;
    Ok(socket.into())
}

const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

/// A server that is attacked may be slow to answer; one that is silent for so long is not coming back.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest part is a million calls, of which no machine makes less than 2,000 a second.
const PART_PATIENCE: Duration = Duration::from_secs(500);
