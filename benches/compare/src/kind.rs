//! Who is measured.
//!
//! In: a name, on the command line. Out: the same name, in a table; which program plays its server and its client, and
//! what it has to offer.

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
    /// connectrpc, speaking gRPC: `peers/connectrpc`.
    Connectrpc,
    /// volo-grpc: `peers/volo`.
    Volo,
    /// pajamax, a server of unary calls only: `peers/pajamax`.
    Pajamax,
    /// The `grpc` crate, a client only: `peers/grpc`.
    Grpc,
    /// grpc-go, a server only: `peers/go`.
    Go,
    /// C-core, as C++ has it: `peers/cpp`.
    Core,
}

impl Kind {
    /// Those that every work is done by, in the order of the tables.
    pub const ALWAYS: [Kind; 3] = [Kind::Floor, Kind::Ours, Kind::Tonic];

    /// Those that have programs of their own, which may not have been built.
    pub const PEERS: [Kind; 6] =
        [Kind::Connectrpc, Kind::Volo, Kind::Pajamax, Kind::Grpc, Kind::Go, Kind::Core];

    /// Those that are servers and have been built.
    pub fn servers() -> Result<Vec<Kind>, Failure> {
        Kind::built(|kind| kind != Kind::Grpc)
    }

    /// Those that are clients and have been built.
    pub fn clients() -> Result<Vec<Kind>, Failure> {
        Kind::built(|kind| !matches!(kind, Kind::Pajamax | Kind::Go))
    }

    fn built(wanted: impl Fn(Kind) -> bool) -> Result<Vec<Kind>, Failure> {
        let mut kinds = Kind::ALWAYS.to_vec();
        for kind in Kind::PEERS {
            if wanted(kind) && beside(kind.player())?.is_file() {
                kinds.push(kind);
            }
        }
        Ok(kinds)
    }

    /// Those that have not been built, a line for each that says why.
    pub fn skipped() -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        for kind in Kind::PEERS {
            let program = beside(kind.player())?;
            if !program.is_file() {
                // Whoever built the programs leaves a note where one could not be had.
                let why = std::fs::read_to_string(program.with_extension("skipped"));
                let why =
                    why.unwrap_or_else(|_| format!("there is no {} beside this program", kind.player()));
                lines.push(format!("skipped: {}, because {}", kind.name(), why.trim()));
            }
        }
        Ok(lines)
    }

    /// Whether it takes messages of this size. A message for pajamax must fit into one frame of HTTP/2.
    pub const fn takes(self, size: usize) -> bool {
        !matches!(self, Kind::Pajamax) || size <= 8 * 1024
    }

    /// Whether it is in the comparison of TLS.
    pub const fn has_tls(self) -> bool {
        matches!(self, Kind::Floor | Kind::Ours | Kind::Tonic | Kind::Go | Kind::Core)
    }

    /// Whether its server can hold thousands of connections, and streams on them: pajamax has a thread for each
    /// connection, and no streams.
    pub const fn is_patient(self) -> bool {
        !matches!(self, Kind::Pajamax)
    }

    /// The name on the command line and in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Floor => "h2",
            Kind::Ours => "wirewright",
            Kind::Armed => "wirewright, armed",
            Kind::Tonic => "tonic",
            Kind::Connectrpc => "connectrpc",
            Kind::Volo => "volo-grpc",
            Kind::Pajamax => "pajamax",
            Kind::Grpc => "grpc",
            Kind::Go => "grpc-go",
            Kind::Core => "C-core",
        }
    }

    /// The program that is a server of this kind and nothing else, where there is one.
    pub const fn program(self) -> &'static str {
        match self {
            Kind::Floor => "server-h2",
            Kind::Ours | Kind::Armed => "server-wirewright",
            Kind::Tonic => "server-tonic",
            Kind::Connectrpc => "server-connectrpc",
            Kind::Volo => "server-volo",
            Kind::Grpc | Kind::Pajamax | Kind::Go | Kind::Core => self.player(),
        }
    }

    /// The program that plays its server, or its client, when it is told to.
    pub const fn player(self) -> &'static str {
        match self {
            // These three are one program, so that what differs is the library and not how it was linked.
            Kind::Floor | Kind::Ours | Kind::Armed | Kind::Tonic => "compare",
            Kind::Connectrpc => "peer-connectrpc",
            Kind::Volo => "peer-volo",
            Kind::Pajamax => "server-pajamax",
            Kind::Grpc => "peer-grpc",
            Kind::Go => "server-go",
            Kind::Core => "server-cpp",
        }
    }

    /// The same over TLS, which the three have in a program that is built with it.
    pub const fn player_with_tls(self) -> &'static str {
        match self {
            Kind::Floor | Kind::Ours | Kind::Tonic => "tls",
            _ => self.player(),
        }
    }

    /// Whether it is somebody else's library: neither the floor nor ours.
    pub const fn is_peer(self) -> bool {
        !matches!(self, Kind::Floor | Kind::Ours | Kind::Armed)
    }
}

impl std::str::FromStr for Kind {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Kind, Failure> {
        let mut kinds = Kind::ALWAYS.into_iter().chain(Kind::PEERS).chain([Kind::Armed]);
        kinds.find(|kind| kind.name() == text).ok_or_else(|| format!("nobody is called {text:?}").into())
    }
}

/// A program that lies beside this one.
pub fn beside(name: &str) -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
