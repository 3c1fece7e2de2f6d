//! A line of text becomes a `Line`, or the reason why it is none.
//!
//! In: one line, without its end. Out: what it says. Fields that are not known are passed over, and so are kinds of
//! lines that are not known: within a version, a recorder may add both.
//!
//! Must not know: where the line stands.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

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
