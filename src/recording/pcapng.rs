//! `PcapngWriter`: a recording for Wireshark and its kin.
//!
//! In: lines of a recording. Out: a pcapng file whose packets never were (PCAP Next Generation Dump File Format):
//!
//! ```text
//!   section header | interface: IPv4, nanoseconds | packet | packet | ...
//!                                                    |
//!                        IPv4 20 | TCP 20 | bytes of the connection
//! ```
//!
//! A recording holds what TCP carried, not the packets that carried it, so the packets are made up: a handshake where
//! a connection begins, data with counting sequence numbers, a farewell where it ends. Addresses are the real ones
//! where they are IPv4, and otherwise of the network 10.0.0.0/8.
//!
//! Must not know: what the bytes mean.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use super::line::{Chunk, Conn, Line, Role};
use crate::inspect::Direction;

/// Writes the connections of a recording as packets.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    /// When the recording began, counted from 1970.
    begin: Duration,
    conns: HashMap<u32, Ends>,
}

/// Both ends of a connection, as packets have them.
#[derive(Debug)]
struct Ends {
    client: SocketAddrV4,
    server: SocketAddrV4,
    /// The next sequence number of either.
    client_next: u32,
    server_next: u32,
}

impl<W: Write> PcapngWriter<W> {
    /// Writes what stands before the first packet.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn new(mut out: W) -> io::Result<Self> {
        // Byte-order magic, version 1.0, a section of unknown length.
        let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
        out.write_all(&block(SECTION_HEADER, &section))?;
        // No limit of length; option 9, if_tsresol: times count 10^-9 s.
        let interface =
            [&LINKTYPE_IPV4.to_le_bytes()[..], &[0; 6], &[9, 0, 1, 0, 9, 0, 0, 0], &[0; 4]].concat();
        out.write_all(&block(INTERFACE, &interface))?;
        Ok(PcapngWriter { out, begin: Duration::ZERO, conns: HashMap::new() })
    }

    /// Writes the packets of a line. Events leave none.
    ///
    /// # Errors
    ///
    /// If a packet cannot be written.
    pub fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        match line {
            Line::Head(head) => self.begin = Duration::from_micros(head.t0_us),
            Line::Conn(conn) => self.open(conn)?,
            Line::Bytes(chunk) => self.data(chunk)?,
            Line::End { conn, at, .. } => self.close(*conn, *at)?,
            Line::Event(_) => {}
        }
        Ok(())
    }

    /// Gives back what was written to, once all of it has been.
    ///
    /// # Errors
    ///
    /// If the last bytes cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// TCP's handshake: SYN, SYN and ACK, ACK.
    fn open(&mut self, conn: &Conn) -> io::Result<()> {
        self.conns.insert(conn.conn, Ends::of(conn));
        self.packet(conn.conn, conn.at, Direction::ToServer, SYN, &[])?;
        self.packet(conn.conn, conn.at, Direction::ToClient, SYN | ACK, &[])?;
        self.packet(conn.conn, conn.at, Direction::ToServer, ACK, &[])
    }

    fn data(&mut self, chunk: &Chunk<'_>) -> io::Result<()> {
        if !self.conns.contains_key(&chunk.conn) {
            self.open(&Conn::new(chunk.conn, chunk.at, Role::Capture))?;
        }
        let mut pieces = chunk.bytes.chunks(MAX_SEGMENT_BYTES);
        pieces.try_for_each(|bytes| self.packet(chunk.conn, chunk.at, chunk.direction, PSH | ACK, bytes))
    }

    fn close(&mut self, conn: u32, at: Duration) -> io::Result<()> {
        if self.conns.contains_key(&conn) {
            self.packet(conn, at, Direction::ToServer, FIN | ACK, &[])?;
            self.packet(conn, at, Direction::ToClient, FIN | ACK, &[])?;
            self.packet(conn, at, Direction::ToServer, ACK, &[])?;
        }
        self.conns.remove(&conn);
        Ok(())
    }

    fn packet(&mut self, conn: u32, at: Duration, way: Direction, flags: u8, bytes: &[u8]) -> io::Result<()> {
        let Some(ends) = self.conns.get_mut(&conn) else { return Ok(()) };
        let packet = ends.packet(way, flags, bytes);
        // Lossless until the year 2554.
        let time = (self.begin + at).as_nanos() as u64;
        let len = (packet.len() as u32).to_le_bytes();
        let (high, low) = ((time >> 32) as u32, time as u32);
        let head = [[0; 4], high.to_le_bytes(), low.to_le_bytes(), len, len].concat();
        self.out.write_all(&block(ENHANCED_PACKET, &[head, packet].concat()))
    }
}

