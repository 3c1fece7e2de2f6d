//! Exported captures, read by tshark: it decodes them field for field as we do.
//!
//! `cargo xtask test` finds or installs tshark and runs this; by itself it is ignored, because few machines have it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use wirewright::inspect::skim::{Skim, Skimmer};
use wirewright::recording::{Line, PcapngWriter, RecordingReader, Role};

use crate::support::text;

/// What either of us reads: values by the name that tshark gives them, in the order of the recording.
type Told = BTreeMap<&'static str, Vec<String>>;

const FIELDS: [&str; 6] = [
    "http2.type",
    "http2.streamid",
    "http2.length",
    "http2.header.name",
    "http2.header.value",
    "grpc.message_length",
];

fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        ["src/lesson/recordings", "tests/recordings", "tests/cases"].map(|folder| root.join(folder));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Exports a recording, and notes on the way what we read in it, and the ports at which servers listen.
fn export(recording: &Path, capture: &Path, ports: &mut BTreeSet<u16>) -> Told {
    let mut told = Told::from(FIELDS.map(|field| (field, Vec::new())));
    let mut note = |field: &'static str, value: String| told.entry(field).or_default().push(value);
    let mut reader =
        RecordingReader::new(std::io::BufReader::new(std::fs::File::open(recording).unwrap())).unwrap();
    let mut writer = PcapngWriter::new(std::fs::File::create(capture).unwrap()).unwrap();
    let mut skimmers = BTreeMap::<u32, Skimmer>::new();
    while let Some(line) = reader.next_line().unwrap() {
        writer.write(&line).unwrap();
        if let Line::Conn(conn) = &line {
            let server = if conn.role == Role::Client { &conn.peer } else { &conn.local };
            let port = server.as_ref().and_then(|address| address.rsplit_once(':')?.1.parse().ok());
            ports.insert(port.unwrap_or(DEFAULT_PORT));
        }
        let Line::Bytes(chunk) = line else { continue };
        skimmers.entry(chunk.conn).or_default().push(chunk.direction, chunk.bytes, &mut |skim| match skim {
            Skim::Frame { header, .. } => {
                note("http2.type", header.kind.to_u8().to_string());
                note("http2.streamid", header.stream_id.to_string());
                note("http2.length", header.length.to_string());
            }
            Skim::Block(what) => {
                for field in what.head().unwrap().fields() {
                    note("http2.header.name", field.name.to_string());
                    note("http2.header.value", field.value.to_string());
                }
            }
            Skim::Part(part) if part.ends => note("grpc.message_length", part.length.to_string()),
            _ => {}
        });
    }
    writer.finish().unwrap();
    told
}

/// What tshark reads in a capture.
fn tshark(capture: &Path, ports: &BTreeSet<u16>) -> Told {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(["-T", "fields", "-E", "aggregator=|"]);
    for port in ports {
        command.args(["-d", &format!("tcp.port=={port},http2")]);
    }
    FIELDS.iter().for_each(|field| {
        command.args(["-e", field]);
    });
    let output = command.output().expect("tshark is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut told = Told::from(FIELDS.map(|field| (field, Vec::new())));
    for packet in text(&output.stdout).lines() {
        for (field, values) in FIELDS.iter().zip(packet.split('\t')) {
            let values = values.split('|').filter(|value| !value.is_empty());
            told.entry(field).or_default().extend(values.map(str::to_owned));
        }
    }
    told
}

#[test]
#[ignore = "needs tshark; `cargo xtask captures` finds or installs it and runs this"]
fn tshark_reads_exported_captures_field_for_field_as_we_do() {
    let folder = std::env::temp_dir().join(format!("wright-captures-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for recording in recordings() {
        let capture = folder.join("rec.pcapng");
        let mut ports = BTreeSet::from([DEFAULT_PORT]);
        let ours = export(&recording, &capture, &mut ports);
        let theirs = tshark(&capture, &ports);
        for field in FIELDS {
            // tshark shows no empty value, so neither may we.
            let ours: Vec<_> = ours[field].iter().filter(|value| !value.is_empty()).collect();
            assert_eq!(ours, theirs[field].iter().collect::<Vec<_>>(), "{field} of {}", recording.display());
        }
        assert!(!ours["http2.header.name"].is_empty());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Where an exported connection goes whose server's address is not known.
const DEFAULT_PORT: u16 = 50051;
