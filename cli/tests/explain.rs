//! `wright explain` and `wright timeline`: what they say of recordings of other implementations, to the letter.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use wirewright::inspect::frame_header::FrameKind;
use wirewright::inspect::frames::PREFACE;
use wirewright::inspect::hpack::{Form, HpackEncoder};
use wirewright::inspect::rewrite::write_frame;

use crate::support::{golden, run, text, wright};

/// The recordings that are kept here, by name.
pub(crate) const RECORDINGS: [&str; 2] = ["c-core", "grpc-go"];

/// Each a client with its own server, making the small ones of the official interoperability cases.
const CASES: [&str; 4] = ["grpc-java", "grpc-js", "c-core", "grpc-go"];

pub(crate) fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{name}.jsonl"))
}

fn output(arguments: &[&str]) -> String {
    let output = run(&mut wright(arguments));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = text(&output.stdout).to_owned();
    for line in out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert_eq!(line, line.trim_end(), "no spaces at the end of a line");
    }
    out
}

#[test]
fn recordings_of_other_implementations_are_explained_to_the_last_byte() {
    for name in RECORDINGS {
        let told = output(&["explain", recording(name).to_str().unwrap()]);
        assert!(told.trim_end().ends_with("and every byte told once"), "{told}");
        golden(&format!("explain/{name}.txt"), &told);
    }
    for name in CASES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{name}.jsonl"));
        let told = output(&["explain", file.to_str().unwrap()]);
        assert!(told.trim_end().ends_with("and every byte told once"), "{told}");
        for code in ["OK", "UNKNOWN", "UNIMPLEMENTED"] {
            assert!(told.contains(&format!("  {code}  ")), "{name} has no call that ended {code}");
        }
        assert!(!told.contains("cannot be read") && !told.contains("nobody has defined"), "{name}");
    }
}

#[test]
fn timelines_fit_a_screen() {
    for name in RECORDINGS {
        golden(&format!("timeline/{name}.txt"), &output(&["timeline", recording(name).to_str().unwrap()]));
    }
}

#[test]
fn each_lens_answers_its_question() {
    let file = recording("c-core");
    for lens in ["hpack", "flow", "time", "size", "status"] {
        golden(&format!("lens/{lens}.txt"), &output(&["explain", file.to_str().unwrap(), "--lens", lens]));
    }
}

#[test]
fn one_frame_or_one_stream_may_be_asked_for() {
    let file = recording("c-core");
    let frame = output(&["explain", file.to_str().unwrap(), "--frame", "7"]);
    assert!(frame.contains("#7") && frame.contains("\"world\"") && !frame.contains("#8"), "{frame}");
    let stream = output(&["explain", file.to_str().unwrap(), "--stream", "3"]);
    assert!(stream.contains("SayGoodbye") && !stream.contains("SayHello\n"), "{stream}");
    let none = run(&mut wright(&["explain", file.to_str().unwrap(), "--frame", "99"]));
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("there is no frame 99"), "{}", text(&none.stderr));
}

#[test]
fn digits_will_do_in_place_of_a_file() {
    let ping = output(&["explain", "0000080600000000000204101009 0e0707"]);
    assert!(ping.contains("grpc-go's signature"), "{ping}");
    assert!(ping.contains("17 bytes, and every byte told once"), "{ping}");
}

