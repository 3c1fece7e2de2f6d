//! Points and rectangles on a globe, in units of 1e-7 degrees.
//!
//! In: points. Out: whether one lies in a rectangle, and how far it is from one to another.

use examples::pb::routeguide::{Point, Rectangle};

/// Whether a point lies in a rectangle, its edges included. The corners may be named in any order.
pub(crate) fn contains(rectangle: &Rectangle, point: Point) -> bool {
    let (one, other) = (rectangle.lo.unwrap_or_default(), rectangle.hi.unwrap_or_default());
    let within =
        |value: i32, edge: i32, opposite: i32| (edge.min(opposite)..=edge.max(opposite)).contains(&value);
    within(point.latitude, one.latitude, other.latitude)
        && within(point.longitude, one.longitude, other.longitude)
}

/// The way from one point to another along a great circle, in metres, by the haversine formula.
pub(crate) fn distance(from: Point, to: Point) -> i32 {
    let radians = |units: i32| (f64::from(units) / UNITS_A_DEGREE).to_radians();
    let (from_latitude, to_latitude) = (radians(from.latitude), radians(to.latitude));
    let half_height = (to_latitude - from_latitude) / 2.0;
    let half_width = (radians(to.longitude) - radians(from.longitude)) / 2.0;
    let haversine =
        half_height.sin().powi(2) + from_latitude.cos() * to_latitude.cos() * half_width.sin().powi(2);
    // Half of the globe's circumference is 20,015,087 metres at the most, so this fits.
    (EARTH_RADIUS * 2.0 * haversine.sqrt().atan2((1.0 - haversine).sqrt())) as i32
}

/// What latitudes and longitudes are counted in.
const UNITS_A_DEGREE: f64 = 1e7;

/// The radius of a globe as large as the Earth, in metres.
const EARTH_RADIUS: f64 = 6_371_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(latitude: i32, longitude: i32) -> Point {
        Point { latitude, longitude }
    }

    #[test]
    fn a_rectangle_holds_its_edges_whichever_corners_name_it() {
        for (lo, hi) in [(point(0, 0), point(2, 4)), (point(2, 0), point(0, 4)), (point(2, 4), point(0, 0))] {
            let rectangle = Rectangle { lo: Some(lo), hi: Some(hi) };
            assert!([point(0, 0), point(2, 4), point(1, 3)].into_iter().all(|it| contains(&rectangle, it)));
            assert!(![point(3, 0), point(-1, 0), point(1, 5)].into_iter().any(|it| contains(&rectangle, it)));
        }
    }

    #[test]
    fn distances_are_those_of_a_globe() {
        let degree = 10_000_000;
        // A quarter of the way round, along the equator and from there to a pole.
        assert_eq!(distance(point(0, 0), point(0, 90 * degree)), 10_007_543);
        assert_eq!(distance(point(0, 0), point(90 * degree, 0)), 10_007_543);
        assert_eq!(distance(point(5, 5), point(5, 5)), 0);
    }
}
