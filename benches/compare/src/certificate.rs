//! A certificate that lives as long as a measurement.
//!
//! In: nothing. Out: a folder with `cert.pem` and `key.pem`, which the program `tls` has made, and which is removed
//! with its owner.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::kind::beside;

/// A folder in the system's place for such things.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder with a new certificate for `localhost`, which signs itself.
    ///
    /// # Errors
    ///
    /// Says so if `tls` has not been built or does not do its part.
    pub fn new() -> Result<Folder, Failure> {
        let folder = Folder(std::env::temp_dir().join(format!("compare-{}", std::process::id())));
        std::fs::create_dir_all(folder.path())?;
        let made = Command::new(beside("tls")?).arg("certificate").arg(folder.path()).status();
        match made.map_err(|error| format!("cannot run tls, which makes the certificate: {error}"))? {
            status if status.success() => Ok(folder),
            status => Err(format!("tls, which makes the certificate, ended with {status}").into()),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
