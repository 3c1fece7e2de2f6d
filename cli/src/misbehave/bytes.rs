//! The bytes of a step.
//!
//! In: a step and the stream that is meant. Out: frames (RFC 9113, section 4.1), whatever they say. Header blocks are
//! written by `inspect`'s HPACK, which takes any name and any value; nothing is put into a table, so that a step means
//! the same wherever it stands.
//!
//! Must not know: connections.

use wirewright::inspect::frame_header::{Flag, FrameKind};
use wirewright::inspect::frames::PREFACE;
use wirewright::inspect::hpack::{Form, HpackEncoder};
use wirewright::inspect::rewrite::write_frame;

use super::script::{Fields, Step};

/// What a step writes; nothing for one that does something else.
pub(super) fn of(step: &Step, current: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let end = |ends: bool| if ends { Flag::EndStream.bit() } else { 0 };
    match step {
        // A server has no preface but its SETTINGS.
        Step::Preface => out.extend_from_slice(PREFACE),
        Step::Settings(settings) => {
            let pairs = settings.iter().flat_map(|(id, value)| {
                let [i0, i1] = id.to_be_bytes();
                let [v0, v1, v2, v3] = value.to_be_bytes();
                [i0, i1, v0, v1, v2, v3]
            });
            write_frame(FrameKind::Settings, 0, 0, &pairs.collect::<Vec<_>>(), &mut out);
        }
        Step::SettingsAck => write_frame(FrameKind::Settings, Flag::Ack.bit(), 0, &[], &mut out),
        Step::Headers { fields, ends_stream, ends_headers, stream } => {
            let stream = stream.unwrap_or(current);
            head(FrameKind::Headers, end(*ends_stream), *ends_headers, stream, fields, &mut out);
        }
        Step::Continuation { fields, ends_headers, stream } => {
            let stream = stream.unwrap_or(current);
            head(FrameKind::Continuation, 0, *ends_headers, stream, fields, &mut out);
        }
        Step::Data { bytes, ends_stream, stream } => {
            data(bytes, *ends_stream, stream.unwrap_or(current), &mut out);
        }
        Step::Message { bytes, flag, length, ends_stream, stream } => {
            // PROTOCOL-HTTP2, "Length-Prefixed-Message".
            let length = length.unwrap_or(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            let mut message = vec![*flag];
            message.extend_from_slice(&length.to_be_bytes());
            message.extend_from_slice(bytes);
            data(&message, *ends_stream, stream.unwrap_or(current), &mut out);
        }
        Step::Rst { code, stream } => {
            write_frame(FrameKind::RstStream, 0, stream.unwrap_or(current), &code.to_be_bytes(), &mut out);
        }
        Step::GoAway { code, last, debug } => {
            let mut content = [last.to_be_bytes(), code.to_be_bytes()].concat();
            content.extend_from_slice(debug);
            write_frame(FrameKind::GoAway, 0, 0, &content, &mut out);
        }
        Step::Window { increment, stream } => {
            let stream = stream.unwrap_or(0);
            write_frame(FrameKind::WindowUpdate, 0, stream, &increment.to_be_bytes(), &mut out);
        }
        Step::Ping { is_ack, data } => {
            let flags = if *is_ack { Flag::Ack.bit() } else { 0 };
            write_frame(FrameKind::Ping, flags, 0, data, &mut out);
        }
        Step::Frame { kind, flags, stream, bytes } => {
            write_frame(FrameKind::from_u8(*kind), *flags, stream.unwrap_or(current), bytes, &mut out);
        }
        Step::Raw(bytes) => out.extend_from_slice(bytes),
        Step::Expect { .. } | Step::Stall(_) | Step::Drip(_) | Step::Cut(_) | Step::Close => {}
    }
    out
}

/// A header block in as many frames as it takes.
fn head(kind: FrameKind, flags: u8, ends_headers: bool, stream: u32, fields: &Fields, out: &mut Vec<u8>) {
    let (mut encoder, mut block) = (HpackEncoder::new(), Vec::new());
    for (name, value) in fields {
        encoder.field(Form::NotRemembered, name.as_bytes(), value, &mut block);
    }
    let (mut kind, mut flags) = (kind, flags);
    let mut pieces = block.chunks(MAX_FRAME_BYTES).peekable();
    let mut piece = pieces.next().unwrap_or_default();
    loop {
        let next = pieces.next();
        let end = if next.is_none() && ends_headers { Flag::EndHeaders.bit() } else { 0 };
        write_frame(kind, flags | end, stream, piece, out);
        let Some(next) = next else { return };
        (kind, flags, piece) = (FrameKind::Continuation, 0, next);
    }
}

/// Data in as many frames as it takes; windows are not looked at.
fn data(bytes: &[u8], ends_stream: bool, stream: u32, out: &mut Vec<u8>) {
    let count = bytes.len().div_ceil(MAX_FRAME_BYTES).max(1);
    for nth in 0..count {
        let rest = bytes.get(nth * MAX_FRAME_BYTES..).unwrap_or_default();
        let piece = rest.get(..MAX_FRAME_BYTES.min(rest.len())).unwrap_or_default();
        let is_last = nth + 1 == count;
        let flags = if is_last && ends_stream { Flag::EndStream.bit() } else { 0 };
        write_frame(FrameKind::Data, flags, stream, piece, out);
    }
}

/// RFC 9113, section 4.2: what every receiver takes without being asked.
const MAX_FRAME_BYTES: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::misbehave::parse::script;
    use wirewright::inspect::frames::{FrameReader, Piece};

    /// The frames of a line, as an independent reader tells them.
    fn told(line: &str) -> Vec<String> {
        let script = script("t", line).unwrap();
        let mut reader = FrameReader::server();
        reader.push(&of(&script.lines[0].step, 7));
        let pieces = std::iter::from_fn(|| reader.next_piece());
        let frames = pieces.filter_map(|piece| match piece {
            Piece::Frame(frame) => Some(frame.header.to_string()),
            _ => None,
        });
        frames.collect()
    }

    #[test]
    fn steps_are_the_frames_that_they_say() {
        let table: [(&str, &[&str]); 8] = [
            ("settings MAX_FRAME_SIZE=1 0x99=2", &["SETTINGS, 12 bytes, no flags, stream 0"]),
            ("settings ack", &["SETTINGS, 0 bytes, ACK, stream 0"]),
            ("headers end_stream", &["HEADERS, 0 bytes, END_STREAM END_HEADERS, stream 7"]),
            (
                "headers a=\"~\"*30000 no_end_headers @9",
                &[
                    "HEADERS, 16384 bytes, no flags, stream 9",
                    "CONTINUATION, 13623 bytes, no flags, stream 9",
                ],
            ),
            ("message \"hello\" length=1 end_stream", &["DATA, 10 bytes, END_STREAM, stream 7"]),
            ("goaway NO_ERROR debug=\"bye\"", &["GOAWAY, 11 bytes, no flags, stream 0"]),
            ("window 1 @3", &["WINDOW_UPDATE, 4 bytes, no flags, stream 3"]),
            ("frame kind=0xbe flags=0xff hex:00", &["type 0xbe, 1 byte, 0xff, stream 7"]),
        ];
        for (line, frames) in table {
            assert_eq!(told(line), frames, "{line}");
        }
        assert_eq!(told("data \"x\"*40000").len(), 3);
    }
}
