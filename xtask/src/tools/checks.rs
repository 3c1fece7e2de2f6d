//! What is typed, and what must come of it.
//!
//! In: nothing. Out: the servers, the tools, and a table of lines. `ADDRESS` stands for where a server listens.

use std::path::PathBuf;

use super::tools_folder;
use crate::workspace::target;

/// One line to type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    pub(super) house: House,
    pub(super) tool: Tool,
    pub(super) words: &'static [&'static str],
    pub(super) exit: i32,
    /// What must be found in its output; spaces count as one.
    pub(super) says: &'static [&'static str],
}

/// Who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Grpcurl,
    HealthProbe,
    Buf,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum House {
    Demo,
}

impl Tool {
    pub(super) const ALL: [Tool; 3] = [Tool::Grpcurl, Tool::HealthProbe, Tool::Buf];

    pub(super) fn name(self) -> &'static str {
        match self {
            Tool::Grpcurl => "grpcurl",
            Tool::HealthProbe => "grpc-health-probe",
            Tool::Buf => "buf",
        }
    }

    /// The package to install and its version; `None` for our own.
    pub(super) fn module(self) -> Option<(&'static str, &'static str)> {
        match self {
            Tool::Grpcurl => Some(("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4")),
            Tool::HealthProbe => Some(("github.com/grpc-ecosystem/grpc-health-probe", "v0.4.61")),
            Tool::Buf => Some(("github.com/bufbuild/buf/cmd/buf", "v1.75.0")),
        }
    }

    pub(super) fn program(self) -> PathBuf {
        tools_folder().join(self.name())
    }
}

impl House {
    pub(super) const ALL: [House; 1] = [House::Demo];

    pub(super) fn name(self) -> &'static str {
        match self {
            House::Demo => "our demo",
        }
    }

    /// The package of a server written in Go.
    pub(super) fn package(self) -> Option<&'static str> {
        match self {
            House::Demo => None,
        }
    }

    pub(super) fn program(self) -> PathBuf {
        match self {
            House::Demo => target().join("debug/wright"),
        }
    }

    pub(super) fn arguments(self, port: u16) -> Vec<String> {
        match self {
            House::Demo => ["demo", "--listen"]
                .map(String::from)
                .into_iter()
                .chain([format!("127.0.0.1:{port}")])
                .collect(),
        }
    }
}

const fn at_demo(
    tool: Tool,
    words: &'static [&'static str],
    exit: i32,
    says: &'static [&'static str],
) -> Check {
    Check { house: House::Demo, tool, words, exit, says }
}

/// Everything that is typed.
pub(super) const CHECKS: &[Check] = &[
    at_demo(
        Tool::Grpcurl,
        &["-plaintext", "ADDRESS", "list"],
        0,
        &[
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "helloworld.Greeter",
            "routeguide.RouteGuide",
        ],
    ),
    at_demo(
        Tool::Grpcurl,
        &["-plaintext", "ADDRESS", "describe", "routeguide.RouteGuide"],
        0,
        &["rpc RouteChat ( stream .routeguide.RouteNote ) returns ( stream .routeguide.RouteNote );"],
    ),
    at_demo(
        Tool::Grpcurl,
        &["-plaintext", "-d", "{\"name\":\"gopher\"}", "ADDRESS", "helloworld.Greeter/SayHello"],
        0,
        &["\"message\": \"Hello gopher\""],
    ),
    at_demo(
        Tool::Grpcurl,
        &[
            "-plaintext",
            "-d",
            "{\"message\":\"a\"} {\"message\":\"b\"}",
            "ADDRESS",
            "routeguide.RouteGuide/RouteChat",
        ],
        0,
        &["\"message\": \"a\"", "\"message\": \"b\""],
    ),
    at_demo(
        Tool::Grpcurl,
        &["-plaintext", "ADDRESS", "grpc.health.v1.Health/List"],
        0,
        &["\"helloworld.Greeter\": { \"status\": \"SERVING\" }"],
    ),
    at_demo(
        Tool::Grpcurl,
        &["-plaintext", "-d", "{\"service\":\"no.Such\"}", "ADDRESS", "grpc.health.v1.Health/Check"],
        // 64 and the code NOT_FOUND.
        69,
        &["Code: NotFound", "unknown service"],
    ),
    // A watch has no end: it is the deadline that ends it, with DEADLINE_EXCEEDED.
    at_demo(
        Tool::Grpcurl,
        &[
            "-plaintext",
            "-max-time",
            "1",
            "-d",
            "{\"service\":\"no.Such\"}",
            "ADDRESS",
            "grpc.health.v1.Health/Watch",
        ],
        68,
        &["\"status\": \"SERVICE_UNKNOWN\""],
    ),
    at_demo(Tool::Grpcurl, &["-plaintext", "ADDRESS", "describe", "no.Such"], 1, &["no.Such"]),
    at_demo(Tool::HealthProbe, &["-addr", "ADDRESS"], 0, &["status: SERVING"]),
    at_demo(
        Tool::HealthProbe,
        &["-addr", "ADDRESS", "-service", "helloworld.Greeter"],
        0,
        &["status: SERVING"],
    ),
    at_demo(Tool::HealthProbe, &["-addr", "ADDRESS", "-service", "no.Such"], 3, &["NotFound"]),
    at_demo(
        Tool::Buf,
        &[
            "curl",
            "--protocol",
            "grpc",
            "--http2-prior-knowledge",
            "-d",
            "{\"name\":\"buf\"}",
            "http://ADDRESS/helloworld.Greeter/SayHello",
        ],
        0,
        &["\"message\": \"Hello buf\""],
    ),
    at_demo(
        Tool::Buf,
        &["curl", "--protocol", "grpc", "--http2-prior-knowledge", "--list-methods", "http://ADDRESS"],
        0,
        &["helloworld.Greeter/SayHello", "grpc.health.v1.Health/Watch"],
    ),
];
