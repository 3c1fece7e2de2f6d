//! Captures: does tshark read what `wright convert` exports as we do?
//!
//! In: the recordings of the command line. Out: one check. tshark is Debian's package of that name; where it is absent
//! and this is Debian and root, it is installed, and elsewhere the check is skipped with the reason.

use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, apt_install, cargo, succeed};

/// Runs the check, or says why it cannot be made here.
pub(crate) fn run(tally: &mut Tally) {
    if let Err(why) = find() {
        return tally.skip(NAME, &why);
    }
    let test = ["test", "--package", "wright", "--test", "tests", "--", "--ignored", "captures::"];
    tally.check(NAME, succeed(&mut cargo(&test)));
}

/// Finds tshark, or installs it.
fn find() -> Result<(), String> {
    if answers(Command::new("tshark").arg("--version")) { Ok(()) } else { apt_install("tshark") }
}

/// How the check is called.
const NAME: &str = "captures: tshark reads exports field for field as we do";
