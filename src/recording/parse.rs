//! A line of text becomes a `Line`, or the reason why it is none.
//!
//! In: one line, without its end. Out: what it says. Fields that are not known are passed over, and so are kinds of
//! lines that are not known: within a version, a recorder may add both.
//!
//! Nearly all lines are bytes, written by a recorder of ours; those are read without a JSON parser, eight times as fast:
//!
//! ```text
//!   {"k":"bytes","c":1,"t":1435652,"d":">","b":"UFJJ"}      letter for letter so, or read as JSON
//! ```
//!
//! Must not know: where the line stands.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::letters;
use super::line::{Chunk, Conn, Happening, Head, Line, Role};
use crate::inspect::Direction;

/// All fields that any line has.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw<'a> {
    /// Of the head: the version.
    pub(super) v: Option<u32>,
    #[serde(borrow)]
    k: Cow<'a, str>,
    c: Option<u32>,
    s: Option<u32>,
    t: Option<u64>,
    #[serde(borrow)]
    d: Cow<'a, str>,
    #[serde(borrow)]
    b: Option<Cow<'a, str>>,
    e: Option<String>,
    x: serde_json::Map<String, serde_json::Value>,
    why: Option<String>,
    role: Option<String>,
    local: Option<String>,
    peer: Option<String>,
    tls: Option<serde_json::Value>,
    tool: Option<String>,
    t0_us: u64,
    redact: Vec<String>,
}

/// What a line of bytes says, apart from them.
pub(super) struct Plain {
    pub(super) conn: u32,
    pub(super) at: Duration,
    pub(super) direction: Direction,
}

