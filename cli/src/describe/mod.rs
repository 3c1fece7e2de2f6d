//! `wright describe`: a service, method, message or enum, as its `.proto` file has it.
//!
//! In: an address or files, and perhaps a symbol. Out: what it is, with its comments; with `-msg-template` also a
//! message to fill in. Without a symbol every service is described.
//!
//! ```text
//!   source    a declaration, printed;  field: one field of it
//!   file      a whole file, for -proto-out-dir
//!   comments  what stands above it in the file
//!   template  a message with a value in each field
//! ```
//!
//! Must not know: where descriptors come from (`schema`).

mod comments;
mod field;
mod file;
mod source;
mod template;

use clap::Args;
use prost_reflect::{FileDescriptor, MethodDescriptor};

use crate::call::Overlooked;
use crate::dial::dial;
use crate::dial::flags::ConnectionFlags;
use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::json::{self, Format, Style};
use crate::list::place;
use crate::output;
use crate::schema::flags::SchemaFlags;
use crate::schema::{Schema, Symbol};

/// What can be typed after `describe`.
#[derive(Args, Debug)]
pub(crate) struct DescribeArguments {
    /// host:port; may be left out with -proto or -protoset
    address: Option<String>,
    /// The full name of a service, method, message, field, enum or extension
    symbol: Option<String>,
    /// Print a message to fill in as well
    #[arg(long)]
    msg_template: bool,
    /// How that message is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    connection: ConnectionFlags,
    #[command(flatten)]
    schema: SchemaFlags,
    #[command(flatten)]
    headers: HeaderFlags,
    #[command(flatten)]
    overlooked: Overlooked,
}

/// Describes.
pub(crate) async fn run(arguments: DescribeArguments) -> Result<(), Failure> {
    arguments.overlooked.tell();
    let (address, symbol) = place(arguments.address, arguments.symbol, &arguments.schema)?;
    let flags = &arguments.schema;
    let dialed = match address.filter(|_| flags.asks_server()) {
        Some(address) => Some(dial(&address, &arguments.connection).await?),
        None => None,
    };
    let mut schema = Schema::open(flags, &arguments.headers, dialed.as_ref())?;
    let names = match symbol {
        // A method may be written with a slash, as in a call.
        Some(symbol) => vec![symbol.replace('/', ".")],
        None => schema.services().await?,
    };
    let mut files = Vec::new();
    for name in names {
        let symbol = schema.symbol(&name).await?;
        files.push(symbol.file());
        output::print(&source::described(&symbol))?;
        if let (true, Symbol::Message(message)) = (arguments.msg_template, &symbol) {
            let style = Style { format: arguments.format, defaults: true };
            let text = json::write(&template::of(message), style);
            let text = text.map_err(|error| Failure::cannot(error, "-format text has no such limits"))?;
            output::print(&format!("\nMessage template:\n{}\n", text.trim_end()))?;
        }
    }
    schema.write_out(flags, files)
}

/// A whole file, as a compiler reads it.
pub(crate) fn file(file: &FileDescriptor) -> String {
    file::text(file)
}

/// A method, below the comment that it has.
pub(crate) fn method(method: &MethodDescriptor) -> String {
    let comment = comments::above(method.parent_file().file_descriptor_proto(), method.path(), "");
    format!("{comment}{}", source::method(method, ""))
}
