//! Messages as people write and read them: JSON, or protobuf's text format.
//!
//! In: text and a descriptor, or a message. Out: a message, or what does not fit and where; or text.
//!
//! ```text
//!   read    one message from its text; an error tells the path to the field
//!   order   JSON in the order of the .proto file, maps by their keys
//!   paint   colours for terminals
//! ```
//!
//! Source: protobuf "ProtoJSON Format", "Text Format Language Specification".
//!
//! Must not know: calls.

mod order;
mod paint;
mod read;

use clap::ValueEnum;
use prost_reflect::text_format::FormatOptions;
use prost_reflect::{DynamicMessage, ReflectMessage, SerializeOptions};

pub(crate) use read::read;

/// How messages are written and read: JSON, one value after the other, or protobuf's text format, with the byte 1E
/// between messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // Documented here they would make every page of help twice as long.
    #[default]
    Json,
    Text,
}

/// How much of a message is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) format: Format,
    /// Fields that have their default value, too.
    pub(crate) defaults: bool,
}

/// Writes a message, painted.
///
/// # Errors
///
/// What JSON cannot express: an `Any` of an unknown type, a timestamp out of range.
pub(crate) fn write(message: &DynamicMessage, style: Style) -> Result<String, String> {
    match style.format {
        Format::Json => {
            let options = SerializeOptions::new().skip_default_fields(!style.defaults);
            let value = message.serialize_with_options(serde_json::value::Serializer, &options);
            let mut value = value.map_err(|error| error.to_string())?;
            order::sort_maps(&mut value, &message.descriptor());
            let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
            Ok(paint::json(&text))
        }
        Format::Text => {
            let options = FormatOptions::new().pretty(true).skip_default_fields(!style.defaults);
            Ok(message.to_text_format_with_options(&options))
        }
    }
}
