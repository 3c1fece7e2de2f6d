//! The service that answers for those that are not there.

use wirewright::server::{Ended, ServerCall, Service};
use wirewright::{
    Channel, Code, Interceptor, Method, MethodDescriptor, RawMessage, Request, Response, Server,
};

use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{House, within};

/// Answers every call with the path that was asked for.
struct Anything;

impl Service for Anything {
    const NAME: &'static str = "";
    const METHODS: &'static [MethodDescriptor] = &[];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        const ANY: Method<RawMessage, String> = Method::unary("");
        let path = call.path().to_owned();
        let (_, mut call) = call.unary(&ANY).await?;
        let reply = call.run(async { Ok(Response::new(path)) }).await;
        call.reply(reply).await
    }
}

const NOBODYS: Method<String, String> = Method::unary("/no.Such/Method");

async fn ask(channel: &Channel, method: &Method<String, String>) -> String {
    within(channel.unary(method, Request::new("echo".into()))).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_fallback_answers_what_no_service_does_and_nothing_else() {
    let server = Server::builder().add_service(Talk::new(Stub::default())).fallback(Anything);
    let house = House::build(server, |endpoint| endpoint);
    assert_eq!(ask(&house.channel, &NOBODYS).await, "/no.Such/Method");
    assert_eq!(ask(&house.channel, &ONE).await, "echo");
    // A service that is there speaks for itself, even of methods that it does not have.
    const NO_METHOD: Method<String, String> = Method::unary("/test.Talk/Nope");
    let status = within(house.channel.unary(&NO_METHOD, Request::new(String::new()))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    house.close().await;
}

#[tokio::test]
async fn a_server_may_have_nothing_but_a_fallback() {
    let house = House::build(Server::builder().fallback(Anything), |endpoint| endpoint);
    assert_eq!(ask(&house.channel, &NOBODYS).await, "/no.Such/Method");
    house.close().await;
}
