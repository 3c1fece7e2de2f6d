//! `wright peek`: protobuf bytes as text, and text as bytes.
//!
//! In: a message, from a file or standard input, as bytes or in hex; or text. Out: the other one of the two.
//!
//! ```text
//!   0a 05 77 6f 72 6c 64 10 96 01        1: {"world"}
//!                                        2: 150
//! ```
//!
//! The text is that of Google's protoscope, as far as it goes: fields by number, `{..}` for what has a length, `!{..}`
//! for groups, backquotes around hex. Whatever bytes go in, the text gives the same bytes back; what has no text stands
//! there in hex. With `-type` and descriptors nothing is guessed, and every field is told by its name too.
//!
//! ```text
//!   text    bytes -> text
//!   typed   what a descriptor knows better than a guess
//!   words   text -> words
//!   parse   words -> bytes
//!   hex     hex in whatever form people have it
//! ```
//!
//! Must not know: where the bytes came from.

mod hex;
mod parse;
mod text;
mod typed;
mod words;

use std::io::{Read, Write, stdin, stdout};

use clap::Args;

use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::output;
use crate::schema::Schema;
use crate::schema::flags::SchemaFlags;

/// What can be typed after `peek`.
#[derive(Args, Debug)]
pub(crate) struct PeekArguments {
    /// The file to read; standard input unless given, or if it is `-`
    file: Option<String>,
    /// Turn text into bytes
    #[arg(short = 's', long)]
    assemble: bool,
    /// Bytes are read, or written, in hex
    #[arg(long)]
    hex: bool,
    /// The full name of the message; its descriptor is looked for in the files given
    #[arg(long = "type", value_name = "NAME")]
    message: Option<String>,
    #[command(flatten)]
    schema: SchemaFlags,
}

/// Peeks.
pub(crate) async fn run(arguments: PeekArguments) -> Result<(), Failure> {
    let input = read(arguments.file.as_deref())?;
    if arguments.assemble {
        let text = String::from_utf8(input)
            .map_err(|_| Failure::cannot("the text is not UTF-8", "without -s bytes are turned into text"))?;
        let bytes = parse::bytes(&text).map_err(|error| Failure::cannot(error.to_string(), error.hint()))?;
        return write(&bytes, arguments.hex);
    }
    let bytes = if arguments.hex { hex::read(&input)? } else { input };
    let message = match &arguments.message {
        None => None,
        Some(_) if !arguments.schema.has_files() => {
            let hint = "-proto FILE or -protoset FILE describe it";
            return Err(Failure::usage("a type is given, but no file that describes it", hint));
        }
        Some(name) => {
            let mut schema = Schema::open(&arguments.schema, &HeaderFlags::default(), None)?;
            let found = schema.message(name).await?;
            let hint = "`wright describe -proto FILE` shows what is there";
            Some(found.ok_or_else(|| Failure::cannot(format!("there is no message {name}"), hint))?)
        }
    };
    output::print(&text::of(&bytes, message.as_ref()))
}

fn read(file: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut input = Vec::new();
    let read = match file {
        None | Some("-") => stdin().read_to_end(&mut input).map(|_| input),
        Some(path) => std::fs::read(path),
    };
    let name = file.unwrap_or("standard input");
    read.map_err(|error| Failure::cannot(format!("cannot read {name}: {error}"), "check the path"))
}

fn write(bytes: &[u8], in_hex: bool) -> Result<(), Failure> {
    if in_hex {
        return output::print(&format!("{}\n", hex::write(bytes)));
    }
    let mut out = stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::Output)
}
