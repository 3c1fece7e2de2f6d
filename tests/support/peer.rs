//! `Peer`: the other end of a connection, scripted: it says exactly the frames that a test tells it to.
//!
//! ```text
//!   peer.headers(1, &request("/test.Talk/One")).data(1, &message(b"hi")).end(1);
//!   assert_eq!(peer.next().await, ..);
//! ```
//!
//! What is said is sent when the peer next listens, so that a script can put many frames into one write. Unless
//! told otherwise it has manners: it acknowledges SETTINGS and PING, and `next` passes over them.

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirewright::inspect::hpack::HpackDecoder;
use wirewright::transport::{Connector, Incoming, Io, PipeConnector, PipeIncoming};
use wirewright::{Address, Channel, Endpoint, Interceptor, ServeError, ServerBuilder};

use super::frame::{self, Frame};
use super::weather::{Sky, Under};
use super::{MustClose, within};

/// The scripted end of a connection.
pub struct Peer {
    io: Box<dyn Io>,
    out: BytesMut,
    heard: BytesMut,
    hpack: HpackDecoder,
    /// Whether PING and SETTINGS are acknowledged.
    polite: bool,
    /// Whether the connection ends with what was said.
    leaving: bool,
}

impl Peer {
    /// A client: begins with the preface and empty SETTINGS.
    pub fn client(io: impl Io) -> Peer {
        let mut peer = Peer::silent(io);
        peer.out.put_slice(PREFACE);
        peer.settings(&[]);
        peer
    }

    /// A server: hears the preface and says empty SETTINGS.
    pub async fn server(io: impl Io) -> Peer {
        let mut peer = Peer::silent(io);
        peer.hear_preface().await;
        peer.settings(&[]);
        peer
    }

    /// An end that has said nothing and heard nothing.
    pub fn silent(io: impl Io) -> Peer {
        let (out, heard) = (BytesMut::new(), BytesMut::new());
        Peer { io: Box::new(io), out, heard, hpack: HpackDecoder::new(), polite: true, leaving: false }
    }

    /// Reads the 24 bytes that every client begins with.
    pub async fn hear_preface(&mut self) {
        let mut preface = [0; PREFACE.len()];
        within(self.io.read_exact(&mut preface)).await.unwrap();
        assert_eq!(preface, PREFACE);
    }

    /// No more acknowledgements.
    pub fn rude(&mut self) -> &mut Self {
        self.polite = false;
        self
    }

    // What it says.

    pub fn headers(&mut self, stream: u32, fields: &[(&str, &str)]) -> &mut Self {
        self.fields(stream, fields, frame::END_HEADERS)
    }

    /// HEADERS with END_STREAM: a client's whole request, a server's last words, or all of them.
    pub fn trailers(&mut self, stream: u32, fields: &[(&str, &str)]) -> &mut Self {
        self.fields(stream, fields, frame::END_HEADERS | frame::END_STREAM)
    }

    pub fn data(&mut self, stream: u32, bytes: &[u8]) -> &mut Self {
        self.frame(frame::DATA, 0, stream, bytes)
    }

    /// DATA with END_STREAM.
    pub fn last_data(&mut self, stream: u32, bytes: &[u8]) -> &mut Self {
        self.frame(frame::DATA, frame::END_STREAM, stream, bytes)
    }

    /// An empty DATA frame with END_STREAM.
    pub fn end(&mut self, stream: u32) -> &mut Self {
        self.last_data(stream, b"")
    }

    pub fn reset(&mut self, stream: u32, reason: u32) -> &mut Self {
        self.frame(frame::RST_STREAM, 0, stream, &reason.to_be_bytes())
    }

    pub fn settings(&mut self, settings: &[(u16, u32)]) -> &mut Self {
        let mut content = BytesMut::new();
        for (id, value) in settings {
            content.put_u16(*id);
            content.put_u32(*value);
        }
        self.frame(frame::SETTINGS, 0, 0, &content)
    }

    pub fn ping(&mut self, opaque: [u8; 8]) -> &mut Self {
        self.frame(frame::PING, 0, 0, &opaque)
    }

