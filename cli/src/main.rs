//! `wright`: the command line of wirewright.
//!
//! In: what was typed. Out: what was asked for on standard output, everything else on standard error, and an exit
//! code that a script can trust.
//!
//! ```text
//!   0        done; also if whoever read the output has gone
//!   1        it could not be done; standard error says why, and what to do
//!   2        the command line makes no sense
//!   64 + n   a call ended with gRPC's status n
//! ```
//!
//! Must not know: what a command does.

mod args;
mod argv;
mod call;
mod completions;
mod convert;
mod demo;
mod describe;
mod dial;
mod diff;
mod door;
mod explain;
mod failure;
mod fixture;
mod headers;
mod json;
mod lesson;
mod list;
mod load;
mod misbehave;
mod output;
mod page;
mod peek;
mod probe;
mod replay;
mod schema;
mod style;
mod tap;
mod timeline;
mod trace;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use failure::Failure;
use style::paint;

fn main() -> ExitCode {
    // What is not Unicode is no flag, no address and no name; paths to files can be given in other ways.
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    // Ends the process with 2 where the arguments make no sense, and with 0 after --help and --version.
    let words = argv::understood(words, &Arguments::command());
    let is_probe = words.get(1).is_some_and(|verb| verb == "probe");
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        // An orchestrator that knows grpc_health_probe takes 2 for a server that is not there.
        Err(error) if is_probe && error.use_stderr() => {
            let _ = error.print();
            return ExitCode::from(probe::NO_SENSE);
        }
        Err(error) => error.exit(),
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // As with `wright demo | head`: who has seen enough may leave.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Said { .. }) {
                let text = output::tame(&failure.to_string());
                output::remark(format_args!("{}: {text}", paint(style::ERROR, "error")));
            }
            if !failure.hint().is_empty() {
                output::remark(format_args!("{}: {}", paint(style::HINT, "hint"), failure.hint()));
            }
            ExitCode::from(failure.exit())
        }
    }
}

/// Does what was asked for, on one thread: only a load is worth more.
fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut builder = match arguments.command {
        Command::Load(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match arguments.command {
            Command::Call(arguments) => call::run(*arguments).await,
            Command::Load(arguments) => load::run(*arguments).await,
            Command::Peek(arguments) => peek::run(*arguments).await,
            Command::Completions(arguments) => completions::run(&arguments),
            Command::Man => completions::man(),
            Command::List(arguments) => list::run(*arguments).await,
            Command::Describe(arguments) => describe::run(*arguments).await,
            Command::Probe(arguments) => probe::run(*arguments).await,
            Command::Demo { listen: None } => demo::show().await,
            Command::Demo { listen: Some(address) } => demo::listen(&address).await,
            Command::Replay(arguments) => replay::run(*arguments).await,
            Command::Fixture(arguments) => fixture::run(arguments).await,
            Command::Break(arguments) => misbehave::run(arguments).await,
            Command::Explain(explain) => explain::run(&explain),
            Command::Timeline(timeline) => timeline::run(&timeline),
            Command::Diff(diff) => diff::run(&diff),
            Command::Lesson(lesson) => lesson::run(&lesson),
            Command::Convert(convert) => convert::run(&convert),
            Command::Report(report) => page::report(&report),
            Command::View(view) => page::view(&view).await,
            Command::Tap(tap) => tap::run(tap).await,
        }
    })
}
