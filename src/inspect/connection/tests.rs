//! Whole connections: recorded ones, broken ones, and noise.

use super::*;
use crate::inspect::hpack::Entry;
use crate::inspect::span::is_partition;
use proptest::prelude::*;
use std::fmt::Write;

use Direction::{ToClient, ToServer};

/// A recorded connection: for each chunk its direction, time and bytes.
type Recording = Vec<(Direction, Duration, Vec<u8>)>;

/// Reads a fixture: `> 12 us` opens a chunk, hex digits fill it, `#` comments.
fn parse(fixture: &str) -> Recording {
    let mut recording = Recording::new();
    for line in fixture.lines() {
        let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().collect();
        match words[..] {
            [arrow @ (">" | "<"), time, "us"] => {
                let direction = if arrow == ">" { ToServer } else { ToClient };
                recording.push((direction, Duration::from_micros(time.parse().unwrap()), Vec::new()));
            }
            _ => {
                let bytes = words.iter().map(|word| u8::from_str_radix(word, 16).unwrap());
                recording.last_mut().iter_mut().for_each(|chunk| chunk.2.extend(bytes.clone()));
            }
        }
    }
    recording
}

/// Writes a fixture: a chunk for each frame, a comment for each span.
fn annotate(recording: &Recording, preamble: &str) -> String {
    let mut reader = ConnectionReader::new().with_spans();
    let mut bytes: BTreeMap<_, Vec<u8>> = BTreeMap::from([(ToServer, Vec::new()), (ToClient, Vec::new())]);
    let mut text = preamble.to_owned();
    for (direction, at, chunk) in recording {
        bytes.get_mut(direction).unwrap().extend(chunk);
        reader.push(*direction, *at, chunk);
        while let Some((direction, span)) = reader.next_span() {
            if matches!(span.kind, SpanKind::Preface | SpanKind::FrameLength) {
                let arrow = if direction == ToServer { '>' } else { '<' };
                writeln!(text, "\n{arrow} {} us", at.as_micros()).unwrap();
            }
            let mut note = format!("{}: {}", span.kind, span.note);
            for line in bytes[&direction][span.range].chunks(16) {
                let hex: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(text, "{:<48}# {}", hex.join(" "), note.trim_end_matches(": ")).unwrap();
                note = "...".into();
            }
        }
    }
    text
}

/// Everything that happens, one line each; frames of no interest left out.
fn story(mut reader: ConnectionReader, recording: &Recording) -> String {
    for (direction, at, bytes) in recording {
        reader.push(*direction, *at, bytes);
    }
    reader.finish();
    let mut text = String::new();
    while let Some(event) = reader.next_event() {
        let head = |name: &str, head: &Head| {
            let fields: Vec<_> = head.entries.iter().map(Entry::to_string).collect();
            format!("{name} {}", fields.join("; "))
        };
        let what = match &event.what {
            What::RequestHead(block) => head("head", block),
            What::InterimHead(block) => head("interim head", block),
            What::ResponseHead(block) => head("response head", block),
            What::Trailers(block) => head("trailers", block),
            What::TrailersOnly(block) => head("trailers only", block),
            What::Promise { promised, head: block } => head(&format!("promise of {promised}"), block),
            What::Message(message) => format!("message {:?}", message.content()),
            What::Damaged(why) => format!("damaged: {why}"),
            other => format!("{other:?}"),
        };
        writeln!(text, "{} {} {what}", event.stream_id, event.direction).unwrap();
    }
    text
}

/// A frame in few words.
fn frame(kind: u8, flags: u8, stream: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(content.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags, 0, 0, 0, stream]);
    bytes.extend(content);
    bytes
}

fn at_once(chunks: impl IntoIterator<Item = (Direction, Vec<u8>)>) -> Recording {
    chunks.into_iter().map(|(direction, bytes)| (direction, Duration::ZERO, bytes)).collect()
}

const PREFACE: &[u8] = crate::inspect::frames::PREFACE;

/// Where a fixture is.
fn fixture_path(name: &str) -> String {
    format!("{}/tests/wire/fixtures/{name}.hex", env!("CARGO_MANIFEST_DIR"))
}

