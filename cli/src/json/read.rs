//! One message from its text.
//!
//! In: text and a descriptor. Out: the message, or what does not fit and the path to it:
//!
//! ```text
//!   {"location": {"latitude": "north"}}
//!                              \____ location.latitude: invalid type: string "north", expected ...
//! ```
//!
//! Must not know: where the text came from.

use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde_json::Deserializer;

use super::Format;
use crate::failure::Failure;

/// Reads one message.
///
/// # Errors
///
/// What does not fit, and the path to it.
pub(crate) fn read(
    text: &str,
    format: Format,
    descriptor: &MessageDescriptor,
    allow_unknown: bool,
) -> Result<DynamicMessage, Failure> {
    let name = descriptor.full_name();
    let hint = format!("`wright describe ADDRESS {name}` shows its fields, and -msg-template what to type");
    match format {
        Format::Json => {
            let options = DeserializeOptions::new().deny_unknown_fields(!allow_unknown);
            let mut json = Deserializer::from_str(text);
            let mut track = serde_path_to_error::Track::new();
            let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
            let message = DynamicMessage::deserialize_with_options(descriptor.clone(), tracked, &options);
            message.map_err(|error| {
                let path = track.path().to_string();
                let place = if path == "." { name.to_owned() } else { format!("{name}, at {path}") };
                Failure::usage(format!("the JSON does not fit {place}: {error}"), hint)
            })
        }
        Format::Text => DynamicMessage::parse_text_format(descriptor.clone(), text).map_err(|error| {
            let error = format!("{error:?}").replace('\n', " ");
            Failure::usage(format!("the text does not fit {name}: {error}"), hint)
        }),
    }
}
