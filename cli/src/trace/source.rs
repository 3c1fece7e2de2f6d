//! Where recorded bytes come from: a recording, a capture, hexadecimal digits, or bytes as they are.
//!
//! In: what was typed for FILE. Out: lines of a recording, whatever the form was:
//!
//! ```text
//!   -                       standard input, in any of the forms below
//!   rec.jsonl               a recording
//!   rec.pcapng, rec.pcap    the HTTP/2 connections of a capture
//!   rec.hex, 000004..       hexadecimal digits, with > and < for the direction
//!   rec.bin                 what one side said, byte for byte
//!   lesson:3                the recording of the third lesson
//! ```
//!
//! The form is seen from the first bytes and not from the name. Recordings are read line by line, in bounded memory.
//!
//! Must not know: what the bytes mean.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::time::Duration;

use wirewright::inspect::Direction;
use wirewright::inspect::frame_header::{FrameHeader, FrameKind};
use wirewright::inspect::frames::PREFACE;
use wirewright::recording::{
    Chunk, Conn, Head, Line, PacketError, RecordingError, RecordingReader, Role, read_hex_dump, read_packets,
};

use crate::failure::Failure;
use crate::style;

/// Reads everything there is in FILE and hands on its lines, the head first.
///
/// What could be read is handed on even if something cannot be; the result is then a warning to be printed at the end.
///
/// # Errors
///
/// If FILE cannot be read at all.
pub(crate) fn read(
    file: &str,
    hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    if let Some(text) = crate::lesson::recording(file) {
        return recording(file, Box::new(text.as_bytes()), hand_on);
    }
    if file.starts_with("lesson:") && !std::path::Path::new(file).exists() {
        let hint = "there are lesson:1 to lesson:10; `wright lesson` lists them";
        return Err(Failure::cannot(format!("there is no {file}"), hint));
    }
    let mut input: Box<dyn BufRead> = match (file, File::open(file)) {
        ("-", _) => Box::new(BufReader::with_capacity(BUFFER_BYTES, stdin())),
        (_, Ok(opened)) => Box::new(BufReader::with_capacity(BUFFER_BYTES, opened)),
        (_, Err(error)) if is_hex(file) => {
            drop(error);
            return hex(file, file, hand_on);
        }
        (_, Err(error)) => return Err(Failure::cannot(format!("cannot open {file}: {error}"), FORMS)),
    };
    let start = input.fill_buf().map_err(|error| unreadable(file, &error))?;
    match form(start) {
        Form::Recording => recording(file, input, hand_on),
        Form::Capture => capture(file, input, hand_on),
        Form::Text => {
            let mut text = String::new();
            let read = input.take(MAX_HEX_BYTES).read_to_string(&mut text);
            read.map_err(|error| unreadable(file, &error))?;
            if text.trim().is_empty() {
                let hint = "`wright tap -o FILE` makes a recording; `wright explain lesson:1` tells one that comes along";
                return Err(Failure::cannot(format!("{file} is empty: there is nothing to explain"), hint));
            }
            hex(file, &text, hand_on)
        }
        Form::Preface => raw(file, input, Direction::ToServer, hand_on),
        Form::Binary if begins_a_frame(start) => raw(file, input, Direction::ToClient, hand_on),
        Form::Binary => {
            let hint = match start {
                [0x14..=0x17, 3, ..] => {
                    "this is TLS, which nobody reads from outside: `wright tap` stands between"
                }
                _ => FORMS,
            };
            Err(Failure::cannot(format!("{file} is neither a recording, nor a capture, nor HTTP/2"), hint))
        }
    }
}

/// A file that is there and cannot be read, such as a folder.
fn unreadable(file: &str, error: &std::io::Error) -> Failure {
    Failure::cannot(format!("cannot read {file}: {error}"), FORMS)
}

/// Whether bytes can be the header of a frame: a type that HTTP/2 defines, and no length that nobody sends.
fn begins_a_frame(start: &[u8]) -> bool {
    let header = start.first_chunk().map(FrameHeader::read);
    header.is_some_and(|header| !matches!(header.kind, FrameKind::Unknown(_)) && header.length <= MOST_LENGTH)
}

/// Says what could not be read, if anything could not.
pub(crate) fn warn(warning: Option<String>) {
    if let Some(warning) = warning {
        // If nobody listens on standard error, what could be read has been shown all the same.
        let _ = writeln!(anstream::stderr(), "{}: {warning}", style::paint(style::PREFIX, "warning"));
    }
}

/// What a file seems to be.
enum Form {
    Recording,
    Capture,
    /// Text that is no recording: hexadecimal digits, presumably.
    Text,
    /// What a client says.
    Preface,
    /// What a server says, presumably.
    Binary,
}

