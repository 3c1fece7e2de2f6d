//! Frames that are neither heads nor data: what each of their bytes says.
//!
//! Must not know: calls.

use std::borrow::Cow;

use anstyle::Style;
use bytes::Bytes;
use wirewright::inspect::content::{Content, Setting, setting_name};
use wirewright::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use wirewright::inspect::frames::Frame;
use wirewright::wire::tables::reason_name;

use super::bytes::Rows;
use crate::failure::Failure;
use crate::style;
use crate::trace::page::Page;
use crate::trace::words;

/// What a frame is for, in a few words beside its heading.
pub(crate) fn remark(header: &FrameHeader, bytes: &[u8]) -> (Cow<'static, str>, Style) {
    match content(header, bytes) {
        Content::Data { .. } if header.has(Flag::EndStream) && header.length == 0 => {
            ("nothing more to say".into(), style::QUIET)
        }
        Content::Data { .. } if header.has(Flag::EndStream) => {
            ("the last of its messages".into(), style::QUIET)
        }
        Content::Settings { is_ack: true, .. } => ("has heard the other's settings".into(), style::QUIET),
        Content::Settings { .. } => ("how it wants to be spoken to".into(), style::QUIET),
        Content::Ping { is_ack: true, .. } => ("answers a ping".into(), style::QUIET),
        Content::Ping { data, .. } => (ping(data).into(), style::QUIET),
        Content::WindowUpdate { increment } => {
            (format!("room for {increment} bytes more").into(), style::QUIET)
        }
        Content::RstStream { code } => {
            (format!("the stream is over: {}", reason_name(code)).into(), style::BAD)
        }
        Content::GoAway { code, last_stream, .. } => {
            (format!("no new streams after {last_stream}: {}", reason_name(code)).into(), style::BAD)
        }
        Content::Priority(_) => ("an opinion about its weight; obsolete".into(), style::QUIET),
        Content::Unknown { .. } => ("of a type that nobody has defined; to be ignored".into(), style::QUIET),
        Content::Damaged(why) => (why.to_string().into(), style::BAD),
        _ => ("".into(), style::PLAIN),
    }
}

/// Some implementations can be told by what they write into pings.
fn ping(data: [u8; 8]) -> &'static str {
    match data {
        [2, 4, 16, 16, 9, 14, 7, 7] => "measures the way; grpc-go's signature for its window estimate",
        [1, 6, 1, 8, 0, 3, 3, 9] => "asks for an answer before it goes; grpc-go's signature",
        _ => "wants an answer",
    }
}

/// The row of the frame's nine first bytes.
pub(super) fn header(
    rows: &mut Rows,
    page: &mut Page,
    header: &FrameHeader,
    bytes: &[u8],
) -> Result<(), Failure> {
    let lead = bytes.get(..FrameHeader::LEN).unwrap_or(bytes);
    let mut text = std::mem::take(&mut rows.value);
    text.clear();
    text.push_str("length ");
    words::number(header.length.into(), &mut text);
    text.push_str(", ");
    write_kind(header.kind, &mut text);
    text.push_str(", ");
    text.push_str(&header.flag_names());
    text.push_str(", stream ");
    words::number(header.stream_id.into(), &mut text);
    text.push_str("  ");
    text.push_str(section(header.kind));
    rows.tell(page, lead, style::QUIET, &text)?;
    rows.value = text;
    Ok(())
}

/// Appends the name of a type of frame, or its number.
pub(super) fn write_kind(kind: FrameKind, text: &mut String) {
    match kind.name() {
        Some(name) => text.push_str(name),
        None => text.push_str(&kind.to_string()),
    }
}

/// Appends the flags of a frame, if it has any.
pub(super) fn write_flags(header: &FrameHeader, line: &mut String) {
    // END_HEADERS is what one expects; a block that goes on is what is worth a word.
    let is_usual = header.has(Flag::EndHeaders) && header.flags == Flag::EndHeaders.bit();
    if header.flags != 0 && !is_usual {
        line.push_str("  ");
        line.push_str(&header.flag_names());
    }
}

/// The section that defines a type of frame.
pub(crate) fn section(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Data => "RFC 9113 6.1",
        FrameKind::Headers => "RFC 9113 6.2",
        FrameKind::Priority => "RFC 9113 6.3",
        FrameKind::RstStream => "RFC 9113 6.4",
        FrameKind::Settings => "RFC 9113 6.5",
        FrameKind::PushPromise => "RFC 9113 6.6",
        FrameKind::Ping => "RFC 9113 6.7",
        FrameKind::GoAway => "RFC 9113 6.8",
        FrameKind::WindowUpdate => "RFC 9113 6.9",
        FrameKind::Continuation => "RFC 9113 6.10",
        FrameKind::Unknown(_) => "RFC 9113 5.5",
    }
}

