//! Many callers at once on several threads: nothing is mixed up, nothing hangs, nothing is left.

use std::time::Duration;

use wirewright::{Channel, Code, Request, Server};

use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::{House, within};

/// One call of the kind that the number says, given up in the middle by some.
async fn call(channel: &Channel, n: usize) {
    let word = format!("word-{n}");
    let gives_up = n % 7 == 3;
    match n % 4 {
        0 => {
            let call = channel.unary(&ONE, Request::new(word.clone()));
            if gives_up {
                let _ = tokio::time::timeout(Duration::from_micros(n as u64 % 300), call).await;
            } else {
                assert_eq!(*call.await.unwrap().get_ref(), word);
            }
        }
        1 => {
            let words = format!("{word} b c");
            let mut replies = channel.server_streaming(&MANY_REPLIES, Request::new(words)).await.unwrap();
            assert_eq!(replies.message().await.unwrap(), Some(word));
            if !gives_up {
                assert_eq!(replies.message().await.unwrap().as_deref(), Some("b"));
                assert_eq!(replies.message().await.unwrap().as_deref(), Some("c"));
                assert_eq!(replies.message().await.unwrap(), None);
            }
        }
        2 => {
            let mut upload = channel.client_streaming(&MANY_REQUESTS, Request::new(())).await.unwrap();
            upload.send(word.clone()).await.unwrap();
            upload.send("x".repeat(n * 131 % 100_000)).await.unwrap();
            if !gives_up {
                assert!(upload.finish().await.unwrap().get_ref().starts_with(&word));
            }
        }
        _ => {
            let (mut sender, mut replies) = channel.bidi_streaming(&MANY, Request::new(())).await.unwrap();
            let sending = tokio::spawn(async move {
                for k in 0..20 {
                    if sender.send(format!("{n}-{k}")).await.is_err() {
                        return;
                    }
                }
                if !gives_up {
                    let _ = sender.finish().await;
                }
            });
            let mut count = 0;
            let end = loop {
                match replies.message().await {
                    Ok(Some(reply)) => assert_eq!(reply, format!("{n}-{count}")),
                    end => break end,
                }
                count += 1;
            };
            match end {
                Ok(_) => assert_eq!((count, gives_up), (20, false)),
                Err(status) => assert_eq!((status.code(), gives_up), (Code::Cancelled, true), "{status}"),
            }
            sending.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_of_all_kinds_on_four_threads_end_as_they_should() {
    let house = House::build(Server::builder().add_service(Talk::new(Stub::default())), |endpoint| endpoint);
    let callers: Vec<_> = (0..64)
        .map(|caller| {
            let channel = house.channel.clone();
            tokio::spawn(async move {
                for n in 0..40 {
                    call(&channel, caller * 40 + n).await;
                }
            })
        })
        .collect();
    for caller in callers {
        within(caller).await.unwrap();
    }
    house.close().await;
}
