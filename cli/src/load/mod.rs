//! `wright load`: makes the same call again and again, and tells how long it takes.
//!
//! In: a method, a message, and how hard to push. Out: a page, or JSON: how many calls, how fast, how they ended; how
//! long they took, by percentile and as a picture; how much of the machine this program itself took.
//!
//! ```text
//!   closed loop    -c callers; each calls again as soon as its call has ended        "how much can it do?"
//!   open loop      --rps calls begin each second, whatever has become of the others   "how is it at this rate?"
//! ```
//!
//! **Omission.** A caller that waits for a slow answer makes no calls meanwhile, and those that it did not make would
//! have been slow too; leaving them out makes a server that stalls look well. In the open loop every call has an
//! instant at which it should begin. If it begins late because all callers were waiting, its time counts from that
//! instant. A closed loop has no such instants, and its page says so.
//!
//! ```text
//!   flags      what can be typed
//!   plan       when calls begin, and when it is over
//!   callers    the tasks that make them
//!   tally      what came of them
//!   cpu        what this program took of the machine
//!   progress   a line on a terminal, while it runs
//!   report     the page;  json: the same for programs
//! ```
//!
//! Must not know: where descriptors come from, or how one connects.

mod callers;
mod cpu;
mod flags;
mod json;
mod plan;
mod progress;
mod report;
mod tally;

use std::sync::Arc;

use prost::Message as _;
use wirewright::RawMessage;

use crate::dial::dial;
use crate::dial::flags::ConnectionFlags;
use crate::failure::Failure;
use crate::output;
use crate::schema::Schema;
use callers::{Crew, Work};
pub(crate) use flags::LoadArguments;
use flags::Output;
use plan::Plan;
use report::Outcome;
use tally::Tally;

/// Loads a server.
pub(crate) async fn run(arguments: LoadArguments) -> Result<(), Failure> {
    // Here the time is that of a call, and not of everything.
    let connection = ConnectionFlags { max_time: None, ..arguments.connection.clone() };
    let mut dialed = Vec::new();
    for _ in 0..arguments.connections {
        dialed.push(dial(&arguments.address, &connection).await?);
    }
    let mut schema = Schema::open(&arguments.schema, &arguments.headers, dialed.first())?;
    let method = schema.method(&arguments.method).await?;
    let text = arguments.data.as_deref().unwrap_or("{}");
    let message = crate::json::read(text, arguments.format, &method.input(), false)?.encode_to_vec();
    let work = Work {
        // A path is a constant of the program for the library; this program calls one method and ends.
        path: format!("/{}/{}", method.parent_service().full_name(), method.name()).leak(),
        client_streams: method.is_client_streaming(),
        server_streams: method.is_server_streaming(),
        message: RawMessage(message.into()),
        metadata: arguments.headers.for_call()?,
        timeout: crate::dial::flags::given(arguments.connection.max_time),
    };
    let channels = dialed.into_iter().map(|dialed| dialed.channel).collect();
    let plan = Arc::new(Plan::new(&arguments));
    let crew = Crew { plan: plan.clone(), work: Arc::new(work), channels, size: arguments.concurrency };
    let none = Tally::new().map_err(|error| Failure::cannot(error.to_string(), ""))?;
    let (cpu, started) = (cpu::used(), plan.start());
    let tally = crew.run(&none).await;
    let elapsed = started.elapsed();
    let cpu = cpu.zip(cpu::used()).map(|(before, after)| after.saturating_sub(before));
    let outcome = Outcome { arguments: &arguments, plan: &plan, tally: &tally, elapsed, cpu };
    output::print(&match arguments.output {
        Output::Text => outcome.page(),
        Output::Json => outcome.json(),
    })?;
    // A server that answers nothing well is worth a script's attention; single errors are for the page.
    if tally.ok() == 0 { Err(Failure::Said { exit: 1 }) } else { Ok(()) }
}
