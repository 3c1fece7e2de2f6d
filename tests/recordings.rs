//! Recordings of everybody: each is explained to its last byte, and its heads say what h2 reads in them.
//!
//! They lie with the command line, in `cli/tests/cases`: grpc-java, grpc-js, C-core and grpc-go, each client with
//! its own server and `wright tap` between them, making the small ones of the official interoperability cases;
//! `cargo xtask cases` records them anew. Those of the lessons are our own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, DuplexStream, duplex, sink};
use wirewright::inspect::span::is_partition;
use wirewright::inspect::{ConnectionReader, Direction, Head, SpanKind, What};
use wirewright::recording::{Line, RecordingReader};

use crate::support::within;

/// One connection of a recording: its chunks, in order.
type Chunks = Vec<(Direction, Duration, Vec<u8>)>;

/// Names and values, sorted: HTTP gives the order of different names no meaning.
type Fields = Vec<(String, Vec<u8>)>;

/// A head and the trailers after it, by stream.
type Heads = BTreeMap<u32, Vec<Fields>>;

/// The recordings of a folder, each with its connections.
fn recordings(folder: &str) -> Vec<(PathBuf, Vec<Chunks>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), connections(&file))).collect()
}

fn connections(file: &Path) -> Vec<Chunks> {
    let mut reader = RecordingReader::new(BufReader::new(File::open(file).unwrap())).unwrap();
    let mut found = BTreeMap::<u32, Chunks>::new();
    while let Some(line) = reader.next_line().unwrap() {
        if let Line::Bytes(chunk) = line {
            found.entry(chunk.conn).or_default().push((chunk.direction, chunk.at, chunk.bytes.to_vec()));
        }
    }
    found.into_values().collect()
}

/// All bytes of one direction.
fn bytes(chunks: &Chunks, direction: Direction) -> Vec<u8> {
    chunks.iter().filter(|(way, ..)| *way == direction).flat_map(|(.., bytes)| bytes).copied().collect()
}

fn everybody() -> Vec<(PathBuf, Vec<Chunks>)> {
    let mut all = recordings("cli/tests/cases");
    let names: Vec<_> = all.iter().map(|(file, _)| file.file_stem().unwrap().to_owned()).collect();
    for peer in ["grpc-java", "grpc-js", "c-core", "grpc-go"] {
        assert!(names.iter().any(|name| name == peer), "{peer} is missing");
    }
    all.extend(recordings("cli/tests/recordings"));
    all.extend(recordings("cli/src/lesson/recordings"));
    all
}

#[test]
fn every_byte_of_everybodys_recordings_lies_in_one_span_and_none_is_unknown() {
    for (file, connections) in everybody() {
        assert!(!connections.is_empty());
        for chunks in connections {
            let mut reader = ConnectionReader::new().with_spans();
            for (direction, at, bytes) in &chunks {
                reader.push(*direction, *at, bytes);
            }
            reader.finish();
            while let Some(event) = reader.next_event() {
                let is_strange =
                    matches!(event.what, What::Damaged(_) | What::Data(_) | What::UnknownFrame(_));
                assert!(!is_strange, "{}: {event:?}", file.display());
                let fields = event.what.head().into_iter().flat_map(Head::fields);
                fields.for_each(|field| assert!(field.name.bytes.is_ok() && field.value.bytes.is_ok()));
            }
            let mut spans = [Vec::new(), Vec::new()];
            while let Some((direction, span)) = reader.next_span() {
                let strange =
                    [SpanKind::Damaged, SpanKind::UnknownContent, SpanKind::Data, SpanKind::HeaderFragment];
                assert!(!strange.contains(&span.kind), "{}: {span:?}", file.display());
                spans[usize::from(direction == Direction::ToClient)].push(span);
            }
            for (direction, spans) in [Direction::ToServer, Direction::ToClient].into_iter().zip(spans) {
                assert!(is_partition(&spans, 0..bytes(&chunks, direction).len()), "{}", file.display());
            }
        }
    }
}

#[tokio::test]
async fn the_heads_of_everybodys_recordings_say_what_h2_reads_in_them() {
    let mut compared = 0;
    for (file, connections) in everybody() {
        for chunks in connections {
            let [asked, answered] = read(&chunks);
            if asked.is_empty() {
                continue;
            }
            let requests = within(h2_requests(&bytes(&chunks, Direction::ToServer), asked.len())).await;
            assert_eq!(asked, requests, "{}", file.display());
            let streams: Vec<u32> = answered.keys().copied().collect();
            let responses = within(h2_responses(&bytes(&chunks, Direction::ToClient), &streams)).await;
            assert_eq!(answered, responses, "{}", file.display());
            compared += requests.len() + responses.len();
        }
    }
    assert!(compared > 50, "only {compared} were compared");
}