fn form(start: &[u8]) -> Form {
    let captures: [&[u8]; 5] = [
        b"\x0a\x0d\x0d\x0a",
        b"\xd4\xc3\xb2\xa1",
        b"\xa1\xb2\xc3\xd4",
        b"\x4d\x3c\xb2\xa1",
        b"\xa1\xb2\x3c\x4d",
    ];
    if captures.iter().any(|magic| start.starts_with(magic)) {
        return Form::Capture;
    }
    if start.trim_ascii_start().starts_with(b"{") {
        return Form::Recording;
    }
    if start.starts_with(PREFACE) {
        return Form::Preface;
    }
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    if start.iter().take(SHOWN_BYTES).all(is_text) { Form::Text } else { Form::Binary }
}

/// A recording that cannot be read: why, and what to do.
pub(crate) fn refusal(file: &str, error: &RecordingError) -> Failure {
    let hint = match error {
        RecordingError::Garbage { .. } => "each line stands by itself: without this one the rest can be read",
        RecordingError::NotARecording { .. } => FORMS,
        RecordingError::LaterVersion { .. } => concat!("this is wright ", env!("CARGO_PKG_VERSION")),
        _ => "",
    };
    Failure::cannot(format!("{file}: {error}"), hint)
}

fn recording(
    file: &str,
    input: Box<dyn BufRead>,
    hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let failed = |error: RecordingError| refusal(file, &error);
    let mut reader = RecordingReader::new(input).map_err(failed)?;
    loop {
        match reader.next_line() {
            Ok(Some(line)) => hand_on(&line)?,
            Ok(None) => return Ok(None),
            // A recorder that was killed leaves such a line, and one that still writes shows such a line.
            Err(error @ RecordingError::Cut { .. }) => return Ok(Some(format!("{file}: {error}"))),
            Err(error) => return Err(failed(error)),
        }
    }
}

fn capture(
    file: &str,
    input: Box<dyn BufRead>,
    hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let (mut failed, mut conns) = (Ok(()), 0);
    let read = read_packets(input, |line| {
        conns += usize::from(matches!(line, Line::Conn(_)));
        if failed.is_ok() {
            failed = hand_on(line);
        }
    });
    failed?;
    match read {
        Ok(()) if conns == 0 => Err(Failure::cannot(
            format!("{file}: no connection in this capture begins with HTTP/2's preface"),
            "was it TLS, or did the capture begin late? `wright tap` stands between, and reads what is in TLS",
        )),
        Ok(()) => Ok(None),
        Err(error @ PacketError::Damaged { .. }) if conns > 0 => Ok(Some(format!("{file}: {error}"))),
        Err(error) => Err(Failure::Recording(format!("{file}: {error}"))),
    }
}

fn hex(
    file: &str,
    text: &str,
    hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let told = |why| {
        let hint = "a recording begins with {\"v\":1, hexadecimal digits may have > and < for the direction";
        Failure::cannot(format!("{file} is neither a recording nor hexadecimal digits: {why}"), hint)
    };
    let chunks = read_hex_dump(text).map_err(told)?;
    let at = chunks.last().map_or(Duration::ZERO, |(_, at, _)| *at);
    begin(hand_on)?;
    for (direction, at, bytes) in &chunks {
        hand_on(&Line::Bytes(Chunk { conn: 1, at: *at, direction: *direction, bytes }))?;
    }
    hand_on(&Line::End { conn: 1, at, why: String::new() })?;
    Ok(None)
}

fn raw(
    file: &str,
    mut input: Box<dyn BufRead>,
    direction: Direction,
    hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    begin(hand_on)?;
    loop {
        let bytes =
            input.fill_buf().map_err(|error| Failure::Recording(format!("cannot read {file}: {error}")))?;
        if bytes.is_empty() {
            break;
        }
        let len = bytes.len();
        hand_on(&Line::Bytes(Chunk { conn: 1, at: Duration::ZERO, direction, bytes }))?;
        input.consume(len);
    }
    hand_on(&Line::End { conn: 1, at: Duration::ZERO, why: String::new() })?;
    Ok(None)
}

fn begin(hand_on: &mut dyn FnMut(&Line<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    hand_on(&Line::Head(Head::default()))?;
    hand_on(&Line::Conn(Conn::new(1, Duration::ZERO, Role::Capture)))
}

/// Whether an argument that names no file can be meant as bytes.
fn is_hex(text: &str) -> bool {
    let digits = text.chars().filter(|c| !c.is_whitespace());
    digits.clone().count() >= 2 && digits.clone().all(|c| c.is_ascii_hexdigit())
}

/// What can be read.
const FORMS: &str = "give a recording, a pcap or pcapng file, hexadecimal digits, or - for standard input";

/// The longest frame of any program that is known to write frames; garbage has sixteen times as much on average.
const MOST_LENGTH: u32 = 1 << 20;

/// A few lines of a recording at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// Three letters for each of sixteen million bytes: nobody writes down more in hexadecimal.
const MAX_HEX_BYTES: u64 = 48 * 1024 * 1024;

/// Enough to tell text from bytes.
const SHOWN_BYTES: usize = 256;
