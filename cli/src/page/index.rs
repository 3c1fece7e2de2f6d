//! The page's table of contents: everything it must know before anybody asks for a byte.
//!
//! In: a [`Tale`], and how much of it the page has. Out: the rest, as JSON:
//!
//! ```text
//!   name, tool, began         what was recorded, by what, when
//!   kinds, batch              what the numbers of the columns mean
//!   rows                      columns of numbers
//!   texts, whys, roles        what those numbers stand for
//!   conns, calls, open        who spoke, and about what; calls that are not over are told anew each time
//!   spreads                   messages that lie in several frames: their rows
//! ```
//!
//! A page that follows a recording asks for what is new.
//!
//! Must not know: HTML, HTTP.

use serde_json::{Value, json};
use wirewright::Code;

use super::batch::Batch;
use super::row::{self, Kind};
use super::story::Tale;
use crate::explain::lens;
use crate::trace::calls::{Call, Cost, End};
use crate::trace::words;

/// How much of a tale a page has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) rows: usize,
    pub(super) texts: usize,
    pub(super) whys: usize,
    pub(super) roles: usize,
    pub(super) conns: usize,
    pub(super) calls: usize,
    pub(super) spreads: usize,
}

impl Known {
    /// All that there is.
    pub(super) fn all(tale: &Tale) -> Known {
        Known {
            rows: tale.rows.len(),
            texts: tale.texts.all().len(),
            whys: tale.whys.len(),
            roles: tale.roles().len(),
            conns: tale.conns.len(),
            calls: tale.ended.len(),
            spreads: tale.spreads.len(),
        }
    }

    /// Reads `1.2.3.4.5.6.7`.
    pub(super) fn read(text: &str) -> Option<Known> {
        let numbers: Option<Vec<usize>> = text.split('.').map(|number| number.parse().ok()).collect();
        match *numbers?.as_slice() {
            [rows, texts, whys, roles, conns, calls, spreads] => {
                Some(Known { rows, texts, whys, roles, conns, calls, spreads })
            }
            _ => None,
        }
    }
}

/// What a page does not know yet.
pub(super) fn news(tale: &Tale, name: &str, known: Known, is_live: bool, warning: Option<&str>) -> Value {
    let (tool, began_us) = &tale.tool;
    let conns: Vec<_> = rest(&tale.conns, known.conns).iter().collect();
    let calls: Vec<_> = rest(&tale.ended, known.calls).iter().map(call).collect();
    let open: Vec<_> = tale.calls.open().map(call).collect();
    let warnings: Vec<String> = tale.shortage().into_iter().chain(warning.map(str::to_owned)).collect();
    json!({
        "name": name,
        "tool": tool,
        "began": *began_us as f64 / 1e3,
        "kinds": Kind::ALL,
        "batch": Batch::ROWS,
        "rows": row::columns(rest(&tale.rows, known.rows)),
        "texts": rest(tale.texts.all(), known.texts),
        "whys": rest(&tale.whys, known.whys),
        "roles": rest(tale.roles(), known.roles),
        "conns": conns,
        "calls": calls,
        "open": open,
        "spreads": rest(&tale.spreads, known.spreads),
        "live": is_live,
        "warnings": warnings,
    })
}

/// What comes after the first `known`.
fn rest<T>(all: &[T], known: usize) -> &[T] {
    all.get(known..).unwrap_or_default()
}

/// A call: where, what, how it ended, whether well, how long it took, what it cost either way, and what its end means.
fn call(call: &Call) -> Value {
    let [up, down] = &call.cost;
    let is_ok = call.end.is_ok();
    let means = match call.end {
        End::Status { code, .. } if !is_ok => lens::meaning(Code::from_u32(code)),
        _ => "",
    };
    let cost = |cost: &Cost| json!([cost.count, cost.messages, cost.total()]);
    json!([
        call.conn,
        call.stream,
        call.method(),
        call.end.name(),
        is_ok,
        words::duration(call.took()),
        cost(up),
        cost(down),
        means
    ])
}
