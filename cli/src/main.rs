//! `wright`: the command line of wirewright.
//!
//! In: what was typed. Out: what was asked for on standard output, everything else on standard error, and an exit
//! code that a script can trust.
//!
//! ```text
//!   0   done; also if whoever read the output has gone
//!   1   it could not be done; one line on standard error says why, and what to do
//!   2   the command line makes no sense
//! ```
//!
//! Must not know: what a command does.

mod args;
mod demo;
mod failure;
mod style;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;

fn main() -> ExitCode {
    // Ends the process with 2 where the arguments make no sense, and with 0 after --help and --version.
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // As with `wright demo | head`: who has seen enough may leave.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // If nobody listens on standard error either, the exit code still tells.
            let _ = writeln!(anstream::stderr(), "{}: {failure}", style::paint(style::ERROR, "error"));
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked for, on one thread: nothing here is worth a second one.
fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match arguments.command {
            Command::Demo { listen: None } => demo::show().await,
            Command::Demo { listen: Some(address) } => demo::listen(&address).await,
        }
    })
}
