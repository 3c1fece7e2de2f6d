//! The server that h2spec tests.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match interop::strict::run_server().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
