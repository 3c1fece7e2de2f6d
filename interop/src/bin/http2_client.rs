//! The client of gRPC's negative HTTP/2 test descriptions.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match interop::negative::run_client().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
