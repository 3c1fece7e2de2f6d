//! Turns the comments of a `.proto` file into rustdoc that cannot do harm.
//!
//! Comments in `.proto` files are prose for people, written without rustdoc in mind. Printed as they are, an indented
//! JSON example becomes a doctest that does not compile, `[Foo][google.Foo]` a broken link, `map<string, Foo>` an HTML
//! tag, and `CR` or a bidirectional override an error of the compiler. In comes one comment; out go lines such that:
//!
//! * code, fenced or indented, is fenced as `text`, starts at the margin, and is closed;
//! * outside code, no line is indented far enough to become code, and lines of a list hang under their item;
//! * brackets, `<` and lone backticks are escaped; bare URLs are links; links to `http` stay links.
//!
//! prost-build prints the comments of messages itself and turns bare URLs into links on its way: [`Urls`] says who
//! does it. This file must not know descriptors or where its lines will stand.

/// Who puts `<` and `>` around a bare URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urls {
    /// We do: the text is printed as it is.
    Link,
    /// prost-build will, to every URL that it sees: leave them bare.
    LeaveBare,
}

/// The lines to print after `///` and a space; none if the comment says nothing.
pub(crate) fn lines(comment: &str, urls: Urls) -> Vec<String> {
    let mut page = Page { urls, lines: Vec::new(), fence: None, items: Vec::new(), after_blank: true };
    for line in comment.lines() {
        // A comment marker is followed by one space that belongs to the marker.
        let line = line.strip_prefix(' ').unwrap_or(line).replace('\t', "    ");
        let line: String = line.chars().filter(|c| is_harmless(*c)).collect();
        page.line(line.trim_end());
    }
    page.finish()
}

/// The state between two lines.
struct Page {
    urls: Urls,
    lines: Vec<String>,
    /// The code block that is open, if one is.
    fence: Option<Fence>,
    /// The columns at which the text of the open list items starts, outermost first.
    items: Vec<usize>,
    /// Nothing, or nothing that a paragraph could continue, stands above: an indented line would be code.
    after_blank: bool,
}

/// An open code block.
struct Fence {
    /// What closes it: at least as many of the same character. Indented code is closed by the first line that is
    /// indented no more.
    close: Option<(char, usize)>,
    /// How many columns of each line belong to the block's own indentation.
    indent: usize,
    /// What was printed to open it.
    mark: String,
}

