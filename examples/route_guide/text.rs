//! Messages as protobuf's text format writes them, for the log.
//!
//! In: a message. Out: `name:"Old Mill" location:{latitude:1 longitude:2}`. A field that has its default value is
//! left out, as it is on the wire.

use std::fmt::{Display, Formatter, Result};

use examples::pb::routeguide::{Feature, Point, Rectangle, RouteSummary};

/// Shows a message.
pub(crate) struct Text<'a, M>(pub(crate) &'a M);

impl Display for Text<'_, Feature> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = (!self.0.name.is_empty()).then(|| format!("name:{:?}", self.0.name));
        fields(f, [name, self.0.location.map(|point| format!("location:{{{}}}", Text(&point)))])
    }
}

impl Display for Text<'_, Point> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        fields(f, [number("latitude", self.0.latitude), number("longitude", self.0.longitude)])
    }
}

impl Display for Text<'_, Rectangle> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let corner = |name: &str, point: Point| format!("{name}:{{{}}}", Text(&point));
        fields(f, [self.0.lo.map(|lo| corner("lo", lo)), self.0.hi.map(|hi| corner("hi", hi))])
    }
}

impl Display for Text<'_, RouteSummary> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let RouteSummary { point_count, feature_count, distance, elapsed_time } = *self.0;
        let counts = [number("point_count", point_count), number("feature_count", feature_count)];
        let lengths = [number("distance", distance), number("elapsed_time", elapsed_time)];
        fields(f, counts.into_iter().chain(lengths))
    }
}

fn number(name: &str, value: i32) -> Option<String> {
    (value != 0).then(|| format!("{name}:{value}"))
}

/// Writes the fields that are there, with a space in between.
fn fields(f: &mut Formatter<'_>, fields: impl IntoIterator<Item = Option<String>>) -> Result {
    f.write_str(&fields.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_their_default_value_are_left_out() {
        let feature = |name: &str, latitude| {
            let location = Some(Point { latitude, longitude: -7 });
            Text(&Feature { name: name.into(), location }).to_string()
        };
        assert_eq!(feature("Mill", 1), r#"name:"Mill" location:{latitude:1 longitude:-7}"#);
        assert_eq!(feature("", 0), "location:{longitude:-7}");
        let nowhere = Feature { name: String::new(), location: Some(Point::default()) };
        assert_eq!(Text(&nowhere).to_string(), "location:{}");
    }
}
