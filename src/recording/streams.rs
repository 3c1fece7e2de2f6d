//! The TCP connections of a capture, as far as they are HTTP/2.
//!
//! In: packets of IP. Out: lines of a recording. A connection is known by its four numbers (two addresses, two
//! ports). Which end is the client shows in who says HTTP/2's preface; until somebody has, what is said is held:
//!
//! ```text
//!   undecided --- 24 bytes that are the preface ---> a connection: conn, bytes, end
//!             --- anything else ------------------> passed over
//! ```
//!
//! Must not know: files.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::assembly::Assembly;
use super::line::{Chunk, Conn, Happening, Line, Role};
use crate::inspect::Direction;
use crate::inspect::frames::PREFACE;

/// One segment of TCP.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    from: SocketAddr,
    to: SocketAddr,
    seq: u32,
    flags: u8,
    bytes: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads a packet of IPv4 (RFC 791 3.1) or IPv6 (RFC 8200 3); `None` if it is not TCP, or a fragment.
    pub(super) fn read(packet: &'a [u8]) -> Option<Segment<'a>> {
        let (source, target, tcp) = match packet.first()? >> 4 {
            4 => {
                let header = usize::from(packet.first()? & 0x0f) * 4;
                let total = usize::from(u16::from_be_bytes(*packet.get(2..)?.first_chunk()?));
                let is_fragment = u16::from_be_bytes(*packet.get(6..)?.first_chunk()?) & 0x3fff != 0;
                if *packet.get(9)? != TCP || is_fragment {
                    return None;
                }
                let ip = |at: usize| Some(IpAddr::V4(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?)));
                // Ethernet pads short packets. A length of 0 is written where the network card cuts packets up.
                let end = if total == 0 { packet.len() } else { total.min(packet.len()) };
                (ip(12)?, ip(16)?, packet.get(header..end)?)
            }
            6 => {
                let ip =
                    |at: usize| Some(IpAddr::V6(Ipv6Addr::from(*packet.get(at..)?.first_chunk::<16>()?)));
                let len = usize::from(u16::from_be_bytes(*packet.get(4..)?.first_chunk()?));
                let rest = packet.get(40..)?;
                // As above, a length of 0 is that of a packet to be cut up.
                let rest = if len == 0 { rest } else { rest.get(..len).unwrap_or(rest) };
                (ip(8)?, ip(24)?, after_extensions(*packet.get(6)?, rest)?)
            }
            _ => return None,
        };
        let port = |at: usize| Some(u16::from_be_bytes(*tcp.get(at..)?.first_chunk()?));
        let header = usize::from(tcp.get(12)? >> 4) * 4;
        Some(Segment {
            from: SocketAddr::new(source, port(0)?),
            to: SocketAddr::new(target, port(2)?),
            seq: u32::from_be_bytes(*tcp.get(4..)?.first_chunk()?),
            flags: *tcp.get(13)?,
            bytes: tcp.get(header..)?,
        })
    }
}

/// What follows the extension headers of IPv6, if it is TCP (RFC 8200 4).
fn after_extensions(first: u8, packet: &[u8]) -> Option<&[u8]> {
    let (mut next, mut rest) = (first, packet);
    loop {
        let len = match next {
            TCP => return Some(rest),
            // Hop-by-hop options, routing, destination options: their length counts eights behind the first.
            0 | 43 | 60 => 8 + 8 * usize::from(*rest.get(1)?),
            _ => return None,
        };
        next = *rest.first()?;
        rest = rest.get(len..)?;
    }
}

/// All connections of a capture.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// By the lower address and the higher one.
    found: HashMap<(SocketAddr, SocketAddr), Found>,
    /// How many connections have been numbered.
    numbered: u32,
}

/// One connection.
#[derive(Debug, Default)]
struct Found {
    /// From the lower address to the higher, and back.
    halves: [Half; 2],
    state: State,
}

/// One direction of it.
#[derive(Debug, Default)]
struct Half {
    assembly: Assembly,
    /// The sequence number of its FIN, once that was heard; what comes before it may still be on its way.
    fin: Option<u32>,
}

impl Half {
    fn is_over(&self) -> bool {
        self.fin.is_some_and(|fin| self.assembly.has_reached(fin))
    }

    /// Whether more was said than could be read.
    fn is_cut(&self) -> bool {
        self.assembly.has_gap() || (self.fin.is_some() && !self.is_over())
    }
}

/// What is known of a connection.
#[derive(Debug)]
enum State {
    /// Nobody has said enough; what was said: by which half, when, what.
    Undecided(Vec<(usize, Duration, Vec<u8>)>),
    /// HTTP/2, numbered; which half is the client's.
    Http2 { conn: u32, client: usize },
    /// Something else, or over.
    PassedOver,
}

impl Default for State {
    fn default() -> Self {
        State::Undecided(Vec::new())
    }
}

