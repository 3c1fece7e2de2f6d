//! HPACK's memory: the static table that all share, and the dynamic one.
//!
//! In come indices, and rows to remember; out come rows (RFC 7541 2.3
//! "Indexing Tables", 4 "Dynamic Table Management"):
//!
//! ```text
//!   1 ....... 61 | 62        63        64  ...  n
//!   static table | newest              oldest       dynamic table
//!                  ^ rows come in               rows fall out ^
//! ```
//!
//! A row counts 32 bytes more than its name and value; rows fall out until
//! the sum fits the size that the sender announced.
//!
//! This file must not know how fields are written.

use std::collections::VecDeque;

use bytes::Bytes;

use super::damage::Damage;

/// What both ends of a direction remember.
#[derive(Debug)]
pub(super) struct Table {
    /// The dynamic rows, the newest first.
    rows: VecDeque<Row>,
    /// What they count, all together.
    size: usize,
    /// What they may count.
    max_size: usize,
    /// Whether rows may have been added that were not heard. They are older
    /// than all rows here, so the newest indices still mean what they say.
    has_gaps: bool,
    /// How often anything of the above has changed. While it stays, a block means what it meant before.
    version: u64,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { rows: VecDeque::new(), size: 0, max_size: DEFAULT_TABLE_BYTES, has_gaps: false, version: 0 }
    }

    /// The row with this index, or why there is none.
    pub(super) fn row(&self, index: usize) -> Row {
        let Some(from_zero) = index.checked_sub(1) else {
            return Row::unknown(Damage::IndexZero);
        };
        if let Some((name, value)) = STATIC_ROWS.get(from_zero) {
            let text = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
            return Row { name: text(name), value: text(value) };
        }
        match self.rows.get(from_zero - STATIC_ROWS.len()) {
            Some(row) => row.clone(),
            None if self.has_gaps => Row::unknown(Damage::NotHeard { index }),
            None => {
                let entries = STATIC_ROWS.len() + self.rows.len();
                Row::unknown(Damage::NoSuchIndex { index, entries })
            }
        }
    }

    /// The index of the row with this name and value, and of one with this name.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
        let fixed = STATIC_ROWS.iter().map(|(name, value)| (Some(name.as_bytes()), Some(value.as_bytes())));
        let learnt = self.rows.iter().map(|row| (row.name.as_deref().ok(), row.value.as_deref().ok()));
        let mut named = None;
        for (index, (row_name, row_value)) in fixed.chain(learnt).enumerate() {
            if row_name == Some(name) {
                named = named.or(Some(index + 1));
                if row_value == Some(value) {
                    return (Some(index + 1), named);
                }
            }
        }
        (None, named)
    }

    /// Remembers a row; old ones fall out to make room.
    pub(super) fn insert(&mut self, row: Row) {
        // Copied, so that a few letters do not keep a whole chunk of input.
        let keep = |bytes: Bytes| Bytes::copy_from_slice(&bytes);
        let row = Row { name: row.name.map(keep), value: row.value.map(keep) };
        self.version += 1;
        self.size += row.size();
        self.rows.push_front(row);
        self.shrink();
    }

    /// Follows a change of size.
    pub(super) fn resize(&mut self, max_size: usize) -> Result<(), Damage> {
        if max_size > MAX_TABLE_BYTES {
            return Err(Damage::TableTooLarge);
        }
        self.version += 1;
        self.max_size = max_size;
        self.shrink();
        Ok(())
    }

    /// Forgets all rows and owns up to it.
    pub(super) fn lose_track(&mut self) {
        self.version += 1;
        self.rows.clear();
        self.size = 0;
        self.has_gaps = true;
    }

    /// How often the table has changed.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// How much the rows count.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    fn shrink(&mut self) {
        while self.size > self.max_size {
            // A row larger than the table empties it, itself included.
            let Some(row) = self.rows.pop_back() else { break };
            self.size -= row.size();
        }
    }
}

/// A name and a value, as far as they are known.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: Result<Bytes, Damage>,
    pub(super) value: Result<Bytes, Damage>,
}

impl Row {
    fn unknown(why: Damage) -> Self {
        Self { name: Err(why), value: Err(why) }
    }

    /// What the row counts; of an unknown text, the least that it can.
    fn size(&self) -> usize {
        let len = |text: &Result<Bytes, Damage>| text.as_ref().map_or(0, Bytes::len);
        ROW_OVERHEAD_BYTES + len(&self.name) + len(&self.value)
    }
}

/// RFC 7541 4.1: an estimate of two pointers and two counts per row.
const ROW_OVERHEAD_BYTES: usize = 32;

/// RFC 9113 6.5.2: SETTINGS_HEADER_TABLE_SIZE is 4096 until somebody says
/// otherwise.
const DEFAULT_TABLE_BYTES: usize = 4096;

/// 256 times the default, far above what any implementation of gRPC allows;
/// it bounds what a hostile recording can make us remember.
const MAX_TABLE_BYTES: usize = 1024 * 1024;

/// RFC 7541 appendix A; the first row has index 1.
pub(super) const STATIC_ROWS: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];
