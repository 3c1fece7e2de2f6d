//! Giving up, in both directions.

use std::sync::Arc;

use tokio::sync::Notify;
use wirewright::{Code, Request};

use crate::support::frame::{CANCEL, Frame};
use crate::support::peer::answerer;
use crate::support::talk::{MANY, MANY_REPLIES, ONE, Stub, Talk};
use crate::support::{Farewell, House, all_quiet, within};

/// S48: from the caller to the handler.
#[tokio::test]
async fn dropping_a_call_drops_its_handler() {
    let (began, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, goes) = (began.clone(), gone.clone());
    let house = House::with(Stub::one(move |_| {
        let (began, farewell) = (begins.clone(), Farewell(goes.clone()));
        async move {
            began.notify_one();
            std::future::pending::<()>().await;
            drop(farewell);
            unreachable!()
        }
    }));
    let channel = house.channel.clone();
    let call = tokio::spawn(async move { channel.unary(&ONE, Request::new(String::new())).await });
    within(began.notified()).await;
    call.abort();
    within(gone.notified()).await;
    let _ = call.await;
    house.close().await;
}

#[tokio::test]
async fn a_sender_dropped_unfinished_cancels_and_never_looks_complete() {
    let (told, tells) = tokio::sync::mpsc::unbounded_channel();
    let house = House::with(Talk::new(Stub {
        many: Box::new(move |requests, _| {
            let told = told.clone();
            Box::pin(async move {
                let mut requests = requests.into_inner();
                let farewell = scopeguard(told.clone());
                loop {
                    match requests.message().await {
                        Ok(Some(_)) => {}
                        Ok(None) => {
                            told.send("complete").unwrap();
                            break;
                        }
                        Err(_) => break,
                    }
                }
                drop(farewell);
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let mut tells = tells;
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    sender.send("half a file".into()).await.unwrap();
    drop(sender);
    let status = within(replies.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled, "{status}");
    assert_eq!(within(tells.recv()).await, Some("gone"));
    house.close().await;
}

fn scopeguard(told: tokio::sync::mpsc::UnboundedSender<&'static str>) -> impl Drop {
    struct Guard(tokio::sync::mpsc::UnboundedSender<&'static str>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send("gone");
        }
    }
    Guard(told)
}

#[tokio::test]
async fn a_reader_dropped_early_cancels_the_call_and_closes_the_sender() {
    let gone = Arc::new(Notify::new());
    let goes = gone.clone();
    let house = House::with(Talk::new(Stub {
        many: Box::new(move |_, replies| {
            let farewell = Farewell(goes.clone());
            Box::pin(async move {
                while replies.send("more".into()).await.is_ok() {}
                drop(farewell);
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let (mut sender, mut replies) = house.channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
    assert!(within(replies.message()).await.unwrap().is_some());
    drop(replies);
    within(gone.notified()).await;
    assert!(within(sender.send("anyone?".into())).await.is_err());
    house.close().await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_ends_cancelled_on_either_side() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.request().await;
    let (mut sender, mut replies) = within(opening).await.unwrap().unwrap();
    replies.cancel();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    let status = within(replies.message()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Cancelled, "the call was cancelled by its caller"));
    assert!(within(replies.message()).await.unwrap().is_none(), "after the end there is nothing");
    replies.cancel();
    assert!(within(replies.message()).await.unwrap().is_none(), "what is over stays as it is");
    assert!(within(sender.send("anyone?".into())).await.is_err());
    drop((sender, replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn cancelling_drops_the_handler() {
    let gone = Arc::new(Notify::new());
    let goes = gone.clone();
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(move |_, replies| {
            let farewell = Farewell(goes.clone());
            Box::pin(async move {
                replies.send("the first".into()).await?;
                std::future::pending::<()>().await;
                drop(farewell);
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let request = Request::new(String::new());
    let mut replies = within(house.channel.server_streaming(&MANY_REPLIES, request)).await.unwrap();
    assert!(within(replies.message()).await.unwrap().is_some());
    replies.cancel();
    within(gone.notified()).await;
    assert_eq!(within(replies.message()).await.unwrap_err().code(), Code::Cancelled);
    drop(replies);
    house.close().await;
}
