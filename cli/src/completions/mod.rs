//! `wright completions` and `wright man`: what shells and readers of manuals want, from the one definition in `args`.
//!
//! In: a shell, or nothing. Out: a script for that shell, or a manual in roff.
//!
//! Must not know: what any argument means.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output;

/// What can be typed after `completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell to write for
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes a script that completes what is typed.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "wright", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

/// Writes the manual: the program's page, and one for each verb after it.
pub(crate) fn man() -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let mut manual = Vec::new();
    let verbs: Vec<_> = command.get_subcommands().cloned().collect();
    for page in std::iter::once(command).chain(verbs) {
        clap_mangen::Man::new(page).render(&mut manual).map_err(Failure::Output)?;
    }
    output::print(&String::from_utf8_lossy(&manual))
}
