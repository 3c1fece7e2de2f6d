//! P3: a peer that obeys flow control is never disconnected.
//!
//! Messages of 0 to 250 bytes, each in a DATA frame of its own, up to 13,000 a stream or until a window is full, to
//! a reader that does not read; on 1, 16 and 100 streams. Then the reader reads, and what it reads must be right to
//! the byte. The sender is written by hand: it counts windows as RFC 9113, section 5.2, wants it and does nothing
//! else. In one half of the cases the reader is a server's handler, in the other it is a client's caller.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::Failure;
use crate::caller::Caller;
use crate::line::Line;
use crate::load::{Heard, Kind, Wish, filler};
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::frame::{self, Frame};
use crate::wire::{Raw, framed};

/// Both libraries, both directions, all sizes and numbers of streams.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for name in ["P3.server", "P3.client"] {
        let (ours, tonic) = if name == "P3.server" {
            (to_servers(Kind::Ours, scale).await?, to_servers(Kind::Tonic, scale).await?)
        } else {
            (
                to_clients::<crate::ours::Client>(scale).await?,
                to_clients::<crate::peer_tonic::Client>(scale).await?,
            )
        };
        let line = Line::new(name, ours.broken.is_empty())
            .measured(ours.to_string())
            .limit("0 disconnected, every byte right")
            .anchor(format!("tonic: {tonic}"));
        lines.push(line);
    }
    Ok(lines)
}

/// How the cases went.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    messages: u64,
    broken: Vec<String>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { cases, messages, broken } = self;
        write!(f, "{} of {cases} cases broken, {messages} messages", broken.len())?;
        broken.first().map_or(Ok(()), |first| write!(f, " (first: {first})"))
    }
}

impl Tally {
    fn count(&mut self, size: usize, streams: u32, outcome: Result<u64, String>) {
        self.cases += 1;
        match outcome {
            Ok(messages) => self.messages += messages,
            Err(why) => self.broken.push(format!("{streams} streams of {size} B: {why}")),
        }
    }
}

fn cases(scale: Scale) -> impl Iterator<Item = (usize, u32)> {
    let (sizes, streams): (&[usize], &[u32]) =
        scale.pick((&[0, 1, 7, 100, 250], &[1, 16, 100]), (&[0, 100], &[1, 100]));
    sizes.iter().flat_map(move |size| streams.iter().map(move |streams| (*size, *streams)))
}

async fn to_servers(kind: Kind, scale: Scale) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for (size, streams) in cases(scale) {
        let mut server = Server::start(kind).await?;
        let outcome = timeout(PATIENCE, to_server(&mut server, size, streams)).await;
        tally.count(size, streams, outcome.unwrap_or_else(|_| Err("no answer".to_owned())));
    }
    Ok(tally)
}

/// One case against a server: the number of messages, or what went wrong.
async fn to_server(server: &mut Server, size: usize, streams: u32) -> Result<u64, String> {
    let raw = Raw::client(server.port, &[]).await.map_err(|error| error.to_string())?;
    let mut sender = Sender::new(raw, filler(size).0.as_ref());
    sender.settled().await?;
    for n in 0..streams {
        sender.raw.call(2 * n + 1, "Hold");
        sender.open(2 * n + 1);
    }
    sender.fill().await?;
    sender.rest().await?;
    server.ask("gate").await.map_err(|error| error.to_string())?;
    let sent: BTreeMap<u32, u64> = sender.streams.iter().map(|(id, stream)| (*id, stream.sent)).collect();
    for stream in sent.keys() {
        sender.raw.data(*stream, b"", true);
    }
    let answers = sender.answers(streams as usize).await?;
    let each = Heard { count: 1, sum: filler(size).0.iter().map(|byte| u64::from(*byte)).sum() };
    for (stream, count) in &sent {
        let want = Heard { count: *count, sum: each.sum * count };
        let heard = answers.get(stream).map(|bytes| Heard::read(bytes.get(5..).unwrap_or_default()));
        if heard != Some(want) {
            return Err(format!("stream {stream} heard {heard:?}, not {want:?}"));
        }
    }
    Ok(sent.values().sum())
}

