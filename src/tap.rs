//! `Tap`: listens in on connections, and hands on what it hears.
//!
//! In: the connections of an endpoint or a server, above TLS, so that everything is plaintext and HPACK is complete
//! from its first byte. Out: [`Line`]s, in the order in which things happened: to a [`Recorder`], or to any closure.
//!
//! ```text
//!   channel, server --- HTTP/2 --- Tapped --- TLS, or nothing --- socket
//!        |                           |
//!        +-- events ---> Tap <-------+ conn, bytes, end
//! ```
//!
//! A connection without a tap has none of this in its way: it is not wrapped at all, so listening costs nothing while
//! nobody listens. `tests/allocations.rs` holds it to that.
//!
//! Must not know: what the bytes mean, or where the lines end up.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::call::{Listener, now, wall_clock};
use crate::inspect::Direction;
use crate::recording::{Chunk, Conn, Happening, Head, Level, Line, Recorder, Role, Windows};

/// Listens in on connections. Clones listen for the same ear.
///
/// Give it to [`Endpoint::tap`](crate::Endpoint::tap) or [`ServerBuilder::tap`](crate::ServerBuilder::tap), or wrap
/// any stream of bytes with [`listen`](Tap::listen).
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// use wirewright::{Endpoint, Tap};
///
/// let tap = Tap::file("calls.jsonl", ["authorization"])?;
/// let channel = Endpoint::new("localhost:50051")?.tap(tap).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Tap(Arc<Shared>);

struct Shared {
    /// When listening began.
    start: Instant,
    /// How many connections have been heard.
    conns: AtomicU32,
    /// Who is told. The lock keeps lines in the order of their times.
    ear: Mutex<Ear>,
    /// Why a recording has stopped, if it has.
    failure: OnceLock<io::Error>,
}

/// Who is told, until it fails.
type Ear = Box<dyn FnMut(&Line<'_>) -> io::Result<()> + Send>;

impl Tap {
    /// Tells a closure of everything, beginning with the head.
    ///
    /// It is called by the tasks of the connections, one at a time, so it must not block. If it fails it hears no more,
    /// and [`failure`](Tap::failure) tells why.
    pub fn new(mut ear: impl FnMut(&Line<'_>) -> io::Result<()> + Send + 'static) -> Tap {
        let begun = ear(&Line::Head(Tap::head([])));
        let tap = Tap::with(Box::new(ear));
        if let Err(error) = begun {
            let _ = tap.0.failure.set(error);
        }
        tap
    }

    /// Records to a file, which must not exist yet.
    ///
    /// The values of the fields with the names `redact` are kept out of it. Every line is with the system before the
    /// connection goes on, so that a process that is killed loses nothing.
    ///
    /// # Errors
    ///
    /// If the file exists, or cannot be written.
    pub fn file<'a>(path: impl AsRef<Path>, redact: impl IntoIterator<Item = &'a str>) -> io::Result<Tap> {
        Tap::record(File::create_new(path)?, redact)
    }

    /// Records to anything that can be written to.
    ///
    /// # Errors
    ///
    /// If the head cannot be written.
    pub fn record<'a>(
        out: impl Write + Send + 'static,
        redact: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<Tap> {
        let mut recorder = Recorder::new(out, Tap::head(redact))?;
        Ok(Tap::with(Box::new(move |line| recorder.write(line))))
    }

    /// Why nothing is recorded any more: the disk is full, for example. Connections go on all the same.
    pub fn failure(&self) -> Option<&io::Error> {
        self.0.failure.get()
    }

    /// Wraps one end of a connection, so that what it carries is heard.
    pub fn listen<T>(
        &self,
        io: T,
        role: Role,
        local: Option<String>,
        peer: Option<String>,
        tls: bool,
    ) -> Tapped<T> {
        let conn = self.0.conns.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        self.hear(|at| Line::Conn(Conn { conn, at, role, local, peer, tls }));
        Tapped { io, tap: self.clone(), conn, role, windows: Windows::default(), why: None }
    }

    /// Notes something that leaves no bytes.
    ///
    /// `conn` is the number in the recording of the connection that it belongs to, if it belongs to one.
    pub fn note(
        &self,
        conn: Option<u32>,
        stream: Option<u32>,
        name: &str,
        details: &[(&str, &dyn fmt::Display)],
    ) {
        let details = details.iter().map(|(key, value)| ((*key).to_owned(), value.to_string())).collect();
        self.hear(|at| Line::Event(Happening { conn, stream, at, name: name.to_owned(), details }));
    }

    fn with(ear: Ear) -> Tap {
        let (start, conns) = (now(), AtomicU32::new(0));
        Tap(Arc::new(Shared { start, conns, ear: Mutex::new(ear), failure: OnceLock::new() }))
    }

    fn head<'a>(redact: impl IntoIterator<Item = &'a str>) -> Head {
        Head {
            tool: concat!("wirewright ", env!("CARGO_PKG_VERSION")).to_owned(),
            t0_us: u64::try_from(wall_clock().as_micros()).unwrap_or(u64::MAX),
            redact: redact.into_iter().map(str::to_ascii_lowercase).collect(),
        }
    }

    fn hear<'a>(&self, line: impl FnOnce(Duration) -> Line<'a>) {
        let shared = &*self.0;
        let mut ear = shared.ear.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.failure.get().is_some() {
            return;
        }
        let at = now().saturating_duration_since(shared.start);
        if let Err(error) = ear(&line(at)) {
            // A recording with a hole cannot be read beyond it, so nothing follows.
            let _ = shared.failure.set(error);
        }
    }
}

