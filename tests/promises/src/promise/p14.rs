//! P14: what an idle connection, and an idle stream, costs a server in memory.
//!
//! Idle connections by thousands: the first third is not counted, because with it come pages that the process would
//! have wanted anyway. Then a hundred connections with a hundred open calls each, of which the first tenth is not
//! counted.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::Failure;
use crate::line::Line;
use crate::load::Kind;
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::Raw;

/// Both libraries; TLS only ours.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let count = scale.pick(9_000, 900);
    let plain = connections(Kind::Ours, count, false).await?;
    let secure = connections(Kind::Ours, count, true).await?;
    let tonic = connections(Kind::Tonic, count, false).await?;
    let streams_count = scale.pick(100, 40);
    let stream = streams(Kind::Ours, streams_count).await?;
    let tonic_stream = streams(Kind::Tonic, streams_count).await?;
    let line = |name: &str, ours: u64, limit: u64, what: &str, peer: Option<u64>| {
        Line::new(name, ours <= limit * 1024)
            .measured(format!("{:.1} KiB a {what}", ours as f64 / 1024.0))
            .limit(format!("{limit} KiB"))
            .anchor(peer.map_or("none".to_owned(), |peer| format!("tonic: {:.1} KiB", peer as f64 / 1024.0)))
    };
    Ok(vec![
        line("P14.connection", plain, 16, "connection", Some(tonic)),
        line("P14.tls", secure, 40, "connection with TLS", None),
        line("P14.stream", stream, 3, "stream", Some(tonic_stream)),
    ])
}

/// Bytes for each idle connection.
async fn connections(kind: Kind, count: usize, tls: bool) -> Result<u64, Failure> {
    let options: &[&str] = if tls { &["tls"] } else { &[] };
    let server = Server::start_with(kind, options, None).await?;
    let mut plain = Vec::new();
    let mut secure = Vec::new();
    let (mut counted, mut before) = (0, 0);
    for n in 0..count {
        if n == count / 3 {
            before = rested(&server).await;
            counted = count - n;
        }
        if tls {
            let mut stream =
                crate::secure::connect(TcpStream::connect(("127.0.0.1", server.port)).await?).await?;
            begin_over_tls(&mut stream).await?;
            secure.push(stream);
        } else {
            let mut raw = Raw::client(server.port, &[]).await?;
            // SETTINGS of the server, and the acknowledgement of them.
            raw.next().await;
            raw.flush().await?;
            plain.push(raw);
        }
    }
    let grown = rested(&server).await.saturating_sub(before);
    Ok(grown / counted.max(1) as u64)
}

/// The preface, SETTINGS, and the acknowledgement of the server's.
async fn begin_over_tls(
    stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin),
) -> Result<(), Failure> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut out = bytes::BytesMut::new();
    out.extend_from_slice(crate::wire::PREFACE);
    crate::wire::frame::write(&mut out, crate::wire::frame::SETTINGS, 0, 0, b"");
    crate::wire::frame::write(&mut out, crate::wire::frame::SETTINGS, crate::wire::frame::ACK, 0, b"");
    stream.write_all(&out).await?;
    stream.flush().await?;
    let mut heard = [0; 256];
    let _ = stream.read(&mut heard).await?;
    Ok(())
}

/// Bytes for each open call.
async fn streams(kind: Kind, connections: usize) -> Result<u64, Failure> {
    let server = Server::start(kind).await?;
    let mut raws = Vec::new();
    for _ in 0..connections {
        let mut raw = Raw::client(server.port, &[]).await?;
        raw.next().await;
        raw.flush().await?;
        raws.push(raw);
    }
    let (warm, counted) = raws.split_at_mut(connections / 10);
    let open = async |raws: &mut [Raw]| -> std::io::Result<()> {
        for raw in raws {
            for n in 0..100 {
                raw.call(2 * n + 1, "Hold");
            }
            raw.flush().await?;
        }
        Ok(())
    };
    open(warm).await?;
    let before = rested(&server).await;
    open(counted).await?;
    let grown = rested(&server).await.saturating_sub(before);
    Ok(grown / (counted.len().max(1) * 100) as u64)
}

/// Memory once the server has had time for what it was asked.
async fn rested(server: &Server) -> u64 {
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.process().resident()
}
