//! `protoc-gen-wirewright`: the generator as a program that protoc and buf run.
//!
//! In comes a request on standard input; out goes a response on standard output. Everything between is
//! `wirewright_codegen::plugin`.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use wirewright_codegen::plugin::{HELP, respond};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--help" | "-h") => print(HELP.as_bytes()),
        Some("--version" | "-V") => {
            print(concat!("protoc-gen-wirewright ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())
        }
        Some(other) => fail(&format!("unknown argument `{other}`; try --help")),
        // A person, not a compiler: an answer now is kinder than waiting for a message in binary.
        None if io::stdin().is_terminal() => fail("this program is run by protoc or buf; try --help"),
        None => answer(),
    }
}

fn answer() -> ExitCode {
    let mut request = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut request) {
        return fail(&format!("cannot read standard input: {error}"));
    }
    match respond(&request) {
        Ok(response) => print(&response),
        Err(error) => fail(&error.to_string()),
    }
}

fn print(bytes: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever asked has gone away, as `--help | head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot write standard output: {error}")),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("protoc-gen-wirewright: {why}");
    ExitCode::FAILURE
}
