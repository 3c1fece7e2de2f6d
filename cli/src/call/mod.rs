//! `wright call`: makes a call of any kind, messages as JSON.
//!
//! In: an address, a method and messages. Out: the responses as they come, on standard output, and with `-v` what came
//! around them; why it failed, on standard error; an exit code of 64 and the status.
//!
//! ```text
//!   flags      what can be typed
//!   input      -d or standard input, cut into messages
//!   exchange   the call itself, both halves at once
//!   report     what -v shows, and a call that failed
//!   details    what a status carries besides code and message
//!   heard      what crossed the wire, for --explain
//!   overlooked flags that verbs without messages take and do nothing with
//! ```
//!
//! Must not know: where descriptors come from, or how one connects.

mod details;
mod exchange;
mod flags;
mod heard;
mod input;
mod overlooked;
mod report;

use std::time::Instant;

use crate::dial::{dial, dial_heard};
use crate::failure::Failure;
use crate::schema::Schema;
use exchange::Exchange;
pub(crate) use flags::CallArguments;
use heard::Heard;
pub(crate) use overlooked::Overlooked;
use report::Report;

/// Makes the call.
pub(crate) async fn run(arguments: CallArguments) -> Result<(), Failure> {
    let started = Instant::now();
    let mut dialed = dial(&arguments.address, &arguments.connection).await?;
    let mut schema = Schema::open(&arguments.schema, &arguments.headers, Some(&dialed))?;
    let method = schema.method(&arguments.method).await?;
    schema.extensions_of(&method.input()).await?;
    schema.extensions_of(&method.output()).await?;
    // Extensions make a new pool, and descriptors belong to the pool that they were found in.
    let method = schema.method(&arguments.method).await?;
    schema.write_out(&arguments.schema, vec![method.parent_file()])?;
    let metadata = arguments.headers.for_call()?;
    let report = Report::new(&arguments, &dialed, started);
    report.before(&method, &metadata)?;
    let heard = if arguments.explain { Some(Heard::default()) } else { None };
    if let Some(heard) = &heard {
        // A connection of its own, so that only the call is on it, and not the questions about it.
        dialed = dial_heard(&arguments.address, &arguments.connection, heard.tap()?).await?;
    }
    let exchange = Exchange { dialed, schema, method, metadata, arguments: &arguments, report };
    let end = exchange.run().await;
    match heard {
        Some(heard) => heard.explain().await.and(end),
        None => end,
    }
}
