//! A message as its bytes, and once as what each of them means.
//!
//! In: a message with its prefix. Out: lines, the five bytes of the prefix apart from the rest:
//!
//! ```text
//!   00 00 00 00 07   0a 05 77 6f 72 6c 64
//!   |  |             |  |  "world"               the meaning is read off the bytes by `inspect`,
//!   |  |             |  5 bytes follow           the last of them first, so that no label is in
//!   |  |             field 1, LEN                another one's way
//!   |  7 bytes follow
//!   not compressed
//! ```
//!
//! Must not know: the message's type.

use wirewright::inspect::protobuf::Fields;
use wirewright::inspect::{Span, SpanKind};

use crate::style::{self, paint};

/// How much is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its bytes.
    Bytes,
    /// Its bytes, and what each of them means.
    Meaning,
}

/// The lines for a message, prefix included.
pub(super) fn lines(message: &[u8], detail: Detail) -> Vec<String> {
    let spans = spans(message);
    let (prefix, content) = message.split_at(PREFIX_LEN.min(message.len()));
    let mut lines = vec![row(prefix, 0, &spans)];
    for (nth, chunk) in content.chunks(BYTES_PER_LINE).enumerate() {
        let row = row(chunk, PREFIX_LEN + nth * BYTES_PER_LINE, &spans);
        match (nth, lines.last_mut()) {
            (0, Some(first)) => first.extend([GAP, &row]),
            _ => lines.push(" ".repeat(column(PREFIX_LEN)) + &row),
        }
    }
    if detail == Detail::Meaning && content.len() <= BYTES_PER_LINE {
        lines.extend((0..spans.len()).rev().filter_map(|nth| label(&spans, nth)));
    }
    lines
}

/// Some bytes that begin at `start` of the message.
fn row(bytes: &[u8], start: usize, spans: &[Span]) -> String {
    let painted = bytes.iter().enumerate().map(|(at, byte)| {
        let kind = spans.iter().find(|span| span.range.contains(&(start + at))).map(|span| span.kind);
        paint(style_of(kind), format_args!("{byte:02x}")).to_string()
    });
    painted.collect::<Vec<_>>().join(" ")
}

/// What the span means, below its first byte; bars lead on to those that are labelled further down.
fn label(spans: &[Span], nth: usize) -> Option<String> {
    let (before, span) = (spans.get(..nth)?, spans.get(nth)?);
    let mut line = String::new();
    let mut at = 0;
    for earlier in before {
        let column = column(earlier.range.start);
        line.push_str(&" ".repeat(column - at));
        line.push_str(&paint(style_of(Some(earlier.kind)), "|").to_string());
        at = column + 1;
    }
    let meaning = match span.kind {
        SpanKind::MessageLength | SpanKind::FieldLength if span.note == "1" => "1 byte follows".to_owned(),
        SpanKind::MessageLength | SpanKind::FieldLength => format!("{} bytes follow", span.note),
        _ => span.note.to_string(),
    };
    line.push_str(&" ".repeat(column(span.range.start) - at));
    line.push_str(&paint(style_of(Some(span.kind)), meaning).to_string());
    Some(line)
}

/// What the bytes are: the prefix's two parts, and protobuf.
fn spans(message: &[u8]) -> Vec<Span> {
    let Some((prefix, content)) = message.split_first_chunk::<PREFIX_LEN>() else { return Vec::new() };
    let [flag, length @ ..] = *prefix;
    let flag = if flag == 0 { "not compressed" } else { "compressed" };
    let length = u32::from_be_bytes(length).to_string();
    let mut spans = vec![
        Span::new(0..1, SpanKind::MessageFlag, flag),
        Span::new(1..PREFIX_LEN, SpanKind::MessageLength, length),
    ];
    spans.extend(Fields::read(content).spans().into_iter().map(|mut span| {
        span.range = span.range.start + PREFIX_LEN..span.range.end + PREFIX_LEN;
        span
    }));
    spans
}

fn style_of(kind: Option<SpanKind>) -> anstyle::Style {
    match kind {
        Some(SpanKind::MessageFlag | SpanKind::MessageLength) => style::PREFIX,
        Some(SpanKind::FieldTag | SpanKind::FieldLength) => style::QUIET,
        _ => style::PLAIN,
    }
}

/// In which column a byte begins.
fn column(at: usize) -> usize {
    // Two digits and a space each; the gap stands in for the prefix's last space.
    3 * at + if at < PREFIX_LEN { 0 } else { GAP.len() - 1 }
}

/// One byte of flag, four of length (PROTOCOL-HTTP2 "Length-Prefixed-Message").
const PREFIX_LEN: usize = 5;

/// Keeps the prefix apart.
const GAP: &str = "   ";

/// As many as fit beside the prefix; a multiple of ten, so that bytes can be counted.
const BYTES_PER_LINE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(message: &[u8], detail: Detail) -> Vec<String> {
        lines(message, detail).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn every_span_has_a_label_below_its_first_byte() {
        assert_eq!(
            plain(b"\0\0\0\0\x05\x0a\x01a\x10\x07", Detail::Meaning),
            [
                "00 00 00 00 05   0a 01 61 10 07",
                "|  |             |  |  |  |  7",
                "|  |             |  |  |  field 2, VARINT",
                "|  |             |  |  \"a\"",
                "|  |             |  1 byte follows",
                "|  |             field 1, LEN",
                "|  5 bytes follow",
                "not compressed",
            ]
        );
    }

    #[test]
    fn long_messages_go_on_below_their_first_byte() {
        let mut message = b"\0\0\0\0\x17\x0a\x15".to_vec();
        message.extend([b'x'; 21]);
        let lines = plain(&message, Detail::Bytes);
        let xs = |count| vec!["78"; count].join(" ");
        assert_eq!(lines, [format!("00 00 00 00 17   0a 15 {}", xs(18)), format!("{:17}{}", "", xs(3))]);
        assert!(lines.iter().all(|line| line.len() <= 80));
    }

    #[test]
    fn an_empty_message_is_its_prefix() {
        assert_eq!(plain(b"\x01\0\0\0\0", Detail::Bytes), ["01 00 00 00 00"]);
        assert_eq!(
            plain(b"\x01\0\0\0\0", Detail::Meaning),
            ["01 00 00 00 00", "|  0 bytes follow", "compressed"]
        );
    }
}
