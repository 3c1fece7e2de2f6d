//! Captures as programs write them, byte by byte: link layers, byte orders, and packets that are late, twice or cut.

use super::*;
use crate::inspect::Direction;
use crate::inspect::frames::PREFACE;

/// A segment from port 7 to port 8.
fn tcp(seq: u32, flags: u8, bytes: &[u8]) -> Vec<u8> {
    let mut segment = vec![0, 7, 0, 8];
    segment.extend(seq.to_be_bytes());
    segment.extend([0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]);
    segment.extend(bytes);
    segment
}

fn ipv4(segment: &[u8]) -> Vec<u8> {
    let len = (20 + segment.len() as u16).to_be_bytes();
    let mut packet = vec![0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
    packet.extend(segment);
    packet
}

/// IPv6 with extension headers before the segment, the first of which is `next`.
fn ipv6(next: u8, extensions: &[u8], segment: &[u8]) -> Vec<u8> {
    let len = ((extensions.len() + segment.len()) as u16).to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, len[0], len[1], next, 64];
    packet.extend([0; 32]);
    packet.extend(extensions);
    packet.extend(segment);
    packet
}

/// A pcap file of these packets, a millisecond and four units apart; the last number is what the file says of its times.
fn pcap(link_type: u32, packets: &[Vec<u8>], is_big_endian: bool, magic: u32) -> Vec<u8> {
    let number = |number: u32| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file = [magic, 0, 0, 0, 0xffff, link_type].map(number).concat();
    for (packet, millis) in packets.iter().zip(0_u32..) {
        let unit = if magic == NANOS { 1_000_000 } else { 1_000 };
        let len = packet.len() as u32;
        file.extend([3, millis * unit + 4, len, len].map(number).concat());
        file.extend(packet);
    }
    file
}

const MICROS: u32 = 0xa1b2_c3d4;
const NANOS: u32 = 0xa1b2_3c4d;

/// A capture of one Ethernet packet, IPv4.
fn one(bytes: &[u8]) -> Vec<u8> {
    pcap(1, &[[&[0; 12][..], &[8, 0], &ipv4(&tcp(1, 0x18, bytes))].concat()], false, MICROS)
}

/// What the client said, and what else was told: names of events, reasons of ends.
fn heard(file: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut bytes, mut told) = (Vec::new(), Vec::new());
    read_packets(file, |line| match line {
        Line::Bytes(chunk) => {
            assert_eq!(chunk.direction, Direction::ToServer);
            bytes.extend_from_slice(chunk.bytes);
        }
        Line::Event(event) => told.push(event.name.clone()),
        Line::End { why, .. } => told.push(why.clone()),
        _ => {}
    })
    .unwrap();
    (bytes, told)
}

