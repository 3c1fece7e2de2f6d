//! The program of the README: it compiles, it runs, and the page shows this very text.
//!
//! In an application `helloworld` is what `build.rs` has generated. Here it is the generator's golden of the same
//! `.proto` file, which the generator's own tests hold it to.

#![allow(
    unreachable_pub,
    missing_docs,
    dead_code,
    reason = "a test binary exports nothing, and uses what it likes"
)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod helloworld {
    include!("../codegen/tests/golden/readme/out/helloworld.rs");
}

// The page shows what follows.
use helloworld::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};
use wirewright::transport::TcpIncoming;
use wirewright::{Endpoint, Request, Response, Sender, Server, Status, Streaming};

struct Polite;

impl Greeter for Polite {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        match request.get_ref().name.as_str() {
            "" => Err(Status::invalid_argument("whom shall I greet?")),
            name => Ok(Response::new(HelloReply { message: format!("Hello {name}") })),
        }
    }

    async fn converse(
        &self,
        requests: Request<Streaming<HelloRequest>>,
        replies: &mut Sender<HelloReply>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        while let Some(HelloRequest { name }) = requests.message().await? {
            replies.send(HelloReply { message: format!("Hello {name}") }).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let address = incoming.local_address()?;
    let server = Server::builder().add_service(GreeterServer::new(Polite));
    tokio::spawn(server.serve_until(incoming, std::future::pending()));

    let greeter = GreeterClient::new(Endpoint::new(address)?.connect().await?);
    let reply = greeter.say_hello(HelloRequest { name: "world".into() }).await?;
    println!("{}", reply.get_ref().message);

    let (mut names, mut greetings) = greeter.converse(Request::new(())).await?;
    names.send(HelloRequest { name: "stream".into() }).await?;
    names.finish().await?;
    while let Some(greeting) = greetings.message().await? {
        println!("{}", greeting.message);
    }
    Ok(())
}
// The page ends here.

#[test]
fn the_program_of_the_readme_runs() {
    main().unwrap();
}

#[test]
fn the_readme_shows_this_program() {
    let (_, rest) = include_str!("readme.rs").split_once("// The page shows what follows.\n").unwrap();
    let (program, _) = rest.split_once("// The page ends here.\n").unwrap();
    let block = format!("```rust\n{program}```\n");
    assert!(
        include_str!("../README.md").contains(&block),
        "README.md and tests/readme.rs have drifted apart"
    );
}

#[test]
fn the_readme_shows_the_proto_that_the_golden_was_made_of() {
    let proto = include_str!("../codegen/tests/golden/readme/in.proto");
    let block = format!("```proto\n{proto}```\n");
    assert!(include_str!("../README.md").contains(&block), "README.md and its golden have drifted apart");
}
