//! The interoperability client of the gRPC project's own test descriptions.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match interop::official::run_client().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