    pub fn go_away(&mut self, last: u32, reason: u32, debug: &[u8]) -> &mut Self {
        let content = [&last.to_be_bytes(), &reason.to_be_bytes(), debug].concat();
        self.frame(frame::GOAWAY, 0, 0, &content)
    }

    pub fn window(&mut self, stream: u32, bytes: u32) -> &mut Self {
        self.frame(frame::WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes())
    }

    /// Any frame.
    pub fn frame(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) -> &mut Self {
        frame::write(&mut self.out, kind, flags, stream, content);
        self
    }

    /// Bytes that need not be a frame.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.put_slice(bytes);
        self
    }

    /// Ends the connection once all this is sent.
    pub fn hang_up_after(&mut self) -> &mut Self {
        self.leaving = true;
        self
    }

    fn fields(&mut self, stream: u32, fields: &[(&str, &str)], flags: u8) -> &mut Self {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.frame(frame::HEADERS, flags, stream, &frame::block(&fields))
    }

    /// Sends what was said; false if nobody listens any more.
    pub async fn flush(&mut self) -> bool {
        let bytes = self.out.split();
        let sent = within(self.io.write_all(&bytes)).await.is_ok() && within(self.io.flush()).await.is_ok();
        if self.leaving {
            let _ = self.io.shutdown().await;
        }
        sent
    }

    /// Sends what was said, and ends the connection.
    pub async fn hang_up(mut self) {
        self.flush().await;
        let _ = self.io.shutdown().await;
    }

    // What it hears.

    /// The next frame, whatever it is.
    pub async fn any(&mut self) -> Frame {
        within(self.any_unhurried()).await
    }

    /// As [`any`](Peer::any), for tests that make time pass.
    pub async fn any_unhurried(&mut self) -> Frame {
        loop {
            if !self.out.is_empty() {
                let bytes = self.out.split();
                let _ = self.io.write_all(&bytes).await;
                let _ = self.io.flush().await;
            }
            if let Some(frame) = Frame::parse(&mut self.heard, &mut self.hpack) {
                match &frame {
                    Frame::Settings(_) if self.polite => {
                        self.frame(frame::SETTINGS, frame::ACK, 0, b"");
                    }
                    Frame::Ping { ack: false, opaque } if self.polite => {
                        let opaque = *opaque;
                        self.frame(frame::PING, frame::ACK, 0, &opaque);
                    }
                    _ => {}
                }
                if !self.out.is_empty() {
                    let bytes = self.out.split();
                    let _ = self.io.write_all(&bytes).await;
                }
                return frame;
            }
            match self.io.read_buf(&mut self.heard).await {
                Ok(0) | Err(_) => return Frame::Eof,
                Ok(_) => {}
            }
        }
    }

    /// The next frame that says something about a stream, or ends the connection.
    pub async fn next(&mut self) -> Frame {
        loop {
            let frame = self.any().await;
            if !is_upkeep(&frame) {
                return frame;
            }
        }
    }

    /// Frames as lines, up to and with the end of this stream in the direction that is heard, or its reset.
    pub async fn tale(&mut self, of: u32) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let frame = self.next().await;
            lines.push(frame.to_string());
            match frame {
                Frame::Headers { stream, end: true, .. } | Frame::Data { stream, end: true, .. }
                    if stream == of =>
                {
                    return lines;
                }
                Frame::Reset { stream, .. } if stream == of => return lines,
                Frame::Eof => return lines,
                _ => {}
            }
        }
    }

    /// Waits for a request: its stream, and its fields.
    pub async fn request(&mut self) -> (u32, Vec<String>) {
        match self.next().await {
            Frame::Headers { stream, fields, .. } => (stream, fields),
            other => panic!("expected a request and heard {other}"),
        }
    }

    /// Waits for all of a request: its stream, and its bytes.
    pub async fn whole_request(&mut self) -> (u32, Vec<u8>) {
        let (of, _) = self.request().await;
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Frame::Data { stream, bytes, end } if stream == of => {
                    all.extend_from_slice(&bytes);
                    if end {
                        return (of, all);
                    }
                }
                other => panic!("expected the rest of a request and heard {other}"),
            }
        }
    }
}