#[test]
fn what_cannot_be_read_is_told_in_one_line_with_a_hint() {
    let folder = std::env::temp_dir().join(format!("wright-explain-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let whole = std::fs::read(recording("c-core")).unwrap();
    let cases: [(&str, &[u8], i32, &str); 6] = [
        ("prose.txt", b"Dear Sir or Madam,\n", 1, "neither a recording nor hexadecimal digits"),
        ("later.jsonl", b"{\"v\":9,\"k\":\"head\"}\n", 1, "has version 9"),
        ("empty.jsonl", b"", 1, "is empty"),
        ("other.json", b"{\"name\":\"x\"}\n", 1, "not a recording: line 1 has no version"),
        ("cut.jsonl", &whole[..whole.len() - 9], 0, "the file ends in the middle of line"),
        ("cut.pcap", &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], 1, "the file ends in the middle of it"),
    ];
    for (name, bytes, code, expected) in cases {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        for verb in ["explain", "timeline"] {
            let output = run(&mut wright(&[verb, path.to_str().unwrap()]));
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{name}: {said}");
            let lines = said.lines().count();
            assert!(lines == 1 || (lines == 2 && said.contains("\nhint: ")), "{name}: {said}");
            assert!(said.contains(expected), "{name}: {said}");
        }
    }
    let missing = run(&mut wright(&["explain", folder.join("nothing").to_str().unwrap()]));
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("give a recording"), "{}", text(&missing.stderr));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn garbage_is_explained_as_far_as_it_goes() {
    // A frame that is cut, a protocol that is another, a recording that begins late.
    let cut = output(&["explain", "0000080600000000000204"]);
    assert!(cut.contains("ends 6 bytes too early") && cut.contains("every byte told once"), "{cut}");
    let path = std::env::temp_dir().join(format!("wright-late-{}.hex", std::process::id()));
    std::fs::write(&path, "> 1 ms\n000002 01 04 00000001 83 c0\n< 2 ms\n000001 01 04 00000001 88").unwrap();
    let late = output(&["explain", path.to_str().unwrap()]);
    assert!(late.contains("the beginning of this connection is missing"), "{late}");
    assert!(late.contains("index 64 was filled in bytes that we did not hear"), "{late}");
    assert!(late.contains("every byte told once"), "{late}");
    std::fs::write(&path, b"> 0 us\n474554202f20485454502f312e310d0a0d0a474554202f").unwrap();
    let foreign = output(&["explain", path.to_str().unwrap()]);
    assert!(foreign.contains("not HTTP/2: the preface is missing"), "{foreign}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn standard_input_is_read_and_colours_come_when_they_are_forced() {
    let mut child = wright(&["explain", "-"])
        .env("CLICOLOR_FORCE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = std::fs::read(recording("grpc-go")).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("\u{1b}["));
}

#[test]
fn a_capture_reads_like_the_recording_that_it_was_made_from() {
    let folder = std::env::temp_dir().join(format!("wright-convert-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let capture = folder.join("rec.pcapng");
    for name in RECORDINGS {
        // The second time nothing is in the way.
        let _ = std::fs::remove_file(&capture);
        let made = run(&mut wright(&[
            "convert",
            recording(name).to_str().unwrap(),
            "--to",
            "pcapng",
            "-o",
            capture.to_str().unwrap(),
        ]));
        assert!(made.status.success(), "{}", text(&made.stderr));
        let frames = |file: &Path| {
            let told = output(&["explain", file.to_str().unwrap()]);
            let rest =
                told.lines().filter(|line| !line.is_empty() && !line.starts_with("conn")).map(str::to_owned);
            rest.collect::<Vec<_>>()
        };
        assert_eq!(frames(&capture), frames(&recording(name)));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn two_recordings_are_compared_by_what_was_said() {
    let same = output(&["diff", "lesson:1", "lesson:1"]);
    assert_eq!(same, "the same was said in all 1 calls\n");
    let different = run(&mut wright(&["diff", "lesson:1", "lesson:4"]));
    assert_eq!(different.status.code(), Some(1));
    golden("diff.txt", text(&different.stdout));
}

/// A client that calls `odd.Odd/Echo` with an `odd.Box`: inner fields, packed numbers, a map, an enum, a field that
/// does not fit its type, and one that nobody declared.
fn odd_call() -> Vec<u8> {
    let message = b"\x0a\x05\x0a\x01a\x10\x01\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x22\x0a\x0a\x08\
                    \0\0\0\0\0\0\xe0\x3f\x32\x02hi\x40\x01\x48\x01\x4d\0\0\0\0\x50\x07";
    let (mut encoder, mut block, mut bytes) = (HpackEncoder::new(), Vec::new(), PREFACE.to_vec());
    for (name, value) in [(":method", "POST"), (":scheme", "http"), (":path", "/odd.Odd/Echo")] {
        encoder.field(Form::Remembered, name.as_bytes(), value.as_bytes(), &mut block);
    }
    write_frame(FrameKind::Settings, 0, 0, &[], &mut bytes);
    write_frame(FrameKind::Headers, 0x4, 1, &block, &mut bytes);
    let data = [&[0, 0, 0, 0, message.len() as u8][..], message].concat();
    write_frame(FrameKind::Data, 0x1, 1, &data, &mut bytes);
    bytes
}

#[test]
fn with_descriptors_fields_have_their_names_and_values_their_types() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/examples");
    let flags = ["--import-path", examples.to_str().unwrap(), "--proto", "helloworld.proto"];
    let file = recording("c-core");
    let told = output(&[&["explain", file.to_str().unwrap()], &flags[..]].concat());
    for row in [
        "message                helloworld.HelloRequest, 7 bytes\n",
        "1 name                 \"world\"   string",
        "1 message              \"Hello world\"   string",
    ] {
        assert!(told.contains(row), "{row} is missing in\n{told}");
    }
    assert!(told.trim_end().ends_with("and every byte told once"));

    let folder = std::env::temp_dir().join(format!("wright-odd-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("odd.bin");
    std::fs::write(&file, odd_call()).unwrap();
    let protos = crate::odd::folder();
    let told = output(&["explain", file.to_str().unwrap(), "--import-path", &protos, "--proto", "odd.proto"]);
    golden("explain/odd.txt", &told);
    std::fs::remove_dir_all(folder).unwrap();

    let unknown = run(&mut wright(&["explain", "lesson:1", "--proto", "nowhere.proto"]));
    assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown.stderr));
}

#[test]
fn what_a_client_notes_of_a_call_is_told_where_it_happened() {
    let lesson = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lesson/recordings/06-deadline.jsonl");
    let text = std::fs::read_to_string(lesson).unwrap();
    let reset = text.lines().position(|line| line.contains(r#""b":"AAAEAwAAAAABAAAACA==""#)).unwrap();
    let note = r#"{"k":"event","c":1,"s":1,"t":60100000,"e":"deadline","x":{"path":"/lesson.School/Sleep"}}"#;
    let mut lines: Vec<_> = text.lines().collect();
    lines.insert(reset, note);
    lines.insert(
        reset,
        r#"{"k":"event","c":1,"s":1,"t":60090000,"e":"window","x":{"is":"empty","of":"server","room":"0"}}"#,
    );
    let file = std::env::temp_dir().join(format!("wright-noted-{}.jsonl", std::process::id()));
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let timeline = output(&["timeline", file.to_str().unwrap()]);
    assert!(timeline.contains("<E") && timeline.contains("E a window is empty"), "{timeline}");
    assert!(timeline.contains(">T>R") && timeline.contains(" noted: T deadline passed"), "{timeline}");
    let told = output(&["explain", file.to_str().unwrap()]);
    assert!(told.contains("60.100 ms  ...  deadline  path /lesson.School/Sleep"), "{told}");
    assert!(told.contains("60.090 ms  ...  window  "), "{told}");
    std::fs::remove_file(file).unwrap();
}
