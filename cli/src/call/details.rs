//! What a status carries besides code and message: `google.rpc.Status` and its details.
//!
//! In: a status, and the types that are known. Out: each detail as JSON, or what can be said of it.
//!
//! Source: gRPC "Richer error model"; the well-known details are those of `google/rpc/error_details.proto`, which this
//! program brings along, so that they are shown even where nobody has told of them.
//!
//! Must not know: how the call was made.

use prost::Message as _;
use prost_reflect::prost_types::Any;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};
use wirewright::Status;

use crate::json::{self, Style};
use crate::output::tame;

/// The details as they travel.
#[derive(Clone, PartialEq, prost::Message)]
struct RichStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// Each detail, as text.
pub(super) fn texts(status: &Status, pool: &DescriptorPool) -> Vec<String> {
    let Ok(rich) = RichStatus::decode(status.details().clone()) else {
        return vec![format!("{} bytes that are no google.rpc.Status", status.details().len())];
    };
    rich.details.iter().map(|detail| text(detail, pool)).collect()
}

fn text(detail: &Any, pool: &DescriptorPool) -> String {
    let name = detail.type_url.rsplit('/').next().unwrap_or_default();
    let known = pool.get_message_by_name(name).or_else(|| well_known()?.get_message_by_name(name));
    let decoded = known.and_then(|known| DynamicMessage::decode(known, detail.value.as_slice()).ok());
    let written = decoded.and_then(|message| json::write(&message, Style::default()).ok());
    match written {
        Some(json) => format!("{} {json}", tame(name)),
        None => format!("{}, {} bytes of a type that is not known here", tame(name), detail.value.len()),
    }
}

/// The types of the details that Google has defined.
fn well_known() -> Option<DescriptorPool> {
    DescriptorPool::decode(ERROR_DETAILS).ok()
}

/// The types of every `Any` in a message, however deep.
pub(super) fn types_in(message: &DynamicMessage) -> Vec<String> {
    let mut types = Vec::new();
    visit(&Value::Message(message.clone()), &mut types);
    types
}

fn visit(value: &Value, types: &mut Vec<String>) {
    match value {
        Value::Message(message) => {
            if message.descriptor().full_name() == "google.protobuf.Any" {
                let url = message.get_field_by_name("type_url");
                let url = url.as_ref().and_then(|url| url.as_str()).unwrap_or_default();
                types.extend(url.rsplit('/').next().map(str::to_owned));
            }
            message.fields().for_each(|(_, value)| visit(value, types));
        }
        Value::List(values) => values.iter().for_each(|value| visit(value, types)),
        Value::Map(map) => map.values().for_each(|value| visit(value, types)),
        _ => {}
    }
}

/// `google/rpc/error_details.proto`, as the build script wrote it.
const ERROR_DETAILS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/error_details.bin"));
