//! The page: does Chromium show what `wright report` writes, and as quickly as it should?
//!
//! In: the command line's tests of its page. Out: one check. Chromium is Debian's package of that name; where it is absent
//! and this is Debian and root, it is installed, and elsewhere the check is skipped with the reason.

use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, apt_install, cargo, succeed};

/// Runs the check, or says why it cannot be made here.
pub(crate) fn run(tally: &mut Tally) {
    if let Err(why) = find() {
        return tally.skip(NAME, &why);
    }
    // What they print are figures: how long a hundred thousand frames take to open.
    let test =
        ["test", "--package", "wright", "--test", "tests", "--", "--ignored", "--nocapture", "browser::"];
    tally.check(NAME, succeed(&mut cargo(&test)));
}

/// Finds Chromium, or installs it.
fn find() -> Result<(), String> {
    if answers(Command::new("chromium").arg("--version")) { Ok(()) } else { apt_install("chromium") }
}

/// How the check is called.
const NAME: &str = "page: Chromium shows what was recorded";
