//! P24: nobody notices that the numbers of streams have come to an end.
//!
//! A channel whose first connection has fifty streams left makes a thousand calls. None fails, and there is exactly
//! one connection for each fifty calls.
//!
//! The promise names a connection whose first stream is 2^31 - 101; the library lets the number of streams of a
//! connection be set instead, and every connection of the channel has that many.

use wirewright::transport::Http2Settings;
use wirewright::{Endpoint, Request};

use crate::Failure;
use crate::line::Line;
use crate::load::{Kind, filler};
use crate::ours::ECHO;
use crate::process::Server;
use crate::scale::Scale;

/// Ours alone.
pub(crate) async fn measure(_scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut server = Server::start(Kind::Ours).await?;
    let endpoint = Endpoint::new(format!("127.0.0.1:{}", server.port).as_str())?;
    let channel = endpoint.http2(Http2Settings::client().streams_per_connection(STREAMS)).connect().await?;
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move {
                let mut failed = 0;
                for _ in 0..CALLS / IN_FLIGHT {
                    failed += usize::from(channel.unary(&ECHO, Request::new(filler(16))).await.is_err());
                }
                failed
            })
        })
        .collect();
    let mut failed = 0;
    for caller in callers {
        failed += caller.await?;
    }
    let connections = server.stats().await?.of("accepted");
    let expected = (CALLS / STREAMS) as u64;
    Ok(vec![
        Line::new("P24", failed == 0 && connections <= expected)
            .measured(format!("{failed} of {CALLS} failed, {connections} connections"))
            .limit(format!("0 failed, {expected} connections of {STREAMS} streams"))
            .anchor("grpc-go begins anew at three quarters of the numbers"),
    ])
}

const CALLS: usize = 1_000;
const STREAMS: usize = 50;
const IN_FLIGHT: usize = 10;
