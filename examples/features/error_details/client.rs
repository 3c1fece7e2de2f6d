//! A client that reads the messages inside an error.
//!
//! Run it twice: the server greets a name only once. Details are for programs that know the service well; who does
//! not know the type of a detail leaves it alone, and still has the code.

use std::process::ExitCode;
use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::google::rpc::{QuotaFailure, Status as StatusMessage};
use examples::pb::helloworld::{GreeterClient, HelloRequest};
use prost::Message;
use wirewright::{Endpoint, Request, Status};

#[tokio::main]
async fn main() -> Result<ExitCode, Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50052", "the address to connect to");
    flags.finish();

    let greeter = GreeterClient::new(Endpoint::new(&address)?.lazy());
    let request = Request::new(HelloRequest { name: "world".into() }).with_timeout(Duration::from_secs(1));
    match greeter.say_hello(request).await {
        Ok(reply) => {
            log!("Greeting: {}", reply.get_ref().message);
            Ok(ExitCode::SUCCESS)
        }
        Err(status) => {
            explain(&status)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Logs what the details of a status say.
fn explain(status: &Status) -> Result<(), Fatal> {
    let message = StatusMessage::decode(status.details().clone())?;
    for detail in message.details {
        // What stands before the last slash says where a description of the type might be found.
        if detail.type_url.rsplit('/').next() != Some("google.rpc.QuotaFailure") {
            log!("Unexpected type: {}", detail.type_url);
            continue;
        }
        for violation in QuotaFailure::decode(detail.value.as_slice())?.violations {
            let (subject, description) = (violation.subject, violation.description);
            log!("Quota failure: violations:{{subject:{subject:?} description:{description:?}}}");
        }
    }
    Ok(())
}
