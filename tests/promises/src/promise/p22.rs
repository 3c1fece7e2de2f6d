//! P22: bomb-proof messages.
//!
//! Five messages that are small on the wire and would be huge in memory. Each is answered within 50 ms with
//! RESOURCE_EXHAUSTED or INTERNAL, the server grows by no more than 64 MiB beyond the limit for messages, and the
//! next call on the same connection succeeds.

use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress};

use crate::Failure;
use crate::line::{Line, mib, ms};
use crate::load::Kind;
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::frame::{self, Frame};
use crate::wire::{Raw, call_head, framed};

/// Ours alone.
pub(crate) async fn measure(_scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for bomb in [Bomb::prefix(), Bomb::gzip(), Bomb::zstd(), Bomb::elements(), Bomb::depth()] {
        let mut best = explode(&bomb).await?;
        // A slow answer may be the machine's; a wrong one is not.
        for _ in 0..2 {
            if best.took <= LIMIT {
                break;
            }
            let again = explode(&bomb).await?;
            if again.took < best.took {
                best = again;
            }
        }
        let good = best.took <= LIMIT && best.grown <= MAX_GROWTH && best.lives && best.code_is_good();
        let line = Line::new(format!("P22.{}", bomb.name), good)
            .measured(best.to_string())
            .limit("RESOURCE_EXHAUSTED or INTERNAL, <= 50 ms, +68 MiB, the connection lives")
            .anchor(bomb.anchor);
        lines.push(line);
    }
    Ok(lines)
}

/// A message, as it goes on the wire.
struct Bomb {
    name: &'static str,
    method: &'static str,
    encoding: Option<&'static str>,
    bytes: Vec<u8>,
    anchor: &'static str,
}

impl Bomb {
    /// Five bytes that announce four gigabytes.
    fn prefix() -> Bomb {
        let bytes = vec![0, 0xff, 0xff, 0xff, 0xff];
        Bomb { name: "prefix", method: "Echo", encoding: None, bytes, anchor: "none" }
    }

    /// Four mebibytes of gzip that unfold to four gibibytes of zeros.
    fn gzip() -> Bomb {
        // A full flush makes a piece that stands alone, so one piece can be said again and again.
        let mut compress = Compress::new(Compression::best(), false);
        let mut piece = Vec::with_capacity(64 * 1024);
        let zeros = vec![0; 1024 * 1024];
        let _ = compress.compress_vec(&zeros, &mut piece, FlushCompress::Full);
        let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        while gzip.len() + piece.len() < 4 * 1024 * 1024 - 16 && !piece.is_empty() {
            gzip.extend_from_slice(&piece);
        }
        Bomb {
            name: "gzip",
            method: "Echo",
            encoding: Some("gzip"),
            bytes: compressed(&gzip),
            anchor: "none",
        }
    }

    /// A frame of zstd that asks for a window of two gibibytes (RFC 8878, section 3.1.1.1.2).
    fn zstd() -> Bomb {
        // Magic number; no options; exponent 21 above 2^10; one last block of 128 KiB, run-length encoded.
        let block = (128_u32 * 1024) << 3 | 0b011;
        let [b0, b1, b2, _] = block.to_le_bytes();
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, b0, b1, b2, 0];
        Bomb {
            name: "zstd",
            method: "Echo",
            encoding: Some("zstd"),
            bytes: compressed(&frame),
            anchor: "none",
        }
    }

    /// Two million empty elements of a repeated field.
    fn elements() -> Bomb {
        let tree = [0x0a, 0x00].repeat(2_000_000);
        let anchor = "prost alone, as published: +315 MB for 2,097,152 elements";
        Bomb { name: "elements", method: "Tree", encoding: None, bytes: framed(&tree).to_vec(), anchor }
    }

    /// A message in a message in a message.
    ///
    /// With lengths of three bytes a million levels would need more than the four mebibytes of the limit, so the
    /// lengths lie: the reader must stop long before it could find out.
    fn depth() -> Bomb {
        let tree = [0x0a, 0x7f].repeat(1_000_000);
        Bomb { name: "depth", method: "Tree", encoding: None, bytes: framed(&tree).to_vec(), anchor: "none" }
    }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut message = framed(bytes).to_vec();
    message[0] = 1;
    message
}

