//! The client under test: makes the calls that the runner wants.
//!
//! In: instructions, until the pipe ends. Out: a report for each, in the order in which calls end.

use std::io;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::channels::Channels;
use super::{framing, job};
use crate::protocol::connectrpc::conformance::v1::client_compat_response::Result as Outcome;
use crate::protocol::connectrpc::conformance::v1::{
    ClientCompatRequest, ClientCompatResponse, ClientErrorResult,
};

/// Reads instructions from standard input and writes reports to standard output, until the input ends.
///
/// # Errors
///
/// If a pipe breaks or carries something else.
pub async fn run_client() -> io::Result<()> {
    let (reports, mut arriving) = mpsc::channel::<ClientCompatResponse>(CALLS_AT_ONCE);
    let reading = tokio::spawn(read_jobs(reports));
    let mut output = tokio::io::stdout();
    while let Some(report) = arriving.recv().await {
        framing::write(&mut output, &report).await?;
    }
    reading.await.map_err(io::Error::other)?
}

/// Starts a call for each instruction; returns at the end of the input, while the last calls go on.
async fn read_jobs(reports: mpsc::Sender<ClientCompatResponse>) -> io::Result<()> {
    let channels = Arc::new(Channels::default());
    let room = Arc::new(Semaphore::new(CALLS_AT_ONCE));
    let mut input = tokio::io::stdin();
    while let Some(request) = framing::read::<ClientCompatRequest>(&mut input).await? {
        let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (channels, reports) = (channels.clone(), reports.clone());
        tokio::spawn(async move {
            // Nobody reads reports any more only when the whole program ends.
            let _ = reports.send(report(&channels, request).await).await;
            drop(place);
        });
    }
    Ok(())
}

async fn report(channels: &Channels, request: ClientCompatRequest) -> ClientCompatResponse {
    let test_name = request.test_name.clone();
    let outcome = match job::perform(channels, request).await {
        Ok(response) => Outcome::Response(response),
        Err(message) => Outcome::Error(ClientErrorResult { message }),
    };
    ClientCompatResponse { test_name, result: Some(outcome) }
}

/// Many calls of the suite only wait, a quarter of a second or so, so a few at once save most of the time; more
/// would make deadlines pass for want of a processor.
const CALLS_AT_ONCE: usize = 16;