/// Reads a fixture and checks that its annotations are what we say.
fn recording(name: &str) -> Recording {
    let path = fixture_path(name);
    let fixture = std::fs::read_to_string(&path).unwrap();
    let recording = parse(&fixture);
    let preamble: String =
        fixture.lines().take_while(|line| line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
    let annotated = annotate(&recording, &preamble);
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, &annotated).unwrap();
    } else {
        assert!(
            annotated == fixture,
            "{name} is told otherwise; REFRESH=1 rewrites it, then see the difference"
        );
    }
    recording
}

#[test]
fn two_calls_of_c_core_are_explained_to_the_last_byte() {
    let recording = recording("c_core_two_calls");
    let story = story(ConnectionReader::new(), &recording);
    let calls = story.lines().filter(|line| !line.starts_with('0') && !line.contains("WindowUpdate"));
    let common = ":method: POST; :scheme: http; content-type: application/grpc; te: trailers; \
                  grpc-accept-encoding: identity, deflate, gzip;";
    let agent = "user-agent:  grpc-python/1.85.1 grpc-c/58.0.0 (linux; chttp2)";
    assert_eq!(
        calls.collect::<Vec<_>>(),
        [
            &format!(
                "1 --> head :path: /helloworld.Greeter/SayHello; :authority: localhost:50051; \
                 {common} grpc-timeout: 992m; {agent}"
            ),
            "1 --> message b\"\\n\\x05world\"",
            "1 --> HalfClosed",
            "1 <-- response head :status: 200; content-type: application/grpc; \
             grpc-accept-encoding: identity, deflate, gzip",
            "1 <-- message b\"\\n\\x0bHello world\"",
            "1 <-- trailers grpc-status: 0; grpc-message: ",
            "1 <-- HalfClosed",
            &format!(
                "3 --> head :path: /helloworld.Greeter/SayGoodbye; :authority: localhost:50051; \
                 {common} grpc-timeout: 1010m; {agent}"
            ),
            "3 --> message b\"\"",
            "3 --> HalfClosed",
            "3 <-- trailers only :status: 200; content-type: application/grpc; grpc-status: 12; \
             grpc-message: Method not found!",
            "3 <-- HalfClosed",
        ]
    );
}

#[test]
fn three_calls_of_grpc_go_are_explained_to_the_last_byte() {
    let recording = recording("grpc_go_three_calls");
    let story = story(ConnectionReader::new(), &recording);
    let calls = story.lines().filter(|line| !line.starts_with('0') && !line.contains("WindowUpdate"));
    let common = ":authority: localhost:50051; content-type: application/grpc+proto; \
                  user-agent: grpc-go/1.85.0; te: trailers";
    let metadata = "trace-bin: AAH/; authorization: Bearer secret";
    assert_eq!(
        calls.collect::<Vec<_>>(),
        [
            &format!(
                "1 --> head :method: POST; :scheme: http; :path: /helloworld.Greeter/SayHelloBidi; \
                 {common}; grpc-timeout: 4998799u; {metadata}"
            ),
            "1 --> message b\"\\n\\x05world\"",
            "1 <-- response head :status: 200; content-type: application/grpc+proto",
            "1 <-- message b\"\\n\\x0bHello world\"",
            "1 --> message b\"\\n\\x04wide\"",
            "1 <-- message b\"\\n\\nHello wide\"",
            "1 --> message b\"\\n\\x03web\"",
            "1 <-- message b\"\\n\\tHello web\"",
            "1 --> HalfClosed",
            "1 <-- trailers grpc-status: 0; grpc-message: ; seen: 3",
            "1 <-- HalfClosed",
            &format!(
                "3 --> head :method: POST; :scheme: http; :path: /helloworld.Greeter/Fail; \
                 {common}; grpc-timeout: 4978070u; {metadata}"
            ),
            "3 --> HalfClosed",
            "3 <-- trailers only :status: 200; content-type: application/grpc+proto; grpc-status: 5; \
             grpc-message: nobody here: 100%25 sure; seen: 3",
            "3 <-- HalfClosed",
            &format!(
                "5 --> head :method: POST; :scheme: http; :path: /helloworld.Greeter/SayHelloBidi; {common}"
            ),
            "5 --> Reset { code: 8 }",
        ]
    );
    assert!(story.contains("0 <-- GoAway { last_stream: 2147483647, code: 0, debug: b\"graceful_stop\" }"));
}

