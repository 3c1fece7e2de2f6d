//! Captures: does tshark read what `wright convert` exports as we do?
//!
//! In: the recordings of the command line. Out: one check. tshark is Debian's package of that name; where it is absent
//! and this is Debian and root, it is installed, and elsewhere the check is skipped with the reason.

use std::process::Command;

use crate::tally::Tally;
use crate::workspace::{answers, cargo, output, succeed};

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
    if answers(Command::new("tshark").arg("--version")) {
        return Ok(());
    }
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root {
        return Err("tshark is not installed; `apt-get install tshark` as root would do it".into());
    }
    for words in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "tshark"]] {
        // The package asks who may capture, which nobody needs for reading.
        let mut command = Command::new("apt-get");
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        output(&mut command).map_err(|why| format!("tshark is not installed and cannot be: {why}"))?;
    }
    Ok(())
}

/// How the check is called.
const NAME: &str = "captures: tshark reads exports field for field as we do";
