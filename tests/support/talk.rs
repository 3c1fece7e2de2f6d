//! `Talk`: a service of four methods, one of each kind, written by hand as the generator would print it.
//!
//! [`Stub`] implements it with a closure for each method, so that a test states only what it is about.

use std::pin::Pin;
use std::sync::Arc;

use wirewright::server::{Ended, ServerCall, Service};
use wirewright::{Interceptor, Method, MethodDescriptor, Request, Response, Sender, Status, Streaming};

pub const ONE: Method<String, String> = Method::unary("/test.Talk/One");
pub const MANY_REPLIES: Method<String, String> = Method::server_streaming("/test.Talk/ManyReplies");
pub const MANY_REQUESTS: Method<String, String> = Method::client_streaming("/test.Talk/ManyRequests");
pub const MANY: Method<String, String> = Method::bidi_streaming("/test.Talk/Many");

type Fut<'a, T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send + 'a>>;
type OnOne = dyn Fn(Request<String>) -> Fut<'static, Response<String>> + Send + Sync;
type OnManyReplies = dyn for<'a> Fn(Request<String>, &'a mut Sender<String>) -> Fut<'a, ()> + Send + Sync;
type OnManyRequests = dyn Fn(Request<Streaming<String>>) -> Fut<'static, Response<String>> + Send + Sync;
type OnMany = dyn for<'a> Fn(Request<Streaming<String>>, &'a mut Sender<String>) -> Fut<'a, ()> + Send + Sync;

/// Answers as its closures say; by default it echoes.
pub struct Stub {
    pub one: Box<OnOne>,
    pub many_replies: Box<OnManyReplies>,
    pub many_requests: Box<OnManyRequests>,
    pub many: Box<OnMany>,
}

impl Default for Stub {
    fn default() -> Self {
        Stub {
            one: Box::new(|request| Box::pin(async move { Ok(Response::new(request.into_inner())) })),
            many_replies: Box::new(|request, replies| {
                Box::pin(async move {
                    for word in request.get_ref().split_whitespace() {
                        replies.send(word.to_owned()).await?;
                    }
                    Ok(())
                })
            }),
            many_requests: Box::new(|requests| {
                Box::pin(async move {
                    let (mut requests, mut all) = (requests.into_inner(), Vec::new());
                    while let Some(word) = requests.message().await? {
                        all.push(word);
                    }
                    Ok(Response::new(all.join(" ")))
                })
            }),
            many: Box::new(|requests, replies| {
                Box::pin(async move {
                    let mut requests = requests.into_inner();
                    while let Some(word) = requests.message().await? {
                        replies.send(word).await?;
                    }
                    Ok(())
                })
            }),
        }
    }
}

impl Stub {
    /// A stub whose unary method is this.
    pub fn one<F>(answer: impl Fn(Request<String>) -> F + Send + Sync + 'static) -> Talk
    where
        F: Future<Output = Result<Response<String>, Status>> + Send + 'static,
    {
        Talk::new(Stub { one: Box::new(move |request| Box::pin(answer(request))), ..Stub::default() })
    }
}

/// Answers calls for a [`Stub`].
#[derive(Clone)]
pub struct Talk(Arc<Stub>);

impl Talk {
    pub fn new(stub: Stub) -> Self {
        Talk(Arc::new(stub))
    }
}

impl Service for Talk {
    const NAME: &'static str = "test.Talk";
    const METHODS: &'static [MethodDescriptor] =
        &[ONE.describe(), MANY_REPLIES.describe(), MANY_REQUESTS.describe(), MANY.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "One" => {
                async {
                    let (request, mut call) = call.unary(&ONE).await?;
                    let reply = call.run((self.0.one)(request)).await;
                    call.reply(reply).await
                }
                .await
            }
            "ManyReplies" => {
                async {
                    let (request, mut replies, mut call) = call.server_streaming(&MANY_REPLIES).await?;
                    let end = call.run((self.0.many_replies)(request, &mut replies)).await;
                    call.close(replies, end).await
                }
                .await
            }
            "ManyRequests" => {
                async {
                    let (requests, mut call) = call.client_streaming(&MANY_REQUESTS).await?;
                    let reply = call.run((self.0.many_requests)(requests)).await;
                    call.reply(reply).await
                }
                .await
            }
            "Many" => {
                async {
                    let (requests, mut replies, mut call) = call.bidi_streaming(&MANY).await?;
                    let end = call.run((self.0.many)(requests, &mut replies)).await;
                    call.close(replies, end).await
                }
                .await
            }
            _ => call.unimplemented().await,
        }
    }
}
