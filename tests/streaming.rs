//! Many messages, either way or both.

use wirewright::{Code, Request, Status};

use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, Stub, Talk};
use crate::support::{House, within};

#[tokio::test]
async fn a_server_streams_and_its_head_comes_first() {
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.headers_mut().insert("x-head", "first").unwrap();
                replies.send("one".into()).await?;
                replies.trailers_mut().insert("x-tail", "last").unwrap();
                replies.send("two".into()).await?;
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let mut replies =
        house.channel.server_streaming(&MANY_REPLIES, Request::new(String::new())).await.unwrap();
    assert_eq!(within(replies.headers()).await.unwrap().get("x-head"), Some("first"));
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("one"));
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("two"));
    assert_eq!(within(replies.message()).await.unwrap(), None);
    assert_eq!(replies.trailers().unwrap().get("x-tail"), Some("last"));
    assert_eq!(within(replies.message()).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_client_streams_and_gets_one_answer() {
    let house = House::with(Talk::new(Stub::default()));
    let mut upload = house.channel.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
    for word in ["all", "of", "it"] {
        within(upload.send(word.into())).await.unwrap();
    }
    assert_eq!(within(upload.finish()).await.unwrap().get_ref(), "all of it");
    house.close().await;
}

#[tokio::test]
async fn both_sides_stream_and_answers_come_while_requests_go() {
    let house = House::with(Talk::new(Stub::default()));
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    for n in 0..100 {
        within(sender.send(format!("ping {n}"))).await.unwrap();
        assert_eq!(within(replies.message()).await.unwrap(), Some(format!("ping {n}")));
    }
    sender.finish().await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_hundred_thousand_small_messages_arrive_in_order_while_the_reader_is_late() {
    const COUNT: usize = 100_000;
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                for n in 0..COUNT {
                    replies.send(n.to_string()).await?;
                }
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let mut replies =
        house.channel.server_streaming(&MANY_REPLIES, Request::new(String::new())).await.unwrap();
    // Until the window is full and the server waits.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    for n in 0..COUNT {
        assert_eq!(within(replies.message()).await.unwrap(), Some(n.to_string()));
    }
    assert_eq!(within(replies.message()).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn large_messages_stream_both_ways_at_once() {
    let house = House::with(Talk::new(Stub::default()));
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    let large = "y".repeat(300_000);
    let expected = large.clone();
    let sending = tokio::spawn(async move {
        for _ in 0..50 {
            sender.send(large.clone()).await.unwrap();
        }
        sender.finish().await.unwrap();
    });
    let mut count = 0;
    while let Some(reply) = within(replies.message()).await.unwrap() {
        assert!(reply == expected);
        count += 1;
    }
    assert_eq!(count, 50);
    within(sending).await.unwrap();
    house.close().await;
}

#[tokio::test]
async fn messages_sent_before_an_error_are_delivered_before_it() {
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.send("one".into()).await?;
                Err(Status::data_loss("the rest is gone"))
            })
        }),
        ..Stub::default()
    }));
    let mut replies =
        house.channel.server_streaming(&MANY_REPLIES, Request::new(String::new())).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("one"));
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::DataLoss);
    for _ in 0..1_000 {
        assert_eq!(within(replies.message()).await.unwrap(), None);
    }
    house.close().await;
}

#[tokio::test]
async fn a_flush_sends_the_head_before_any_message() {
    let house = House::with(Talk::new(Stub {
        many: Box::new(|requests, replies| {
            Box::pin(async move {
                replies.headers_mut().insert("x-head", "early").unwrap();
                replies.flush().await?;
                let mut requests = requests.into_inner();
                while let Some(word) = requests.message().await? {
                    replies.send(word).await?;
                }
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let (sender, mut replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    assert_eq!(within(replies.headers()).await.unwrap().get("x-head"), Some("early"));
    sender.finish().await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_head_may_leave_before_a_client_stream_has_begun() {
    let house = House::with(Talk::new(Stub {
        many_requests: Box::new(|mut requests| {
            Box::pin(async move {
                let mut head = wirewright::Metadata::new();
                head.insert("x-head", "early").unwrap();
                requests.get_mut().send_headers(head)?;
                let mut requests = requests.into_inner();
                while requests.message().await?.is_some() {}
                Ok(wirewright::Response::new("done".into()))
            })
        }),
        ..Stub::default()
    }));
    let upload = house.channel.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
    let (sender, mut response) = upload.into_halves();
    assert_eq!(within(response.headers()).await.unwrap().get("x-head"), Some("early"));
    sender.finish().await.unwrap();
    assert_eq!(within(response.message()).await.unwrap().as_deref(), Some("done"));
    assert_eq!(within(response.message()).await.unwrap(), None);
    house.close().await;
}