/// What it did.
struct Blast {
    took: Duration,
    status: String,
    grown: u64,
    lives: bool,
}

impl Blast {
    fn code_is_good(&self) -> bool {
        ["8", "13"].contains(&self.status.as_str())
    }
}

impl std::fmt::Display for Blast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Blast { took, status, grown, lives } = self;
        let after = if *lives { "the connection lives" } else { "the connection is dead" };
        write!(f, "status {status} after {}, +{}, {after}", ms(*took), mib(*grown))
    }
}

async fn explode(bomb: &Bomb) -> Result<Blast, Failure> {
    let server = Server::start(Kind::Ours).await?;
    // The server's windows allow no more than this at once anyway; ours are of no account.
    let mut raw = Raw::client(server.port, &[]).await?;
    raw.call(1, "Echo").data(1, &framed(b"warm"), true);
    ended(&mut raw, 1).await;
    let process = server.process();
    let before = process.resident();
    process.forget_peak();
    let more: Vec<(&str, &[u8])> =
        bomb.encoding.iter().map(|name| ("grpc-encoding", name.as_bytes())).collect();
    let block = call_head(bomb.method, &more);
    raw.frame(frame::HEADERS, frame::END_HEADERS, 3, &block);
    let (status, took) = upload(&mut raw, 3, &bomb.bytes).await;
    let grown = process.peak().saturating_sub(before);
    raw.call(5, "Echo").data(5, &framed(b"alive"), true);
    let lives = ended(&mut raw, 5).await == "0";
    Ok(Blast { took, status, grown, lives })
}

/// Sends within the windows; the status, and the time from the last byte sent to it.
async fn upload(raw: &mut Raw, stream: u32, bytes: &[u8]) -> (String, Duration) {
    let (mut window, mut connection) = (65_536_i64, 6_000_000_i64);
    let mut left = bytes;
    let mut last = Instant::now();
    loop {
        while !left.is_empty() && window > 0 && connection > 0 {
            let room = (window.min(connection) as usize).min(16_384).min(left.len());
            let (now, later) = left.split_at(room);
            left = later;
            window -= room as i64;
            connection -= room as i64;
            raw.data(stream, now, left.is_empty());
        }
        if raw.flush().await.is_err() {
            return ("none: cut off".to_owned(), last.elapsed());
        }
        if !left.is_empty() || last.elapsed() > Duration::from_secs(3_600) {
            last = Instant::now();
        }
        let frame = match tokio::time::timeout(Duration::from_secs(20), raw.next()).await {
            Ok(frame) => frame,
            Err(_) => return ("none in 20 s".to_owned(), last.elapsed()),
        };
        match frame {
            Frame::Window { stream: 0, bytes } => connection += i64::from(bytes),
            Frame::Window { stream: of, bytes } if of == stream => window += i64::from(bytes),
            Frame::Headers { stream: of, fields, end: true } if of == stream => {
                return (status(&fields), last.elapsed());
            }
            Frame::Reset { reason, .. } => return (format!("none: reset {reason}"), last.elapsed()),
            Frame::GoAway { reason, .. } => return (format!("none: GOAWAY {reason}"), last.elapsed()),
            Frame::Eof => return ("none: cut off".to_owned(), last.elapsed()),
            _ => {}
        }
        if left.is_empty() && window > 0 {
            continue;
        }
    }
}

/// The status that a stream ends with.
async fn ended(raw: &mut Raw, stream: u32) -> String {
    let listening = async {
        loop {
            match raw.next().await {
                Frame::Headers { stream: of, fields, end: true } if of == stream => return status(&fields),
                Frame::Eof | Frame::GoAway { .. } => return "none".to_owned(),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), listening).await.unwrap_or_default()
}

fn status(fields: &[String]) -> String {
    let found = fields.iter().find_map(|field| field.strip_prefix("grpc-status: "));
    found.unwrap_or("none").to_owned()
}

const LIMIT: Duration = Duration::from_millis(50);
/// The limit for messages is 4 MiB.
const MAX_GROWTH: u64 = (4 + 64) * 1024 * 1024;
