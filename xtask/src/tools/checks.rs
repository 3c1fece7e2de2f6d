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
    Wright,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum House {
    /// Ours.
    Demo,
    /// grpc-go's, which reflects a Greeter and an Echo.
    GoReflection,
    /// grpc-go's, which says of itself how it is, and does not reflect.
    GoHealth,
}

impl Tool {
    pub(super) const ALL: [Tool; 4] = [Tool::Grpcurl, Tool::HealthProbe, Tool::Buf, Tool::Wright];

    pub(super) fn name(self) -> &'static str {
        match self {
            Tool::Grpcurl => "grpcurl",
            Tool::HealthProbe => "grpc-health-probe",
            Tool::Buf => "buf",
            Tool::Wright => "wright",
        }
    }

    /// The package to install and its version; `None` for our own.
    pub(super) fn module(self) -> Option<(&'static str, &'static str)> {
        match self {
            Tool::Grpcurl => Some(("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4")),
            Tool::HealthProbe => Some(("github.com/grpc-ecosystem/grpc-health-probe", "v0.4.61")),
            Tool::Buf => Some(("github.com/bufbuild/buf/cmd/buf", "v1.75.0")),
            Tool::Wright => None,
        }
    }

    pub(super) fn program(self) -> PathBuf {
        match self {
            Tool::Wright => wright(),
            installed => tools_folder().join(installed.name()),
        }
    }
}

impl House {
    pub(super) const ALL: [House; 3] = [House::Demo, House::GoReflection, House::GoHealth];

    pub(super) fn name(self) -> &'static str {
        match self {
            House::Demo => "our demo",
            House::GoReflection => "grpc-go's features/reflection",
            House::GoHealth => "grpc-go's features/health",
        }
    }

    /// The package of a server written in Go.
    pub(super) fn package(self) -> Option<&'static str> {
        match self {
            House::Demo => None,
            House::GoReflection => Some("google.golang.org/grpc/examples/features/reflection/server"),
            House::GoHealth => Some("google.golang.org/grpc/examples/features/health/server"),
        }
    }

    pub(super) fn program(self) -> PathBuf {
        match self {
            House::Demo => wright(),
            House::GoReflection => target().join("interop/go/reflection/server"),
            House::GoHealth => target().join("interop/go/health/server"),
        }
    }

    pub(super) fn arguments(self, port: u16) -> Vec<String> {
        match self {
            House::Demo => vec!["demo".into(), "--listen".into(), format!("127.0.0.1:{port}")],
            House::GoReflection => vec![format!("--port={port}")],
            // It changes its mind at this interval, and shall not while it is asked.
            House::GoHealth => vec![format!("--port={port}"), "--sleep=1h".into()],
        }
    }
}

fn wright() -> PathBuf {
    target().join("debug/wright")
}

const fn at_demo(
    tool: Tool,
    words: &'static [&'static str],
    exit: i32,
    says: &'static [&'static str],
) -> Check {
    Check { house: House::Demo, tool, words, exit, says }
}

const fn at_go(
    house: House,
    words: &'static [&'static str],
    exit: i32,
    says: &'static [&'static str],
) -> Check {
    Check { house, tool: Tool::Wright, words, exit, says }
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
    at_go(
        House::GoReflection,
        &["list", "-plaintext", "ADDRESS"],
        0,
        &["grpc.examples.echo.Echo", "grpc.reflection.v1.ServerReflection", "helloworld.Greeter"],
    ),
    at_go(
        House::GoReflection,
        &["describe", "-plaintext", "ADDRESS", "helloworld.HelloRequest"],
        0,
        &["helloworld.HelloRequest is a message: message HelloRequest { string name = 1; }"],
    ),
    at_go(
        House::GoReflection,
        &["-plaintext", "-d", "{\"name\":\"crab\"}", "ADDRESS", "helloworld.Greeter/SayHello"],
        0,
        &["{ \"message\": \"Hello crab\" }"],
    ),
    at_go(
        House::GoReflection,
        &["-plaintext", "-v", "ADDRESS", "grpc.examples.echo.Echo.ClientStreamingEcho"],
        // 64 and the code UNIMPLEMENTED.
        76,
        &["Code: Unimplemented", "hint: `wright list ADDRESS grpc.examples.echo.Echo`"],
    ),
    at_go(
        House::GoReflection,
        &["-plaintext", "ADDRESS", "helloworld.Greter/SayHello"],
        1,
        &["hint: did you mean helloworld.Greeter?"],
    ),
    at_go(House::GoReflection, &["probe", "-addr", "ADDRESS"], 3, &["no health service"]),
    at_go(House::GoHealth, &["probe", "-addr", "ADDRESS", "-v"], 0, &["status: SERVING"]),
    at_go(House::GoHealth, &["probe", "-addr", "ADDRESS", "-service", "no.Such"], 3, &["NOT_FOUND"]),
    at_go(House::GoHealth, &["probe", "-addr", "ADDRESS", "-tls"], 2, &["leave out -tls"]),
    at_go(House::GoHealth, &["list", "-plaintext", "ADDRESS"], 76, &["-proto FILE or -protoset FILE"]),
];
