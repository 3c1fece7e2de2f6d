//! `wright convert`: from any form in which recorded bytes come to a recording, or to a capture.
//!
//! In: lines. Out: a file. What was read before something could not be is written all the same.
//!
//! Must not know: what the bytes mean.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wirewright::recording::{Head, Line, PcapngWriter, Recorder};

use crate::failure::Failure;
use crate::trace::source;

/// What can be typed after `convert`.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// A recording, a pcap or pcapng file, hexadecimal digits, or - for standard input
    #[arg(value_name = "FILE|HEX|-")]
    file: String,
    /// What to make of it
    #[arg(long, value_enum)]
    to: Form,
    /// The file to write, which must not exist yet; - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Keep the values of this header field out of it; may be given again
    #[arg(long, value_name = "NAME")]
    redact: Vec<String>,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A recording: JSON lines (docs/recording.md)
    Jsonl,
    /// A capture for Wireshark and tshark, with packets that never were
    Pcapng,
}

/// Converts.
pub(crate) fn run(convert: &Convert) -> Result<(), Failure> {
    let path = &convert.output;
    let failed = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => "; nothing is overwritten: choose another name",
            _ => "",
        };
        Failure::Recording(format!("cannot write {}: {error}{hint}", path.display()))
    };
    let out: Box<dyn Write> = match path.to_str() {
        Some("-") => Box::new(BufWriter::new(io::stdout())),
        _ => Box::new(BufWriter::new(File::create_new(path).map_err(failed)?)),
    };
    let redact: Vec<String> = convert.redact.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut out = Some(out);
    let mut recorder = None;
    let mut packets = None;
    let mut redactor = wirewright::recording::Redactor::new(redact.clone());
    let warning = source::read(&convert.file, &mut |line| {
        if let (Line::Head(head), Some(out)) = (line, out.take()) {
            let mut names = head.redact.clone();
            names.extend(redact.iter().filter(|name| !head.redact.contains(name)).cloned());
            let head = Head { redact: names, ..head.clone() };
            match convert.to {
                Form::Jsonl => recorder = Some(Unhurried::new(out, head).map_err(failed)?),
                Form::Pcapng => packets = Some(PcapngWriter::new(out).map_err(failed)?),
            }
        }
        if let Some(recorder) = &mut recorder {
            recorder.0.write(line).map_err(failed)?;
        }
        if let Some(packets) = &mut packets {
            if redact.is_empty() {
                return packets.write(line).map_err(failed);
            }
            let mut written = Ok(());
            redactor.push(line, |line| {
                if written.is_ok() {
                    written = packets.write(line);
                }
            });
            written.map_err(failed)?;
        }
        Ok(())
    })?;
    if let Some(packets) = packets {
        packets.finish().map_err(failed)?;
    }
    if let Some(recorder) = recorder {
        recorder.0.into_inner().0.flush().map_err(failed)?;
    }
    source::warn(warning);
    Ok(())
}

/// A recorder whose lines may wait for one another: nothing is lost here that could not be converted again.
struct Unhurried(Recorder<Lazy>);

/// Does not flush until it is told so from outside.
struct Lazy(Box<dyn Write>);

impl Unhurried {
    fn new(out: Box<dyn Write>, head: Head) -> io::Result<Unhurried> {
        Recorder::new(Lazy(out), head).map(Unhurried)
    }
}

impl Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
