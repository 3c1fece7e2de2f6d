//! Reads captures: the HTTP/2 connections in a pcap or pcapng file.
//!
//! In: a file as tcpdump, Wireshark or [`PcapngWriter`](super::PcapngWriter) writes it. Out: the lines of a
//! recording. Link layer and IP are taken off, TCP is put together, and what does not begin with HTTP/2's preface is
//! passed over:
//!
//! ```text
//!   pcap     file header 24 | (seconds, fraction, length, length | packet) ...
//!   pcapng   (type, length | content | length) ...        of which sections, interfaces and packets count
//!   packet   Ethernet, loopback, SLL or nothing | IPv4 or IPv6 | TCP | bytes
//! ```
//!
//! A connection whose first bytes are not in the capture is not found: without its preface nobody knows what it is.
//!
//! Must not know: TLS. What is encrypted is not HTTP/2 to anyone who has no keys.

use std::io::{self, Read};
use std::time::Duration;

use super::line::{Head, Line};
use super::streams::{Segment, Streams};

/// Why a capture cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The file does not begin as captures do.
    #[error("not a capture: neither pcap nor pcapng begins like this")]
    NotACapture,
    /// The file ends within a packet, or says something impossible.
    #[error("packet {packet}: {reason}; everything before it was read")]
    Damaged {
        /// Which packet, counted from 1.
        packet: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read packet {packet}: {error}")]
    Io {
        /// Which packet, counted from 1.
        packet: u64,
        /// What the system said.
        error: io::Error,
    },
}

