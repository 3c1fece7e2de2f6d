//! What crossed the wire during the call, for `--explain`.
//!
//! In: the bytes of the call's connection, above TLS, as a recording in memory. Out: the recording, told byte by byte
//! as `wright explain` tells one.
//!
//! Must not know: what was called.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use wirewright::Tap;

use crate::explain;
use crate::failure::Failure;
use crate::output;

/// A recording in memory; its clones share it.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// Listens for it.
    pub(super) fn tap(&self) -> Result<Tap, Failure> {
        Tap::record(self.clone(), []).map_err(Failure::Output)
    }

    /// Tells what was heard.
    pub(super) async fn explain(&self) -> Result<(), Failure> {
        // The connection's own task says its last words, GOAWAY and that it is over, if it is let.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        let recording = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        output::print("\n")?;
        explain::tell_recording(&recording)
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// More turns than a connection needs to end. What it has not said by then is not waited for.
const TURNS: usize = 100;
