//! Instructions: does a call still execute no more than its budget?
//!
//! In: the library's bench of that name. Out: one check. It counts under valgrind, which is Debian's package of that
//! name; where it is absent and this is Debian and root, it is installed, and elsewhere the check is skipped with the
//! reason.

use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, apt_install, cargo, succeed};

/// Runs the check, or says why it cannot be made here.
pub(crate) fn run(tally: &mut Tally) {
    if let Err(why) = find() {
        return tally.skip(NAME, &why);
    }
    // A bench and not a test, because unoptimized code has no budget.
    let bench = ["bench", "--quiet", "--package", "wirewright", "--bench", "instructions"];
    tally.check(NAME, succeed(&mut cargo(&bench)));
}

/// Finds valgrind, or installs it.
fn find() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        return Err("the budgets are for x86-64".into());
    }
    if answers(Command::new("valgrind").arg("--version")) { Ok(()) } else { apt_install("valgrind") }
}

/// How the check is called.
const NAME: &str = "instructions: a call keeps within its budget";