/// What our own reader finds: request heads, and response heads with their trailers.
fn read(chunks: &Chunks) -> [Heads; 2] {
    let mut reader = ConnectionReader::new();
    chunks.iter().for_each(|(direction, at, bytes)| reader.push(*direction, *at, bytes));
    let mut heads = [Heads::new(), Heads::new()];
    while let Some(event) = reader.next_event() {
        let Some(head) = event.what.head() else { continue };
        let known = |text: &wirewright::inspect::hpack::Text| text.bytes.clone().unwrap().to_vec();
        let fields =
            head.fields().map(|field| (String::from_utf8(known(&field.name)).unwrap(), known(&field.value)));
        let way = usize::from(event.direction == Direction::ToClient);
        heads[way].entry(event.stream_id).or_default().push(sorted(fields.collect()));
    }
    heads
}

fn sorted(mut fields: Fields) -> Fields {
    fields.sort();
    fields
}

/// A field map of h2, with what h2 keeps apart from it.
fn told(apart: &[(&str, Option<&str>)], headers: &http::HeaderMap) -> Fields {
    let apart =
        apart.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.as_bytes().to_vec())));
    let others = headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    sorted(apart.chain(others).collect())
}

/// The other end of a connection, which says these bytes and, much later, closes.
///
/// It says them in pieces: h2 shows nothing of what came before a farewell, or the end, that it has read as well.
async fn say(mut far: DuplexStream, bytes: Vec<u8>) {
    // The engine speaks first: a client must have opened its streams before they are answered.
    pause().await;
    let (mut theirs, mut ours) = tokio::io::split(&mut far);
    let mut unheard = sink();
    let listen = tokio::io::copy(&mut theirs, &mut unheard);
    let speak = async {
        for piece in bytes.chunks(PIECE_BYTES) {
            // Whoever has read enough hangs up.
            if ours.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        pause().await;
        let _ = ours.shutdown().await;
    };
    let _ = tokio::join!(listen, speak);
}

/// Lets the engine have as many turns as it can want.
async fn pause() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// As many request heads as there are, as an h2 server reads them in what a client said.
async fn h2_requests(bytes: &[u8], count: usize) -> Heads {
    let (near, far) = duplex(PIPE_BYTES);
    tokio::spawn(say(far, bytes.to_vec()));
    let mut builder = h2::server::Builder::new();
    builder
        .max_frame_size(MAX_FRAME_BYTES)
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let mut connection = builder.handshake::<_, bytes::Bytes>(near).await.unwrap();
    let (mut heads, mut kept) = (Heads::new(), Vec::new());
    while heads.len() < count {
        let (request, respond) = connection.accept().await.unwrap().unwrap();
        let uri = request.uri();
        let apart = [
            (":method", Some(request.method().as_str())),
            (":scheme", uri.scheme_str()),
            (":authority", uri.authority().map(|authority| authority.as_str())),
            (":path", uri.path_and_query().map(|path| path.as_str())),
        ];
        heads.entry(respond.stream_id().into()).or_default().push(told(&apart, request.headers()));
        kept.push((request, respond));
    }
    heads
}

/// The response heads and trailers of these streams, as an h2 client that has opened them reads what a server said.
async fn h2_responses(bytes: &[u8], streams: &[u32]) -> Heads {
    let (near, far) = duplex(PIPE_BYTES);
    tokio::spawn(say(far, bytes.to_vec()));
    let mut builder = h2::client::Builder::new();
    builder
        .max_frame_size(MAX_FRAME_BYTES)
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let (mut requests, connection) = builder.handshake::<_, bytes::Bytes>(near).await.unwrap();
    let (mut kept, mut coming) = (Vec::new(), Vec::new());
    // Some clients pass over stream 1, which an upgrade from HTTP/1 would have taken.
    while coming.last().map(|(stream, _)| stream) != streams.last() {
        let (response, send) = requests.send_request(http::Request::new(()), false).unwrap();
        coming.push((send.stream_id().into(), response));
        kept.push(send);
    }
    tokio::spawn(connection);
    let mut heads = Heads::new();
    for (stream, response) in coming {
        if !streams.contains(&stream) {
            continue;
        }
        let response = response.await.unwrap();
        let status = response.status();
        let told_of = heads.entry(stream).or_default();
        told_of.push(told(&[(":status", Some(status.as_str()))], response.headers()));
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.data().await {}
        if let Ok(Some(trailers)) = body.trailers().await {
            told_of.push(told(&[], &trailers));
        }
    }
    heads
}

/// More than any of these connections carries.
const PIPE_BYTES: usize = 1024 * 1024;

/// Less than the frames of a whole call.
const PIECE_BYTES: usize = 16;

/// RFC 9113 6.5.2: the largest frame that can be allowed. Some servers allow their clients long ones.
const MAX_FRAME_BYTES: u32 = (1 << 24) - 1;

/// As much as the pipe, because what nobody reads gives no window back.
const WINDOW_BYTES: u32 = PIPE_BYTES as u32;