#[test]
fn trailers_head_and_interim_head_are_told_apart() {
    // 0x88 is :status 200; 0x08 writes another :status; 0x00 another name.
    let head = |status: &[u8]| [b"\x08\x03", status].concat();
    let recording = at_once([
        (ToClient, frame(1, 4, 1, &head(b"103"))),
        (ToClient, frame(1, 4, 1, b"\x88")),
        (ToClient, frame(0, 0, 1, b"\0\0\0\0\x02h")),
        (ToClient, frame(0, 0, 1, b"i")),
        (ToClient, frame(1, 5, 1, b"\0\x0bgrpc-status\x010")),
        (ToClient, frame(1, 5, 3, b"\x88\0\x0bgrpc-status\x015")),
    ]);
    assert_eq!(
        story(ConnectionReader::new(), &recording),
        "1 <-- interim head :status: 103\n\
         1 <-- response head :status: 200\n\
         1 <-- message b\"hi\"\n\
         1 <-- trailers grpc-status: 0\n\
         1 <-- HalfClosed\n\
         3 <-- trailers only :status: 200; grpc-status: 5\n\
         3 <-- HalfClosed\n"
    );
}

#[test]
fn a_message_that_is_cut_is_damage_whoever_cuts_it() {
    let head = || (ToClient, frame(1, 4, 1, b"\x88"));
    let half = || (ToClient, frame(0, 0, 1, b"\0\0\0\0\x05wo"));
    let cases = [
        (frame(0, 1, 1, b"r"), "the message ends 2 bytes too early\n1 <-- HalfClosed\n"),
        (frame(3, 0, 1, b"\0\0\0\x08"), "the message ends 3 bytes too early\n"),
        (Vec::new(), "the message ends 3 bytes too early\n"),
        // The frame is cut, and the message with it.
        (b"\0\0\x03\0\0\0\0\0\x01rl".to_vec(), "the message ends 1 byte too early\n"),
    ];
    for (end, told) in cases {
        let text = story(ConnectionReader::new(), &at_once([head(), half(), (ToClient, end)]));
        assert!(text.contains(&format!("1 <-- damaged: {told}")), "{text}");
    }
}

#[test]
fn what_is_not_grpc_is_data() {
    let html = frame(1, 4, 1, b"\x88\x0f\x10\x09text/html");
    let recording = at_once([(ToClient, html), (ToClient, frame(0, 1, 1, b"<html>"))]);
    assert_eq!(
        story(ConnectionReader::new(), &recording),
        "1 <-- response head :status: 200; content-type: text/html\n\
         1 <-- Data(b\"<html>\")\n\
         1 <-- HalfClosed\n"
    );
}

#[test]
fn whoever_joins_late_hears_what_can_be_understood() {
    let recording = at_once([
        // Stream 1 began earlier: where its messages begin is not known.
        (ToServer, frame(0, 0, 1, b"rld")),
        (ToClient, frame(1, 5, 1, b"\0\x0bgrpc-status\x010")),
        // Stream 3 begins now, but much of its head was said earlier.
        (ToServer, frame(1, 4, 3, b"\xbe\x83\xbf")),
        (ToServer, frame(0, 1, 3, b"\0\0\0\0\x02hi")),
        (ToClient, frame(1, 4, 3, b"\xbe")),
        (ToClient, frame(1, 5, 3, b"\xbf")),
    ]);
    assert_eq!(
        story(ConnectionReader::joined_late(), &recording),
        "1 --> Data(b\"rld\")\n\
         1 <-- trailers grpc-status: 0\n\
         1 <-- HalfClosed\n\
         3 --> head ?: ?; :method: POST; ?: ?\n\
         3 --> message b\"hi\"\n\
         3 --> HalfClosed\n\
         3 <-- response head ?: ?\n\
         3 <-- trailers ?: ?\n\
         3 <-- HalfClosed\n"
    );
}

