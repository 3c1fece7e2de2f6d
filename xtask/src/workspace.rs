//! Where things are, and how a command is run in the middle of them.
//!
//! In: nothing but the environment. Out: paths into the workspace, and
//! commands that report failure as a sentence. It does not know any chore.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the source tree.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where build output goes, as cargo decides it.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        // Relative to where cargo was called, which is where this runs.
        Some(chosen) => std::path::absolute(&chosen).unwrap_or_else(|_| PathBuf::from(chosen)),
        None => root().join("target"),
    }
}

/// A cargo command at the top of the source tree: the same cargo that runs this.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Whether a program is there and answers when asked who it is.
pub(crate) fn answers(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Whether there is a program of this name, without starting it.
pub(crate) fn is_on_path(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// Installs a package of Debian, if this is Debian and root.
///
/// # Errors
///
/// Says what to do where it cannot be installed.
pub(crate) fn apt_install(package: &str) -> Result<(), String> {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root {
        return Err(format!("{package} is not installed; `apt-get install {package}` as root would do it"));
    }
    for words in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", package]] {
        let mut command = Command::new("apt-get");
        // Some packages ask questions whose answer does not matter here.
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        output(&mut command).map_err(|why| format!("{package} is not installed and cannot be: {why}"))?;
    }
    Ok(())
}

/// Runs a command that talks to the terminal itself.
///
/// # Errors
///
/// Says what was tried when it cannot be started or does not succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", show(command))) }
}

/// Runs a command for what it prints; its complaints go to the terminal.
///
/// # Errors
///
/// Says what was tried when it cannot be started or does not succeed.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let quiet = command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = quiet.output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{}` ended with {}", show(command), output.status))
    }
}

/// The sentence for a command that did not even start.
pub(crate) fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start `{}`: {error}", show(command))
}

/// A command as it would be typed.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_workspace_manifest_is() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.starts_with("[workspace]"));
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(show(Command::new("/usr/bin/go").args(["build", "./..."])), "go build ./...");
    }

    #[test]
    fn a_program_that_is_not_there_does_not_answer() {
        assert!(!answers(&mut Command::new("no-program-has-this-name")));
        assert!(!is_on_path("no-program-has-this-name"));
        assert!(is_on_path("sh"));
    }
}
