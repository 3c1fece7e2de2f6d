//! The flags that say where descriptors come from: grpcurl's, letter for letter.
//!
//! Must not know: how they are read.

use std::path::PathBuf;

use clap::Args;

/// Where descriptors come from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Descriptors")]
pub(crate) struct SchemaFlags {
    /// Read this .proto file instead of asking the server
    #[arg(long, value_name = "FILE", conflicts_with = "protoset")]
    pub(crate) proto: Vec<String>,
    /// Look here for .proto files and what they import
    #[arg(long, value_name = "FOLDER")]
    pub(crate) import_path: Vec<PathBuf>,
    /// Read this encoded FileDescriptorSet instead of asking the server
    #[arg(long, value_name = "FILE")]
    pub(crate) protoset: Vec<PathBuf>,
    /// Ask the server as well; it is asked anyway where no file is given
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub(crate) use_reflection: Option<bool>,
    /// Write the descriptors that were used to this file, as a FileDescriptorSet
    #[arg(long, value_name = "FILE")]
    pub(crate) protoset_out: Option<PathBuf>,
    /// Write them to this folder, as .proto files
    #[arg(long, value_name = "FOLDER")]
    pub(crate) proto_out_dir: Option<PathBuf>,
}

impl SchemaFlags {
    /// Whether files are given.
    pub(crate) fn has_files(&self) -> bool {
        !self.proto.is_empty() || !self.protoset.is_empty()
    }

    /// Whether the descriptors are to be written anywhere.
    pub(crate) fn wants_files(&self) -> bool {
        self.protoset_out.is_some() || self.proto_out_dir.is_some()
    }

    /// Whether anybody is asked at all.
    pub(crate) fn has_source(&self) -> bool {
        self.has_files() || self.asks_server()
    }

    /// Whether the server is asked.
    pub(crate) fn asks_server(&self) -> bool {
        self.use_reflection.unwrap_or(!self.has_files())
    }
}