/// What happens to calls goes where the bytes go.
impl Listener for Tap {
    fn note(
        &self,
        conn: Option<u32>,
        stream: Option<u32>,
        what: &'static str,
        details: &[(&str, &dyn fmt::Display)],
    ) {
        Tap::note(self, conn, stream, what, details);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("conns", &self.0.conns).finish_non_exhaustive()
    }
}

/// One end of a connection, with somebody listening in.
#[derive(Debug)]
pub struct Tapped<T> {
    io: T,
    tap: Tap,
    conn: u32,
    role: Role,
    /// How much either side may still send.
    windows: Windows,
    /// How the connection ended, once it has.
    why: Option<String>,
}

impl<T> Tapped<T> {
    /// The number of the connection in the recording.
    pub fn conn(&self) -> u32 {
        self.conn
    }

    fn heard(&mut self, is_read: bool, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let conn = self.conn;
        let direction = match is_read == (self.role == Role::Client) {
            true => Direction::ToClient,
            false => Direction::ToServer,
        };
        self.tap.hear(|at| Line::Bytes(Chunk { conn, at, direction, bytes }));
        let tap = &self.tap;
        self.windows.push(direction, bytes, &mut |Level { stream, sender, mark, room }| {
            let of = if sender == Direction::ToServer { "client" } else { "server" };
            tap.note(Some(conn), stream, "window", &[("is", &mark.name()), ("of", &of), ("room", &room)]);
        });
    }

    fn ended<V>(&mut self, result: io::Result<V>) -> io::Result<V> {
        if let Err(error) = &result {
            self.why.get_or_insert_with(|| error.to_string());
        }
        result
    }
}

impl<T> Drop for Tapped<T> {
    fn drop(&mut self) {
        let (conn, why) = (self.conn, self.why.take().unwrap_or_else(|| "closed".to_owned()));
        self.tap.hear(|at| Line::End { conn, at, why });
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Tapped<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining();
        let result = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        let read = buf.filled().get(before..).unwrap_or_default();
        self.heard(true, read);
        if result.is_ok() && read.is_empty() && room > 0 {
            self.why.get_or_insert_with(|| "eof".to_owned());
        }
        Poll::Ready(self.ended(result))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Tapped<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.io).poll_write(cx, bytes));
        if let Ok(written) = &result {
            self.heard(false, bytes.get(..*written).unwrap_or(bytes));
        }
        Poll::Ready(self.ended(result))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs));
        if let Ok(written) = &result {
            // One chunk for what was one write.
            let mut left = *written;
            let mut bytes = Vec::with_capacity(left);
            for buf in bufs {
                let part = buf.get(..left.min(buf.len())).unwrap_or_default();
                bytes.extend_from_slice(part);
                left -= part.len();
            }
            self.heard(false, &bytes);
        }
        Poll::Ready(self.ended(result))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
