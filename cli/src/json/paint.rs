//! Colours for JSON.
//!
//! In: JSON on several lines. Out: the same letters, names and values told apart by colour.
//!
//! Must not know: whether colours are wanted; the stream takes them out again.

use anstyle::Style;

use crate::style::{self, paint};

/// Paints JSON as `serde_json` prints it: one name or value a line.
pub(super) fn json(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n")
}

fn line(line: &str) -> String {
    let content = line.trim_start();
    let indent = line.get(..line.len() - content.len()).unwrap_or_default();
    match end_of_name(content) {
        Some(end) => {
            let (name, value) = content.split_at(end);
            format!("{indent}{}{}", paint(style::NAME, name), painted(value))
        }
        None => format!("{indent}{}", painted(content)),
    }
}

/// Where the quotes around a name end, if the line begins with one.
fn end_of_name(content: &str) -> Option<usize> {
    let rest = content.strip_prefix('"')?;
    let mut escaped = false;
    let end = rest.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let end = end + 2;
    content.get(end..)?.starts_with(':').then_some(end)
}

/// A value, and whatever stands around it.
fn painted(value: &str) -> String {
    let bare = value.trim_start_matches(": ").trim_end_matches(',');
    let Some(at) = value.find(bare).filter(|_| !bare.is_empty()) else { return value.to_owned() };
    let kind: Style = match bare.as_bytes().first() {
        Some(b'"') => style::TEXT,
        Some(b'-' | b'0'..=b'9') => style::NUMBER,
        Some(b't' | b'f' | b'n') => style::NUMBER,
        _ => return value.to_owned(),
    };
    let (before, rest) = value.split_at(at);
    let (bare, after) = rest.split_at(bare.len());
    format!("{before}{}{after}", paint(kind, bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_letter() {
        let text = "{\n  \"a\\\"b\": \"x: {y}\",\n  \"n\": -1.5,\n  \"list\": [\n    \"one\",\n    true\n  ],\n  \"e\": {}\n}";
        let painted = json(text);
        assert!(painted.contains('\x1b'));
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text);
    }
}
