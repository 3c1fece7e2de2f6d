//! One step of a script of frames: HTTP/2 as it should be, nearly as it should be, or not at all.
//!
//! In: what `Arbitrary` makes of an input. Out: bytes to say. Noise alone hardly gets past the first frame header,
//! so most steps are well formed and only what they say, and when, is anybody's guess.

use arbitrary::Arbitrary;

use super::Act;

/// One step of a script of frames.
#[derive(Arbitrary, Debug)]
pub(super) enum Step {
    Wait,
    Raw(Vec<u8>),
    /// A whole request or response head.
    Head {
        stream: Stream,
        end: bool,
        fields: Vec<Field>,
    },
    /// A head as it should be, to get further than nonsense gets.
    Call {
        stream: Stream,
        path: Path,
        extra: Vec<Field>,
    },
    Answer {
        stream: Stream,
        extra: Vec<Field>,
    },
    Trailers {
        stream: Stream,
        status: u8,
        extra: Vec<Field>,
    },
    /// A message as it should be.
    Message {
        stream: Stream,
        end: bool,
        text: Vec<u8>,
    },
    Data {
        stream: Stream,
        flags: u8,
        bytes: Vec<u8>,
    },
    Headers {
        stream: Stream,
        flags: u8,
        bytes: Vec<u8>,
    },
    Continuation {
        stream: Stream,
        flags: u8,
        bytes: Vec<u8>,
    },
    Reset {
        stream: Stream,
        code: u8,
    },
    Settings {
        ack: bool,
        settings: Vec<(u8, u32)>,
    },
    Ping {
        ack: bool,
    },
    GoAway {
        last: Stream,
        code: u8,
    },
    Window {
        stream: Stream,
        more: u32,
    },
    Other {
        kind: u8,
        flags: u8,
        stream: Stream,
        bytes: Vec<u8>,
    },
}

/// A stream: few, so that steps meet.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub(super) struct Stream(u8);

#[derive(Arbitrary, Debug, Clone, Copy)]
pub(super) enum Path {
    One,
    ManyReplies,
    ManyRequests,
    Many,
    NoMethod,
    NoService,
    Root,
}

/// A header field.
#[derive(Arbitrary, Debug)]
pub(super) enum Field {
    /// One that means something.
    Known(u8),
    /// By its index in the tables of HPACK.
    Indexed(u8),
    Any(Vec<u8>, Vec<u8>),
}

impl Step {
    /// What is done.
    pub(super) fn act(self) -> Act {
        let bytes = match self {
            Step::Wait => return Act::Wait,
            Step::Raw(bytes) => bytes,
            Step::Head { stream, end, fields } => stream.headers(end, &[], &fields),
            Step::Call { stream, path, extra } => {
                let head = [
                    (":method", "POST"),
                    (":scheme", "http"),
                    (":path", path.text()),
                    (":authority", "in.memory:1"),
                    ("te", "trailers"),
                    ("content-type", "application/grpc"),
                ];
                stream.headers(false, &head, &extra)
            }
            Step::Answer { stream, extra } => {
                stream.headers(false, &[(":status", "200"), ("content-type", "application/grpc")], &extra)
            }
            Step::Trailers { stream, status, extra } => {
                let number = (status % 18).to_string();
                stream.headers(true, &[("grpc-status", &number)], &extra)
            }
            Step::Message { stream, end, text } => {
                // A protobuf string in field 1, which is what `String` is on the wire.
                let mut message = vec![0x0a, text.len().min(127) as u8];
                message.extend(text.iter().take(127).map(|byte| byte & 0x7f));
                let mut bytes = vec![0, 0, 0, 0, message.len() as u8];
                bytes.extend(message);
                frame(0x0, u8::from(end), stream.id(), &bytes)
            }
            Step::Data { stream, flags, bytes } => frame(0x0, flags & 0x09, stream.id(), &bytes),
            Step::Headers { stream, flags, bytes } => frame(0x1, flags, stream.id(), &bytes),
            Step::Continuation { stream, flags, bytes } => frame(0x9, flags & 0x04, stream.id(), &bytes),
            Step::Reset { stream, code } => frame(0x3, 0, stream.id(), &u32::from(code).to_be_bytes()),
            Step::Settings { ack, settings } => {
                let setting = |(id, value): &(u8, u32)| {
                    [&u16::from(id % 9).to_be_bytes()[..], &value.to_be_bytes()].concat()
                };
                let settings: Vec<u8> = settings.iter().flat_map(setting).collect();
                frame(0x4, u8::from(ack), 0, if ack { &[] } else { &settings })
            }
            Step::Ping { ack } => frame(0x6, u8::from(ack), 0, b"pingpong"),
            Step::GoAway { last, code } => {
                frame(0x7, 0, 0, &[last.id().to_be_bytes(), u32::from(code).to_be_bytes()].concat())
            }
            Step::Window { stream, more } => frame(0x8, 0, stream.id(), &more.to_be_bytes()),
            Step::Other { kind, flags, stream, bytes } => frame(kind, flags, stream.id(), &bytes),
        };
        Act::Say(bytes)
    }
}

