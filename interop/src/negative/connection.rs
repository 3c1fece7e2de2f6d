//! One connection of the misbehaving server.
//!
//! In: a socket and a case. Out: frames, as the case's script wants them and as the client's windows allow.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{
    ACK, DATA, END_STREAM, Frame, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};
use super::script::{Case, Step, answer};

/// Speaks with one client until it hangs up.
///
/// # Errors
///
/// If the connection breaks.
pub(super) async fn serve(mut io: impl AsyncRead + AsyncWrite + Unpin, case: Case) -> io::Result<()> {
    let mut preface = [0; PREFACE_BYTES];
    io.read_exact(&mut preface).await?;
    let mut connection = Connection::new(case);
    loop {
        io.write_all(&std::mem::take(&mut connection.out)).await?;
        match Frame::read(&mut io).await? {
            Some(frame) => connection.hear(&frame),
            None => return Ok(()),
        }
        connection.speak();
    }
}

/// What is known of a connection.
struct Connection {
    case: Case,
    out: Vec<u8>,
    streams: BTreeMap<u32, Stream>,
    window: i64,
    initial_window: i64,
    unacknowledged: u32,
    /// After GOAWAY, no call may begin here.
    dismissed: bool,
}

/// What is known of a stream that has not ended.
struct Stream {
    window: i64,
    steps: VecDeque<Step>,
    /// The request has ended, so the answer may begin.
    asked: bool,
    /// How the client broke the rule of the case.
    breach: Option<&'static str>,
}

impl Connection {
    fn new(case: Case) -> Connection {
        let mut out = Vec::new();
        let mut settings = setting(INITIAL_WINDOW_SIZE, LARGE_WINDOW);
        if case == Case::MaxStreams {
            settings.extend(setting(MAX_CONCURRENT_STREAMS, 1));
        }
        Frame::new(SETTINGS, 0, 0, settings).write(&mut out);
        // Windows large enough for every request, so that none has to be given back.
        Frame::new(WINDOW_UPDATE, 0, 0, LARGE_WINDOW.to_be_bytes()).write(&mut out);
        Connection {
            case,
            out,
            streams: BTreeMap::new(),
            window: DEFAULT_WINDOW,
            initial_window: DEFAULT_WINDOW,
            unacknowledged: 0,
            dismissed: false,
        }
    }

    fn hear(&mut self, frame: &Frame) {
        match frame.kind {
            HEADERS => self.begin(frame),
            DATA if frame.has(END_STREAM) => self.asked(frame.stream),
            RST_STREAM => drop(self.streams.remove(&frame.stream)),
            SETTINGS if !frame.has(ACK) => {
                for setting in frame.content.chunks_exact(6) {
                    if let [0, INITIAL_WINDOW_SIZE, a, b, c, d] = *setting {
                        self.set_initial_window(u32::from_be_bytes([a, b, c, d]).into());
                    }
                }
                Frame::new(SETTINGS, ACK, 0, []).write(&mut self.out);
            }
            PING if frame.has(ACK) => self.unacknowledged = self.unacknowledged.saturating_sub(1),
            PING => Frame::new(PING, ACK, 0, frame.content.clone()).write(&mut self.out),
            WINDOW_UPDATE if frame.stream == 0 => self.window += i64::from(frame.number()),
            WINDOW_UPDATE => {
                if let Some(stream) = self.streams.get_mut(&frame.stream) {
                    stream.window += i64::from(frame.number());
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, frame: &Frame) {
        let breach = if self.dismissed {
            Some("the call began on a connection that was told to go away")
        } else if self.case == Case::MaxStreams && !self.streams.is_empty() {
            Some("the call began while another had not ended")
        } else {
            None
        };
        let (window, steps) = (self.initial_window, answer(self.case));
        self.streams.insert(frame.stream, Stream { window, steps, asked: false, breach });
        if frame.has(END_STREAM) {
            self.asked(frame.stream);
        }
    }

    fn asked(&mut self, stream: u32) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.asked = true;
        }
    }

    /// A change of the initial window changes those of open streams too (RFC 9113, section 6.9.2).
    fn set_initial_window(&mut self, window: i64) {
        for stream in self.streams.values_mut() {
            stream.window += window - self.initial_window;
        }
        self.initial_window = window;
    }

    /// Goes on with every answer as far as windows allow.
    fn speak(&mut self) {
        let mut streams = std::mem::take(&mut self.streams);
        streams.retain(|id, stream| !stream.asked || !self.answer(*id, stream));
        self.streams = streams;
    }

    /// Goes on with one answer; says whether it is over.
    fn answer(&mut self, id: u32, stream: &mut Stream) -> bool {
        if let Some(breach) = stream.breach {
            let fields = [CONTENT_TYPE, ("grpc-status", "13"), ("grpc-message", breach)];
            Frame::headers(id, END_STREAM, true, &fields).write(&mut self.out);
            return true;
        }
        while let Some(step) = stream.steps.front() {
            let frame = match step {
                Step::Head => Frame::headers(id, 0, true, &[CONTENT_TYPE]),
                Step::Data(bytes, padding) => {
                    let frame = Frame::data(id, bytes, *padding);
                    // Padding, and the byte that tells its length, are paid for like any others.
                    let price = i64::try_from(frame.content.len()).unwrap_or(i64::MAX);
                    if price > stream.window.min(self.window) {
                        return false;
                    }
                    stream.window -= price;
                    self.window -= price;
                    frame
                }
                Step::Ping => {
                    self.unacknowledged += 1;
                    Frame::new(PING, 0, 0, *b"negative")
                }
                Step::AwaitAcknowledgements if self.unacknowledged > 0 => return false,
                Step::AwaitAcknowledgements => {
                    stream.steps.pop_front();
                    continue;
                }
                Step::Trailers => Frame::headers(id, END_STREAM, false, &[("grpc-status", "0")]),
                Step::Reset => Frame::new(RST_STREAM, 0, id, NO_ERROR.to_be_bytes()),
                Step::GoAway => {
                    self.dismissed = true;
                    Frame::new(GOAWAY, 0, 0, [id.to_be_bytes(), NO_ERROR.to_be_bytes()].concat())
                }
            };
            frame.write(&mut self.out);
            stream.steps.pop_front();
        }
        true
    }
}

fn setting(id: u8, value: u32) -> Vec<u8> {
    [&[0, id][..], &value.to_be_bytes()].concat()
}

const CONTENT_TYPE: (&str, &str) = ("content-type", "application/grpc");

/// `PRI * HTTP/2.0` and what follows it (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;

/// Settings (RFC 9113, section 6.5.2) and an error code (section 7).
const MAX_CONCURRENT_STREAMS: u8 = 3;
const INITIAL_WINDOW_SIZE: u8 = 4;
const NO_ERROR: u32 = 0;

/// What a window is until somebody says otherwise (RFC 9113, section 6.9.2).
const DEFAULT_WINDOW: i64 = 65_535;

/// A gigabyte: more than all requests of a case together.
const LARGE_WINDOW: u32 = 1 << 30;
