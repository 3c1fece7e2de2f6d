//! What can be typed after `call`: grpcurl's flags, letter for letter.
//!
//! Must not know: what a flag does.

use clap::Args;

use crate::dial::flags::ConnectionFlags;
use crate::headers::HeaderFlags;
use crate::json::{Format, Style};
use crate::schema::flags::SchemaFlags;

/// What can be typed after `call`.
#[derive(Args, Debug)]
pub(crate) struct CallArguments {
    /// host:port
    pub(super) address: String,
    /// package.Service/Method
    pub(super) method: String,
    /// The request messages, one after the other; `@` reads them from standard input as they come
    #[arg(short, value_name = "DATA", allow_hyphen_values = true)]
    pub(super) data: Option<String>,
    /// How messages are written, both ways
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Write a status that is not OK in that format too
    #[arg(long)]
    pub(super) format_error: bool,
    /// Print fields that have their default value
    #[arg(long)]
    pub(super) emit_defaults: bool,
    /// Overlook fields that the request message does not have
    #[arg(long)]
    pub(super) allow_unknown_fields: bool,
    /// Show the method and the metadata as well
    #[arg(short)]
    pub(super) verbose: bool,
    /// The same, with sizes and times
    #[arg(long = "vv")]
    pub(super) very_verbose: bool,
    /// Print what crossed the wire as well, byte by byte, after the answers
    #[arg(long)]
    pub(super) explain: bool,
    #[command(flatten)]
    pub(super) connection: ConnectionFlags,
    #[command(flatten)]
    pub(super) schema: SchemaFlags,
    #[command(flatten)]
    pub(super) headers: HeaderFlags,
}

impl CallArguments {
    /// How messages are printed.
    pub(super) fn style(&self) -> Style {
        Style { format: self.format, defaults: self.emit_defaults }
    }
}
