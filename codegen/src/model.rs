//! What the printer needs to know about services, and nothing else.
//!
//! `lower.rs` builds these from descriptors and decides every name; `service.rs` and `client.rs` print them without
//! deciding anything. No type of prost's is in here.

use std::collections::BTreeSet;

/// Everything that one Rust module says about services.
#[derive(Debug)]
pub(crate) struct Package {
    /// The names of the messages and enums at the top of the module. A printed name that any of them would shadow
    /// is written out in full.
    pub(crate) types: BTreeSet<String>,
    /// In the order of the files, and in the order in which each file declares them.
    pub(crate) services: Vec<Service>,
}

/// One service.
#[derive(Debug)]
pub(crate) struct Service {
    /// Which file of the set declares it.
    pub(crate) file: usize,
    /// What stands in paths on the wire: `helloworld.Greeter`.
    pub(crate) full_name: String,
    /// The word that all its Rust names are made of: `Greeter`, hence `GreeterServer` and `GreeterClient`.
    pub(crate) word: String,
    /// Lines of rustdoc, safe to print as they are.
    pub(crate) docs: Vec<String>,
    /// `option deprecated = true`.
    pub(crate) deprecated: bool,
    /// In the order of the file.
    pub(crate) methods: Vec<Method>,
}

/// One method.
#[derive(Debug)]
pub(crate) struct Method {
    /// As the `.proto` file has it: `SayHello`.
    pub(crate) proto_name: String,
    /// The name of the trait's and the client's function: `say_hello`.
    pub(crate) function: String,
    /// The name of the constant: `GREETER_SAY_HELLO`.
    pub(crate) constant: String,
    /// Which halves stream.
    pub(crate) kind: Kind,
    /// The Rust type that the client sends.
    pub(crate) input: String,
    /// The Rust type that the server sends.
    pub(crate) output: String,
    /// What the author promises about calling twice, if anything: a variant of `Idempotency`.
    pub(crate) idempotency: Option<&'static str>,
    /// Lines of rustdoc, safe to print as they are.
    pub(crate) docs: Vec<String>,
    /// `option deprecated = true`.
    pub(crate) deprecated: bool,
}

/// Which halves of a call carry any number of messages instead of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One message each way.
    Unary,
    /// One there, any number back.
    ServerStreaming,
    /// Any number there, one back.
    ClientStreaming,
    /// Any number both ways.
    BidiStreaming,
}

impl Kind {
    /// Reads the two flags of a method's descriptor.
    pub(crate) fn new(client_streams: bool, server_streams: bool) -> Self {
        match (client_streams, server_streams) {
            (false, false) => Self::Unary,
            (false, true) => Self::ServerStreaming,
            (true, false) => Self::ClientStreaming,
            (true, true) => Self::BidiStreaming,
        }
    }

    /// What the library calls this kind in `Method`, `Channel` and `ServerCall` alike.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::ServerStreaming => "server_streaming",
            Self::ClientStreaming => "client_streaming",
            Self::BidiStreaming => "bidi_streaming",
        }
    }

    /// Whether the client sends any number of messages.
    pub(crate) fn client_streams(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::BidiStreaming)
    }

    /// Whether the server sends any number of messages.
    pub(crate) fn server_streams(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::BidiStreaming)
    }
}

impl Package {
    /// `name` itself, or `full` where a message or enum of the module is called `name`.
    pub(crate) fn unshadowed(&self, name: &'static str, full: &'static str) -> &'static str {
        if self.types.contains(name) { full } else { name }
    }
}
