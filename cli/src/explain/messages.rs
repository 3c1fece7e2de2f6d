//! Messages: the prefix, and the fields of protobuf as far as they can be told without a `.proto`.
//!
//! ```text
//!      00 00 00 00 06                   message           not compressed, 6 bytes follow
//!      0a 04 6e 6f 70 65                1                 "nope"   text, 4 bytes
//! ```
//!
//! Must not know: frames.

use prost_reflect::MessageDescriptor;
use wirewright::inspect::Part;
use wirewright::inspect::protobuf::{Field, Fields, Value};

use super::bytes::Rows;
use super::named;
use crate::failure::Failure;
use crate::style;
use crate::trace::page::Page;
use crate::trace::words;

/// The rows of a share of a message, of the type `known` if anybody knows it. `prefix` and `content` are its bytes.
pub(super) fn rows(
    rows: &mut Rows,
    page: &mut Page,
    part: &Part,
    (prefix, content): (&[u8], &[u8]),
    known: Option<&MessageDescriptor>,
) -> Result<(), Failure> {
    if !prefix.is_empty() {
        self::prefix(rows, page, part, (prefix, !content.is_empty()), known)?;
    }
    if content.is_empty() {
        return Ok(());
    }
    let is_whole = part.before == 0 && part.ends;
    if is_whole && part.flag == 0 && content.len() <= MOST_BYTES {
        let read = Fields::read(content);
        if let Some(known) = known.filter(|_| count_rows(&read) <= MOST_FIELDS) {
            return named::rows(rows, page, content, known, 0);
        }
        if !read.fields.is_empty() && count_rows(&read) <= MOST_FIELDS {
            return fields(rows, page, content, &read, 0);
        }
    }
    let end = u64::from(part.before) + content.len() as u64;
    let mut text = String::new();
    if !is_whole {
        text = format!("{} to {end} of ", part.before);
    }
    count(part.length, &mut text);
    text.push_str(match (is_whole, part.flag) {
        (true, 1) => " compressed",
        (true, _) => " of protobuf",
        (false, _) => "",
    });
    rows.field(page, content, 0, ("content", &text), "")
}

/// The row of a share of the prefix; whether the message itself goes on behind it in this frame says how much is known.
fn prefix(
    rows: &mut Rows,
    page: &mut Page,
    part: &Part,
    (prefix, goes_on): (&[u8], bool),
    known: Option<&MessageDescriptor>,
) -> Result<(), Failure> {
    let is_whole = part.begins && prefix.len() == 5;
    let flag = match part.flag {
        0 => "not compressed, ",
        1 => "compressed, ",
        _ => "neither 0 nor 1, which is an error, ",
    };
    let mut text = std::mem::take(&mut rows.value);
    text.clear();
    match (is_whole, part.ends || goes_on, known.filter(|_| part.flag == 0)) {
        (true, _, Some(known)) => {
            text.push_str(known.full_name());
            text.push_str(", ");
            count(part.length, &mut text);
        }
        (true, _, None) => {
            text.push_str(flag);
            count(part.length, &mut text);
            text.push_str(" follow");
        }
        (false, true, _) => {
            text.push_str("the rest of the prefix: ");
            count(part.length, &mut text);
        }
        (false, false, _) => text.push_str("the prefix begins; the next frame goes on with it"),
    }
    rows.field(page, prefix, 0, ("message", &text), "")?;
    rows.value = text;
    Ok(())
}

/// The rows of some fields, and of those within them, each level further in.
fn fields(
    rows: &mut Rows,
    page: &mut Page,
    all: &[u8],
    read: &Fields<'_>,
    depth: usize,
) -> Result<(), Failure> {
    for field in &read.fields {
        let mut name = String::new();
        words::number(field.number.into(), &mut name);
        let indent = 2 * depth;
        if let Value::Message(inner) | Value::Group(inner, _) = &field.value {
            let lead = all.get(field.tag.start..field.length.end.max(field.tag.end)).unwrap_or_default();
            let what = if matches!(field.value, Value::Group(..)) { "group" } else { "message" };
            let remark = format!("{what}, {} bytes", field.range.len());
            rows.field(page, lead, indent, (&name, "{"), &remark)?;
            fields(rows, page, all, inner, depth + 1)?;
            if let Value::Group(_, end) = &field.value {
                rows.field(page, all.get(end.clone()).unwrap_or_default(), indent, (&name, "}"), "")?;
            }
            continue;
        }
        let bytes = all.get(field.tag.start..field.range.end).unwrap_or_default();
        let (mut told, mut remark) = (std::mem::take(&mut rows.value), std::mem::take(&mut rows.remark));
        told.clear();
        remark.clear();
        value(field, &mut told, &mut remark);
        rows.field(page, bytes, indent, (&name, &told), &remark)?;
        (rows.value, rows.remark) = (told, remark);
    }
    if !read.unread.is_empty() {
        let bytes = all.get(read.unread.clone()).unwrap_or_default();
        rows.say(page, bytes, style::BAD, "no field that protobuf knows")?;
    }
    Ok(())
}

/// Appends a value, and what else it could be.
pub(super) fn value(field: &Field<'_>, told: &mut String, remark: &mut String) {
    match &field.value {
        Value::Varint(number) => {
            words::number(*number, told);
            remark.push_str(if *number < 2 { "integer, bool or enum" } else { "integer or enum" });
        }
        Value::I64(bytes) => {
            told.push_str(&f64::from_le_bytes(*bytes).to_string());
            remark.push_str(&format!("or {}", i64::from_le_bytes(*bytes)));
        }
        Value::I32(bytes) => {
            told.push_str(&f32::from_le_bytes(*bytes).to_string());
            remark.push_str(&format!("or {}", i32::from_le_bytes(*bytes)));
        }
        Value::Text(text) => {
            told.push('"');
            told.push_str(&words::printable(text.as_bytes()));
            told.push('"');
            remark.push_str("text, ");
            words::number(text.len() as u64, remark);
            remark.push_str(" B");
        }
        Value::Bytes(bytes) => {
            told.push_str(&words::printable(bytes));
            words::number(bytes.len() as u64, remark);
            remark.push_str(" B");
        }
        Value::Message(_) | Value::Group(..) => {}
    }
}

fn count_rows(fields: &Fields<'_>) -> usize {
    let inner = fields.fields.iter().map(|field| match &field.value {
        Value::Message(inner) | Value::Group(inner, _) => 1 + count_rows(inner),
        _ => 1,
    });
    inner.sum()
}

/// Appends a number of bytes.
fn count(bytes: u32, text: &mut String) {
    words::number(bytes.into(), text);
    text.push_str(if bytes == 1 { " byte" } else { " bytes" });
}

/// Longer messages are shown by their length: nobody reads a page of fields without their names.
const MOST_BYTES: usize = 1024;

/// And so are messages of more fields than a screen has lines.
const MOST_FIELDS: usize = 32;
