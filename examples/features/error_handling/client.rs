//! A client that tells one error from another.
//!
//! A call that fails gives a [`Status`](wirewright::Status). Its code is what a program decides by; its message is
//! for people, and may change from one release of a server to the next.

use std::time::Duration;

use examples::log::Fatal;
use examples::pb::helloworld::{GreeterClient, HelloRequest};
use examples::{go, log};
use wirewright::{Code, Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50052", "the address to connect to");
    flags.finish();

    let greeter = GreeterClient::new(Endpoint::new(&address)?.lazy());
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".into());
    // The first name is not one that the server accepts.
    for name in [String::new(), user] {
        log!("Calling SayHello with Name:{name:?}");
        let request = Request::new(HelloRequest { name }).with_timeout(Duration::from_secs(1));
        match greeter.say_hello(request).await {
            Ok(reply) => log!("Received response: {}", reply.get_ref().message),
            Err(status) if status.code() == Code::InvalidArgument => {
                log!("Received error: {}", go::error(&status));
            }
            Err(status) => log!("Received unexpected error: {}", go::error(&status)),
        }
    }
    Ok(())
}
