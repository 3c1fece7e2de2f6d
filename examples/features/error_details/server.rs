//! A server whose errors carry messages.
//!
//! Beside its code and its sentence a status has room for details: an encoded `google.rpc.Status`, which repeats
//! the two and adds any messages, each with the name of its type. They travel in the trailer
//! `grpc-status-details-bin`. This server greets everybody once, and tells who comes again which quota is used up.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{Mutex, PoisonError};

use examples::log::Fatal;
use examples::pb::google::rpc::{QuotaFailure, Status as StatusMessage, quota_failure::Violation};
use examples::pb::helloworld::{Greeter, GreeterServer, HelloReply, HelloRequest};
use prost::Message;
use prost_types::Any;
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
    let violation = Violation {
        subject: format!("name:{name}"),
        description: "Limit one greeting per person".into(),
        ..Violation::default()
    };
    let status = Status::resource_exhausted("Request limit exceeded.");
    let details = StatusMessage {
        code: status.code() as i32,
        message: status.message().into(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.QuotaFailure".into(),
            value: QuotaFailure { violations: vec![violation] }.encode_to_vec(),
        }],
    };
    status.with_details(details.encode_to_vec())
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
