//! The health service, asked as clients ask it.

use wirewright::services::health::v1::{
    HealthCheckRequest, HealthCheckResponse, HealthClient, HealthListRequest,
};
use wirewright::services::health::{HealthReporter, ServingStatus};
use wirewright::{Code, Request, Streaming};

use crate::support::{House, settle, within};

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// A house, its reporter and a client.
fn house() -> (House, HealthReporter, HealthClient) {
    let reporter = HealthReporter::new();
    let house = House::with(reporter.service());
    let client = HealthClient::new(house.channel.clone());
    (house, reporter, client)
}

/// The next status that a stream tells.
async fn next(watch: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    within(watch.message()).await.unwrap().expect("the stream goes on").status()
}

#[tokio::test]
async fn check_tells_a_status_and_an_unknown_service_is_not_found() {
    let (house, reporter, client) = house();
    for (change, service, expected) in [
        (None, "", Ok(ServingStatus::Serving)),
        (None, "a.B", Err(Code::NotFound)),
        (Some(ServingStatus::NotServing), "a.B", Ok(ServingStatus::NotServing)),
        (Some(ServingStatus::Serving), "a.B", Ok(ServingStatus::Serving)),
        (Some(ServingStatus::Unknown), "a.B", Ok(ServingStatus::Unknown)),
        (Some(ServingStatus::ServiceUnknown), "a.B", Err(Code::NotFound)),
        (Some(ServingStatus::NotServing), "", Ok(ServingStatus::NotServing)),
    ] {
        if let Some(status) = change {
            reporter.set(service, status);
        }
        let told = client.check(about(service)).await;
        assert_eq!(told.map(|r| r.get_ref().status()).map_err(|s| s.code()), expected, "{service:?}");
    }
    drop(client);
    house.close().await;
}

#[tokio::test]
async fn list_tells_of_a_hundred_services_and_of_no_more() {
    let (house, reporter, client) = house();
    // The server as a whole is one of them.
    for nth in 1..100 {
        reporter.not_serving(&format!("s{nth}"));
    }
    let all = client.list(HealthListRequest {}).await.unwrap().into_inner().statuses;
    assert_eq!(all.len(), 100);
    assert_eq!(all[""].status(), ServingStatus::Serving);
    assert_eq!(all["s99"].status(), ServingStatus::NotServing);
    reporter.serving("s100");
    let refused = client.list(HealthListRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(client);
    house.close().await;
}

#[tokio::test]
async fn watch_tells_the_status_now_and_then_each_change_but_nothing_twice() {
    let (house, reporter, client) = house();
    let mut watch = client.watch(about("a.B")).await.unwrap();
    assert_eq!(next(&mut watch).await, ServingStatus::ServiceUnknown, "and the stream stays open");
    reporter.serving("a.B");
    assert_eq!(next(&mut watch).await, ServingStatus::Serving);
    // None of these is a change of a.B.
    reporter.serving("a.B");
    reporter.not_serving("c.D");
    settle().await;
    reporter.pause();
    assert_eq!(next(&mut watch).await, ServingStatus::NotServing);
    reporter.resume();
    assert_eq!(next(&mut watch).await, ServingStatus::Serving);
    reporter.forget("a.B");
    assert_eq!(next(&mut watch).await, ServingStatus::ServiceUnknown);
    drop((watch, client));
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_says_not_serving_first_and_does_not_wait_for_watchers() {
    let (mut house, reporter, client) = house();
    reporter.serving("a.B");
    let mut watch = client.watch(about("a.B")).await.unwrap();
    assert_eq!(next(&mut watch).await, ServingStatus::Serving);
    house.stop();
    assert_eq!(next(&mut watch).await, ServingStatus::NotServing);
    let end = within(watch.message()).await.unwrap_err();
    assert_eq!(end.code(), Code::Unavailable, "clients watch again elsewhere");
    let started = tokio::time::Instant::now();
    drop((watch, client));
    house.close().await;
    // The clock is paused, so any wait for the grace period would show as 30 s.
    assert_eq!(started.elapsed().as_secs(), 0);
}

#[tokio::test]
async fn a_watcher_that_leaves_is_let_go() {
    let (house, reporter, client) = house();
    let watch = client.watch(Request::new(about("a.B"))).await.unwrap();
    drop(watch);
    settle().await;
    reporter.serving("a.B");
    drop((client, reporter));
    house.close().await;
}
