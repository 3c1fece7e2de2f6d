//! A traveller: calls each method of the travel guide once.
//!
//! ```text
//!   cargo run -p examples --bin route_guide_client -- -addr localhost:50051
//! ```
//!
//! What a call of each kind gives to the caller mirrors what the handler gets at the other end:
//!
//! ```text
//!                        the caller gives             the caller gets
//!   get_feature          Point                        Response<Feature>
//!   list_features        Rectangle                    Streaming<Feature>
//!   record_route         nothing yet                  Upload<Point, RouteSummary>
//!   route_chat           nothing yet                  (Sender<RouteNote>, Streaming<RouteNote>)
//! ```

#[path = "text.rs"]
mod text;

use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::routeguide::{Point, Rectangle, RouteGuideClient, RouteNote};
use text::Text;
use wirewright::{Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    let tls = flags.switch("tls", "speak TLS, instead of plain TCP");
    let ca_file = flags.text("ca_file", "", "whom to trust, instead of the built-in authority");
    let name =
        flags.text("server_host_override", "x.test.example.com", "the name in the server's certificate");
    flags.finish();

    let mut endpoint = Endpoint::new(&address)?;
    if tls {
        endpoint = endpoint.tls(examples::tls::client(&ca_file, &name)?);
    }
    let guide = RouteGuideClient::new(endpoint.lazy());

    // A place that the guide knows, and one in the middle of the sea.
    print_feature(&guide, point(409_146_138, -746_188_906)).await?;
    print_feature(&guide, point(0, 0)).await?;

    let lo = point(400_000_000, -750_000_000);
    let hi = point(420_000_000, -730_000_000);
    print_features(&guide, Rectangle { lo: Some(lo), hi: Some(hi) }).await?;

    record_route(&guide).await?;
    route_chat(&guide).await
}

/// Unary: one message, one answer.
async fn print_feature(guide: &RouteGuideClient, point: Point) -> Result<(), Fatal> {
    log!("Getting feature for point ({}, {})", point.latitude, point.longitude);
    let reply = guide.get_feature(in_time(point)).await;
    let feature = reply.map_err(|status| format!("client.GetFeature failed: {status}"))?.into_inner();
    log!("{}", Text(&feature));
    Ok(())
}

/// Server streaming: `message` gives one after the other, then `None` when the call has ended well. How it ended
/// otherwise is an error, so no answer that was cut short is taken for a whole one.
async fn print_features(guide: &RouteGuideClient, rectangle: Rectangle) -> Result<(), Fatal> {
    log!("Looking for features within {}", Text(&rectangle));
    let failed = |status| format!("client.ListFeatures failed: {status}");
    let mut features = guide.list_features(in_time(rectangle)).await.map_err(failed)?;
    while let Some(feature) = features.message().await.map_err(failed)? {
        let Point { latitude, longitude } = feature.location.unwrap_or_default();
        log!("Feature: name: {:?}, point:({latitude}, {longitude})", feature.name);
    }
    Ok(())
}

/// Client streaming: `send` as often as you like, then `finish`, which says so and waits for the answer.
async fn record_route(guide: &RouteGuideClient) -> Result<(), Fatal> {
    let points = random_points();
    log!("Traversing {} points.", points.len());
    let failed = |status| format!("client.RecordRoute failed: {status}");
    let mut upload = guide.record_route(in_time(())).await.map_err(failed)?;
    for point in points {
        // A failure to send only says that the call has ended. Why it has is what `finish` tells.
        if upload.send(point).await.is_err() {
            break;
        }
    }
    let summary = upload.finish().await.map_err(failed)?.into_inner();
    log!("Route summary: {}", Text(&summary));
    Ok(())
}

/// Bidirectional: a half to send and a half to receive, which may be used at the same time, here in two branches
/// of one task.
async fn route_chat(guide: &RouteGuideClient) -> Result<(), Fatal> {
    let words = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth"];
    let places = [point(0, 1), point(0, 2), point(0, 3)];
    let notes = words
        .iter()
        .zip(places.iter().cycle())
        .map(|(word, place)| RouteNote { location: Some(*place), message: format!("{word} message") });
    let failed = |status| format!("client.RouteChat failed: {status}");
    let (mut sender, mut replies) = guide.route_chat(in_time(())).await.map_err(failed)?;

    let talk = async {
        for note in notes {
            sender.send(note).await?;
        }
        // Dropping the sender instead would cancel the call: only `finish` says that all has been said.
        sender.finish().await
    };
    let listen = async {
        while let Some(note) = replies.message().await? {
            let Point { latitude, longitude } = note.location.unwrap_or_default();
            log!("Got message {} at point({latitude}, {longitude})", note.message);
        }
        Ok(())
    };
    // The listening half is the one that knows how the call ended.
    let (_sent, end) = tokio::join!(talk, listen);
    end.map_err(failed)?;
    Ok(())
}

/// A request with the time limit that all calls of this client have.
fn in_time<T>(message: T) -> Request<T> {
    Request::new(message).with_timeout(Duration::from_secs(10))
}

fn point(latitude: i32, longitude: i32) -> Point {
    Point { latitude, longitude }
}

/// From 2 to 101 points on whole degrees, anywhere on the globe.
fn random_points() -> Vec<Point> {
    const UNITS_A_DEGREE: i32 = 10_000_000;
    let degrees = |reach: i32| fastrand::i32(-reach..reach) * UNITS_A_DEGREE;
    (0..fastrand::usize(2..102)).map(|_| point(degrees(90), degrees(180))).collect()
}