#[test]
fn every_link_layer_comes_off() {
    let macs = [2_u8; 12];
    let ethernet = |tags: &[u8]| [&macs[..], tags].concat();
    let cooked = |kind: &[u8]| [&[0; 14][..], kind].concat();
    let cases: [(u32, Vec<u8>); 10] = [
        (1, ethernet(&[0x08, 0x00])),
        (1, ethernet(&[0x81, 0x00, 0, 5, 0x08, 0x00])),
        (1, ethernet(&[0x88, 0xa8, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xdd])),
        (113, cooked(&[0x08, 0x00])),
        (113, cooked(&[0x81, 0x00, 0, 5, 0x08, 0x00])),
        (276, [&[0x08, 0x00][..], &[0; 18]].concat()),
        (0, vec![2, 0, 0, 0]),
        (108, vec![0, 0, 0, 24]),
        (101, vec![]),
        (12, vec![]),
    ];
    let hop_by_hop = [43, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let packets = [
        ipv4(&tcp(1, 0x18, PREFACE)),
        ipv6(6, &[], &tcp(1, 0x18, PREFACE)),
        ipv6(0, &hop_by_hop, &tcp(1, 0x18, PREFACE)),
    ];
    for (link_type, lead) in cases {
        for packet in &packets {
            let file = pcap(link_type, &[[&lead[..], packet].concat()], false, MICROS);
            assert_eq!(heard(&file).0, PREFACE, "{link_type} {lead:?}");
        }
    }
}

#[test]
fn byte_order_and_resolution_are_those_that_the_file_says() {
    let packets = [ipv4(&tcp(1, 0x18, PREFACE)), ipv4(&tcp(25, 0x18, b"more"))];
    for (is_big_endian, magic) in [(false, MICROS), (true, MICROS), (false, NANOS), (true, NANOS)] {
        let mut times = Vec::new();
        read_packets(&pcap(101, &packets, is_big_endian, magic)[..], |line| {
            if let Line::Bytes(chunk) = line {
                times.push(chunk.at);
            }
        })
        .unwrap();
        assert_eq!(times, [Duration::ZERO, Duration::from_millis(1)], "{is_big_endian} {magic:x}");
    }
}

#[test]
fn packets_that_are_late_or_twice_are_put_in_order_before_the_connection_is_over() {
    let client = |seq, flags, bytes: &[u8]| ipv4(&tcp(seq, flags, bytes));
    let mut back = ipv4(&tcp(900, 0x11, b""));
    // From port 8 to port 7.
    back.splice(20..24, [0, 8, 0, 7]);
    let packets = [
        client(0, 0x02, b""),
        client(1, 0x18, PREFACE),
        client(28, 0x18, b"def"),
        client(28, 0x18, b"def"),
        back,
        client(31, 0x11, b"g"),
        client(25, 0x18, b"abc"),
        client(25, 0x18, b"abc"),
    ];
    let (bytes, told) = heard(&pcap(101, &packets, false, MICROS));
    assert_eq!(bytes, [&PREFACE[..], b"abcdefg"].concat());
    assert_eq!(told, ["eof"]);
}

#[test]
fn what_a_snap_length_cut_off_or_a_capture_missed_is_told() {
    let mut cut = ipv4(&tcp(25, 0x18, b"abcdef"));
    cut.truncate(43);
    let packets = [ipv4(&tcp(1, 0x18, PREFACE)), cut, ipv4(&tcp(31, 0x18, b"ghi"))];
    let (bytes, told) = heard(&pcap(101, &packets, false, MICROS));
    assert_eq!(bytes, [&PREFACE[..], b"abc"].concat());
    assert_eq!(told, ["packets-lost", "packets lost"]);
    let packets = [ipv4(&tcp(1, 0x18, PREFACE)), ipv4(&tcp(40, 0x11, b""))];
    assert_eq!(heard(&pcap(101, &packets, false, MICROS)).1, ["packets-lost", "packets lost"]);
}

#[test]
fn ports_that_are_used_again_are_another_connection() {
    let packets = [
        ipv4(&tcp(0, 0x02, b"")),
        ipv4(&tcp(1, 0x18, PREFACE)),
        ipv4(&tcp(7000, 0x02, b"")),
        ipv4(&tcp(7001, 0x18, PREFACE)),
    ];
    let mut conns = Vec::new();
    read_packets(&pcap(101, &packets, false, MICROS)[..], |line| {
        if let Line::Bytes(chunk) = line {
            conns.push((chunk.conn, chunk.bytes.to_vec()));
        }
    })
    .unwrap();
    assert_eq!(conns, [(1, PREFACE.to_vec()), (2, PREFACE.to_vec())]);
}

#[test]
fn interfaces_of_a_pcapng_file_have_each_their_own_link_layer_and_other_blocks_are_passed_over() {
    for is_big_endian in [false, true] {
        let number = |n: u32| if is_big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let short = |n: u16| if is_big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let block = |kind: u32, content: &[u8]| {
            let padded = [content, &vec![0; content.len().next_multiple_of(4) - content.len()]].concat();
            let len = number(padded.len() as u32 + 12);
            [&number(kind)[..], &len, &padded, &len].concat()
        };
        let interface = |link_type: u16| block(1, &[&short(link_type)[..], &[0; 6]].concat());
        let packet = |interface: u32, bytes: &[u8]| {
            let lead = [interface, 0, 5, bytes.len() as u32, bytes.len() as u32].map(number).concat();
            block(6, &[&lead[..], bytes].concat())
        };
        let ethernet = [&[0; 12][..], &[8, 0], &ipv4(&tcp(25, 0x18, b"abc"))].concat();
        let file = [
            block(SECTION_HEADER, &[&number(0x1a2b_3c4d)[..], &[0; 12]].concat()),
            interface(101),
            interface(1),
            // A list of names, longer than any packet.
            block(4, &vec![7; MAX_PACKET_BYTES as usize + 1]),
            packet(0, &ipv4(&tcp(1, 0x18, PREFACE))),
            packet(1, &ethernet),
            packet(2, &ethernet),
        ]
        .concat();
        assert_eq!(heard(&file).0, [&PREFACE[..], b"abc"].concat());
    }
}

#[test]
fn no_prefix_of_a_capture_is_a_surprise() {
    let file = one(PREFACE);
    for end in 0..file.len() {
        let mut lines = 0;
        let result = read_packets(&file[..end], |_| lines += 1);
        assert_eq!(result.is_ok(), end == 24, "{end}: {result:?}");
        assert_eq!(lines, 1, "a head and nothing else");
    }
    assert!(matches!(read_packets(&b"GIF89a.."[..], |_| {}), Err(PacketError::NotACapture)));
}

#[test]
fn what_is_not_http2_is_passed_over() {
    let mut lines = 0;
    read_packets(&one(b"SSH-2.0-OpenSSH_9.6 and more bytes")[..], |_| lines += 1).unwrap();
    assert_eq!(lines, 1);
}