/// Reads a capture and hands on the lines of its recording, the head first.
///
/// # Errors
///
/// [`PacketError`]; what was handed on before is good.
pub fn read_packets(input: impl Read, hand_on: impl FnMut(&Line<'_>)) -> Result<(), PacketError> {
    let mut capture = Capture {
        input,
        packet: 1,
        is_big_endian: false,
        interfaces: Vec::new(),
        begin: None,
        now: Duration::ZERO,
        streams: Streams::default(),
        hand_on,
    };
    let result = capture.read();
    capture.close();
    result
}

/// A capture that is being read.
struct Capture<R, F> {
    input: R,
    packet: u64,
    is_big_endian: bool,
    interfaces: Vec<Interface>,
    /// When the first packet was seen, counted from 1970.
    begin: Option<Duration>,
    /// When the latest was, counted from the first.
    now: Duration,
    streams: Streams,
    hand_on: F,
}

/// Where packets were seen.
#[derive(Clone, Copy)]
struct Interface {
    link_type: u16,
    /// How many parts a second has in its times.
    per_second: u64,
}

impl<R: Read, F: FnMut(&Line<'_>)> Capture<R, F> {
    fn read(&mut self) -> Result<(), PacketError> {
        let magic = self.take(4)?.ok_or(PacketError::NotACapture)?;
        match *magic.first_chunk().unwrap_or(&[0; 4]) {
            [0x0a, 0x0d, 0x0d, 0x0a] => self.blocks(),
            [0xd4, 0xc3, 0xb2, 0xa1] => self.records(false, 1_000_000),
            [0xa1, 0xb2, 0xc3, 0xd4] => self.records(true, 1_000_000),
            [0x4d, 0x3c, 0xb2, 0xa1] => self.records(false, 1_000_000_000),
            [0xa1, 0xb2, 0x3c, 0x4d] => self.records(true, 1_000_000_000),
            _ => Err(PacketError::NotACapture),
        }
    }

    /// The rest of a pcap file.
    fn records(&mut self, is_big_endian: bool, per_second: u64) -> Result<(), PacketError> {
        self.is_big_endian = is_big_endian;
        let header = self.need(20)?;
        // The upper bits may say how packets end; they matter to nobody here.
        let interface = Interface { link_type: self.u32_at(&header, 16) as u16, per_second };
        while let Some(header) = self.take(16)? {
            let time = u64::from(self.u32_at(&header, 0)) * per_second + u64::from(self.u32_at(&header, 4));
            let packet = self.sized(self.u32_at(&header, 8))?;
            self.on_packet(interface, time, &packet);
        }
        Ok(())
    }

    /// The rest of a pcapng file, after the type of its first block.
    fn blocks(&mut self) -> Result<(), PacketError> {
        self.section()?;
        while let Some(head) = self.take(8)? {
            let kind = self.u32_at(&head, 0);
            if kind == SECTION_HEADER {
                // The length cannot be read before the byte order is known.
                self.section_after(&head)?;
                continue;
            }
            let len = self.u32_at(&head, 4).checked_sub(12).ok_or(self.damaged("a block is too short"))?;
            match kind {
                INTERFACE => {
                    let content = self.sized(len)?;
                    self.interface(&content);
                }
                ENHANCED_PACKET => {
                    let content = self.sized(len)?;
                    self.enhanced(&content);
                }
                // Names, keys and statistics may be longer than any packet.
                _ => self.skip(len)?,
            }
            self.need(4)?;
        }
        Ok(())
    }

    fn section(&mut self) -> Result<(), PacketError> {
        let len = self.need(4)?;
        self.section_after(&[&[0; 4][..], &len].concat())
    }

    fn section_after(&mut self, head: &[u8]) -> Result<(), PacketError> {
        let magic = self.need(4)?;
        self.is_big_endian = match *magic.first_chunk().unwrap_or(&[0; 4]) {
            [0x4d, 0x3c, 0x2b, 0x1a] => false,
            [0x1a, 0x2b, 0x3c, 0x4d] => true,
            _ => return Err(self.damaged("a section without its byte-order magic")),
        };
        self.interfaces.clear();
        let len = self.u32_at(head, 4).checked_sub(12).ok_or(self.damaged("a section is too short"))?;
        self.sized(len).map(drop)
    }

    fn interface(&mut self, content: &[u8]) {
        let link_type = self.u16_at(content, 0);
        let mut per_second = 1_000_000;
        let mut options = content.get(8..).unwrap_or_default();
        while options.len() >= 4 {
            let (kind, len) = (self.u16_at(options, 0), usize::from(self.u16_at(options, 2)));
            if kind == TIME_RESOLUTION {
                per_second = match options.get(4).copied().unwrap_or(6) {
                    // The highest bit says that the rest counts halves and not tenths.
                    power @ 0x80.. => 1_u64.checked_shl(u32::from(power & 0x7f)).unwrap_or(1),
                    power => 10_u64.checked_pow(u32::from(power)).unwrap_or(1),
                };
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(Interface { link_type, per_second: per_second.max(1) });
    }

    fn enhanced(&mut self, content: &[u8]) {
        let interface = self.interfaces.get(self.u32_at(content, 0) as usize).copied();
        let time = u64::from(self.u32_at(content, 4)) << 32 | u64::from(self.u32_at(content, 8));
        let len = self.u32_at(content, 12) as usize;
        let packet = content.get(20..).unwrap_or_default();
        if let Some(interface) = interface {
            self.on_packet(interface, time, packet.get(..len).unwrap_or(packet));
        }
    }

    fn on_packet(&mut self, interface: Interface, time: u64, packet: &[u8]) {
        self.packet += 1;
        let (seconds, parts) = (time / interface.per_second, time % interface.per_second);
        // Lossless: a part of a second is below 10^9 nanoseconds.
        let nanos = u128::from(parts) * 1_000_000_000 / u128::from(interface.per_second);
        let time = Duration::new(seconds, nanos as u32);
        let Some(segment) = network(interface.link_type, packet).and_then(Segment::read) else { return };
        let begin = match self.begin {
            Some(begin) => begin,
            None => {
                self.begin = Some(time);
                let t0_us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                (self.hand_on)(&Line::Head(Head { tool: "capture".into(), t0_us, redact: Vec::new() }));
                time
            }
        };
        self.now = time.saturating_sub(begin);
        self.streams.push(self.now, &segment, &mut self.hand_on);
    }

    fn close(&mut self) {
        self.streams.finish(self.now, &mut self.hand_on);
        if self.begin.is_none() {
            (self.hand_on)(&Line::Head(Head { tool: "capture".into(), ..Head::default() }));
        }
    }

    /// Reads so many bytes; `None` at the end of the file.
    fn take(&mut self, len: usize) -> Result<Option<Vec<u8>>, PacketError> {
        let mut bytes = Vec::new();
        let packet = self.packet;
        let read = self.input.by_ref().take(len as u64).read_to_end(&mut bytes);
        match read.map_err(|error| PacketError::Io { packet, error })? {
            0 => Ok(None),
            read if read < len => Err(self.damaged("the file ends in the middle of it")),
            _ => Ok(Some(bytes)),
        }
    }

    fn need(&mut self, len: usize) -> Result<Vec<u8>, PacketError> {
        self.take(len)?.ok_or(self.damaged("the file ends in the middle of it"))
    }

    fn sized(&mut self, len: u32) -> Result<Vec<u8>, PacketError> {
        match len {
            0 => Ok(Vec::new()),
            1..=MAX_PACKET_BYTES => self.need(len as usize),
            _ => Err(self.damaged("it claims more bytes than any packet has")),
        }
    }

    fn skip(&mut self, len: u32) -> Result<(), PacketError> {
        let packet = self.packet;
        let skipped = io::copy(&mut self.input.by_ref().take(len.into()), &mut io::sink());
        match skipped.map_err(|error| PacketError::Io { packet, error })? {
            skipped if skipped < len.into() => Err(self.damaged("the file ends in the middle of it")),
            _ => Ok(()),
        }
    }

    fn damaged(&self, reason: &'static str) -> PacketError {
        PacketError::Damaged { packet: self.packet, reason }
    }

    fn u16_at(&self, bytes: &[u8], at: usize) -> u16 {
        let chunk = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
        if self.is_big_endian { u16::from_be_bytes(chunk) } else { u16::from_le_bytes(chunk) }
    }

    fn u32_at(&self, bytes: &[u8], at: usize) -> u32 {
        let chunk = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
        if self.is_big_endian { u32::from_be_bytes(chunk) } else { u32::from_le_bytes(chunk) }
    }
}

/// Takes the link layer off a packet.
fn network(link_type: u16, packet: &[u8]) -> Option<&[u8]> {
    match link_type {
        // BSD loopback: four bytes say which family, in either byte order.
        0 | 108 => packet.get(4..),
        1 => untagged(packet.get(12..14)?, packet.get(14..)?),
        // Linux "any", version 1 and 2.
        113 => untagged(packet.get(14..16)?, packet.get(16..)?),
        276 => untagged(packet.get(..2)?, packet.get(20..)?),
        // IP without anything before it: raw, IPv4, IPv6.
        12 | 101 | 228 | 229 => Some(packet),
        _ => None,
    }
}

/// Takes off the tags of virtual LANs, as many as there are (IEEE 802.1Q 9).
fn untagged<'a>(kind: &'a [u8], packet: &'a [u8]) -> Option<&'a [u8]> {
    let (mut kind, mut rest) = (kind, packet);
    while let [0x81 | 0x91, 0x00] | [0x88, 0xa8] = kind {
        (kind, rest) = (rest.get(2..4)?, rest.get(4..)?);
    }
    Some(rest)
}

/// Types of blocks (PCAP Next Generation Dump File Format, section 4).
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// The option `if_tsresol` of an interface.
const TIME_RESOLUTION: u16 = 9;

/// Four times the largest packet of IP; capture programs write none longer than 256 KiB.
const MAX_PACKET_BYTES: u32 = 256 * 1024;

#[cfg(test)]
mod tests;