impl Stream {
    /// Mostly the odd ones that clients open; sometimes the connection itself, or an even one.
    fn id(self) -> u32 {
        match self.0 {
            0xff => 0,
            0xfe => 0x7fff_ffff,
            n @ 0xf0.. => u32::from(n & 0x0e),
            n => u32::from(n % 8) * 2 + 1,
        }
    }

    /// A whole header block, written in letters and without the tables.
    fn headers(self, end: bool, head: &[(&str, &str)], more: &[Field]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in head {
            literal(&mut block, name.as_bytes(), value.as_bytes());
        }
        for field in more {
            match field {
                Field::Known(which) => {
                    let (name, value) = KNOWN[usize::from(*which) % KNOWN.len()];
                    literal(&mut block, name.as_bytes(), value.as_bytes());
                }
                Field::Indexed(index) => block.push(0x80 | index),
                Field::Any(name, value) => literal(&mut block, name, value),
            }
        }
        frame(0x1, 0x04 | u8::from(end), self.id(), &block)
    }
}

impl Path {
    fn text(self) -> &'static str {
        match self {
            Path::One => "/test.Talk/One",
            Path::ManyReplies => "/test.Talk/ManyReplies",
            Path::ManyRequests => "/test.Talk/ManyRequests",
            Path::Many => "/test.Talk/Many",
            Path::NoMethod => "/test.Talk/None",
            Path::NoService => "/test.Walk/One",
            Path::Root => "/",
        }
    }
}

/// A frame (RFC 9113, section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("inputs are small").to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(content);
    bytes
}

/// A field that enters no table (RFC 7541, section 6.2.2), cut to lengths of one byte.
fn literal(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    for text in [name, value] {
        let text = &text[..text.len().min(126)];
        block.push(text.len() as u8);
        block.extend(text);
    }
}

/// Fields that somebody acts upon.
const KNOWN: [(&str, &str); 25] = [
    ("grpc-timeout", "1S"),
    ("grpc-timeout", "0n"),
    ("grpc-timeout", "99999999H"),
    ("grpc-timeout", "1x"),
    ("grpc-encoding", "identity"),
    ("grpc-encoding", "gzip"),
    ("grpc-encoding", "zstd"),
    ("grpc-accept-encoding", "gzip,identity"),
    ("grpc-status", "0"),
    ("grpc-status", "5"),
    ("grpc-status", "99"),
    ("grpc-message", "no such caf%C3%A9"),
    ("grpc-status-details-bin", "CAU"),
    ("grpc-status-details-bin", "!"),
    ("trace-bin", "q80"),
    ("trace-bin", "q80=, qw"),
    ("content-type", "text/html"),
    ("content-type", "application/grpc+proto"),
    ("content-length", "5"),
    ("host", "elsewhere"),
    ("x-text", "value"),
    (":status", "200"),
    (":status", "503"),
    (":status", "103"),
    (":method", "GET"),
];
