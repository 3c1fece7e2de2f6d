//! A client for the smallest service there is.
//!
//! ```text
//!   cargo run -p examples --bin greeter_client -- -name Ada
//! ```
//!
//! An [`Endpoint`] says where a server is; a channel keeps a connection to it, and makes a new one when the old
//! one breaks; the generated client turns a method of the service into a call on the channel.

use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::helloworld::{GreeterClient, HelloRequest};
use wirewright::{Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    let name = flags.text("name", "world", "the name to greet");
    flags.finish();

    // A lazy channel connects when the first call is made. Clones of it share its connection.
    let channel = Endpoint::new(&address)?.lazy();
    let greeter = GreeterClient::new(channel);

    // A call without a time limit may wait for ever, so a real program always sets one. It travels with the call:
    // the server knows how long its answer is of any use.
    let request = Request::new(HelloRequest { name }).with_timeout(Duration::from_secs(1));
    let reply = greeter.say_hello(request).await.map_err(|status| format!("could not greet: {status}"))?;
    log!("Greeting: {}", reply.get_ref().message);
    Ok(())
}
