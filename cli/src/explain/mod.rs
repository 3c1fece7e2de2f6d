//! `wright explain`: a recording, frame by frame and byte by byte.
//!
//! ```text
//!   args ---> source ---> teller: which frame, which call ---> rows: what each byte says ---> page
//!                           |
//!                           +--> lenses: one question asked of the whole recording
//! ```

mod bytes;
pub(crate) mod fields;
mod flow;
pub(crate) mod frame;
mod hpack;
mod learnt;
pub(crate) mod lens;
mod messages;
mod named;
mod teller;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost_reflect::DescriptorPool;
use wirewright::recording::{Line, RecordingError, RecordingReader};

use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::schema::Schema;
use crate::schema::flags::SchemaFlags;
use crate::trace::page::Page;
use crate::trace::source;

/// What can be typed after `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A recording, a pcap or pcapng file, hexadecimal digits, or - for standard input
    #[arg(value_name = "FILE|HEX|-")]
    file: String,
    /// Only this frame, by its number, or some: 7-11
    #[arg(long, value_name = "N[-M]", value_parser = frames_named)]
    frame: Option<(u64, u64)>,
    /// Only frames of this stream; 0 is the connection itself
    #[arg(long, value_name = "ID")]
    stream: Option<u32>,
    /// Only this connection, by its number
    #[arg(long, value_name = "N")]
    conn: Option<u32>,
    /// Ask one question of the whole recording instead
    #[arg(long, value_enum)]
    lens: Option<Lens>,
    /// Name the fields of messages as this .proto file does
    #[arg(long, value_name = "FILE", conflicts_with = "protoset", help_heading = "Descriptors")]
    proto: Vec<String>,
    /// Look here for .proto files and what they import
    #[arg(long, value_name = "FOLDER", help_heading = "Descriptors")]
    import_path: Vec<PathBuf>,
    /// Name them as this encoded FileDescriptorSet does
    #[arg(long, value_name = "FILE", help_heading = "Descriptors")]
    protoset: Vec<PathBuf>,
}

impl Explain {
    /// What describes the messages, if anything is said to.
    fn schema(&self) -> Result<Option<DescriptorPool>, Failure> {
        let (proto, import_path, protoset) =
            (self.proto.clone(), self.import_path.clone(), self.protoset.clone());
        let flags = SchemaFlags { proto, import_path, protoset, ..SchemaFlags::default() };
        if !flags.has_files() {
            return Ok(None);
        }
        Ok(Some(Schema::open(&flags, &HeaderFlags::default(), None)?.pool().clone()))
    }
}

/// One question asked of a whole recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lens {
    /// What HPACK's tables hold after each header block
    Hpack,
    /// How much room each window has after each frame that changes it
    Flow,
    /// Where each call spent its time
    Time,
    /// What each call cost in bytes, and of what kind they were
    Size,
    /// How each call ended, and what that means
    Status,
}

/// Which frames are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// From which to which.
    frame: Option<(u64, u64)>,
    stream: Option<u32>,
    conn: Option<u32>,
}

impl Wanted {
    fn conn(&self, conn: u32) -> bool {
        self.conn.is_none_or(|wanted| wanted == conn)
    }

    fn frame(&self, number: u64, stream: u32) -> bool {
        self.frame.is_none_or(|(first, last)| (first..=last).contains(&number))
            && self.stream.is_none_or(|wanted| wanted == stream)
    }

    fn everything(&self) -> bool {
        self.frame.is_none() && self.stream.is_none() && self.conn.is_none()
    }
}

/// One number, or two with a line between them.
fn frames_named(text: &str) -> Result<(u64, u64), String> {
    let number =
        |text: &str| text.trim().parse().map_err(|_| format!("{text:?} is no number: write 7, or 7-11"));
    match text.split_once('-') {
        Some((first, last)) => Ok((number(first)?, number(last)?)),
        None => number(text).map(|number| (number, number)),
    }
}

/// Explains.
pub(crate) fn run(explain: &Explain) -> Result<(), Failure> {
    let Explain { file, frame, stream, conn, lens, .. } = explain;
    let wanted = Wanted { frame: *frame, stream: *stream, conn: *conn };
    let mut page = Page::new();
    let warning = match lens {
        None => frames(file, teller::Teller::new(wanted, explain.schema()?), &mut page)?,
        Some(lens) => lens::look(*lens, file, wanted, &mut page)?,
    };
    page.flush()?;
    source::warn(warning);
    Ok(())
}

/// Tells a recording that is in memory, on standard output.
pub(crate) fn tell_recording(recording: &[u8]) -> Result<(), Failure> {
    let unreadable = |error: RecordingError| Failure::Recording(error.to_string());
    let (mut page, mut teller) = (Page::new(), teller::Teller::new(Wanted::default(), None));
    let mut reader = RecordingReader::new(recording).map_err(unreadable)?;
    while let Some(line) = reader.next_line().map_err(unreadable)? {
        teller.tell(&line, &mut page)?;
    }
    teller.finish(&mut page)?;
    page.flush()
}

/// Tells all frames of a file.
#[cfg(test)]
pub(crate) fn tell_file(file: &str, page: &mut Page) -> Result<(), Failure> {
    frames(file, teller::Teller::new(Wanted::default(), None), page).map(drop)
}

fn frames(file: &str, mut teller: teller::Teller, page: &mut Page) -> Result<Option<String>, Failure> {
    let warning = source::read(file, &mut |line: &Line<'_>| teller.tell(line, page))?;
    teller.finish(page)?;
    Ok(warning)
}