impl Ends {
    fn of(conn: &Conn) -> Ends {
        let (client, server) = match conn.role {
            Role::Client | Role::Capture => (&conn.local, &conn.peer),
            Role::Server | Role::Proxy => (&conn.peer, &conn.local),
        };
        let given = |address: &Option<String>| match address.as_deref()?.parse() {
            Ok(SocketAddr::V4(address)) => Some(address),
            _ => None,
        };
        // Each connection has a port of its own, so that none is mistaken for another.
        let port = EPHEMERAL_PORT.wrapping_add(conn.conn as u16);
        Ends {
            client: given(client).unwrap_or(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), port)),
            server: given(server).unwrap_or(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), GRPC_PORT)),
            client_next: 0,
            server_next: 0,
        }
    }

    /// One packet: IPv4 (RFC 791 3.1) around TCP (RFC 9293 3.1).
    fn packet(&mut self, way: Direction, flags: u8, bytes: &[u8]) -> Vec<u8> {
        let (from, to, next, heard) = match way {
            Direction::ToServer => (self.client, self.server, &mut self.client_next, self.server_next),
            Direction::ToClient => (self.server, self.client, &mut self.server_next, self.client_next),
        };
        let acknowledged = if flags & ACK != 0 { heard } else { 0 };
        let mut tcp = Vec::with_capacity(HEADER_BYTES + bytes.len());
        tcp.extend([from.port(), to.port()].map(u16::to_be_bytes).concat());
        tcp.extend([*next, acknowledged].map(u32::to_be_bytes).concat());
        // Five words of header, the flags, the largest window, no checksum yet, nothing urgent.
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(bytes);
        // SYN and FIN count as one byte each.
        let counted = bytes.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        *next = next.wrapping_add(counted);
        // Lossless: a segment is at most MAX_SEGMENT_BYTES long.
        let len = tcp.len() as u16;
        let ends = [from.ip().octets(), to.ip().octets()].concat();
        let pseudo = [&ends[..], &[0, TCP], &len.to_be_bytes(), &tcp].concat();
        put(&mut tcp, 16, checksum(&pseudo));
        let mut ip = vec![0x45, 0];
        ip.extend((len + HEADER_BYTES as u16).to_be_bytes());
        // No fragments, 64 hops, no checksum yet.
        ip.extend([0, 0, 0x40, 0, 64, TCP, 0, 0]);
        ip.extend(ends);
        let sum = checksum(&ip);
        put(&mut ip, 10, sum);
        ip.extend(tcp);
        ip
    }
}

/// A block of the format: type, length, content padded to four bytes, length again.
fn block(kind: u32, content: &[u8]) -> Vec<u8> {
    let padded = content.len().next_multiple_of(4);
    // Lossless: packets are shorter than 64 KiB.
    let len = (padded + 12) as u32;
    let mut block = [&kind.to_le_bytes()[..], &len.to_le_bytes(), content].concat();
    block.resize(8 + padded, 0);
    block.extend(len.to_le_bytes());
    block
}

/// The Internet checksum (RFC 1071): ones' complement sum of 16-bit words.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for word in bytes.chunks(2) {
        let [high, low] = [word.first(), word.get(1)].map(|byte| u32::from(byte.copied().unwrap_or(0)));
        sum += high << 8 | low;
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    for (to, from) in bytes.iter_mut().skip(at).zip(value.to_be_bytes()) {
        *to = from;
    }
}

/// Types of blocks (PCAP Next Generation Dump File Format, section 4).
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// Packets begin with their IPv4 header (the registry of link types).
const LINKTYPE_IPV4: u16 = 228;

/// TCP's number among the protocols of IP.
const TCP: u8 = 6;

/// TCP's flags (RFC 9293 3.1).
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Of IPv4 and of TCP alike, without options.
const HEADER_BYTES: usize = 20;

/// A packet of IPv4 has at most 65,535 bytes; this leaves room for both headers and is a round number.
const MAX_SEGMENT_BYTES: usize = 32 * 1024;

/// Where ports of clients begin on most systems.
const EPHEMERAL_PORT: u16 = 32_768;

/// The port of gRPC's examples.
const GRPC_PORT: u16 = 50_051;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Head, read_packets};

    #[test]
    fn what_is_exported_can_be_imported() {
        let preface = crate::inspect::frames::PREFACE;
        let long = vec![0; 3 * MAX_SEGMENT_BYTES + 1];
        let micros = Duration::from_micros;
        let chunk = |at, direction, bytes| Line::Bytes(Chunk { conn: 1, at: micros(at), direction, bytes });
        let conn = Conn { peer: Some("127.0.0.1:9".into()), ..Conn::new(1, micros(2), Role::Proxy) };
        let lines = [
            Line::Head(Head { t0_us: 1_763_800_000_000_000, ..Head::default() }),
            Line::Conn(conn),
            chunk(5, Direction::ToServer, preface),
            chunk(7, Direction::ToClient, &long),
            Line::End { conn: 1, at: micros(9), why: "eof".into() },
        ];
        let mut writer = PcapngWriter::new(Vec::new()).unwrap();
        lines.iter().for_each(|line| writer.write(line).unwrap());
        let file = writer.finish().unwrap();
        let (mut up, mut down, mut told) = (Vec::new(), Vec::new(), Vec::new());
        read_packets(&file[..], |line| match line {
            Line::Bytes(chunk) if chunk.direction == Direction::ToServer => up.extend_from_slice(chunk.bytes),
            Line::Bytes(chunk) => down.extend_from_slice(chunk.bytes),
            other => told.push(format!("{other:?}")),
        })
        .unwrap();
        assert_eq!((&up[..], &down[..]), (&preface[..], &long[..]));
        assert!(told[0].contains("1763800000000002"), "{told:?}");
        assert!(told[1].contains("127.0.0.1:9") && told[1].contains("10.0.0.2:50051"), "{told:?}");
        assert!(told[2].contains("eof"), "{told:?}");
    }

    #[test]
    fn checksums_add_up() {
        // RFC 1071 3, "Numerical Examples": the sum is ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }
}
