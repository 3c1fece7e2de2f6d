//! The allocation budget of a call: what both ends together may take from the allocator.
//!
//! Counts do not depend on the machine, so unlike times they can fail a build. Both ends run in one thread over an
//! in-memory pipe; what is counted is therefore everything: this library, h2, tokio, prost, and the test's own
//! messages. Run with `--nocapture` to see the counts.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::future::pending;

use allocation_counter::{AllocationInfo, measure};
use tokio::runtime::{Builder, Runtime};
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::pipe;
use wirewright::{Channel, Endpoint, Interceptor, Method, MethodDescriptor};
use wirewright::{Request, Response, Server, Status};

#[derive(Clone, PartialEq, prost::Message)]
struct Echo {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

const UNARY: Method<Echo, Echo> = Method::unary("/test.Echoes/Unary");
const MANY: Method<Echo, Echo> = Method::server_streaming("/test.Echoes/Many");

/// Answers with what it was asked, once or [`MESSAGES`] times.
struct Echoes;

impl Service for Echoes {
    const NAME: &'static str = "test.Echoes";
    const METHODS: &'static [MethodDescriptor] = &[UNARY.describe(), MANY.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Unary" => {
                let (request, mut call) = call.unary(&UNARY).await?;
                let reply = call.run(async { Ok(Response::new(request.into_inner())) }).await;
                call.reply(reply).await
            }
            "Many" => {
                let (request, mut replies, mut call) = call.server_streaming(&MANY).await?;
                let end = call.run(async {
                    for _ in 0..MESSAGES {
                        replies.send(request.get_ref().clone()).await?;
                    }
                    Ok(())
                });
                let end = end.await;
                call.close(replies, end).await
            }
            _ => call.unimplemented().await,
        }
    }
}

#[test]
fn a_unary_call_of_one_kibibyte_stays_within_its_budget() {
    let (count, bytes) = per_unit(CALLS, |channel| async move {
        for _ in 0..CALLS {
            let request = Request::new(Echo { payload: vec![b'x'; 1024] });
            channel.unary(&UNARY, request).await?;
        }
        Ok(())
    });
    println!("a unary echo of 1 KiB: {count:.2} allocations, {bytes:.0} bytes");
    assert!(count <= UNARY_BUDGET, "{count} allocations per call; the budget is {UNARY_BUDGET}");
    assert!(bytes <= UNARY_BUDGET_BYTES, "{bytes} bytes per call; the budget is {UNARY_BUDGET_BYTES}");
}

#[test]
fn a_streamed_message_costs_its_own_bytes_and_little_else() {
    let (count, bytes) = per_unit(MESSAGES, |channel| async move {
        let mut replies =
            channel.server_streaming(&MANY, Request::new(Echo { payload: vec![b'x'; 16] })).await?;
        while replies.message().await?.is_some() {}
        Ok(())
    });
    println!("a streamed message of 16 bytes: {count:.2} allocations, {bytes:.0} bytes");
    assert!(count <= STREAM_BUDGET, "{count} allocations per message; the budget is {STREAM_BUDGET}");
    assert!(bytes <= STREAM_BUDGET_BYTES, "{bytes} bytes per message; the budget is {STREAM_BUDGET_BYTES}");
}

/// How often, and how much, one of so many units allocates once everything has reached the size that it keeps.
fn per_unit<F>(units: usize, work: impl Fn(Channel) -> F) -> (f64, f64)
where
    F: Future<Output = Result<(), Status>>,
{
    let runtime: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (connector, incoming) = pipe();
    runtime.spawn(Server::builder().add_service(Echoes).serve_until(incoming, pending()));
    let channel = Endpoint::new("in.memory:1").unwrap().connector(connector).lazy();
    let run = || runtime.block_on(work(channel.clone())).unwrap();
    run();
    let AllocationInfo { count_total, bytes_total, .. } = measure(run);
    (count_total as f64 / units as f64, bytes_total as f64 / units as f64)
}

/// Enough that what happens now and then counts as often as it happens.
const CALLS: usize = 1000;

/// Messages of one stream: several times what fits into the outbox at once.
const MESSAGES: usize = 10_000;

/// And a little for what happens once in a while, such as a table that grows.
const UNARY_BUDGET: f64 = 23.01;
const UNARY_BUDGET_BYTES: f64 = 11e3;
const STREAM_BUDGET: f64 = 2.5;
const STREAM_BUDGET_BYTES: f64 = 200.0;
