//! Messages between the runner and a program under test.
//!
//! In: bytes of a pipe. Out: messages, and back. It is not gRPC's framing: there is no flag, only a length.
//!
//! ```text
//!   +--------+--------+--------+--------+----------------- ...
//!   |    length, big-endian, 32 bits    |  the message
//!   +--------+--------+--------+--------+----------------- ...
//! ```

use std::io;

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The next message; `None` at the end of the pipe.
///
/// # Errors
///
/// If the pipe breaks, ends in the middle of a message, or carries something else.
pub(super) async fn read<M: Message + Default>(pipe: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u64::from(u32::from_be_bytes(length));
    // Grows as bytes come, so a length that lies costs nothing.
    let mut bytes = Vec::new();
    if pipe.take(length).read_to_end(&mut bytes).await? as u64 != length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the pipe ended inside a message"));
    }
    let message = M::decode(bytes.as_slice());
    message.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Writes a message, and hands it over at once.
///
/// # Errors
///
/// If the pipe breaks.
pub(super) async fn write(pipe: &mut (impl AsyncWrite + Unpin), message: &impl Message) -> io::Result<()> {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    pipe.write_all(&length.to_be_bytes()).await?;
    pipe.write_all(&bytes).await?;
    pipe.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::connectrpc::conformance::v1::Header;

    #[tokio::test]
    async fn what_was_written_is_read_and_then_comes_the_end() {
        let header = Header { name: "a".into(), value: vec!["b".into()] };
        let mut pipe = Vec::new();
        write(&mut pipe, &header).await.unwrap();
        assert_eq!(pipe[..4], [0, 0, 0, 6]);
        let mut pipe = pipe.as_slice();
        assert_eq!(read::<Header>(&mut pipe).await.unwrap(), Some(header));
        assert_eq!(read::<Header>(&mut pipe).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_message_cut_short_is_an_error() {
        let mut pipe: &[u8] = &[0, 0, 0, 6, 1];
        assert!(read::<Header>(&mut pipe).await.is_err());
    }
}