impl Page {
    /// Takes one line of the comment.
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(fence) = &self.fence {
            match fence.close {
                Some((mark, len)) if closes(text, mark, len) => return self.close_fence(),
                Some(_) => return self.code(line),
                None if text.is_empty() || indent >= CODE_INDENT => return self.code(line),
                None => self.close_fence(),
            }
        }
        // A rule between paragraphs separates them as well as a blank line does, and makes no heading of the first.
        if text.is_empty() || (text.len() >= 3 && is_rule(text)) {
            // One blank line ends a paragraph as well as several do.
            if self.lines.last().is_some_and(|line| !line.is_empty()) {
                self.lines.push(String::new());
            }
            self.after_blank = true;
        } else if let Some(mark) = run(text) {
            self.open_fence(Some(mark), indent);
        } else if let Some(marker) = list_marker(text) {
            self.item(indent, marker, text);
        } else if self.items.is_empty() && self.after_blank && indent >= CODE_INDENT {
            self.open_fence(None, indent);
            self.code(line);
        } else {
            self.prose(indent, text);
        }
    }

    /// Closes what is open and drops the blank lines around the whole.
    fn finish(mut self) -> Vec<String> {
        if self.fence.is_some() {
            self.close_fence();
        }
        let is_text = |line: &String| !line.is_empty();
        let end = self.lines.iter().rposition(is_text).map_or(0, |last| last + 1);
        self.lines.truncate(end);
        let start = self.lines.iter().position(is_text).unwrap_or(0);
        self.lines.split_off(start)
    }

    /// Starts a block at the margin, where rustdoc sees a fence whatever stands above.
    fn open_fence(&mut self, close: Option<(char, usize)>, indent: usize) {
        let (mark, len) = close.unwrap_or(('`', 3));
        let mark: String = std::iter::repeat_n(mark, len).collect();
        self.lines.push(format!("{mark}text"));
        self.fence = Some(Fence { close, indent, mark });
        self.items.clear();
    }

    /// Prints a line of the open block without the block's own indentation.
    fn code(&mut self, line: &str) {
        let indent = self.fence.as_ref().map_or(0, |fence| fence.indent);
        let own = line.len() - line.trim_start_matches(' ').len();
        let line = line.get(indent.min(own)..).unwrap_or_default();
        // Indented code may contain a fence of its own, which must not close ours.
        let line = match self.fence.as_ref() {
            Some(Fence { close: None, .. }) if run(line.trim_start()).is_some() => {
                format!("    {}", line.trim_start())
            }
            _ => line.to_owned(),
        };
        self.lines.push(line);
    }

    /// Ends the open block; blank lines at its end belong to the text that follows.
    fn close_fence(&mut self) {
        let Some(fence) = self.fence.take() else { return };
        let mut blanks = 0;
        while fence.close.is_none() && self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
            blanks += 1;
        }
        self.lines.push(fence.mark);
        self.lines.extend(std::iter::repeat_n(String::new(), blanks));
        self.after_blank = true;
    }

    /// Prints a list item under the item that it is nested in.
    fn item(&mut self, indent: usize, marker: &str, text: &str) {
        while self.items.last().is_some_and(|column| indent < *column) {
            self.items.pop();
        }
        let column = self.items.last().copied().unwrap_or(0);
        let rest = text.get(marker.len()..).unwrap_or_default().trim_start();
        // What follows the marker opens no block of its own: neither code nor a list in the list.
        let rest = if opens_block(rest) { format!("\\{rest}") } else { inline(rest, self.urls) };
        self.lines.push(format!("{:column$}{marker} {rest}", "").trim_end().to_owned());
        self.items.push(column + marker.len() + 1);
        self.after_blank = false;
    }

    /// Prints a line of a paragraph, at the margin or under its list item.
    fn prose(&mut self, indent: usize, text: &str) {
        if self.after_blank {
            // After a blank line only what is indented still belongs to an item.
            while self.items.last().is_some_and(|column| indent < *column) {
                if self.items.len() == 1 && indent >= 2 {
                    break;
                }
                self.items.pop();
            }
        }
        let column = self.items.last().copied().unwrap_or(0);
        let heading = text.starts_with('#');
        let text = inline(text, self.urls);
        // A quote would need its mark on every line, and a line of dashes would make a heading of the line above; as
        // plain text both still read well.
        let escape = if text.starts_with(['>', '=', '|']) || is_rule(&text) { "\\" } else { "" };
        self.lines.push(format!("{:column$}{escape}{text}", ""));
        self.after_blank = heading;
    }
}

/// Escapes, outside code spans, what rustdoc would take for markup.
fn inline(text: &str, urls: Urls) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '`' => code_span(rest, &mut out),
            '\\' => escaped(rest, &mut out),
            '<' => autolink(rest, urls, &mut out),
            '[' => link(rest, &mut out),
            'h' if !out.ends_with(|c: char| c.is_alphanumeric()) => bare_url(rest, urls, &mut out),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            if matches!(c, '`' | '<' | '[' | ']') {
                out.push('\\');
            }
            out.push(c);
            c.len_utf8()
        });
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// `` `code` ``, if it ends on this line: nothing in it is touched.
fn code_span(rest: &str, out: &mut String) -> Option<usize> {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let mark = rest.get(..ticks)?;
    let mut from = ticks;
    loop {
        let start = from + rest.get(from..)?.find(mark)?;
        let run = rest.get(start..)?.len() - rest.get(start..)?.trim_start_matches('`').len();
        if run == ticks {
            out.push_str(rest.get(..start + run)?);
            return Some(start + run);
        }
        from = start + run;
    }
}

