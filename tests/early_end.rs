//! Servers that answer before they have heard everything.

use wirewright::{Code, Request, Response, Status};

use crate::support::talk::{MANY_REQUESTS, Stub, Talk};
use crate::support::{House, within};

#[tokio::test]
async fn an_early_error_reaches_a_client_that_is_still_sending() {
    let house = House::with(Talk::new(Stub {
        many_requests: Box::new(|_| Box::pin(async { Err(Status::permission_denied("not you")) })),
        ..Stub::default()
    }));
    let mut upload = house.channel.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
    while within(upload.send("x".repeat(10_000))).await.is_ok() {}
    let status = within(upload.finish()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "not you"));
    house.close().await;
}

#[tokio::test]
async fn an_early_success_reaches_a_client_that_is_still_sending() {
    let house = House::with(Talk::new(Stub {
        many_requests: Box::new(|_| Box::pin(async { Ok(Response::new("enough".into())) })),
        ..Stub::default()
    }));
    let mut upload = house.channel.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
    while within(upload.send("x".repeat(10_000))).await.is_ok() {}
    assert_eq!(within(upload.finish()).await.unwrap().get_ref(), "enough");
    house.close().await;
}
