//! Time, on both sides.

use std::time::Duration;

use wirewright::{Code, Request, Response};

use crate::support::talk::{MANY, MANY_REPLIES, ONE, Stub, Talk};
use crate::support::{House, within};

#[tokio::test(start_paused = true)]
async fn a_handler_sees_the_deadline_and_may_pass_it_on() {
    let house = House::with(Stub::one(|request| async move {
        let left = request.deadline().map(|d| d.remaining(tokio::time::Instant::now().into_std()));
        Ok(Response::new(format!("{left:?}")))
    }));
    let request = Request::new(String::new()).with_timeout(Duration::from_secs(5));
    let reply = within(house.channel.unary(&ONE, request)).await.unwrap();
    assert_eq!(reply.get_ref(), "Some(5s)");
    let reply = within(house.channel.unary(&ONE, Request::new(String::new()))).await.unwrap();
    assert_eq!(reply.get_ref(), "None");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_covers_a_stream_to_its_end() {
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                loop {
                    replies.send("tick".into()).await?;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            })
        }),
        ..Stub::default()
    }));
    let request = Request::new(String::new()).with_timeout(Duration::from_millis(450));
    let mut replies = house.channel.server_streaming(&MANY_REPLIES, request).await.unwrap();
    let mut ticks = 0;
    let status = loop {
        match within(replies.message()).await {
            Ok(Some(_)) => ticks += 1,
            Ok(None) => panic!("the stream ended well"),
            Err(status) => break status,
        }
    };
    assert_eq!((ticks, status.code()), (5, Code::DeadlineExceeded));
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_without_room_is_woken_by_the_deadline() {
    let house = House::with(Talk::new(Stub {
        many: Box::new(|requests, _| {
            Box::pin(async move {
                // Held and not read: a request that is let go is taken in without end.
                let _requests = requests;
                std::future::pending().await
            })
        }),
        ..Stub::default()
    }));
    let head = Request::new(()).with_timeout(Duration::from_secs(1));
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, head).await.unwrap();
    while within(sender.send("z".repeat(100_000))).await.is_ok() {}
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::DeadlineExceeded);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_deadline_opens_no_stream() {
    let house = House::with(Stub::one(|_| async { panic!("the handler ran") }));
    let request = Request::new(String::new()).with_timeout(Duration::ZERO);
    let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    house.close().await;
}
