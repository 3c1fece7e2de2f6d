//! One message each way.

use wirewright::error_details::{BadRequest, Help};
use wirewright::{Code, Method, Request, Response, Status};

use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{House, within};

#[tokio::test]
async fn a_message_comes_back() {
    let house = House::with(Talk::new(Stub::default()));
    let reply = within(house.channel.unary(&ONE, Request::new("hello".into()))).await.unwrap();
    assert_eq!(reply.get_ref(), "hello");
    house.close().await;
}

#[tokio::test]
async fn metadata_travels_both_ways_before_and_after_the_message() {
    let house = House::with(Stub::one(|request| async move {
        let given = request.metadata().get("x-question").unwrap_or("none").to_owned();
        let bytes = request.metadata().get_bin("x-question-bin").unwrap_or_default();
        let mut response = Response::new(given);
        response.metadata_mut().insert("x-head", "first").unwrap();
        response.trailers_mut().insert_bin("x-tail-bin", &bytes).unwrap();
        Ok(response)
    }));
    let mut request = Request::new(String::new());
    request.metadata_mut().insert("x-question", "why").unwrap();
    request.metadata_mut().insert_bin("x-question-bin", &[0, 255]).unwrap();
    let reply = within(house.channel.unary(&ONE, request)).await.unwrap();
    assert_eq!(reply.get_ref(), "why");
    assert_eq!(reply.metadata().get("x-head"), Some("first"));
    assert_eq!(reply.trailers().get_bin("x-tail-bin").as_deref(), Some(&[0, 255][..]));
    house.close().await;
}

#[tokio::test]
async fn an_error_keeps_its_code_message_details_and_metadata() {
    let house = House::with(Stub::one(|_| async {
        let mut status = Status::failed_precondition("not\nnow \u{263a}");
        status.metadata_mut().insert("x-why", "moon").unwrap();
        Err(status
            .with_error_detail(&Help::default())
            .with_error_detail(&BadRequest::field("name", "too round")))
    }));
    let status = within(house.channel.unary(&ONE, Request::new(String::new()))).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "not\nnow \u{263a}"));
    assert_eq!(status.metadata().get("x-why"), Some("moon"));
    assert_eq!(status.error_details().count(), 2);
    assert_eq!(status.error_detail(), Some(BadRequest::field("name", "too round")));
    house.close().await;
}

#[tokio::test]
async fn a_panic_is_unknown_and_harms_no_other_call() {
    let house = House::with(Stub::one(|request| async move {
        assert_ne!(request.get_ref(), "panic", "as asked");
        Ok(Response::new("fine".into()))
    }));
    let status = within(house.channel.unary(&ONE, Request::new("panic".into()))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    assert!(within(house.channel.unary(&ONE, Request::new("calm".into()))).await.is_ok());
    house.close().await;
}

#[tokio::test]
async fn what_does_not_exist_is_unimplemented_and_named() {
    const NO_METHOD: Method<String, String> = Method::unary("/test.Talk/Nope");
    const NO_SERVICE: Method<String, String> = Method::unary("/test.Nobody/One");
    let house = House::with(Talk::new(Stub::default()));
    for (method, text) in [
        (NO_METHOD, "unknown method Nope for service test.Talk"),
        (NO_SERVICE, "unknown service test.Nobody"),
    ] {
        let status = within(house.channel.unary(&method, Request::new(String::new()))).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unimplemented, text));
    }
    house.close().await;
}

#[tokio::test]
async fn a_message_of_many_windows_passes() {
    let house = House::build(
        wirewright::Server::builder()
            .add_service(Talk::new(Stub::default()))
            .max_receive_message_size(32 << 20),
        |endpoint| endpoint.max_receive_message_size(32 << 20),
    );
    let large = "x".repeat(20 << 20);
    let reply = within(house.channel.unary(&ONE, Request::new(large.clone()))).await.unwrap();
    assert!(*reply.get_ref() == large);
    house.close().await;
}

#[tokio::test]
async fn many_calls_share_one_connection() {
    let house = House::with(Talk::new(Stub::default()));
    let calls = (0..500).map(|n| {
        let channel = house.channel.clone();
        tokio::spawn(async move { channel.unary(&ONE, Request::new(n.to_string())).await })
    });
    for (n, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(*within(call).await.unwrap().unwrap().get_ref(), n.to_string());
    }
    house.close().await;
}
