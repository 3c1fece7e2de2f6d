//! The client under test of connectrpc's conformance suite; its runner starts it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match interop::conformance::run_client().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