fn is_upkeep(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::Settings(_) | Frame::SettingsAck | Frame::Ping { .. } | Frame::Window { .. } | Frame::Other(_)
    )
}

/// A server of ours, and a scripted client at its door.
pub struct Caller {
    pub peer: Peer,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), ServeError>>,
    connector: Under<PipeConnector>,
    _closed: MustClose,
}

impl Caller {
    pub async fn of<I: Interceptor>(server: ServerBuilder<I>) -> Caller {
        Caller::under(Sky::Fair, server).await
    }

    /// The same in this weather.
    pub async fn under<I: Interceptor>(sky: Sky, server: ServerBuilder<I>) -> Caller {
        let (connector, incoming) = sky.pipe();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.serve_until(incoming, async {
            let _ = stopped.await;
        }));
        let peer = Peer::client(connector.connect(&Address::Memory).await.unwrap());
        let closed = MustClose::of(&server);
        Caller { peer, stop: Some(stop), server, connector, _closed: closed }
    }

    /// Another client of the same server.
    pub async fn another(&self) -> Peer {
        Peer::client(self.connect().await)
    }

    /// A connection to the same server that has said nothing.
    pub async fn connect(&self) -> impl Io + use<> {
        self.connector.connect(&Address::Memory).await.unwrap()
    }

    /// Tells the server to stop.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Whether the server has ended.
    pub fn is_over(&self) -> bool {
        self.server.is_finished()
    }

    /// Waits until the server has ended, with the client still there.
    pub async fn ended(&mut self) {
        (&mut self.server).await.unwrap().unwrap();
    }

    /// The client leaves, the server is stopped, and nothing is left of either.
    pub async fn close(mut self) {
        self.stop();
        self.peer.hang_up().await;
        within(self.server).await.unwrap().unwrap();
        super::all_quiet().await;
    }
}

/// A channel of ours, and the door at which a scripted server waits for it.
pub fn answerer(endpoint: impl FnOnce(Endpoint) -> Endpoint) -> (Channel, Door) {
    answerer_under(Sky::Fair, endpoint)
}

/// The same in this weather.
pub fn answerer_under(sky: Sky, endpoint: impl FnOnce(Endpoint) -> Endpoint) -> (Channel, Door) {
    let (connector, incoming) = sky.pipe();
    let endpoint = endpoint(Endpoint::new("in.memory:1").unwrap()).connector(connector);
    (endpoint.lazy(), Door(incoming))
}

/// Where scripted servers wait for connections.
pub struct Door(Under<PipeIncoming>);

impl Door {
    /// The accepting end of a pipe, in fair weather.
    pub fn at(incoming: PipeIncoming) -> Door {
        Door(Sky::Fair.over(incoming))
    }

    /// A connection, with nothing said.
    pub async fn open(&mut self) -> impl Io + use<> {
        within(self.0.accept()).await.unwrap().0
    }

    /// A connection to a server that has said its SETTINGS.
    pub async fn server(&mut self) -> Peer {
        Peer::server(self.open().await).await
    }
}

/// The fields of a request, as every client of gRPC sends them.
pub fn request(path: &str) -> Vec<(&str, &str)> {
    vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "in.memory"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]
}

/// The head of a good response.
pub const HEAD: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

/// The trailers of a good response.
pub const OK: &[(&str, &str)] = &[("grpc-status", "0")];

/// A message with its prefix. (The tests' messages are `String`, which in protobuf is a `StringValue`.)
pub fn message(text: &str) -> Vec<u8> {
    let mut inner = Vec::new();
    prost::Message::encode(&text.to_owned(), &mut inner).unwrap();
    framed(0, inner.len() as u32, &inner)
}

/// A prefix and some bytes, not necessarily as many as it claims.
pub fn framed(flag: u8, length: u32, bytes: &[u8]) -> Vec<u8> {
    [&[flag][..], &length.to_be_bytes(), bytes].concat()
}

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
