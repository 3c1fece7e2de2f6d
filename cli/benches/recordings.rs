//! How fast `wright` reads a long recording, and in how much memory.
//!
//! In: how large the recording shall be, in MiB of file (`-- 1024`, which is also the default), and `--keep` if the last
//! one shall stay. Out: a table, of two mixes, because small frames cost more: unary calls whose messages have 1 KiB,
//! and the smallest calls there are, 13 bytes each way.
//!
//! ```text
//!   timeline      every frame in its place, every call in a line
//!   lens size     every byte counted to what it carries
//!   explain       every byte told
//! ```
//!
//! Rates are megabytes of wire bytes, not of file, to a second of CPU time, so that neighbours on the machine do not
//! count. The peak of memory is what the kernel says (`VmHWM`), read every few milliseconds until the program ends.
//! What the program prints goes to /dev/null. Linux only.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail"
)]

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use wirewright::inspect::Direction;
use wirewright::inspect::frame_header::FrameKind;
use wirewright::inspect::frames::PREFACE;
use wirewright::inspect::hpack::{Form, HpackEncoder};
use wirewright::inspect::rewrite::write_frame;
use wirewright::recording::{Chunk, Conn, Head, Line, Recorder, Role};

fn main() {
    // Cargo says `--bench` to every benchmark.
    let size = std::env::args().skip(1).find_map(|word| word.parse::<u64>().ok()).unwrap_or(1024);
    let folder = std::env::temp_dir().join(format!("wright-recordings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("long.jsonl");
    println!("{:<20} {:<12} {:>9} {:>9} {:>10} {:>10}", "", "", "MB/s", "wanted", "seconds", "peak MiB");
    for (mix, message) in [("calls of 1 KiB", 1024), ("the smallest calls", 13)] {
        let wire = record(&file, message, size * 1024 * 1024);
        let length = std::fs::metadata(&file).unwrap().len();
        println!("{mix}: {} MB of file hold {} MB of wire bytes", length / 1_000_000, wire / 1_000_000);
        for (what, words, wanted) in [
            ("timeline", &["timeline"][..], 100),
            ("lens size", &["explain", "--lens", "size"], 100),
            ("explain", &["explain"], 10),
        ] {
            let Spent { cpu, wall, peak } = run(words, &file);
            let rate = wire as f64 / 1e6 / cpu.as_secs_f64();
            println!(
                "{mix:<20} {what:<12} {rate:>9.0} {wanted:>9} {:>10.1} {:>10.1}",
                wall.as_secs_f64(),
                peak as f64 / 1024.0
            );
        }
    }
    if std::env::args().all(|word| word != "--keep") {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// What a run of the program took.
struct Spent {
    cpu: Duration,
    wall: Duration,
    /// KiB of memory at most.
    peak: u64,
}

/// Runs the program on a file, watching it all the while.
fn run(words: &[&str], file: &Path) -> Spent {
    let begun = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_wright"));
    let mut child = program.args(words).arg(file).stdout(Stdio::null()).spawn().unwrap();
    let (mut cpu, mut peak) = (Duration::ZERO, 0);
    while child.try_wait().unwrap().is_none() {
        (cpu, peak) = spent(child.id()).unwrap_or((cpu, peak));
        std::thread::sleep(WATCH);
    }
    assert!(child.wait().unwrap().success(), "wright {words:?} fails");
    Spent { cpu, wall: begun.elapsed(), peak }
}

/// CPU time and peak memory of a process, as proc(5) tells them; `None` once it is over.
fn spent(pid: u32) -> Option<(Duration, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Fields 14 and 15, in hundredths of a second, behind a name in parentheses.
    let ticks =
        stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>());
    Some((Duration::from_millis(10 * ticks.sum::<Result<u64, _>>().ok()?), peak))
}

/// Records unary calls, one after the other on one connection, until the file is as long as it shall be; gives the
/// number of wire bytes in it.
fn record(file: &Path, message: usize, length: u64) -> u64 {
    let written = Rc::new(Cell::new(0));
    let out = Counted { out: BufWriter::new(File::create(file).unwrap()), written: written.clone() };
    let mut recorder = Recorder::new(out, Head::default()).unwrap();
    recorder.write(&Line::Conn(Conn::new(1, Duration::ZERO, Role::Client))).unwrap();
    let (mut client, mut server) = (HpackEncoder::new(), HpackEncoder::new());
    let (mut wire, mut stream, mut now) = (0, 1, Duration::ZERO);
    let (mut asked, mut answered) = (PREFACE.to_vec(), Vec::new());
    write_frame(FrameKind::Settings, 0, 0, &[], &mut asked);
    write_frame(FrameKind::Settings, 0, 0, &[], &mut answered);
    let data = content(message);
    while written.get() < length {
        ask(&mut client, stream, &data, &mut asked);
        answer(&mut server, stream, &data, &mut answered);
        for (direction, bytes) in [(Direction::ToServer, &mut asked), (Direction::ToClient, &mut answered)] {
            now += Duration::from_micros(130);
            recorder.write(&Line::Bytes(Chunk { conn: 1, at: now, direction, bytes })).unwrap();
            wire += bytes.len() as u64;
            bytes.clear();
        }
        stream += 2;
    }
    recorder.into_inner().out.into_inner().unwrap();
    wire
}

/// One message of protobuf in its five bytes of prefix: field 1, as text.
fn content(message: usize) -> Vec<u8> {
    let mut text = vec![b'7'; message];
    // The tag and one or two bytes of length come off.
    let mut field = vec![0x0a];
    let left = message - if message < 130 { 2 } else { 3 };
    if message < 130 {
        field.push(left as u8);
    } else {
        field.extend([(left & 0x7f) as u8 | 0x80, (left >> 7) as u8]);
    }
    text.truncate(left);
    [&[0][..], &u32::try_from(message).unwrap().to_be_bytes(), &field, &text].concat()
}

/// What a client says: head and message, as Wirewright writes them.
fn ask(encoder: &mut HpackEncoder, stream: u32, data: &[u8], bytes: &mut Vec<u8>) {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost:50051"),
        (":path", "/bench.Echo/Echo"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "wirewright/0.1.0"),
    ] {
        encoder.field(Form::Remembered, name.as_bytes(), value.as_bytes(), &mut block);
    }
    write_frame(FrameKind::Headers, END_HEADERS, stream, &block, bytes);
    write_frame(FrameKind::Data, END_STREAM, stream, data, bytes);
}

/// What a server says: head, message and trailers.
fn answer(encoder: &mut HpackEncoder, stream: u32, data: &[u8], bytes: &mut Vec<u8>) {
    let mut block = Vec::new();
    encoder.field(Form::Indexed, b":status", b"200", &mut block);
    encoder.field(Form::Remembered, b"content-type", b"application/grpc", &mut block);
    write_frame(FrameKind::Headers, END_HEADERS, stream, &block, bytes);
    write_frame(FrameKind::Data, 0, stream, data, bytes);
    block.clear();
    encoder.field(Form::Remembered, b"grpc-status", b"0", &mut block);
    write_frame(FrameKind::Headers, END_HEADERS | END_STREAM, stream, &block, bytes);
}

/// A file that counts, and that is flushed once: a recorder flushes every line, which is not what is measured.
struct Counted {
    out: BufWriter<File>,
    written: Rc<Cell<u64>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.written.set(self.written.get() + count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// RFC 9113 6.1 and 6.2.
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// Often enough that hardly anything is missed at the end of a run of seconds.
const WATCH: Duration = Duration::from_millis(5);
