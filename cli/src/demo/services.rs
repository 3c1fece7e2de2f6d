//! Greeter and RouteGuide: the two services of the demo, as a user of the library writes them.
//!
//! In: requests. Out: replies. The traits that are implemented here are generated from `proto/examples/`; each kind
//! of call is a plain `async fn`.
//!
//! Must not know: where they are served, or that anybody listens in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use wirewright::{Request, Response, Sender, Status, Streaming};

use super::helloworld::{Greeter, HelloReply, HelloRequest};
use super::routeguide::{Feature, Point, Rectangle, RouteGuide, RouteNote, RouteSummary};

/// Greets.
#[derive(Debug)]
pub(super) struct Hello;

impl Greeter for Hello {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let message = format!("Hello {}", request.get_ref().name);
        Ok(Response::new(HelloReply { message }))
    }
}

/// Knows a few places, and remembers what was said about any.
#[derive(Debug, Default)]
pub(super) struct Guide {
    notes: Mutex<HashMap<Point, Vec<RouteNote>>>,
}

impl RouteGuide for Guide {
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        let point = request.into_inner();
        let name = name_of(&point).unwrap_or_default().to_owned();
        Ok(Response::new(Feature { name, location: Some(point) }))
    }

    async fn list_features(
        &self,
        request: Request<Rectangle>,
        replies: &mut Sender<Feature>,
    ) -> Result<(), Status> {
        let area = request.into_inner();
        for (latitude, longitude, name) in PLACES {
            let point = Point { latitude, longitude };
            if contains(&area, &point) {
                replies.send(Feature { name: name.to_owned(), location: Some(point) }).await?;
            }
        }
        Ok(())
    }

    async fn record_route(
        &self,
        requests: Request<Streaming<Point>>,
    ) -> Result<Response<RouteSummary>, Status> {
        let (start, mut points) = (Instant::now(), requests.into_inner());
        let (mut summary, mut metres) = (RouteSummary::default(), 0.0);
        let mut last: Option<Point> = None;
        while let Some(point) = points.message().await? {
            summary.point_count += 1;
            summary.feature_count += i32::from(name_of(&point).is_some());
            metres += last.map_or(0.0, |last| distance(&last, &point));
            last = Some(point);
        }
        // Conversions from floating point saturate, so a route to the moon and back is merely wrong.
        summary.distance = metres as i32;
        summary.elapsed_time = i32::try_from(start.elapsed().as_secs()).unwrap_or(i32::MAX);
        Ok(Response::new(summary))
    }

    async fn route_chat(
        &self,
        requests: Request<Streaming<RouteNote>>,
        replies: &mut Sender<RouteNote>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        while let Some(note) = requests.message().await? {
            for note in self.leave(note) {
                replies.send(note).await?;
            }
        }
        Ok(())
    }
}

impl Guide {
    /// Leaves a note where it belongs; gives every note left there so far, this one included.
    fn leave(&self, note: RouteNote) -> Vec<RouteNote> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let here = notes.entry(note.location.unwrap_or_default()).or_default();
        // A server that is left running must not remember for ever.
        if here.len() < NOTES_PER_POINT {
            here.push(note);
        }
        here.clone()
    }
}

/// What is known at a point, if anything.
fn name_of(point: &Point) -> Option<&'static str> {
    let is_here = |place: &&(i32, i32, &str)| (place.0, place.1) == (point.latitude, point.longitude);
    PLACES.iter().find(is_here).map(|place| place.2)
}

/// Whether a point lies in an area or on its edge; the corners may come in any order.
fn contains(area: &Rectangle, point: &Point) -> bool {
    let (one, other) = (area.lo.unwrap_or_default(), area.hi.unwrap_or_default());
    let between = |a: i32, x: i32, b: i32| (a.min(b)..=a.max(b)).contains(&x);
    between(one.latitude, point.latitude, other.latitude)
        && between(one.longitude, point.longitude, other.longitude)
}

/// How far it is from one point to another, in metres, over a round Earth (the haversine formula).
fn distance(from: &Point, to: &Point) -> f64 {
    let radians = |units: i32| f64::from(units).to_radians() / UNITS_PER_DEGREE;
    let (latitude, other_latitude) = (radians(from.latitude), radians(to.latitude));
    let half_dy = (other_latitude - latitude) / 2.0;
    let half_dx = (radians(to.longitude) - radians(from.longitude)) / 2.0;
    let a = half_dy.sin().powi(2) + latitude.cos() * other_latitude.cos() * half_dx.sin().powi(2);
    2.0 * EARTH_RADIUS_METRES * a.sqrt().atan2((1.0 - a).sqrt())
}

/// A small part of the examples' `route_guide_db.json`: latitude, longitude, name.
const PLACES: [(i32, i32, &str); 8] = [
    (409_146_138, -746_188_906, "Fern Valley Trailhead, Marrow Ridge"),
    (401_663_055, -740_560_713, "Three Rivers Weir, Castle Ford"),
    (402_175_745, -740_217_820, "Bellmaker's Row, Wick Hollow"),
    (402_530_558, -740_909_392, "Lantern Point Light, Sandmere"),
    (403_143_823, -740_654_962, "Whistling Cave, Lower Dunning"),
    (414_163_972, -747_479_802, "Clockmaker's Shop, Castle Ford"),
    (419_266_438, -746_748_048, "Otter Pool, Wick Hollow"),
    (401_763_941, -746_190_863, "Salt Warehouse, Sandmere"),
];

/// A point counts in units of 1e-7 degrees (`route_guide.proto`).
const UNITS_PER_DEGREE: f64 = 1e7;

/// The Earth's mean radius (IUGG), to the kilometre.
const EARTH_RADIUS_METRES: f64 = 6_371_000.0;

/// A guest book's page: more than a demonstration fills, and a bounded answer to whoever tries.
const NOTES_PER_POINT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_globe() {
        let point = |latitude, longitude| Point { latitude, longitude };
        // A degree of longitude on the equator, a quarter of a meridian, and nothing.
        let table = [
            (point(0, 0), point(0, 10_000_000), 111_194.9),
            (point(0, 0), point(900_000_000, 0), 10_007_543.4),
            (point(402_530_558, -740_909_392), point(402_530_558, -740_909_392), 0.0),
        ];
        for (from, to, metres) in table {
            assert!((distance(&from, &to) - metres).abs() < 0.1, "{}", distance(&from, &to));
        }
    }

    #[test]
    fn corners_may_come_in_any_order() {
        let (low, high) = (Point { latitude: -5, longitude: 7 }, Point { latitude: 5, longitude: -7 });
        for area in [Rectangle { lo: Some(low), hi: Some(high) }, Rectangle { lo: Some(high), hi: Some(low) }]
        {
            assert!(contains(&area, &Point { latitude: 5, longitude: 0 }));
            assert!(!contains(&area, &Point { latitude: 6, longitude: 0 }));
        }
    }

    #[test]
    fn a_point_answers_with_everything_said_there_up_to_a_limit() {
        let guide = Guide::default();
        let note = |latitude, message: &str| RouteNote {
            location: Some(Point { latitude, longitude: 0 }),
            message: message.to_owned(),
        };
        assert_eq!(guide.leave(note(1, "a")), [note(1, "a")]);
        assert_eq!(guide.leave(note(2, "b")), [note(2, "b")]);
        assert_eq!(guide.leave(note(1, "c")), [note(1, "a"), note(1, "c")]);
        for _ in 0..200 {
            guide.leave(note(3, "again"));
        }
        assert_eq!(guide.leave(note(3, "again")).len(), NOTES_PER_POINT);
    }
}