/// Reads a line of bytes that is spelt as a recorder spells it; `None` if it is any other line, or a bad one.
///
/// The bytes are put into `buffer`, in place of what it holds. Gives what follows the object, too: the end of the line.
pub(super) fn plain_bytes<'t>(text: &'t [u8], buffer: &mut Vec<u8>) -> Option<(Plain, &'t [u8])> {
    let (conn, rest) = number(text.strip_prefix(br#"{"k":"bytes","c":"#)?)?;
    let (nanos, rest) = number(rest.strip_prefix(br#","t":"#)?)?;
    let (direction, rest) = match rest.strip_prefix(br#","d":""#)? {
        [b'>', rest @ ..] => (Direction::ToServer, rest),
        [b'<', rest @ ..] => (Direction::ToClient, rest),
        _ => return None,
    };
    buffer.clear();
    let rest = letters::read(rest.strip_prefix(br#"","b":""#)?, buffer)?;
    let plain = Plain { conn: u32::try_from(conn).ok()?, at: Duration::from_nanos(nanos), direction };
    Some((plain, rest.strip_prefix(br#""}"#)?))
}

/// A number at the beginning of a text, as JSON writes one, and what follows.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text);
    while let [digit @ b'0'..=b'9', later @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = later;
    }
    // JSON has no number without digits, and none that begins with a zero but zero itself.
    let is_one = match text.len() - rest.len() {
        1 => true,
        // Nineteen nines are the most that always fit; no connection takes the three centuries that need more.
        2..=19 => !text.starts_with(b"0"),
        _ => false,
    };
    is_one.then_some((number, rest))
}

/// Reads the fields of a line.
pub(super) fn fields(text: &[u8]) -> Result<Raw<'_>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "is binary, not text".to_owned())?;
    serde_json::from_str(text).map_err(|error| {
        // serde_json counts lines and columns; a line of ours has only columns.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        format!("is not a JSON object of a recording: {reason}, at column {}", error.column())
    })
}

impl Raw<'_> {
    /// Whether lines of this kind are known here; one without a kind is, as an error.
    pub(super) fn is_known(&self) -> bool {
        ["bytes", "event", "conn", "end", "head", ""].contains(&&*self.k)
    }
}

/// Makes sense of the fields of a line of a known kind.
///
/// Bytes are put into `buffer`, in place of what it holds.
pub(super) fn line<'b>(raw: Raw<'_>, buffer: &'b mut Vec<u8>) -> Result<Line<'b>, String> {
    let at = Duration::from_nanos(raw.t.unwrap_or_default());
    let conn = raw.c.ok_or("has no number of a connection (\"c\")");
    Ok(match &*raw.k {
        "bytes" => {
            let direction = match &*raw.d {
                ">" => Direction::ToServer,
                "<" => Direction::ToClient,
                other => return Err(format!("has the direction \"d\":{other:?}: want \">\" or \"<\"")),
            };
            let coded = raw.b.ok_or("has no bytes (\"b\")")?;
            buffer.clear();
            let decoded = STANDARD.decode_vec(coded.as_bytes(), buffer);
            decoded.map_err(|error| format!("has \"b\" that is no base64: {error}"))?;
            Line::Bytes(Chunk { conn: conn?, at, direction, bytes: buffer })
        }
        "head" => {
            Line::Head(Head { tool: raw.tool.unwrap_or_default(), t0_us: raw.t0_us, redact: raw.redact })
        }
        "conn" => {
            let role = raw.role.unwrap_or_default();
            let known = Role::named(&role);
            Line::Conn(Conn {
                conn: conn?,
                at,
                role: known.ok_or_else(|| format!("has the role {role:?}, which is not known"))?,
                local: raw.local,
                peer: raw.peer,
                tls: !matches!(
                    raw.tls,
                    None | Some(serde_json::Value::Null | serde_json::Value::Bool(false))
                ),
            })
        }
        "event" => Line::Event(Happening {
            conn: raw.c,
            stream: raw.s,
            at,
            name: raw.e.ok_or("has no name (\"e\")")?,
            details: raw.x.into_iter().map(|(key, value)| (key, told(value))).collect(),
        }),
        "end" => Line::End { conn: conn?, at, why: raw.why.unwrap_or_default() },
        _ => return Err("has no kind (\"k\")".into()),
    })
}

/// A detail as text, whatever its type.
fn told(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What JSON's rules make of a line.
    fn by_json(text: &[u8]) -> Option<(u32, Duration, Direction, Vec<u8>)> {
        let raw = fields(text).ok()?;
        let mut buffer = Vec::new();
        let read = line(raw, &mut buffer).ok()?;
        let Line::Bytes(Chunk { conn, at, direction, bytes }) = read else { return None };
        Some((conn, at, direction, bytes.to_vec()))
    }

    fn plainly(text: &[u8]) -> Option<(u32, Duration, Direction, Vec<u8>)> {
        let mut buffer = Vec::new();
        let (Plain { conn, at, direction }, rest) = plain_bytes(text, &mut buffer)?;
        rest.is_empty().then_some((conn, at, direction, buffer))
    }

    #[test]
    fn what_is_not_spelt_like_a_recorder_is_left_to_json() {
        let plain = br#"{"k":"bytes","c":1,"t":10,"d":"<","b":"AAE="}"#;
        let expected = (1, Duration::from_nanos(10), Direction::ToClient, vec![0, 1]);
        assert_eq!(plainly(plain), Some(expected.clone()));
        for text in [
            &br#"{"c":1,"k":"bytes","t":10,"d":"<","b":"AAE="}"#[..],
            br#"{"k":"bytes","c":1,"t":10,"d":"<","b":"AAE=","new":"}"}"#,
            br#"{"k":"bytes","c":1,"t":10,"d":"<","b":"\u0041AE="}"#,
            br#"{"k":"bytes","c":1,"t":10,"d":"<","b":"AAE="} "#,
        ] {
            assert_eq!(plainly(text), None);
            assert_eq!(by_json(text), Some(expected.clone()), "{}", text.escape_ascii());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_line_that_is_read_plainly_says_what_json_says(
            conn in "0|[0-9]{1,11}|-1|1e2|",
            at in "0|[0-9]{1,21}",
            direction in "[<>]|x|",
            bytes in "[A-Za-z0-9+/]{0,8}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|\\\\u00412",
            rest in "|,\"s\":1| ",
        ) {
            let text = format!(r#"{{"k":"bytes","c":{conn},"t":{at},"d":"{direction}","b":"{bytes}"{rest}}}"#);
            if let Some(chunk) = plainly(text.as_bytes()) {
                prop_assert_eq!(by_json(text.as_bytes()), Some(chunk), "{}", text);
            }
        }
    }
}
