//! A travel guide: a service with one method of each of the four kinds.
//!
//! ```text
//!   cargo run -p examples --bin route_guide_server
//!   cargo run -p examples --bin route_guide_client      in another terminal
//! ```
//!
//! The four kinds differ only in which side sends a stream of messages:
//!
//! ```text
//!                        the handler takes            the handler gives
//!   get_feature          Request<Point>               Response<Feature>
//!   list_features        Request<Rectangle>           &mut Sender<Feature>, then Ok(())
//!   record_route         Request<Streaming<Point>>    Response<RouteSummary>
//!   route_chat           Request<Streaming<..>>       &mut Sender<RouteNote>, then Ok(())
//! ```
//!
//! What is known about places comes from a file of JSON; `-json_db_file` takes another one of the same form, such
//! as the one that grpc-go ships.

#[path = "database.rs"]
mod database;
#[path = "geometry.rs"]
mod geometry;

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use examples::log::Fatal;
use examples::pb::routeguide::{
    Feature, Point, Rectangle, RouteGuide, RouteGuideServer, RouteNote, RouteSummary,
};
use wirewright::{Request, Response, Sender, Server, Status, Streaming};

/// All that the guide knows.
///
/// Handlers borrow it and run at the same time, one for each call, so whatever changes is behind a lock.
struct Guide {
    features: Vec<Feature>,
    /// What travellers have said so far, by latitude and longitude.
    notes: Mutex<HashMap<(i32, i32), Vec<RouteNote>>>,
}

impl RouteGuide for Guide {
    /// Unary: a message in, a message out. A place that is not known is a feature without a name.
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        let point = request.into_inner();
        let known = self.features.iter().find(|feature| feature.location == Some(point));
        let unknown = || Feature { name: String::new(), location: Some(point) };
        Ok(Response::new(known.cloned().unwrap_or_else(unknown)))
    }

    /// Server streaming: each `send` is one message on the wire. It waits while the client is slow to read, so a
    /// long answer never piles up in memory. Returning `Ok` ends the stream.
    async fn list_features(
        &self,
        request: Request<Rectangle>,
        replies: &mut Sender<Feature>,
    ) -> Result<(), Status> {
        let rectangle = request.into_inner();
        for feature in &self.features {
            if feature.location.is_some_and(|point| geometry::contains(&rectangle, point)) {
                replies.send(feature.clone()).await?;
            }
        }
        Ok(())
    }

    /// Client streaming: messages until the client says that there are no more, then one answer.
    async fn record_route(
        &self,
        requests: Request<Streaming<Point>>,
    ) -> Result<Response<RouteSummary>, Status> {
        let started = Instant::now();
        let mut points = requests.into_inner();
        let mut summary = RouteSummary::default();
        let mut last = None;
        while let Some(point) = points.message().await? {
            summary.point_count += 1;
            summary.feature_count += i32::from(self.features.iter().any(|it| it.location == Some(point)));
            if let Some(last) = last.replace(point) {
                // Long routes go round the world some hundred times before this stops counting.
                summary.distance = summary.distance.saturating_add(geometry::distance(last, point));
            }
        }
        summary.elapsed_time = started.elapsed().as_secs().try_into().unwrap_or(i32::MAX);
        Ok(Response::new(summary))
    }

    /// Bidirectional: reading and writing in whatever order the service likes. This one answers each note with all
    /// the notes about the same place.
    async fn route_chat(
        &self,
        requests: Request<Streaming<RouteNote>>,
        replies: &mut Sender<RouteNote>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        while let Some(note) = requests.message().await? {
            for said in self.remember(note) {
                replies.send(said).await?;
            }
        }
        Ok(())
    }
}

impl Guide {
    /// Keeps a note, and tells all that has been said about its place.
    ///
    /// The answer is a copy, so that the lock is not held while a slow client is waited for.
    fn remember(&self, note: RouteNote) -> Vec<RouteNote> {
        let place = note.location.map_or((0, 0), |point| (point.latitude, point.longitude));
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let here = notes.entry(place).or_default();
        here.push(note);
        here.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    let file = flags.text("json_db_file", "", "a file of features, instead of the built-in ones");
    let tls = flags.switch("tls", "speak TLS, instead of plain TCP");
    let cert_file = flags.text("cert_file", "", "the server's certificate, instead of the built-in one");
    let key_file = flags.text("key_file", "", "the key that belongs to the certificate");
    flags.finish();

    let guide = Guide { features: database::load(&file)?, notes: Mutex::default() };
    let mut server = Server::builder().add_service(RouteGuideServer::new(guide));
    if tls {
        server = server.tls(examples::tls::server(&cert_file, &key_file)?);
    }
    server.serve_until(examples::listen(port)?, pending()).await?;
    Ok(())
}
