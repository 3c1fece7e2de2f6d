//! Two clients on one channel.
//!
//! A generated client is a thin shell around a channel. Clones of a channel share its connection, on which any
//! number of calls to any service can be under way at once.

use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use examples::pb::helloworld::{GreeterClient, HelloRequest};
use wirewright::{Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    flags.finish();

    let channel = Endpoint::new(&address)?.lazy();
    let greeter = GreeterClient::new(channel.clone());
    let echo = EchoClient::new(channel);

    println!("--- calling helloworld.Greeter/SayHello ---");
    let hello = HelloRequest { name: "multiplex".into() };
    let reply = greeter.say_hello(Request::new(hello).with_timeout(Duration::from_secs(1))).await?;
    println!("Greeting: {}", reply.get_ref().message);

    println!();
    // The name is wrong in grpc-go's example as well, and the two are to print the same.
    println!("--- calling routeguide.RouteGuide/GetFeature ---");
    let words = EchoRequest { message: "this is examples/multiplex".into() };
    let reply = echo.unary_echo(Request::new(words).with_timeout(Duration::from_secs(10))).await?;
    println!("UnaryEcho: {}", reply.get_ref().message);
    Ok(())
}
