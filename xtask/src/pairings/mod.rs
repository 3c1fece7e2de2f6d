//! Pairs grpc-go's example programs, unmodified, with our own.
//!
//! In: the names of the wanted examples. Out: one line for each pairing, and
//! the logs of both programs for each that failed.
//!
//! ```text
//!                       server
//!                  go            ours
//!   client  go     the control   can ours be called?
//!           ours   can we call?  the round trip
//! ```
//!
//! The control comes first: what two grpc-go programs log when they talk to
//! each other is what they have to log when they talk to ours.

mod example;
pub(crate) mod program;
pub(crate) mod programs;
mod stage;
mod transcript;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use example::{EXAMPLES, Example};
use programs::Author;
use stage::{Cast, Failure, Performance, Props};

use crate::tally::Tally;

/// Builds the programs of the wanted examples, or of all, and runs every pairing.
pub(crate) fn run(tally: &mut Tally, wanted: &[String]) {
    println!("== pairings with grpc-go");
    let examples = match choose(wanted) {
        Ok(examples) => examples,
        Err(why) => return tally.check("the list of examples", Err(why)),
    };
    let started = Instant::now();
    let mut authors = Vec::new();
    let mut props = Props::default();
    if programs::go_is_here() {
        match programs::build_go(&examples).and_then(|()| programs::go_examples()) {
            Ok(found) => {
                authors.push(Author::Go);
                props.go_examples = Some(found);
            }
            Err(why) => tally.check("the build of grpc-go's programs", Err(why)),
        }
    } else {
        tally.skip("grpc-go pairings", "no `go` on PATH");
    }
    match programs::build_ours() {
        Ok(()) => authors.push(Author::Ours),
        Err(why) => tally.check("the build of our examples", Err(why)),
    }
    println!("built in {:.1} s", started.elapsed().as_secs_f32());
    play_all(tally, &examples, &authors, &props);
}

/// The examples of the given names; all of them where no name is given.
fn choose(wanted: &[String]) -> Result<Vec<Example>, String> {
    let names = || EXAMPLES.iter().map(|example| example.name).collect::<Vec<_>>();
    if let Some(stranger) = wanted.iter().find(|name| !names().contains(&name.as_str())) {
        return Err(format!("there is no example `{stranger}`; there are: {}", names().join(" ")));
    }
    let chosen = |example: &&Example| wanted.is_empty() || wanted.iter().any(|name| name == example.name);
    Ok(EXAMPLES.iter().filter(chosen).copied().collect())
}

/// Plays the examples, a few at a time: most of them mostly wait.
fn play_all(tally: &mut Tally, examples: &[Example], authors: &[Author], props: &Props) {
    let queue = Mutex::new(examples.iter());
    let tally = Mutex::new(tally);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(example) = next else { break };
                    play_pairings(&tally, *example, authors, props);
                }
            });
        }
    });
}

/// Plays one example with every cast; the first one is the control where Go is here.
fn play_pairings(tally: &Mutex<&mut Tally>, example: Example, authors: &[Author], props: &Props) {
    let mut control: Option<Performance> = None;
    for &client in authors {
        for &server in authors {
            let started = Instant::now();
            let heard = Cast { example, client, server }.play(props, control.as_ref());
            let seconds = started.elapsed().as_secs_f32();
            let names = (client.name(), server.name());
            let name = format!("{}: {} client, {} server ({seconds:.1} s)", example.name, names.0, names.1);
            let outcome = heard.map(|performance| {
                if (client, server) == (Author::Go, Author::Go) {
                    control = Some(performance);
                }
            });
            let outcome = outcome.map_err(|Failure { reason, logs }| format!("{reason}\n{logs}"));
            tally.lock().unwrap_or_else(PoisonError::into_inner).check(&name, outcome);
        }
    }
}

/// How many examples are played at the same time. They sleep more than they
/// work; but some have a second to greet in, and a machine of two cores must
/// not be the reason why they miss it.
const AT_A_TIME: usize = 4;