/// The rows of what follows the header.
pub(super) fn rows(
    rows: &mut Rows,
    page: &mut Page,
    header: &FrameHeader,
    bytes: &[u8],
) -> Result<(), Failure> {
    let rest = bytes.get(FrameHeader::LEN..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    let split = |at: usize| rest.split_at(at.min(rest.len()));
    match content(header, bytes) {
        Content::Settings { settings, .. } => {
            for (setting, bytes) in settings.iter().zip(rest.chunks(SETTING_BYTES)) {
                let (name, value, remark) = self::setting(*setting);
                rows.field(page, bytes, 0, (&name, &value), &remark)?;
            }
            Ok(())
        }
        Content::Ping { .. } => rows.field(page, rest, 0, ("data", "to be sent back as it is"), ""),
        Content::WindowUpdate { increment } => {
            let whose = if header.stream_id == 0 { "of the connection" } else { "of the stream" };
            rows.field(page, rest, 0, ("increment", &increment.to_string()), whose)
        }
        Content::RstStream { code } => {
            rows.field(page, rest, 0, ("error code", reason_name(code)), &code.to_string())
        }
        Content::GoAway { last_stream, code, debug } => {
            let ((last, rest), (_, text)) = (split(4), split(8));
            let id = last_stream.to_string();
            rows.field(page, last, 0, ("last stream", &id), "later ones were not acted on")?;
            let reason = rest.get(..4).unwrap_or(rest);
            rows.field(page, reason, 0, ("error code", reason_name(code)), &code.to_string())?;
            if text.is_empty() {
                Ok(())
            } else {
                rows.field(page, text, 0, ("debug text", &words::printable(&debug)), "")
            }
        }
        Content::Priority(priority) => {
            let text = format!("on stream {}, weight {}", priority.depends_on, priority.weight);
            rows.field(page, rest, 0, ("depends", &text), "")
        }
        Content::Headers { .. } | Content::PushPromise { .. } | Content::Continuation { .. } => {
            rows.field(page, rest, 0, ("fields", "part of a header block; told where the block ends"), "")
        }
        Content::Damaged(why) => rows.say(page, rest, style::BAD, format_args!("cannot be read: {why}")),
        Content::Data { .. } => {
            rows.field(page, rest, 0, ("data", "in which no messages can be told apart"), "")
        }
        _ => rows.field(page, rest, 0, ("content", "unknown"), ""),
    }
}

/// The fields of a header block that ends in this frame begin after padding and priority, if there are any.
pub(super) fn before_block(
    rows: &mut Rows,
    page: &mut Page,
    bytes: &[u8],
    start: usize,
) -> Result<(), Failure> {
    let lead = bytes.get(FrameHeader::LEN..start).unwrap_or_default();
    if lead.is_empty() {
        Ok(())
    } else {
        rows.field(page, lead, 0, ("before", "pad length or priority; obsolete"), "")
    }
}

fn content(header: &FrameHeader, bytes: &[u8]) -> Content {
    if header.kind == FrameKind::Data && !header.has(Flag::Padded) {
        // What is in it is told by parts; its bytes need not be copied to say so.
        return Content::Data { data: Bytes::new(), at: 0 };
    }
    Frame { offset: 0, header: *header, bytes: Bytes::copy_from_slice(bytes) }.content()
}

/// A setting's name, its value, and what it means.
pub(crate) fn setting(setting: Setting) -> (String, String, String) {
    let name = setting_name(setting.id).map_or_else(|| format!("{:#06x}", setting.id), str::to_owned);
    let short = name.strip_prefix("GRPC_ALLOW_").unwrap_or(&name).to_owned();
    let remark = match setting.id {
        0x1 => "bytes of HPACK table",
        0x2 if setting.value == 0 => "no pushed streams",
        0x3 => "streams at once",
        0x4 => "bytes before a WINDOW_UPDATE is needed",
        0x5 => "bytes in a frame",
        0x6 => "bytes of header fields",
        0xfe03 => "gRPC's own: metadata may be binary",
        _ => "",
    };
    (short.to_lowercase(), setting.value.to_string(), remark.to_owned())
}

/// RFC 9113 6.5.1: two bytes say which, four its value.
const SETTING_BYTES: usize = 6;
