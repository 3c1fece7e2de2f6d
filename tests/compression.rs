//! Compressed messages: negotiation, the flag, the limit.

use wirewright::{Code, Deflate, Gzip, Request, Response, Server};

use crate::support::talk::{MANY, ONE, Stub, Talk};
use crate::support::{House, within};

/// A server that says whether the request came compressed, and what came.
fn witness() -> Talk {
    Stub::one(|request| async move {
        let said = format!("{} {}", request.was_compressed(), request.get_ref().len());
        Ok(Response::new(said))
    })
}

#[tokio::test]
async fn a_request_is_compressed_and_answered_in_kind() {
    let server = Server::builder().add_service(witness()).compression(Gzip::default());
    let house = House::build(server, |e| e.compression(Gzip::default()).compress_requests("gzip"));
    let reply = within(house.channel.unary(&ONE, Request::new("z".repeat(10_000)))).await.unwrap();
    assert_eq!((reply.get_ref().as_str(), reply.was_compressed()), ("true 10000", true));
    let plain = Request::new("z".repeat(10_000)).with_encoding("identity");
    let reply = within(house.channel.unary(&ONE, plain)).await.unwrap();
    assert_eq!((reply.get_ref().as_str(), reply.was_compressed()), ("false 10000", false));
    house.close().await;
}

#[tokio::test]
async fn a_server_that_does_not_know_the_encoding_refuses_the_call() {
    let server = Server::builder().add_service(witness()).compression(Deflate::default());
    let house = House::build(server, |e| e.compression(Gzip::default()).compress_requests("gzip"));
    let status = within(house.channel.unary(&ONE, Request::new("z".into()))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    house.close().await;
}

#[tokio::test]
async fn a_client_that_accepts_nothing_is_sent_nothing_compressed() {
    let server = Server::builder()
        .add_service(Stub::one(|_| async { Ok(Response::new("z".repeat(1_000)).with_encoding("gzip")) }))
        .compression(Gzip::default())
        .compress_responses("gzip");
    let house = House::build(server, |endpoint| endpoint);
    let reply = within(house.channel.unary(&ONE, Request::new(String::new()))).await.unwrap();
    assert!(!reply.was_compressed());
    house.close().await;
}

#[tokio::test]
async fn messages_of_one_stream_are_compressed_one_by_one() {
    let server = Server::builder()
        .add_service(Talk::new(Stub {
            many: Box::new(|requests, replies| {
                Box::pin(async move {
                    let mut requests = requests.into_inner();
                    while let Some(word) = requests.message().await? {
                        replies.compress(!requests.was_compressed());
                        replies.send(word).await?;
                    }
                    Ok(())
                })
            }),
            ..Stub::default()
        }))
        .compression(Gzip::default());
    let house = House::build(server, |e| e.compression(Gzip::default()));
    let head = Request::new(()).with_encoding("gzip");
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, head).await.unwrap();
    for on in [true, false, false, true] {
        sender.compress(on);
        within(sender.send("word ".repeat(100))).await.unwrap();
        assert_eq!(within(replies.message()).await.unwrap(), Some("word ".repeat(100)));
        assert_eq!(replies.was_compressed(), !on);
    }
    sender.finish().await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    house.close().await;
}

/// S34, A23: the limit and one byte more.
#[tokio::test]
async fn the_limit_holds_for_what_a_message_unfolds_to() {
    let server = Server::builder()
        .add_service(witness())
        .compression(Gzip::default())
        .max_receive_message_size(100_000);
    let house = House::build(server, |e| e.compression(Gzip::default()).compress_requests("gzip"));
    let bomb = Request::new("0".repeat(8 << 20));
    let status = within(house.channel.unary(&ONE, bomb)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    house.close().await;
}

#[tokio::test]
async fn an_encoding_that_the_channel_does_not_have_is_refused_before_anything_is_sent() {
    let house = House::with(witness());
    let request = Request::new("z".into()).with_encoding("snappy");
    let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("snappy"), "{status}");
    house.close().await;
}
