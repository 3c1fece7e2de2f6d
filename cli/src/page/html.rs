//! The page itself: one HTML file with everything in it.
//!
//! In: the data, packed. Out: HTML that loads nothing from anywhere:
//!
//! ```text
//!   <meta Content-Security-Policy>   no source is allowed but this very script and this very style, by their hashes
//!   <style>                          assets/*.css
//!   <body>                           assets/page.html
//!   <script type=".."> data          base64 of gzip of JSON: no letter of a recording stands in the HTML itself
//!   <script>                         assets/*.js, one after the other
//! ```
//!
//! The script lays out what Rust has worked out; it decodes nothing, and it puts text on the page as text.
//!
//! Must not know: what the data mean.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

/// How the page comes by its data.
#[derive(Debug)]
pub(super) enum Data<'a> {
    /// All of it stands in the page: the table of contents, and the batches.
    Within { index: &'a [u8], batches: &'a [Vec<u8>] },
    /// The page asks whoever served it.
    Asked,
}

/// Writes the page.
pub(super) fn page(data: &Data<'_>) -> String {
    let (style, script) = (STYLES.concat(), SCRIPTS.concat());
    let mut inner = String::new();
    match data {
        Data::Within { index, batches } => {
            block(&mut inner, "index", index);
            for (nth, batch) in batches.iter().enumerate() {
                block(&mut inner, &format!("batch-{nth}"), batch);
            }
        }
        Data::Asked => {}
    }
    let mut page = String::with_capacity(inner.len() + style.len() + script.len() + PAGE.len() + 512);
    let policy = policy(data);
    for part in PAGE.split_inclusive("-->") {
        match part.rsplit_once("<!--") {
            Some((before, "policy-->")) => page.extend([before, &policy]),
            Some((before, "style-->")) => page.extend([before, &style]),
            Some((before, "data-->")) => page.extend([before, &inner]),
            Some((before, "script-->")) => page.extend([before, &script]),
            _ => page.push_str(part),
        }
    }
    page
}

/// What the page may load: its own style and script, and nothing else.
///
/// One that is served may ask its server, too. The policy is what a browser goes by even if some text of a recording
/// ever came to stand where it could be read as HTML.
pub(super) fn policy(data: &Data<'_>) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())));
    let (style, script) = (hash(&STYLES.concat()), hash(&SCRIPTS.concat()));
    let connect = if matches!(data, Data::Asked) { "; connect-src 'self'" } else { "" };
    format!(
        "default-src 'none'; script-src {script}; style-src {style}{connect}; base-uri 'none'; form-action 'none'"
    )
}

/// A block of data: a script of a type that no browser runs.
fn block(page: &mut String, name: &str, data: &[u8]) {
    // Writing to a string cannot fail.
    let _ = write!(page, "<script type=\"application/gzip\" id=\"{name}\">");
    STANDARD.encode_string(data, page);
    page.push_str("</script>\n");
}

const PAGE: &str = include_str!("assets/page.html");

const STYLES: [&str; 2] = [include_str!("assets/look.css"), include_str!("assets/panes.css")];

/// In the order in which they build on one another.
const SCRIPTS: [&str; 9] = [
    include_str!("assets/data.js"),
    include_str!("assets/rows.js"),
    include_str!("assets/list.js"),
    include_str!("assets/lanes.js"),
    include_str!("assets/overview.js"),
    include_str!("assets/bytes.js"),
    include_str!("assets/why.js"),
    include_str!("assets/keys.js"),
    include_str!("assets/main.js"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_all_its_parts_and_no_marks() {
        let page = page(&Data::Within { index: b"index", batches: &[b"one".to_vec(), b"two".to_vec()] });
        assert!(!page.contains("<!--"), "a mark is left");
        for part in STYLES.iter().chain(&SCRIPTS) {
            assert!(page.contains(part));
            assert!(!part.to_lowercase().contains("</script") && !part.to_lowercase().contains("</style"));
        }
        for id in ["index", "batch-0", "batch-1"] {
            assert!(page.contains(&format!(r#"<script type="application/gzip" id="{id}">"#)));
        }
    }

    #[test]
    fn nothing_is_loaded_from_anywhere_and_no_text_is_read_as_html() {
        for part in SCRIPTS.iter().chain(&STYLES).chain(&[PAGE]) {
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import"]
            {
                assert!(!part.contains(word), "{word}");
            }
            assert!(!part.contains("url(") && !part.contains(" src=") && !part.contains("<link"));
        }
    }

    #[test]
    fn an_asset_is_a_page_too() {
        for part in SCRIPTS.iter().chain(&STYLES).chain(&[PAGE]) {
            assert!(part.lines().count() <= 400 && part.is_ascii(), "{}", part.lines().next().unwrap());
        }
    }
}
