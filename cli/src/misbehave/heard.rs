//! What the peer says while a script is played.
//!
//! In: the reading half of a connection. Out: frames, kept until a script expects them, and printed as they come.
//! Reading never waits for the script: a peer that cannot write would not be tested, but stuck.
//!
//! Must not know: what is expected.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Notify;
use wirewright::inspect::content::Content;
use wirewright::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use wirewright::inspect::frames::{Frame, FrameReader, Piece};
use wirewright::wire::tables::reason_name;

use super::script::{Expected, Role};
use crate::style::{self, paint};
use crate::trace::words;

/// What has been heard on one connection.
#[derive(Debug)]
pub(super) struct Heard {
    conn: u64,
    started: Instant,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    has_preface: bool,
    /// Frames that nobody has expected yet.
    frames: VecDeque<FrameHeader>,
    /// The stream of the latest HEADERS.
    stream: Option<u32>,
    /// The streams whose half is over.
    ended: BTreeSet<u32>,
    is_closed: bool,
    /// How many lines have been printed.
    lines: usize,
}

impl Heard {
    pub(super) fn new(conn: u64) -> Heard {
        Heard { conn, started: Instant::now(), state: Mutex::default(), news: Notify::new() }
    }

    /// Reads until the connection is closed; does not return, so that it can be raced with the script.
    pub(super) async fn listen(&self, mut io: impl AsyncRead + Unpin, role: Role) {
        let mut reader = match role {
            Role::Server => FrameReader::client(),
            Role::Client => FrameReader::server(),
        };
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            // Where the peer breaks off it is gone as well.
            let read = io.read(&mut buffer).await.unwrap_or(0);
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            reader.push(bytes);
            while let Some(piece) = reader.next_piece() {
                self.piece(&piece);
            }
            self.news.notify_one();
        }
        self.state().is_closed = true;
        self.told(style::QUIET, "> closed");
        self.news.notify_one();
        std::future::pending().await
    }

    /// Waits until the client's preface is here; `false` if the connection is closed before.
    pub(super) async fn preface(&self) -> bool {
        self.until(|state| state.has_preface).await
    }

    /// Waits for something, and takes it; `false` if the connection is closed before it comes.
    pub(super) async fn expect(&self, what: Expected, stream: u32) -> bool {
        self.until(|state| match what {
            Expected::Close => state.is_closed,
            Expected::EndStream => state.ended.contains(&stream),
            frame => {
                let place = state.frames.iter().position(|header| is(frame, header));
                place.and_then(|place| state.frames.remove(place)).is_some()
            }
        })
        .await
    }

    /// Waits until the connection is closed.
    pub(super) async fn closed(&self) {
        self.expect(Expected::Close, 0).await;
    }

    /// The stream of the latest HEADERS.
    pub(super) fn stream(&self) -> Option<u32> {
        self.state().stream
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Prints a line about this connection.
    pub(super) fn told(&self, style: anstyle::Style, line: impl Display) {
        let mut state = self.state();
        state.lines += 1;
        if state.lines > MOST_LINES + 1 {
            return;
        }
        drop(state);
        let at = paint(style::QUIET, format!("{:>12}", words::moment(self.started.elapsed())));
        say(self.conn, format_args!("{at}  {}", paint(style, line)));
        if self.state().lines == MOST_LINES + 1 {
            say(self.conn, paint(style::QUIET, "more is not printed"));
        }
    }

    async fn until(&self, mut is_so: impl FnMut(&mut State) -> bool) -> bool {
        loop {
            {
                let mut state = self.state();
                // What has come counts, although the connection may be closed by now.
                if is_so(&mut state) {
                    return true;
                }
                if state.is_closed {
                    return false;
                }
            }
            // There is one waiter, the script, and its permit is kept: nothing is missed between looking and waiting.
            self.news.notified().await;
        }
    }

    fn piece(&self, piece: &Piece) {
        match piece {
            Piece::Preface => {
                self.state().has_preface = true;
                self.told(style::CLIENT, "> preface");
            }
            Piece::Frame(frame) => {
                self.keep(&frame.header);
                self.told(style::CLIENT, format_args!("> {}", told(frame)));
            }
            Piece::Damaged { why, .. } => self.told(style::BAD, format_args!("> no HTTP/2: {why}")),
        }
    }

    fn keep(&self, header: &FrameHeader) {
        let mut state = self.state();
        if header.kind == FrameKind::Headers {
            state.stream = Some(header.stream_id);
        }
        if header.has(Flag::EndStream) {
            state.ended.insert(header.stream_id);
        }
        // What a peer floods with is not kept; a script that expects so much is no script.
        if state.frames.len() >= MOST_FRAMES {
            state.frames.pop_front();
        }
        state.frames.push_back(*header);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a frame is what is expected.
fn is(what: Expected, header: &FrameHeader) -> bool {
    let is_ack = header.has(Flag::Ack);
    match what {
        Expected::Headers => header.kind == FrameKind::Headers,
        Expected::Data => header.kind == FrameKind::Data,
        Expected::Settings => header.kind == FrameKind::Settings && !is_ack,
        Expected::SettingsAck => header.kind == FrameKind::Settings && is_ack,
        Expected::Ping => header.kind == FrameKind::Ping && !is_ack,
        Expected::PingAck => header.kind == FrameKind::Ping && is_ack,
        Expected::WindowUpdate => header.kind == FrameKind::WindowUpdate,
        Expected::RstStream => header.kind == FrameKind::RstStream,
        Expected::GoAway => header.kind == FrameKind::GoAway,
        Expected::EndStream | Expected::Close => false,
    }
}

/// A frame in a line, with what matters of it.
fn told(frame: &Frame) -> String {
    let FrameHeader { kind, length, stream_id, .. } = frame.header;
    let flags = if frame.header.flags == 0 { String::new() } else { frame.header.flag_names().into_owned() };
    let more = match frame.content() {
        Content::RstStream { code } => reason_name(code).to_owned(),
        Content::GoAway { code, debug, last_stream } => {
            let debug = words::printable(&debug);
            format!("{} last stream {last_stream} {debug:?}", reason_name(code))
        }
        Content::WindowUpdate { increment } => format!("+{increment}"),
        _ => String::new(),
    };
    let words = [kind.to_string(), format!("stream {stream_id}"), format!("{length} B"), flags, more];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

/// A line about a connection, on standard output. If nobody reads it the script is played all the same.
pub(super) fn say(conn: u64, line: impl Display) {
    let mut out = anstream::stdout().lock();
    let conn = paint(style::QUIET, format!("conn {conn}"));
    let _ = writeln!(out, "{conn}  {line}").and_then(|()| out.flush());
}

/// What is read at once.
const BUFFER_BYTES: usize = 16 * 1024;

/// Frames that are kept for a script to expect.
const MOST_FRAMES: usize = 10_000;

/// Of one connection: a flood is to be noticed, not to be read.
const MOST_LINES: usize = 500;
