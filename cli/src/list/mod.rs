//! `wright list`: the services of a server, or the methods of a service.
//!
//! In: an address or files, and perhaps a service. Out: full names, one a line, in the order of grpcurl.
//!
//! Must not know: where descriptors come from (`schema`).

use clap::Args;

use crate::call::Overlooked;
use crate::dial::dial;
use crate::dial::flags::ConnectionFlags;
use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::json::Format;
use crate::output;
use crate::schema::flags::SchemaFlags;
use crate::schema::{Schema, Symbol};

/// What can be typed after `list`.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// host:port; may be left out with -proto or -protoset
    address: Option<String>,
    /// A service, to list its methods
    service: Option<String>,
    #[command(flatten)]
    connection: ConnectionFlags,
    #[command(flatten)]
    schema: SchemaFlags,
    #[command(flatten)]
    headers: HeaderFlags,
    #[command(flatten)]
    overlooked: Overlooked,
    #[arg(long, hide = true)]
    msg_template: bool,
    #[arg(long, hide = true, value_enum)]
    format: Option<Format>,
}

/// Lists.
pub(crate) async fn run(arguments: ListArguments) -> Result<(), Failure> {
    let ListArguments { address, service, connection, schema: flags, headers, overlooked, .. } = arguments;
    overlooked.tell();
    let (address, service) = place(address, service, &flags)?;
    let dialed = match address.filter(|_| flags.asks_server()) {
        Some(address) => Some(dial(&address, &connection).await?),
        None => None,
    };
    let mut schema = Schema::open(&flags, &headers, dialed.as_ref())?;
    let (lines, files) = match service {
        None => {
            let names = schema.services().await?;
            let mut files = Vec::new();
            if flags.wants_files() {
                for name in &names {
                    files.push(schema.symbol(name).await?.file());
                }
            }
            (names, files)
        }
        Some(service) => {
            let Symbol::Service(found) = schema.symbol(&service).await? else {
                let hint = "`wright describe` tells what it is";
                return Err(Failure::cannot(format!("{service} is no service"), hint));
            };
            let mut names: Vec<_> = found.methods().map(|method| method.full_name().to_owned()).collect();
            names.sort();
            (names, vec![found.parent_file()])
        }
    };
    schema.write_out(&flags, files)?;
    output::print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// Tells the address from the symbol: where files are given, the address may be left out.
pub(crate) fn place(
    first: Option<String>,
    second: Option<String>,
    flags: &SchemaFlags,
) -> Result<(Option<String>, Option<String>), Failure> {
    match (first, second) {
        (None, None) if !flags.has_files() => Err(Failure::usage(
            "nobody to ask",
            "give host:port, or descriptors with -proto FILE or -protoset FILE",
        )),
        // Names of symbols have no colon, and addresses have one.
        (Some(only), None) if flags.has_files() && !only.contains(':') => Ok((None, Some(only))),
        placed => Ok(placed),
    }
}
