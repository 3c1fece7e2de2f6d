//! `Raw`: a peer that says exactly the frames that a measurement wants, over a real socket.
//!
//! In: frames. Out: frames. The frames themselves are written and read by the code that the library's own tests
//! use, `tests/support/frame.rs`.

#[path = "../../support/frame.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
pub(crate) mod frame;

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirewright::inspect::hpack::HpackDecoder;

use frame::Frame;

/// One end of a connection.
pub(crate) struct Raw {
    pub(crate) socket: TcpStream,
    pub(crate) out: BytesMut,
    heard: BytesMut,
    hpack: HpackDecoder,
}

impl Raw {
    /// A client that has said its preface and these SETTINGS.
    pub(crate) async fn client(port: u16, settings: &[(u16, u32)]) -> io::Result<Raw> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        let mut raw = Raw::over(socket);
        raw.out.put_slice(PREFACE);
        raw.settings(settings);
        raw.flush().await?;
        Ok(raw)
    }

    /// A server that has heard the preface and said these SETTINGS.
    pub(crate) async fn server(socket: TcpStream, settings: &[(u16, u32)]) -> io::Result<Raw> {
        socket.set_nodelay(true)?;
        let mut raw = Raw::over(socket);
        let mut preface = [0; PREFACE.len()];
        raw.socket.read_exact(&mut preface).await?;
        raw.settings(settings);
        raw.flush().await?;
        Ok(raw)
    }

    /// An end that has said nothing.
    pub(crate) fn over(socket: TcpStream) -> Raw {
        Raw { socket, out: BytesMut::new(), heard: BytesMut::new(), hpack: HpackDecoder::new() }
    }

    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) -> &mut Self {
        frame::write(&mut self.out, kind, flags, stream, content);
        self
    }

    pub(crate) fn settings(&mut self, settings: &[(u16, u32)]) -> &mut Self {
        let mut content = BytesMut::new();
        for (id, value) in settings {
            content.put_u16(*id);
            content.put_u32(*value);
        }
        self.frame(frame::SETTINGS, 0, 0, &content)
    }

    /// HEADERS of a call to a method of the service.
    pub(crate) fn call(&mut self, stream: u32, method: &str) -> &mut Self {
        let block = call_head(method, &[]);
        self.frame(frame::HEADERS, frame::END_HEADERS, stream, &block)
    }

    pub(crate) fn data(&mut self, stream: u32, bytes: &[u8], end: bool) -> &mut Self {
        self.frame(frame::DATA, if end { frame::END_STREAM } else { 0 }, stream, bytes)
    }

    pub(crate) fn reset(&mut self, stream: u32, reason: u32) -> &mut Self {
        self.frame(frame::RST_STREAM, 0, stream, &reason.to_be_bytes())
    }

    pub(crate) fn window(&mut self, stream: u32, bytes: u32) -> &mut Self {
        self.frame(frame::WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes())
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let bytes = self.out.split();
        self.socket.write_all(&bytes).await
    }

    /// The next frame. SETTINGS and PING have been answered with the next flush.
    pub(crate) async fn next(&mut self) -> Frame {
        loop {
            if let Some(frame) = Frame::parse(&mut self.heard, &mut self.hpack) {
                match &frame {
                    Frame::Settings(_) => {
                        self.frame(frame::SETTINGS, frame::ACK, 0, b"");
                    }
                    Frame::Ping { ack: false, opaque } => {
                        let opaque = *opaque;
                        self.frame(frame::PING, frame::ACK, 0, &opaque);
                    }
                    _ => {}
                }
                return frame;
            }
            if !self.out.is_empty() && self.flush().await.is_err() {
                return Frame::Eof;
            }
            match self.socket.read_buf(&mut self.heard).await {
                Ok(0) | Err(_) => return Frame::Eof,
                Ok(_) => {}
            }
        }
    }

    /// A whole frame that has been read already, if there is one; never waits for the socket.
    pub(crate) fn ready(&mut self) -> Option<Frame> {
        while let Ok(1..) = self.socket.try_read_buf(&mut self.heard) {}
        let frame = Frame::parse(&mut self.heard, &mut self.hpack)?;
        match &frame {
            Frame::Settings(_) => {
                self.frame(frame::SETTINGS, frame::ACK, 0, b"");
            }
            Frame::Ping { ack: false, opaque } => {
                let opaque = *opaque;
                self.frame(frame::PING, frame::ACK, 0, &opaque);
            }
            _ => {}
        }
        Some(frame)
    }
}

/// The header block of a call, with these fields behind the usual ones.
pub(crate) fn call_head(method: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let path = format!("/promises.Load/{method}");
    let mut fields: Vec<(&str, &[u8])> = vec![
        (":method", b"POST"),
        (":scheme", b"http"),
        (":path", path.as_bytes()),
        (":authority", b"127.0.0.1"),
        ("te", b"trailers"),
        ("content-type", b"application/grpc"),
    ];
    fields.extend(more);
    frame::block(&fields)
}

/// A message with its five bytes before it.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(message.len() + 5);
    bytes.put_u8(0);
    bytes.put_u32(message.len() as u32);
    bytes.put_slice(message);
    bytes.freeze()
}

pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
