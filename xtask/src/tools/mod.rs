//! Other people's tools against our server, and our tool against other people's servers.
//!
//! In: nothing. Out: one line for each thing that was typed, and what was said for each that went wrong. The tools are
//! Go programs, each installed at one version into `target/tools`.
//!
//! ```text
//!   grpcurl, grpc-health-probe, buf curl  --->  wright demo --listen
//!   wright list, describe, call, probe    --->  grpc-go's examples features/reflection and features/health
//! ```
//!
//! It does not know what the tools print beyond what [`checks`] asks for.

mod checks;
mod install;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::pairings::program::{Program, free_port};
use crate::pairings::programs::{go, go_is_here};
use crate::tally::Tally;
use crate::workspace::{cannot_start, cargo, succeed, target};
use checks::{CHECKS, Check, House, Tool};

/// Installs the tools if need be, starts the servers, and types every line.
pub(crate) fn run(tally: &mut Tally) {
    println!("== tools");
    if !go_is_here() {
        return tally.skip("tools", "no `go` on PATH");
    }
    if let Err(why) = succeed(&mut cargo(&["build", "--quiet", "--package", "wright"])) {
        return tally.check("the build of wright", Err(why));
    }
    if let Err(why) = build_go_servers() {
        return tally.check("the build of grpc-go's servers", Err(why));
    }
    let tools: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| is_ready(tally, *tool)).collect();
    for house in House::ALL {
        match Standing::start(house) {
            Ok(standing) => {
                let here = CHECKS.iter().filter(|check| check.house == house);
                for check in here.filter(|check| tools.contains(&check.tool)) {
                    let name = format!("{} {} at {}", check.tool.name(), check.words.join(" "), house.name());
                    tally.check(&name, standing.type_it(check));
                }
            }
            Err(why) => tally.check(&format!("the start of {}", house.name()), Err(why)),
        }
    }
}

/// Whether a tool is there; if it cannot be installed, that is counted as a failure.
fn is_ready(tally: &mut Tally, tool: Tool) -> bool {
    let installed = tool.module().map_or(Ok(()), |(module, version)| install::install(module, version));
    let is_ready = installed.is_ok();
    if let Err(why) = installed {
        tally.check(&format!("the installation of {}", tool.name()), Err(why));
    }
    is_ready
}

fn build_go_servers() -> Result<(), String> {
    for house in House::ALL {
        if let Some(package) = house.package() {
            let mut build = go();
            build.args(["build", "-ldflags=-s -w", "-o"]).arg(house.program()).arg(package);
            succeed(&mut build)?;
        }
    }
    Ok(())
}

/// A server that runs.
struct Standing {
    address: String,
    _program: Program,
}

impl Standing {
    fn start(house: House) -> Result<Standing, String> {
        let port = free_port()?;
        let program = Program::start(&house.program(), &house.arguments(port))?;
        if program.wait_port(port, PATIENCE) {
            Ok(Standing { address: format!("127.0.0.1:{port}"), _program: program })
        } else {
            Err(format!("{} does not listen on {port}\n{}", house.name(), program.log()))
        }
    }

    /// Types one line, and holds what comes of it against what should.
    fn type_it(&self, check: &Check) -> Result<(), String> {
        let words = check.words.iter().map(|word| word.replace("ADDRESS", &self.address));
        let mut command = Command::new(check.tool.program());
        command.args(words).stdin(Stdio::null()).env("NO_COLOR", "1");
        let output = command.output().map_err(|error| cannot_start(&command, &error))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        let squeezed = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let code = output.status.code();
        if code != Some(check.exit) {
            return Err(format!("ended with {code:?}, not {}\n{said}", check.exit));
        }
        let is_missing = |wanted: &&&str| !squeezed.contains(&wanted.replace("ADDRESS", &self.address));
        match check.says.iter().find(is_missing) {
            Some(missing) => Err(format!("does not say {missing:?}\n{said}")),
            None => Ok(()),
        }
    }
}

/// Where tools are installed.
fn tools_folder() -> PathBuf {
    target().join("tools")
}

/// A program that has not opened its port by then never will.
const PATIENCE: Duration = Duration::from_secs(20);