impl Streams {
    /// Takes in a segment.
    pub(super) fn push(&mut self, at: Duration, segment: &Segment<'_>, hand_on: &mut impl FnMut(&Line<'_>)) {
        let way = usize::from(segment.from > segment.to);
        let key = if way == 0 { (segment.from, segment.to) } else { (segment.to, segment.from) };
        if segment.flags & (SYN | ACK) == SYN && self.is_another(&key, way, segment.seq) {
            // The ports are used again, for another connection.
            let before = self.found.remove(&key);
            before.into_iter().for_each(|before| before.leave(at, hand_on));
        }
        if self.found.len() >= MAX_CONNECTIONS && !self.found.contains_key(&key) {
            return;
        }
        let found = self.found.entry(key).or_default();
        let Some(half) = found.halves.get_mut(way) else { return };
        if segment.flags & SYN != 0 {
            half.assembly.begin(segment.seq);
        }
        let mut bytes = Vec::new();
        let whole = half.assembly.push(segment.seq, segment.bytes, |part| bytes.extend_from_slice(part));
        if segment.flags & FIN != 0 {
            // Lossless: a segment has at most 64 KiB.
            half.fin = Some(segment.seq.wrapping_add(segment.bytes.len() as u32));
        }
        if !bytes.is_empty() {
            found.say(way, at, bytes, &mut self.numbered, key, hand_on);
        }
        let State::Http2 { conn, .. } = found.state else { return };
        let is_reset = segment.flags & RST != 0;
        let over = found.halves.iter().all(Half::is_over);
        if !whole {
            let name = "packets-lost".into();
            hand_on(&Line::Event(Happening { conn: Some(conn), at, name, ..Happening::default() }));
        }
        if !whole || is_reset || over {
            let why = if whole && over {
                "eof"
            } else if whole {
                "reset"
            } else {
                "packets lost"
            };
            hand_on(&Line::End { conn, at, why: why.into() });
            found.state = State::PassedOver;
        }
    }

    /// Whether a SYN is of another connection than the one that is known by these addresses.
    fn is_another(&self, key: &(SocketAddr, SocketAddr), way: usize, seq: u32) -> bool {
        self.found.get(key).is_some_and(|found| {
            matches!(found.state, State::PassedOver)
                || found.halves.iter().any(|half| half.fin.is_some())
                || found.halves.get(way).is_some_and(|half| half.assembly.is_begun_otherwise(seq))
        })
    }

    /// The capture is over: says of each connection whether something of it is missing.
    pub(super) fn finish(&mut self, at: Duration, hand_on: &mut impl FnMut(&Line<'_>)) {
        let mut left: Vec<_> = self.found.drain().map(|(_, found)| found).collect();
        left.sort_by_key(Found::conn);
        left.into_iter().for_each(|found| found.leave(at, hand_on));
    }
}

impl Found {
    /// Its number, if it is HTTP/2.
    fn conn(&self) -> Option<u32> {
        match self.state {
            State::Http2 { conn, .. } => Some(conn),
            _ => None,
        }
    }

    /// Nothing more comes: what waits behind a hole, of packets that were lost or cut short, cannot be read.
    fn leave(self, at: Duration, hand_on: &mut impl FnMut(&Line<'_>)) {
        let Some(conn) = self.conn().filter(|_| self.halves.iter().any(Half::is_cut)) else { return };
        let name = "packets-lost".into();
        hand_on(&Line::Event(Happening { conn: Some(conn), at, name, ..Happening::default() }));
        hand_on(&Line::End { conn, at, why: "packets lost".into() });
    }

    /// Somebody has said something; decides what is spoken here, and hands on what is known to be HTTP/2.
    fn say(
        &mut self,
        way: usize,
        at: Duration,
        bytes: Vec<u8>,
        numbered: &mut u32,
        key: (SocketAddr, SocketAddr),
        hand_on: &mut impl FnMut(&Line<'_>),
    ) {
        let State::Undecided(held) = &mut self.state else {
            if let State::Http2 { conn, client } = self.state {
                chunk(conn, at, way == client, &bytes, hand_on);
            }
            return;
        };
        held.push((way, at, bytes));
        let client = [0, 1].into_iter().find(|way| said(held, *way).starts_with(PREFACE));
        let may_become = |way: usize| PREFACE.starts_with(&said(held, way));
        let Some(client) = client else {
            if !may_become(0) && !may_become(1) {
                self.state = State::PassedOver;
            }
            return;
        };
        *numbered += 1;
        let conn = *numbered;
        let (lower, higher) = key;
        let (local, peer) = if client == 0 { (lower, higher) } else { (higher, lower) };
        let begun = held.first().map_or(at, |(_, at, _)| *at);
        let ends = (Some(local.to_string()), Some(peer.to_string()));
        hand_on(&Line::Conn(Conn { local: ends.0, peer: ends.1, ..Conn::new(conn, begun, Role::Capture) }));
        for (way, at, bytes) in std::mem::take(held) {
            chunk(conn, at, way == client, &bytes, hand_on);
        }
        self.state = State::Http2 { conn, client };
    }
}

/// What one half has said, as far as it decides anything.
fn said(held: &[(usize, Duration, Vec<u8>)], way: usize) -> Vec<u8> {
    let of_way = held.iter().filter(|(other, ..)| *other == way);
    of_way.flat_map(|(_, _, bytes)| bytes).take(PREFACE.len()).copied().collect()
}

fn chunk(conn: u32, at: Duration, is_client: bool, bytes: &[u8], hand_on: &mut impl FnMut(&Line<'_>)) {
    let direction = if is_client { Direction::ToServer } else { Direction::ToClient };
    hand_on(&Line::Bytes(Chunk { conn, at, direction, bytes }));
}

/// TCP's number among the protocols of IP.
const TCP: u8 = 6;

/// TCP's flags (RFC 9293 3.1).
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// As many as there are ports of one client: bounds what a capture of a scan makes us remember.
const MAX_CONNECTIONS: usize = 65_536;