/// What the author has escaped stays escaped.
fn escaped(rest: &str, out: &mut String) -> Option<usize> {
    let next = rest.chars().nth(1).filter(char::is_ascii_punctuation)?;
    out.push('\\');
    out.push(next);
    Some(2)
}

/// `<https://...>`.
fn autolink(rest: &str, urls: Urls, out: &mut String) -> Option<usize> {
    let (url, _) = rest.get(1..)?.split_once('>')?;
    let is_url = (url.starts_with("https://") || url.starts_with("http://"))
        && !url.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '`'));
    is_url.then(|| push_url(url, urls, out))?;
    Some(url.len() + 2)
}

/// `[text](https://...)`; every other bracket is prose.
fn link(rest: &str, out: &mut String) -> Option<usize> {
    let close = rest.find("](")?;
    let text = rest.get(1..close)?;
    let url = rest.get(close + 2..).and_then(url)?;
    let end = close + 2 + url.len();
    if text.contains(['[', ']', '`', '<', '\\']) || text.contains("://") || !rest.get(end..)?.starts_with(')')
    {
        return None;
    }
    out.push_str(rest.get(..=end)?);
    Some(end + 1)
}

/// `https://...` in the middle of prose.
fn bare_url(rest: &str, urls: Urls, out: &mut String) -> Option<usize> {
    let url = url(rest)?;
    // The stop at the end of a sentence is not part of the link.
    let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '"', '*', '_']);
    push_url(url, urls, out);
    Some(url.len())
}

/// The URL at the start of the text: up to white space or anything that could end a link.
fn url(rest: &str) -> Option<&str> {
    let host = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"))?;
    let stop = |c: char| {
        c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '`' | '\\' | '"' | '|')
    };
    let end = host.find(stop).unwrap_or(host.len());
    if !host.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    rest.get(..rest.len() - host.len() + end)
}

fn push_url(url: &str, urls: Urls, out: &mut String) {
    match urls {
        Urls::Link => out.extend(["<", url, ">"]),
        Urls::LeaveBare => out.push_str(url),
    }
}

/// Three or more backticks or tildes at the start: which, and how many.
fn run(text: &str) -> Option<(char, usize)> {
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = text.trim_start_matches(mark);
    let len = text.len() - rest.len();
    // Three backticks with more of them behind are a code span.
    (len >= 3 && !(mark == '`' && rest.contains('`'))).then_some((mark, len))
}

/// Whether this line ends a block that was opened by `len` times `mark`.
fn closes(text: &str, mark: char, len: usize) -> bool {
    text.chars().all(|c| c == mark) && text.len() >= len
}

/// `-`, `*`, `+`, `1.` or `1)` and a space.
fn list_marker(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let end = match digits {
        0 if text.starts_with(['-', '*', '+']) => 1,
        1..=9 if text.get(digits..)?.starts_with(['.', ')']) => digits + 1,
        _ => return None,
    };
    let rest = text.get(end..)?;
    (rest.starts_with(' ') && !is_rule(text)).then(|| text.get(..end)).flatten()
}

/// Whether a list item's text would start something else than a paragraph.
fn opens_block(text: &str) -> bool {
    run(text).is_some()
        || list_marker(text).is_some()
        || text.starts_with(['#', '>', '|', '='])
        || is_rule(text)
}

/// `---`, `* * *`, `=====`: nothing but the same mark.
fn is_rule(text: &str) -> bool {
    let mut marks = text.chars().filter(|c| *c != ' ');
    let first = marks.next();
    first.is_some_and(|c| matches!(c, '-' | '*' | '_' | '+' | '=')) && marks.all(|c| Some(c) == first)
}

