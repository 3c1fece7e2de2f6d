//! Who is measured.
//!
//! In: a name, on the command line. Out: the same name, in a table; and which program is the server of that name.

use std::path::PathBuf;

use crate::Failure;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The least code over h2 that answers, or asks, correctly.
    Floor,
    /// Wirewright.
    Ours,
    /// Wirewright with an interceptor, deadlines and limits switched on at both ends.
    Armed,
    /// tonic with tonic-prost, as its generator prints it.
    Tonic,
    /// grpc-go, a server only: `peers/go`.
    Go,
}

impl Kind {
    /// Those that are both a server and a client, in the order of the tables.
    pub const BOTH: [Kind; 3] = [Kind::Floor, Kind::Ours, Kind::Tonic];

    const ALL: [Kind; 5] = [Kind::Floor, Kind::Ours, Kind::Armed, Kind::Tonic, Kind::Go];

    /// Those that are servers and have been built.
    pub fn servers() -> Result<Vec<Kind>, Failure> {
        let mut kinds = Kind::BOTH.to_vec();
        kinds.extend(beside(Kind::Go.program())?.is_file().then_some(Kind::Go));
        Ok(kinds)
    }

    /// The name on the command line and in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Floor => "h2",
            Kind::Ours => "wirewright",
            Kind::Armed => "wirewright, armed",
            Kind::Tonic => "tonic",
            Kind::Go => "grpc-go",
        }
    }

    /// The program that is a server of this kind and nothing else.
    pub const fn program(self) -> &'static str {
        match self {
            Kind::Floor => "server-h2",
            Kind::Ours | Kind::Armed => "server-wirewright",
            Kind::Tonic => "server-tonic",
            Kind::Go => "server-go",
        }
    }

    /// Whether it is somebody else's library: neither the floor nor ours.
    pub const fn is_peer(self) -> bool {
        matches!(self, Kind::Tonic | Kind::Go)
    }
}

impl std::str::FromStr for Kind {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Kind, Failure> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| format!("nobody is called {text:?}").into())
    }
}

/// A program that lies beside this one.
pub fn beside(name: &str) -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
