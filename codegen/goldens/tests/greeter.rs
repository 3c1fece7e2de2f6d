//! Makes a call of each kind with the client of a golden to its server: what is printed does what it says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use wirewright::server::Service;
use wirewright::transport::pipe;
use wirewright::{Code, Endpoint, Request, Response, Sender, Server, Status, Streaming};
use wirewright_codegen_goldens::greeter::helloworld::{
    GREETER_BIDI_HELLO, Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest,
};
use wirewright_codegen_goldens::stubs::stubs::{Note, Notes, NotesClient, NotesServer};

/// Greets by name.
#[derive(Debug)]
struct Friendly;

fn hello(names: &[String]) -> HelloReply {
    HelloReply { message: format!("Hello {}", names.join(", ")) }
}

impl Greeter for Friendly {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        Ok(Response::new(hello(&[request.into_inner().name])))
    }

    async fn lots_of_replies(
        &self,
        request: Request<HelloRequest>,
        replies: &mut Sender<HelloReply>,
    ) -> Result<(), Status> {
        for part in request.into_inner().name.split(' ') {
            replies.send(hello(&[part.to_owned()])).await?;
        }
        Ok(())
    }

    async fn lots_of_greetings(
        &self,
        requests: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        let mut requests = requests.into_inner();
        let mut names = Vec::new();
        while let Some(request) = requests.message().await? {
            names.push(request.name);
        }
        Ok(Response::new(hello(&names)))
    }

    async fn bidi_hello(
        &self,
        requests: Request<Streaming<HelloRequest>>,
        replies: &mut Sender<HelloReply>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        while let Some(request) = requests.message().await? {
            replies.send(hello(&[request.name])).await?;
        }
        Ok(())
    }
}

/// Implements nothing: every function has a stub.
#[derive(Debug)]
struct Later;

impl Notes for Later {}

fn named(name: &str) -> HelloRequest {
    HelloRequest { name: name.to_owned() }
}

#[tokio::test]
async fn a_generated_client_and_server_make_calls_of_every_kind() {
    let calls = async {
        let (connector, incoming) = pipe();
        let server = Server::builder()
            .add_service(GreeterServer::from_arc(Arc::new(Friendly)).clone())
            .add_service(NotesServer::new(Later));
        tokio::spawn(server.serve_until(incoming, std::future::pending()));
        let channel = Endpoint::new("in.memory:1").unwrap().connector(connector).lazy();
        let client = GreeterClient::new(channel.clone()).clone();

        let reply = client.say_hello(named("you")).await.unwrap();
        assert_eq!(reply.into_inner().message, "Hello you");

        let mut replies = client.lots_of_replies(named("you all")).await.unwrap();
        for expected in ["Hello you", "Hello all"] {
            assert_eq!(replies.message().await.unwrap().unwrap().message, expected);
        }
        assert_eq!(replies.message().await.unwrap(), None);

        let mut upload = client.lots_of_greetings(()).await.unwrap();
        for name in ["a", "b"] {
            upload.send(named(name)).await.unwrap();
        }
        assert_eq!(upload.finish().await.unwrap().into_inner().message, "Hello a, b");

        let (mut requests, mut replies) = client.bidi_hello(()).await.unwrap();
        for name in ["a", "b"] {
            requests.send(named(name)).await.unwrap();
            assert_eq!(replies.message().await.unwrap().unwrap().message, format!("Hello {name}"));
        }
        requests.finish().await.unwrap();
        assert_eq!(replies.message().await.unwrap(), None);

        let status = NotesClient::new(channel).one(Note {}).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    };
    tokio::time::timeout(Duration::from_secs(30), calls).await.unwrap();
}

#[test]
fn a_service_describes_its_methods() {
    assert_eq!(<GreeterServer<Friendly> as Service>::NAME, "helloworld.Greeter");
    assert_eq!(<GreeterServer<Friendly> as Service>::METHODS.len(), 4);
    assert_eq!(GREETER_BIDI_HELLO.path(), "/helloworld.Greeter/BidiHello");
}