/// Neither a control character nor one that shows text in another order than it is read, which the compiler refuses
/// in comments.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// From this column on Markdown reads a line as code (CommonMark, "Indented code blocks").
const CODE_INDENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(comment: &str) -> String {
        lines(comment, Urls::Link).join("\n")
    }

    #[test]
    fn markup_that_would_break_is_escaped() {
        for (comment, doc) in [
            (" Plain words.", "Plain words."),
            (
                " A map<string, Foo> of [Foo][google.Foo].",
                "A map\\<string, Foo> of \\[Foo\\]\\[google.Foo\\].",
            ),
            (" `map<k, [v]>` stays, a lone ` does not.", "`map<k, [v]>` stays, a lone \\` does not."),
            (" See https://a.b/c(d), or http://e.", "See <https://a.b/c>(d), or <http://e>."),
            (
                " <https://a.b> and [it](https://a.b/c) and [no](Foo)",
                "<https://a.b> and [it](https://a.b/c) and \\[no\\](Foo)",
            ),
            (" > quoted", "\\> quoted"),
            (" Title\n =====\n text", "Title\n\ntext"),
            (" one\n ------\n two", "one\n\ntwo"),
            (" \\[kept\\]", "\\[kept\\]"),
            (" a\u{202e}b\rc\0d", "abcd"),
            ("\n \n", ""),
        ] {
            assert_eq!(shown(comment), doc, "{comment:?}");
        }
    }

    #[test]
    fn code_is_text_and_never_a_doctest() {
        for (comment, doc) in [
            (
                " Say:\n\n     let x = 1;\n       y();\n\n done",
                "Say:\n\n```text\nlet x = 1;\n  y();\n```\n\ndone",
            ),
            (" ```rust\n panic!()\n ```\n more", "```text\npanic!()\n```\nmore"),
            (" ~~~~\n ~~~\n ```\n ~~~~", "~~~~text\n~~~\n```\n~~~~"),
            (" ```\n never closed", "```text\nnever closed\n```"),
            ("\n     ```\n     x\n     ```", "```text\nx\n```"),
            (" # Title\n     x()", "# Title\n```text\nx()\n```"),
            (" words\n     go on", "words\ngo on"),
            ("\tx()", "```text\nx()\n```"),
        ] {
            assert_eq!(shown(comment), doc, "{comment:?}");
        }
    }

    #[test]
    fn lists_hang_together() {
        for (comment, doc) in [
            (" - a\n b\n   - c\n         d\n\n end", "- a\n  b\n  - c\n    d\n\nend"),
            (" 1. a\n\n    b\n\n        c", "1. a\n\n   b\n\n   c"),
            (" -     code\n - ```rust\n - # x", "- code\n- \\```rust\n- \\# x"),
            (" - a\n\n     ```\n     x\n     ```", "- a\n\n```text\nx\n```"),
        ] {
            assert_eq!(shown(comment), doc, "{comment:?}");
        }
    }

    #[test]
    fn urls_are_left_to_prost_where_prost_links_them() {
        assert_eq!(lines(" <https://a.b> https://c.d", Urls::LeaveBare), ["https://a.b https://c.d"]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_every_fence_is_text_and_closed(comment in "([ \t]{0,6}[-*>#~`1.a<\\[\\]()\\\\:/h]{0,8}\n){0,12}") {
            let lines = lines(&comment, Urls::Link);
            let mut open: Option<String> = None;
            let mut above = String::new();
            for line in &lines {
                match &open {
                    Some(mark) if line == mark => open = None,
                    Some(_) => {}
                    None => {
                        let trimmed = line.trim_start();
                        if run(trimmed).is_some() {
                            let mark = line.strip_suffix("text").expect("a fence says text").to_owned();
                            open = Some(mark);
                        } else if above.is_empty() {
                            let indent = line.len() - trimmed.len();
                            proptest::prop_assert!(indent < CODE_INDENT || lines.iter().any(|l| list_marker(l.trim_start()).is_some()));
                        }
                    }
                }
                above.clone_from(line);
            }
            proptest::prop_assert!(open.is_none());
        }
    }
}
