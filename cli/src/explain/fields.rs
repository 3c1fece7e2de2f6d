//! Header blocks: one row for each field, and how HPACK wrote it.
//!
//! Must not know: frames.

use std::borrow::Cow;
use std::fmt::Write as _;

use wirewright::inspect::hpack::{Entry, Field, Form, Origin, Text};
use wirewright::inspect::{Direction, Head, What};

use super::bytes::Rows;
use crate::failure::Failure;
use crate::style;
use crate::trace::page::Page;
use crate::trace::words;

/// The rows of a block. Bytes that lie in this very frame are counted, those of earlier frames were.
pub(super) fn rows(rows: &mut Rows, page: &mut Page, head: &Head) -> Result<(), Failure> {
    let is_whole_here = head.block.pieces.len() <= 1;
    let told = rows.told;
    for entry in &head.entries {
        let bytes = head.block.bytes.get(entry.range()).unwrap_or_default();
        match entry {
            Entry::Field(field) => row(rows, page, bytes, field)?,
            Entry::TableSize { size, .. } => {
                let text = format!("the sender's table now holds {size} bytes");
                rows.field(page, bytes, 0, ("table size", &text), "")?;
            }
            Entry::Damaged { why, .. } => {
                rows.say(page, bytes, style::BAD, format_args!("cannot be read: {why}"))?;
            }
        }
    }
    if !is_whole_here {
        rows.told = told;
    }
    Ok(())
}

fn row(rows: &mut Rows, page: &mut Page, bytes: &[u8], field: &Field) -> Result<(), Failure> {
    let name = text(&field.name);
    let value = text(&field.value);
    let mut remark = std::mem::take(&mut rows.remark);
    remark.clear();
    if let (Ok(name), Ok(value)) = (&field.name.bytes, &field.value.bytes)
        && let Some(meaning) = words::meaning(name, value)
    {
        remark.push_str(&meaning);
        remark.push_str("; ");
    }
    how(field, &mut remark);
    rows.field(page, bytes, 0, (&name, &value), &remark)?;
    rows.remark = remark;
    Ok(())
}

/// A name or a value, or why it is not known.
fn text(text: &Text) -> Cow<'_, str> {
    match &text.bytes {
        Ok(bytes) => words::printable(bytes),
        Err(why) => format!("? ({why})").into(),
    }
}

/// How HPACK wrote a field.
fn how(field: &Field, told: &mut String) {
    let row = match field.name.origin {
        Origin::Static(index) => Some(("static ", index)),
        Origin::Dynamic(index) => Some(("dynamic ", index)),
        Origin::Literal { .. } => None,
    };
    if let Some((table, index)) = row {
        told.push_str(if field.form == Form::Indexed { "" } else { "name " });
        told.push_str(table);
        words::number(index as u64, told);
        told.push_str(if field.form == Form::Indexed { "" } else { ", " });
    }
    told.push_str(match field.form {
        Form::Remembered => "new, becomes 62",
        Form::NotRemembered => "not remembered",
        Form::NeverRemembered => "never to be remembered",
        Form::Indexed => "",
    });
    if let Origin::Literal { letters, is_huffman: true, .. } = &field.value.origin {
        let count = field.value.bytes.as_ref().map_or(0, |bytes| bytes.len());
        // Writing to a string cannot fail.
        let _ = write!(told, "; Huffman: {count} letters in {} B", letters.len());
    }
}

/// Which moment of a call a block is, in words.
pub(crate) fn moment(what: &What) -> (Cow<'static, str>, anstyle::Style) {
    let status = |head: &Head| {
        let code = head.get("grpc-status").and_then(|value| words::status_name(value));
        (code.unwrap_or("no grpc-status"), if code == Some("OK") { style::GOOD } else { style::BAD })
    };
    match what {
        What::RequestHead(head) => {
            let path = head.get(":path").map(|path| words::printable(path)).unwrap_or_default();
            (["request head: ", &*path].concat().into(), style::STRONG)
        }
        What::ResponseHead(_) => ("response head".into(), style::STRONG),
        What::InterimHead(_) => ("an interim head: the answer is still to come".into(), style::STRONG),
        What::Trailers(head) => {
            let (code, style) = status(head);
            (["trailers: ", code].concat().into(), style)
        }
        What::TrailersOnly(head) => {
            let (code, style) = status(head);
            (["Trailers-Only: ", code].concat().into(), style)
        }
        What::Promise { promised, .. } => {
            (format!("promises stream {promised}; gRPC never does").into(), style::BAD)
        }
        _ => ("".into(), style::PLAIN),
    }
}

/// Who says it, and the colour for it.
pub(super) fn speaker(direction: Direction) -> anstyle::Style {
    match direction {
        Direction::ToServer => style::CLIENT,
        Direction::ToClient => style::SERVER,
    }
}