#[test]
fn a_lost_block_is_told_and_so_is_what_it_took_along() {
    let recording = at_once([
        (ToClient, frame(1, 0, 1, b"\x40\x01a")),
        (ToClient, frame(6, 0, 0, b"01234567")),
        (ToClient, frame(9, 4, 1, b"\x01b")),
        (ToClient, frame(1, 5, 3, b"\x88\xbe")),
        // Padding that does not fit, in a frame that carries a block.
        (ToClient, frame(1, 0x0d, 5, b"\x09\x88")),
        (ToClient, frame(5, 4, 7, b"\0\0\0\x02\x88")),
    ]);
    assert_eq!(
        story(ConnectionReader::new(), &recording),
        "1 <-- damaged: a CONTINUATION had to come first\n\
         0 <-- Ping { is_ack: false, data: [48, 49, 50, 51, 52, 53, 54, 55] }\n\
         1 <-- damaged: CONTINUATION without a block to continue\n\
         3 <-- trailers only :status: 200; ?: ?\n\
         3 <-- HalfClosed\n\
         5 <-- damaged: 9 bytes of padding claimed, room for 1\n\
         7 <-- promise of 2 :status: 200\n"
    );
}

/// Both directions, each a run of frames that could almost be a call.
fn almost_a_connection() -> impl Strategy<Value = Recording> {
    let block = prop_oneof![
        Just(b"\x83\x86\x84".to_vec()),
        Just(b"\x88\x40\x01a\x01b".to_vec()),
        Just(b"\xbe\0\x0bgrpc-status\x010".to_vec()),
        any::<Vec<u8>>(),
    ];
    let data = prop_oneof![Just(b"\0\0\0\0\x03abc\0\0".to_vec()), any::<Vec<u8>>()];
    let content = prop_oneof![
        (prop_oneof![Just(1_u8), Just(9), Just(5)], block),
        (Just(0_u8), data),
        (0_u8..12, any::<Vec<u8>>()),
    ];
    let frame =
        (content, any::<u8>(), 0_u8..4, any::<bool>()).prop_map(|((kind, content), flags, stream, up)| {
            (if up { ToServer } else { ToClient }, frame(kind, flags, stream, &content))
        });
    (any::<bool>(), proptest::collection::vec(frame, 0..12), any::<u8>()).prop_map(
        |(preface, frames, cut)| {
            let preface = preface.then(|| (ToServer, PREFACE.to_vec()));
            let mut recording = at_once(preface.into_iter().chain(frames));
            if let Some((_, _, last)) = recording.last_mut() {
                last.truncate(last.len() - usize::from(cut).min(last.len()) / 8);
            }
            recording
        },
    )
}

proptest! {
    #[test]
    fn every_byte_is_told_once(recording in almost_a_connection(), is_late: bool) {
        let reader = if is_late { ConnectionReader::joined_late() } else { ConnectionReader::new() };
        let mut reader = reader.with_spans();
        let mut lens = BTreeMap::from([(ToServer, 0), (ToClient, 0)]);
        for (direction, at, bytes) in &recording {
            reader.push(*direction, *at, bytes);
            *lens.get_mut(direction).unwrap() += bytes.len();
        }
        reader.finish();
        let mut spans = BTreeMap::from([(ToServer, Vec::new()), (ToClient, Vec::new())]);
        while let Some((direction, span)) = reader.next_span() {
            spans.get_mut(&direction).unwrap().push(span);
        }
        for (direction, spans) in spans {
            prop_assert!(is_partition(&spans, 0..lens[&direction]), "{spans:?}");
        }
    }

    #[test]
    fn chunks_do_not_matter(recording in almost_a_connection(), size in 1_usize..9) {
        let chunked: Recording = recording
            .iter()
            .flat_map(|(direction, at, bytes)| bytes.chunks(size).map(|chunk| (*direction, *at, chunk.to_vec())))
            .collect();
        prop_assert_eq!(
            story(ConnectionReader::new(), &recording),
            story(ConnectionReader::new(), &chunked)
        );
    }
}
