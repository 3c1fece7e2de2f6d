//! `promises`: what Wirewright promises, measured; one line for each promise.
//!
//! In: `[--quick] [--expect FILE] [--table FILE] [PROMISE]...`. Out: the lines
//!
//! ```text
//!   PROMISE P1 fail measured="..." limit="..." anchor="..."
//! ```
//!
//! and an exit code. Without `--expect`, any line that fails fails the run. With it, the lines that are known to
//! fail are named in a file with the reason, and what fails the run is a line that does otherwise than the file says.
//!
//! ```text
//!   promises               the driver: starts the rest, measures, prints; it plays the attackers itself
//!     +-- serve KIND       a server of ours, or of tonic: a process of its own, on core 0
//!     +-- part NAME KIND   a client of ours, or of tonic, where its memory counts: on core 1
//!     +-- attack NAME      an attacker, until it is killed: on core 1
//!     +-- burn             somebody who keeps core 1 busy and does nothing
//! ```
//!
//! Everything goes over real sockets. Nothing here is a test in cargo's sense: it looks at clocks and at memory, so
//! it belongs to this program alone.

mod attack;
mod caller;
mod expect;
mod line;
mod load;
mod meters;
mod net;
mod ours;
mod peer_tonic;
mod process;
mod promise;
mod scale;
mod secure;
mod table;
mod wire;

use std::process::ExitCode;

use crate::expect::Expectations;
use crate::line::Line;
use crate::scale::Scale;

/// Whatever goes wrong outside what is measured ends the program.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["serve", kind, ref options @ ..] => run(process::serve(kind, options)).map(|()| true),
        ["part", name, kind, ref arguments @ ..] => run(promise::part(name, kind, arguments)).map(|()| true),
        ["attack", name, port, connections] => run(attack::run(name, port, connections)).map(|()| true),
        // The other tenant of a core.
        ["burn"] => loop {
            load::burn(std::time::Duration::from_secs(1));
        },
        ref wanted => Plan::read(wanted).and_then(|plan| run(measure(plan))),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a role on a runtime of its own.
///
/// Two workers, although a role has one core: so does a server in a container with a share of one.
fn run<T>(role: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(role)
}

/// What is to be measured.
struct Plan {
    scale: Scale,
    expectations: Option<Expectations>,
    table: Option<String>,
    wanted: Vec<String>,
    /// Those of P5 that are wanted alone.
    attacks: Vec<attack::Attack>,
}

impl Plan {
    fn read(words: &[&str]) -> Result<Plan, Failure> {
        let mut plan = Plan {
            scale: Scale::Full,
            expectations: None,
            table: None,
            wanted: Vec::new(),
            attacks: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--quick" => plan.scale = Scale::Quick,
                "--expect" => {
                    let path = words.next().ok_or("--expect needs a file after it")?;
                    plan.expectations = Some(Expectations::read(path)?);
                }
                "--table" => {
                    plan.table = Some((*words.next().ok_or("--table needs a file after it")?).to_owned());
                }
                name if promise::ALL.iter().any(|promise| promise.is_called(name)) => {
                    plan.wanted.push(name.to_owned());
                }
                name => match promise::single_attack(name) {
                    Some(attack) => plan.attacks.push(attack),
                    None => return Err(format!("{name:?} is no promise that is measured here").into()),
                },
            }
        }
        Ok(plan)
    }

    fn wants(&self, promise: &promise::Promise) -> bool {
        (self.wanted.is_empty() && self.attacks.is_empty())
            || self.wanted.iter().any(|name| promise.is_called(name))
    }
}

/// Measures what is wanted; whether all went as it should.
async fn measure(plan: Plan) -> Result<bool, Failure> {
    process::pin_to_load_core();
    let mut lines: Vec<Line> = Vec::new();
    for attack in plan.attacks.iter().copied() {
        let measured = promise::withstand(attack, plan.scale).await?;
        for line in &measured {
            println!("{line}");
        }
        if let Some(path) = &plan.table {
            table::write(path, &measured, plan.scale)?;
        }
        lines.extend(measured);
    }
    for promise in promise::ALL.iter().filter(|promise| plan.wants(promise)) {
        let before = std::time::Instant::now();
        let measured = match promise.measure(plan.scale).await {
            Ok(measured) => measured,
            Err(error) => vec![Line::broken(promise.name, &error)],
        };
        for line in &measured {
            println!("{line}");
        }
        if let Some(path) = &plan.table {
            table::write(path, &measured, plan.scale)?;
        }
        eprintln!("({} took {:.1} s)", promise.name, before.elapsed().as_secs_f64());
        lines.extend(measured);
    }
    match plan.expectations {
        Some(expectations) => Ok(expectations.hold(&lines)),
        None => Ok(lines.iter().all(Line::passed)),
    }
}
