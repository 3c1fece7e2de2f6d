//! One implementation of gRPC: its interoperability client and server, and how they are called.
//!
//! In: what a run wants of a program. Out: its path and its words. It does not know how programs are run, nor where
//! they come from.

use std::path::{Path, PathBuf};

/// An implementation whose programs are here.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// What headings call it.
    pub(super) name: &'static str,
    /// What it is called elsewhere.
    pub(super) title: &'static str,
    pub(super) version: String,
    pub(super) client: Launch,
    pub(super) server: Launch,
    /// The client that meets the misbehaving server.
    pub(super) negative_client: Option<Launch>,
    pub(super) certificates: Certificates,
}

/// A program, and the words that always come first.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) words: Vec<String>,
}

/// How programs come by the certificates to test with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificates {
    /// Flags name the files.
    Named,
    /// They have them built in, and refuse the flags.
    BuiltIn,
}

/// What is between a client and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Plaintext,
    Tls,
}

/// The files that make a connection secure.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// For clients: whose word they take.
    pub(super) authority: PathBuf,
    /// For servers.
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Security {
    /// What it adds to a heading.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Security::Plaintext => "",
            Security::Tls => " TLS",
        }
    }
}

impl Peer {
    /// The official flags of a client, which all programs share but for those that name files.
    pub(super) fn client_words(&self, case: &str, port: u16, files: Option<&Files>) -> Vec<String> {
        let mut words = self.client.words.clone();
        words.extend(["--server_host=127.0.0.1".to_owned(), format!("--server_port={port}")]);
        words.push(format!("--test_case={case}"));
        words.push(format!("--use_tls={}", files.is_some()));
        if let Some(files) = files {
            words.push("--use_test_ca=true".to_owned());
            words.push(format!("--server_host_override={CERTIFIED_NAME}"));
            if self.certificates == Certificates::Named {
                words.push(file("ca_file", &files.authority));
            }
        }
        if case.ends_with("_soak") || case == "long_lived_channel" {
            words.extend(SOAK.map(String::from));
        }
        if case == "long_lived_channel" {
            words.extend(SELDOM.map(String::from));
        }
        words
    }

    /// The same for a server.
    pub(super) fn server_words(&self, port: u16, files: Option<&Files>) -> Vec<String> {
        let mut words = self.server.words.clone();
        words.push(format!("--port={port}"));
        words.push(format!("--use_tls={}", files.is_some()));
        if let (Some(files), Certificates::Named) = (files, self.certificates) {
            words.push(file("tls_cert_file", &files.certificate));
            words.push(file("tls_key_file", &files.key));
        }
        words
    }
}

impl Launch {
    /// A program that needs no words of its own.
    pub(super) fn of(program: PathBuf) -> Launch {
        Launch { program, words: Vec::new() }
    }
}

fn file(flag: &str, path: &Path) -> String {
    format!("--{flag}={}", path.display())
}

/// A name that the test certificates are made out to.
const CERTIFIED_NAME: &str = "foo.test.google.fr";

/// Programs run side by side, so a call may wait for the core that another pair is using.
const SOAK: [&str; 2] =
    ["--soak_per_iteration_max_acceptable_latency_ms=10000", "--soak_overall_timeout_seconds=60"];

/// What makes a channel live longer than its calls.
const SELDOM: [&str; 2] = ["--soak_iterations=5", "--soak_min_time_ms_between_rpcs=500"];
