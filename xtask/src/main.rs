//! `cargo xtask`: one door to the project's chores.
//!
//! In: the words typed after `cargo xtask`. Out: the chore's own output, and
//! an exit code that says how it went. What a chore does is told in the file
//! named after it; this one only finds out which chore is meant.

mod captures;
mod compare;
mod conformance;
mod crew;
mod fuzz;
mod h2spec;
mod instructions;
mod matrix;
mod page;
mod pairings;
mod promises;
mod suite;
mod tally;
mod tools;
mod workspace;

use std::process::ExitCode;

use tally::Tally;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match Task::read(&words) {
        Ok(Task::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Task::Test(options)) => suite::run(options).close(options.require_peers),
        Ok(Task::Pairings { wanted }) => {
            let mut tally = Tally::default();
            pairings::run(&mut tally, &wanted);
            tally.close(true)
        }
        Ok(Task::Cases) => {
            let mut tally = Tally::default();
            matrix::cases::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Captures) => {
            let mut tally = Tally::default();
            captures::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Page) => {
            let mut tally = Tally::default();
            page::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Conformance) => {
            let mut tally = Tally::default();
            conformance::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::H2spec) => {
            let mut tally = Tally::default();
            h2spec::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Interop) => {
            let mut tally = Tally::default();
            matrix::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Tools) => {
            let mut tally = Tally::default();
            tools::run(&mut tally);
            tally.close(true)
        }
        Ok(Task::Fuzz { seconds, wanted }) => fuzz::run(seconds, &wanted).close(true),
        Ok(Task::Compare(options)) => match compare::run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        },
        Ok(Task::Promises { quick, wanted }) => match promises::run(quick, &wanted) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        },
        Err(why) => {
            eprintln!("error: {why}\n\n{HELP}");
            ExitCode::from(USAGE)
        }
    }
}

/// What can be asked for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Help,
    Test(suite::Options),
    Pairings { wanted: Vec<String> },
    Cases,
    Captures,
    Page,
    Conformance,
    H2spec,
    Interop,
    Tools,
    Fuzz { seconds: u32, wanted: Vec<String> },
    Compare(compare::Options),
    Promises { quick: bool, wanted: Vec<String> },
}

impl Task {
    fn read(words: &[String]) -> Result<Task, String> {
        let Some((task, rest)) = words.split_first() else {
            return Ok(Task::Help);
        };
        match task.as_str() {
            "help" | "-h" | "--help" => Ok(Task::Help),
            "test" => read_test(rest).map(Task::Test),
            "pairings" => Ok(Task::Pairings { wanted: rest.to_vec() }),
            "cases" if rest.is_empty() => Ok(Task::Cases),
            "cases" => Err("`cases` takes no words: it records everybody".into()),
            "captures" if rest.is_empty() => Ok(Task::Captures),
            "captures" => Err("`captures` takes no words".into()),
            "page" if rest.is_empty() => Ok(Task::Page),
            "page" => Err("`page` takes no words".into()),
            "conformance" if rest.is_empty() => Ok(Task::Conformance),
            "conformance" => Err("`conformance` takes no words: it runs the whole suite".into()),
            "h2spec" if rest.is_empty() => Ok(Task::H2spec),
            "h2spec" => Err("`h2spec` takes no words: it runs every case".into()),
            "interop" if rest.is_empty() => Ok(Task::Interop),
            "interop" => Err("`interop` takes no words: it runs every case".into()),
            "tools" if rest.is_empty() => Ok(Task::Tools),
            "tools" => Err("`tools` takes no words: it types every line".into()),
            "fuzz" => read_fuzz(rest),
            "compare" => read_compare(rest).map(Task::Compare),
            "promises" => Ok(read_promises(rest)),
            other => Err(format!("there is no task called `{other}`")),
        }
    }
}

fn read_test(words: &[String]) -> Result<suite::Options, String> {
    let mut options = suite::Options::default();
    for word in words {
        match word.as_str() {
            "--require-peers" => options.require_peers = true,
            "--quick" => options.quick = true,
            other => return Err(format!("`test` does not know `{other}`")),
        }
    }
    if options.quick && options.require_peers {
        return Err("`--quick` leaves the peers out, so it cannot go with `--require-peers`".into());
    }
    Ok(options)
}

/// Which parts there are, only the program itself knows.
fn read_compare(words: &[String]) -> Result<compare::Options, String> {
    let mut options = compare::Options::default();
    for word in words {
        match word.as_str() {
            "--quick" => options.quick = true,
            "--write" => options.write = true,
            flag if flag.starts_with('-') => return Err(format!("`compare` does not know `{flag}`")),
            part => options.parts.push(part.to_owned()),
        }
    }
    Ok(options)
}

/// Which names are promises, only the program itself knows.
fn read_promises(words: &[String]) -> Task {
    let (quick, wanted): (Vec<_>, Vec<_>) = words.iter().cloned().partition(|word| word == "--quick");
    Task::Promises { quick: !quick.is_empty(), wanted }
}

