//! Plays a script on one connection.
//!
//! In: a connection and steps. Out: bytes, at the time and in the portions that the script wants. Everything is bounded:
//! what is written, how often, and how long it takes.
//!
//! Must not know: how a script is written.

use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use wirewright::transport::Io;

use super::bytes;
use super::heard::Heard;
use super::script::{Line, Role, Script, Step};
use crate::style;

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The script came to its end, or the peer closed the connection, which it may.
    Played,
    /// The peer did not do what the script expects.
    Surprised,
}

/// Plays it.
pub(super) async fn play(io: Box<dyn Io>, script: &Script, conn: u64) -> Verdict {
    let (reader, writer) = tokio::io::split(io);
    let heard = Heard::new(conn);
    let mut player = Player { writer, heard: &heard, role: script.role, drip: None, cut: None, written: 0 };
    let played = async {
        match timeout(MOST_TIME, player.run(&script.lines)).await {
            Ok(Ok(())) | Ok(Err(Stop::Gone)) => Verdict::Played,
            Ok(Err(Stop::Surprised)) => Verdict::Surprised,
            Err(_elapsed) => {
                heard
                    .told(style::BAD, format_args!("given up: no script may take longer than {MOST_TIME:?}"));
                Verdict::Surprised
            }
        }
    };
    tokio::select! {
        verdict = played => verdict,
        () = heard.listen(reader, script.role) => Verdict::Played,
    }
}

/// Why a script ends before its end.
enum Stop {
    /// One of the two has closed the connection.
    Gone,
    /// The peer did not do what is expected.
    Surprised,
}

/// A connection, as far as the script has come.
struct Player<'a, W> {
    writer: W,
    heard: &'a Heard,
    role: Role,
    drip: Option<(usize, Duration)>,
    /// How much of the next step is written.
    cut: Option<usize>,
    written: usize,
}

impl<W: AsyncWrite + Unpin> Player<'_, W> {
    async fn run(&mut self, lines: &[Line]) -> Result<(), Stop> {
        for line in lines {
            let is_told = match line.step {
                Step::Expect { .. } | Step::Close => false,
                Step::Preface => self.role == Role::Client,
                _ => true,
            };
            if is_told {
                self.heard.told(style::SERVER, format_args!("< {}", line.text));
            }
            for _ in 0..line.times {
                self.step(line).await?;
            }
        }
        // Whoever misbehaved wants to see what the peer makes of it.
        let linger = match self.role {
            Role::Server => SERVER_LINGER,
            Role::Client => CLIENT_LINGER,
        };
        let _ = timeout(linger, self.heard.closed()).await;
        self.close().await;
        Ok(())
    }

    async fn step(&mut self, line: &Line) -> Result<(), Stop> {
        let stream = self.stream();
        match &line.step {
            Step::Preface if self.role == Role::Server => {
                wait(self.heard, line, self.heard.preface(), PREFACE_TIME, "preface").await
            }
            Step::Expect { what, within } => {
                wait(self.heard, line, self.heard.expect(*what, stream), *within, what.name()).await
            }
            Step::Stall(length) => {
                // There is nobody to be silent to any more.
                let _ = timeout(*length, self.heard.closed()).await;
                Ok(())
            }
            Step::Drip(drip) => {
                self.drip = *drip;
                Ok(())
            }
            Step::Cut(bytes) => {
                self.cut = Some(*bytes);
                Ok(())
            }
            Step::Close => {
                self.close().await;
                Err(Stop::Gone)
            }
            step => self.write(&bytes::of(step, stream)).await,
        }
    }

    /// The stream that is meant where none is named.
    fn stream(&self) -> u32 {
        match self.role {
            Role::Server => self.heard.stream().unwrap_or(FIRST_STREAM),
            Role::Client => FIRST_STREAM,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let cut = self.cut.take();
        let bytes = cut.and_then(|cut| bytes.get(..cut)).unwrap_or(bytes);
        self.written += bytes.len();
        if self.written > MOST_BYTES {
            self.heard
                .told(style::BAD, format_args!("given up: no script may write more than {MOST_BYTES} bytes"));
            return Err(Stop::Surprised);
        }
        let (portion, pause) = self.drip.unwrap_or((bytes.len().max(1), Duration::ZERO));
        for part in bytes.chunks(portion) {
            let written = async {
                self.writer.write_all(part).await?;
                self.writer.flush().await
            };
            if written.await.is_err() {
                self.heard.told(style::QUIET, "the peer takes no more");
                return Err(Stop::Gone);
            }
            if self.drip.is_some() {
                sleep(pause).await;
            }
        }
        if cut.is_some() {
            self.close().await;
            return Err(Stop::Gone);
        }
        Ok(())
    }

    async fn close(&mut self) {
        if !self.heard.is_closed() {
            self.heard.told(style::QUIET, "< closed");
        }
        // A connection that is broken already is closed well enough.
        let _ = self.writer.shutdown().await;
    }
}

/// Waits for something that the peer is to say, and says so if it does not.
async fn wait(
    heard: &Heard,
    line: &Line,
    event: impl Future<Output = bool>,
    within: Duration,
    what: &str,
) -> Result<(), Stop> {
    let why = match timeout(within, event).await {
        Ok(true) => return Ok(()),
        Ok(false) => "before the peer closed the connection".to_owned(),
        Err(_elapsed) => format!("within {within:?}"),
    };
    heard.told(style::BAD, format_args!("line {}: no {what} {why}", line.number));
    Err(Stop::Surprised)
}

/// The first stream of a client (RFC 9113, section 5.1.1).
const FIRST_STREAM: u32 = 1;

/// A client that has connected says its preface at once.
const PREFACE_TIME: Duration = Duration::from_secs(10);

/// How long a client has, at the end, to say what it makes of it all, or to begin another call.
const SERVER_LINGER: Duration = Duration::from_secs(10);

/// The same for a server, which keeps a connection for as long as its client does: whoever waits longer is to say so.
const CLIENT_LINGER: Duration = Duration::from_secs(1);

/// Of one connection.
const MOST_TIME: Duration = Duration::from_secs(300);

/// Of one connection: a flood is to be noticed, and not to hurt.
const MOST_BYTES: usize = 64 * 1024 * 1024;