async fn to_clients<C: Caller>(scale: Scale) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for (size, streams) in cases(scale) {
        let outcome = timeout(PATIENCE, to_client::<C>(size, streams)).await;
        tally.count(size, streams, outcome.unwrap_or_else(|_| Err("no answer".to_owned())));
    }
    Ok(tally)
}

/// One case against a client.
async fn to_client<C: Caller>(size: usize, streams: u32) -> Result<u64, String> {
    let text = |error: std::io::Error| error.to_string();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let (filled, may_read) = tokio::sync::watch::channel(None);
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.map_err(text)?;
        let raw = Raw::server(socket, &[(3, 1_000)]).await.map_err(text)?;
        let mut sender = Sender::new(raw, filler(size).0.as_ref());
        while sender.streams.len() < streams as usize {
            sender.hear_one().await?;
        }
        sender.fill().await?;
        sender.rest().await?;
        let sent: Vec<u64> = sender.streams.values().map(|stream| stream.sent).collect();
        for stream in sender.streams.keys().copied().collect::<Vec<_>>() {
            let trailers = frame::block(&[("grpc-status", b"0")]);
            sender.raw.frame(frame::HEADERS, frame::END_HEADERS | frame::END_STREAM, stream, &trailers);
        }
        sender.raw.flush().await.map_err(text)?;
        filled.send_replace(Some(sent.iter().sum::<u64>()));
        // Until the client goes.
        while !matches!(sender.raw.next().await, Frame::Eof) {}
        Ok::<(), String>(())
    });
    let client = C::connect(port, None).await.map_err(|error| error.to_string())?;
    let readers: Vec<_> = (0..streams)
        .map(|_| {
            let (client, mut may_read) = (client.clone(), may_read.clone());
            tokio::spawn(async move {
                let mut replies = client.flow(Wish::endless(size)).await.map_err(|end| end.to_string())?;
                may_read.wait_for(Option::is_some).await.map_err(|_| "the sender gave up".to_owned())?;
                let mut heard = Heard::default();
                while let Some(message) = C::next(&mut replies).await.map_err(|end| end.to_string())? {
                    heard.add(&message);
                }
                Ok::<Heard, String>(heard)
            })
        })
        .collect();
    let mut all = Heard::default();
    let mut trouble = None;
    for reader in readers {
        match reader.await.map_err(|error| error.to_string())? {
            Ok(heard) => {
                all.count += heard.count;
                all.sum += heard.sum;
            }
            Err(why) => trouble = Some(why),
        }
    }
    let sent = may_read.borrow().unwrap_or_default();
    drop(client);
    let server = server.await.map_err(|error| error.to_string())?;
    if let Some(why) = server.err().or(trouble) {
        return Err(why);
    }
    let want = sent * filler(size).0.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    if all != (Heard { count: sent, sum: want }) {
        return Err(format!("heard {all:?} of {sent} messages"));
    }
    Ok(sent)
}

/// A sender that keeps within every window, and does nothing else.
struct Sender {
    raw: Raw,
    message: bytes::Bytes,
    /// Of the connection.
    window: i64,
    /// Of a stream that begins.
    initial: i64,
    has_settings: bool,
    streams: BTreeMap<u32, Stream>,
    answers: BTreeMap<u32, Vec<u8>>,
    ended: usize,
}

#[derive(Debug)]
struct Stream {
    window: i64,
    sent: u64,
}

impl Sender {
    fn new(raw: Raw, message: &[u8]) -> Sender {
        let (streams, answers) = (BTreeMap::new(), BTreeMap::new());
        let (window, initial) = (65_535, 65_535);
        let message = framed(message);
        Sender { raw, message, window, initial, has_settings: false, streams, answers, ended: 0 }
    }

    /// Waits for SETTINGS and for the window of the connection that comes with them.
    async fn settled(&mut self) -> Result<(), String> {
        while !self.has_settings {
            self.hear_one().await?;
        }
        self.rest().await
    }