fn read_fuzz(words: &[String]) -> Result<Task, String> {
    let mut seconds = DEFAULT_FUZZ_SECONDS;
    let mut wanted = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().ok_or("`--seconds` needs a number after it")?;
            seconds = match number.parse() {
                // libFuzzer reads zero as "for ever".
                Ok(0) | Err(_) => {
                    return Err(format!("`--seconds {number}`: want a whole number from 1 up"));
                }
                Ok(seconds) => seconds,
            };
        } else if word.starts_with('-') {
            return Err(format!("`fuzz` does not know `{word}`"));
        } else {
            wanted.push(word.clone());
        }
    }
    Ok(Task::Fuzz { seconds, wanted })
}

/// Long enough for every target to get past its first thousand inputs, short
/// enough to be typed without a second thought.
const DEFAULT_FUZZ_SECONDS: u32 = 10;

/// The exit code for words that make no sense, as in BSD's sysexits.
const USAGE: u8 = 64;

const HELP: &str = "\
cargo xtask: one door to the project's chores

  cargo xtask test [--quick] [--require-peers]
      Everything that must hold: tests, feature combinations, formatting,
      lints, docs, the pairings with grpc-go's example programs, the
      conformance suite, h2spec, the official interoperability cases and
      everybody's command-line tools. A peer whose toolchain is missing is skipped, with a
      line that says so.
        --quick           the tests of the workspace and nothing else
        --require-peers   a skipped peer is a failure

  cargo xtask pairings [EXAMPLE]...
      Only the pairings, all of them or those of the named examples
      (helloworld, route_guide, metadata, ...).

  cargo xtask captures
      what wright exports for Wireshark, read by tshark field for field.

  cargo xtask cases
      Records grpc-go, grpc-java, C-core and grpc-js anew, each client with
      its own server, for cli/tests/cases. Fetches them as `interop` does.

  cargo xtask page
      The page that wright writes, in Chromium: what it shows, what keys do,
      what hostile text cannot do, and how quickly it opens a hundred thousand
      frames. Leaves pictures in target/page. Installs Chromium on Debian.

  cargo xtask conformance
      connectrpc's conformance suite against our client and our server.
      Installs the suite into target/tools the first time.

  cargo xtask h2spec
      HTTP/2 itself, by h2spec in strict mode against our server.

  cargo xtask interop
      The official interoperability cases, our client and server against
      those of grpc-go, grpc-java, C-core, grpc-js and tonic, over plaintext
      and TLS. Fetches the peers the first time. Writes docs/interop.md.

  cargo xtask tools
      grpcurl, grpc-health-probe and buf against our demo server, and wright
      against grpc-go's. Installs the tools into target/tools the first time.

  cargo xtask fuzz [--seconds N] [TARGET]...
      Runs each fuzz target, or each named one, for N seconds (10 unless
      told), a tenth of them on long inputs. Installs cargo-fuzz into
      target/tools the first time.

  cargo xtask compare [--quick] [--write] [PART]...
      What a call costs here, over raw h2, and with tonic, connectrpc,
      volo-grpc, pajamax, grpc, grpc-go and C-core, as far as they can be
      built: CPU time, latency, memory, start-up, allocations, instructions;
      and what of it is as good as wanted. Parts: server, client, tls, armed,
      streams, memory, start, allocations, instructions; none means all. Fails
      no build. Needs Linux and two idle cores; takes some twenty minutes, or
      five with --quick, and the build. With --write the tables and plots in
      docs/performance.md are written anew.

  cargo xtask promises [--quick] [PROMISE]...
      What is promised under attack, overload and change, measured, with
      tonic beside it: a line for each promise, or each named one (P1, P2,
      ...). Needs Linux and two idle cores; takes an hour, or six minutes
      with --quick, which `test` includes.

  cargo xtask help
      This text.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        Task::read(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_words_choose_the_task() {
        let full = suite::Options { quick: false, require_peers: true };
        let quick = suite::Options { quick: true, require_peers: false };
        assert_eq!(read(""), Ok(Task::Help));
        assert_eq!(read("--help"), Ok(Task::Help));
        assert_eq!(read("test --require-peers"), Ok(Task::Test(full)));
        assert_eq!(read("test --quick"), Ok(Task::Test(quick)));
        assert_eq!(read("pairings metadata"), Ok(Task::Pairings { wanted: vec!["metadata".into()] }));
        assert_eq!(read("conformance"), Ok(Task::Conformance));
        assert_eq!(read("interop"), Ok(Task::Interop));
        assert_eq!(read("h2spec"), Ok(Task::H2spec));
        assert_eq!(read("page"), Ok(Task::Page));
        assert_eq!(read("tools"), Ok(Task::Tools));
        assert_eq!(
            read("fuzz percent --seconds 300"),
            Ok(Task::Fuzz { seconds: 300, wanted: vec!["percent".into()] })
        );
        let parts = vec!["server".into()];
        let compare = compare::Options { quick: true, write: true, parts };
        assert_eq!(read("compare --quick --write server"), Ok(Task::Compare(compare)));
        assert_eq!(
            read("promises P1 --quick"),
            Ok(Task::Promises { quick: true, wanted: vec!["P1".into()] })
        );
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        for line in [
            "tset",
            "test --fast",
            "test --quick --require-peers",
            "fuzz --seconds",
            "fuzz --seconds 0",
            "compare --fast",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
