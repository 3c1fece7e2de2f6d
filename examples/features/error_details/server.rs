//! A server whose errors carry messages.
//!
//! Beside its code and its sentence a status has room for details: an encoded `google.rpc.Status`, which repeats
//! the two and adds any messages, each with the name of its type. They travel in the trailer
//! `grpc-status-details-bin`. This server greets everybody once, and tells who comes again which quota is used up.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{Mutex, PoisonError};

use examples::log::Fatal;
use examples::pb::helloworld::{Greeter, GreeterServer, HelloReply, HelloRequest};
use wirewright::error_details::QuotaFailure;
use wirewright::{Request, Response, Server, Status};

#[derive(Default)]
struct OnceOnlyGreeter {
    greeted: Mutex<HashSet<String>>,
}

impl Greeter for OnceOnlyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let message = format!("Hello {name}");
        let quota = quota_used_up(&name);
        let first_time = self.greeted.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        if first_time { Ok(Response::new(HelloReply { message })) } else { Err(quota) }
    }
}

/// The error, with a detail that programs can read.
fn quota_used_up(name: &str) -> Status {
    let quota = QuotaFailure::of(format!("name:{name}"), "Limit one greeting per person");
    Status::resource_exhausted("Request limit exceeded.").with_error_detail(&quota)
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_052, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    let greeter = GreeterServer::new(OnceOnlyGreeter::default());
    Server::builder().add_service(greeter).serve_until(incoming, pending()).await?;
    Ok(())
}