    fn open(&mut self, stream: u32) {
        self.streams.insert(stream, Stream { window: self.initial, sent: 0 });
    }

    /// Sends to every stream in turn, as much as windows allow.
    async fn fill(&mut self) -> Result<(), String> {
        let length = self.message.len() as i64;
        loop {
            let mut sent_any = false;
            let ids: Vec<u32> = self.streams.keys().copied().collect();
            for id in ids {
                let Some(stream) = self.streams.get_mut(&id) else { continue };
                for _ in 0..IN_A_ROW {
                    if stream.sent == MESSAGES || stream.window < length || self.window < length {
                        break;
                    }
                    stream.window -= length;
                    self.window -= length;
                    stream.sent += 1;
                    sent_any = true;
                    frame::write(&mut self.raw.out, frame::DATA, 0, id, &self.message);
                }
            }
            self.raw.flush().await.map_err(|error| format!("cut off while sending: {error}"))?;
            while let Some(frame) = self.raw.ready() {
                self.hear(frame)?;
            }
            if !sent_any {
                return Ok(());
            }
        }
    }

    /// Listens for a while, in case it is to be cut.
    async fn rest(&mut self) -> Result<(), String> {
        let until = Instant::now() + REST;
        while let Ok(frame) = tokio::time::timeout_at(until, self.raw.next()).await {
            self.hear(frame)?;
        }
        Ok(())
    }

    async fn hear_one(&mut self) -> Result<(), String> {
        let frame = self.raw.next().await;
        self.hear(frame)
    }

    fn hear(&mut self, frame: Frame) -> Result<(), String> {
        match frame {
            Frame::Settings(settings) => {
                self.has_settings = true;
                if let Some((_, window)) = settings.iter().find(|(id, _)| *id == INITIAL_WINDOW_SIZE) {
                    self.initial = i64::from(*window);
                }
            }
            Frame::Window { stream: 0, bytes } => self.window += i64::from(bytes),
            Frame::Window { stream, bytes } => {
                if let Some(stream) = self.streams.get_mut(&stream) {
                    stream.window += i64::from(bytes);
                }
            }
            Frame::Data { stream, bytes, .. } => {
                self.answers.entry(stream).or_default().extend_from_slice(&bytes);
            }
            // A server's trailers; or, to a server, a call that begins.
            Frame::Headers { end: true, .. } if self.streams.is_empty() || !self.answers.is_empty() => {
                self.ended += 1;
            }
            Frame::Headers { stream, fields, .. }
                if fields.iter().any(|field| field.starts_with(":path")) =>
            {
                self.open(stream);
                let head = frame::block(&[(":status", b"200"), ("content-type", b"application/grpc")]);
                self.raw.frame(frame::HEADERS, frame::END_HEADERS, stream, &head);
            }
            Frame::Reset { stream, reason } => {
                let sent = self.sent();
                return Err(format!("stream {stream} was reset with {reason} after {sent} messages"));
            }
            Frame::GoAway { reason, debug, .. } => {
                let (sent, debug) = (self.sent(), debug.escape_ascii());
                return Err(format!("GOAWAY {reason} {debug} after {sent} messages"));
            }
            Frame::Eof => return Err(format!("cut off after {} messages", self.sent())),
            _ => {}
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        self.streams.values().map(|stream| stream.sent).sum()
    }

    /// Waits until so many calls have been answered.
    async fn answers(&mut self, calls: usize) -> Result<&BTreeMap<u32, Vec<u8>>, String> {
        while self.ended < calls {
            self.hear_one().await?;
        }
        Ok(&self.answers)
    }
}

/// What the promise asks for on each stream.
const MESSAGES: u64 = 13_000;

/// Messages of one stream that leave together before it is the next stream's turn.
const IN_A_ROW: usize = 100;

/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113, section 6.5.2).
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection that is cut is cut while the frames that did it are read: at once.
const REST: Duration = Duration::from_millis(200);

/// A case has a million small messages at the most.
const PATIENCE: Duration = Duration::from_secs(60);
