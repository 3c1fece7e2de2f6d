//! Installs a Go program at one version, once.
//!
//! In: the path of a package, and a version. Out: the program in `target/tools`, and a file beside it that says which
//! version it is. It does not know what the program is for.

use std::process::Command;

use super::tools_folder;
use crate::workspace::succeed;

/// Installs a program, unless this version of it is there already.
pub(super) fn install(package: &str, version: &str) -> Result<(), String> {
    let folder = tools_folder();
    let name = package.rsplit('/').next().unwrap_or(package);
    let mark = folder.join(format!("{name}.version"));
    let is_there = folder.join(name).exists();
    if is_there && std::fs::read_to_string(&mark).is_ok_and(|installed| installed == version) {
        return Ok(());
    }
    println!("installing {package}@{version}");
    // Outside of any module, so that the program's own versions of what it needs count.
    let mut install = Command::new("go");
    install.args(["install", "-ldflags=-s -w"]).arg(format!("{package}@{version}"));
    install.env("GOBIN", &folder).env("GOFLAGS", "");
    succeed(install.current_dir(std::env::temp_dir()))?;
    std::fs::write(&mark, version).map_err(|error| format!("cannot write {}: {error}", mark.display()))
}
