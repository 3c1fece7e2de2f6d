//! The interoperability client and server of tonic.
//!
//! In: `client` or `server`, and the official flags. Out: for a client, an exit code that says whether the test case
//! passed; a server answers until it is ended. What the cases and methods must do is in gRPC
//! `doc/interop-test-descriptions.md`.

mod client;
mod echo;
mod flags;
mod server;

use std::process::ExitCode;

use clap::Parser;

/// The messages and services of the tests.
mod protocol {
    tonic::include_proto!("grpc.testing");
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match flags::Role::parse() {
        flags::Role::Client(flags) => client::make(&flags).await,
        flags::Role::Server(flags) => server::serve(&flags).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

const INITIAL_KEY: &str = "x-grpc-test-echo-initial";
const TRAILING_KEY: &str = "x-grpc-test-echo-trailing-bin";
