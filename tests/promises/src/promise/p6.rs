//! P6: what header blocks unfold to in memory is bounded by what was promised for them, three times over.
//!
//! A hundred calls on one connection, each with a header block as large as the limit of 16 KiB allows in as few
//! bytes on the wire as HPACK allows: one entry of the dynamic table, named again and again. They stay open for a
//! while. The server may grow by three times 100 x 16 KiB.

use std::time::Duration;

use crate::Failure;
use crate::line::{Line, mib};
use crate::load::Kind;
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::{Raw, call_head, frame};

/// Ours alone: the limit is ours.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut server = Server::start(Kind::Ours).await?;
    let mut raw = Raw::client(server.port, &[]).await?;
    let process = server.process();
    // The first call warms the connection up.
    raw.call(1, "Hold");
    raw.flush().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = process.resident();
    process.forget_peak();
    let mut sent = 0;
    for n in 1..=STREAMS {
        let mut block = call_head("Hold", &[]);
        let first = n == 1;
        bomb(&mut block, first);
        sent += block.len() as u64;
        raw.frame(frame::HEADERS, frame::END_HEADERS, 2 * n + 1, &block);
    }
    raw.flush().await?;
    tokio::time::sleep(scale.pick(Duration::from_secs(30), Duration::from_secs(2))).await;
    let held = server.stats().await?.of("handlers");
    let gain = process.peak().saturating_sub(before);
    let line = Line::new("P6", gain <= MAX_GAIN)
        .measured(format!("+{} for {sent} bytes on the wire, {held} calls held", mib(gain)))
        .limit("+4.7 MiB: 3 x 100 x 16 KiB")
        .anchor("h2 with its own defaults, as published: 71 times the bytes on the wire");
    Ok(vec![line])
}

/// Appends fields up to the limits: 128 fields, and 16 KiB counted with 32 bytes for each.
fn bomb(block: &mut Vec<u8>, first: bool) {
    if first {
        // With incremental indexing (RFC 7541, section 6.2.1): from here on it is entry 62.
        block.push(0x40);
        block.push(1);
        block.push(b'x');
        block.push(VALUE as u8);
        block.extend(std::iter::repeat_n(b'v', VALUE));
    }
    // Indexed (section 6.1), the highest bit set.
    block.extend(std::iter::repeat_n(0x80 | 62, FIELDS));
}

const STREAMS: u32 = 100;
/// 115 fields of 1 + 100 + 32 bytes are 15,295; the usual ones of a call are some 300 more.
const FIELDS: usize = 115;
const VALUE: usize = 100;
const MAX_GAIN: u64 = 3 * 100 * 16 * 1024;
