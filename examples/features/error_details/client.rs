//! A client that reads the messages inside an error.
//!
//! Run it twice: the server greets a name only once. Details are for programs that know the service well; who does
//! not know the type of a detail leaves it alone, and still has the code.

use std::process::ExitCode;
use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::helloworld::{GreeterClient, HelloRequest};
use wirewright::error_details::QuotaFailure;
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
            explain(&status);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Logs what the details of a status say.
fn explain(status: &Status) {
    for detail in status.error_details() {
        let Ok(quota) = detail.unpack::<QuotaFailure>() else {
            log!("Unexpected type: {}", detail.type_url);
            continue;
        };
        for violation in quota.violations {
            let (subject, description) = (violation.subject, violation.description);
            log!("Quota failure: violations:{{subject:{subject:?} description:{description:?}}}");
        }
    }
}
