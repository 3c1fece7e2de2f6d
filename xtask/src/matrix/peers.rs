//! Whose programs meet, what each of them can do, and how each is called.
//!
//! In: nothing. Out: paths, arguments, and what is on record of a peer. It does not know how programs are run.

use std::path::{Path, PathBuf};

use crate::workspace::target;

/// Who wrote a client and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Ours,
    Go,
}

/// What is between a client and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Plaintext,
    Tls,
}

/// One official test case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// Whether grpc-go's client makes it.
    go_client: bool,
    /// What grpc-go's server lacks for it, if anything.
    go_server_lacks: Option<&'static str>,
}

impl Security {
    pub(super) const ALL: [Security; 2] = [Security::Plaintext, Security::Tls];

    /// What it adds to a heading.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Security::Plaintext => "",
            Security::Tls => " TLS",
        }
    }
}

impl Peer {
    pub(super) const ALL: [Peer; 2] = [Peer::Ours, Peer::Go];

    pub(super) fn name(self) -> &'static str {
        match self {
            Peer::Ours => "ours",
            Peer::Go => "go",
        }
    }

    /// Where its programs are once they are built.
    pub(super) fn folder(self) -> PathBuf {
        match self {
            Peer::Ours => target().join("debug"),
            Peer::Go => target().join("interop/go/official"),
        }
    }

    pub(super) fn client(self) -> PathBuf {
        match self {
            Peer::Ours => self.folder().join("interop-client"),
            Peer::Go => self.folder().join("client"),
        }
    }

    pub(super) fn server(self) -> PathBuf {
        match self {
            Peer::Ours => self.folder().join("interop-server"),
            Peer::Go => self.folder().join("server"),
        }
    }

    /// Whether its client makes this case.
    pub(super) fn makes(self, case: Case) -> bool {
        self == Peer::Ours || case.go_client
    }

    /// What its server lacks for this case.
    pub(super) fn lacks(self, case: Case) -> Option<&'static str> {
        case.go_server_lacks.filter(|_| self == Peer::Go)
    }

    /// The official flags, which all programs share.
    pub(super) fn client_arguments(self, case: Case, port: u16, authority: Option<&PathBuf>) -> Vec<String> {
        let mut words = vec![
            "--server_host=127.0.0.1".to_owned(),
            format!("--server_port={port}"),
            format!("--test_case={}", case.name),
        ];
        if let Some(authority) = authority {
            words.extend(["--use_tls=true", "--use_test_ca=true"].map(String::from));
            words.push(format!("--ca_file={}", authority.display()));
            words.push(format!("--server_host_override={CERTIFIED_NAME}"));
        }
        words
    }

    /// The same for its server.
    pub(super) fn server_arguments(self, port: u16, files: Option<&(PathBuf, PathBuf)>) -> Vec<String> {
        let mut words = vec![format!("--port={port}")];
        if let Some((certificate, key)) = files {
            let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
            words.push("--use_tls=true".to_owned());
            words.push(file("tls_cert_file", certificate));
            words.push(file("tls_key_file", key));
        }
        words
    }
}

const fn everywhere(name: &'static str) -> Case {
    Case { name, go_client: true, go_server_lacks: None }
}

const fn ours_alone(name: &'static str, go_server_lacks: Option<&'static str>) -> Case {
    Case { name, go_client: false, go_server_lacks }
}

/// Every case that somebody here makes.
pub(super) const CASES: [Case; 22] = [
    everywhere("empty_unary"),
    everywhere("large_unary"),
    ours_alone("client_compressed_unary", NO_EXPECTATION),
    ours_alone("server_compressed_unary", NO_COMPRESSION),
    everywhere("client_streaming"),
    ours_alone("client_compressed_streaming", NO_EXPECTATION),
    everywhere("server_streaming"),
    ours_alone("server_compressed_streaming", NO_COMPRESSION),
    everywhere("ping_pong"),
    everywhere("empty_stream"),
    everywhere("custom_metadata"),
    everywhere("status_code_and_message"),
    everywhere("special_status_message"),
    everywhere("unimplemented_method"),
    everywhere("unimplemented_service"),
    everywhere("cancel_after_begin"),
    everywhere("cancel_after_first_response"),
    everywhere("timeout_on_sleeping_server"),
    ours_alone("concurrent_large_unary", None),
    everywhere("rpc_soak"),
    everywhere("channel_soak"),
    Case {
        name: "pick_first_unary",
        go_client: true,
        go_server_lacks: Some("its server does not say which one it is (`fill_server_id`)"),
    },
];

const NO_EXPECTATION: Option<&str> =
    Some("its server does not look at `expect_compressed`, so the probe goes well");

const NO_COMPRESSION: Option<&str> = Some("its server does not look at `response_compressed`");

/// A name that the test certificates are made out to.
const CERTIFIED_NAME: &str = "foo.test.google.fr";

/// The module that has grpc-go's interoperability programs, and the certificates to test with.
pub(super) const GO_MODULE: &str = "google.golang.org/grpc";

/// The programs themselves.
pub(super) const GO_PROGRAMS: [&str; 3] = [
    "google.golang.org/grpc/interop/client",
    "google.golang.org/grpc/interop/http2",
    "google.golang.org/grpc/interop/server",
];
