//! The features that the guide knows, from a file of JSON.
//!
//! In: a file such as `route_guide_db.json`, in the form that all implementations of the route guide share. Out:
//! messages. It does not know what is done with them.

use examples::pb::routeguide::{Feature, Point};
use serde::Deserialize;

/// Reads a file, or the built-in features where no file is named.
///
/// # Errors
///
/// Says which file, and what is wrong with it.
pub(crate) fn load(file: &str) -> Result<Vec<Feature>, String> {
    let text = match file {
        "" => BUILT_IN.to_owned(),
        file => std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?,
    };
    let entries: Vec<Entry> =
        serde_json::from_str(&text).map_err(|error| format!("cannot understand {file}: {error}"))?;
    Ok(entries.into_iter().map(Feature::from).collect())
}

/// One feature as the file has it. What is left out is zero or empty, as it is in a message.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: String,
    location: Location,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    latitude: i32,
    #[serde(default)]
    longitude: i32,
}

impl From<Entry> for Feature {
    fn from(entry: Entry) -> Feature {
        let Location { latitude, longitude } = entry.location;
        Feature { name: entry.name, location: Some(Point { latitude, longitude }) }
    }
}

const BUILT_IN: &str = include_str!("route_guide_db.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_features_hold_the_place_that_the_client_asks_for() {
        let features = load("").unwrap();
        let asked_for = Point { latitude: 409_146_138, longitude: -746_188_906 };
        let found = features.iter().find(|feature| feature.location == Some(asked_for)).unwrap();
        assert!(!found.name.is_empty());
        assert!(features.iter().any(|feature| feature.name.is_empty()));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        assert!(load("/no/such/file.json").unwrap_err().starts_with("cannot read /no/such/file.json: "));
    }
}
