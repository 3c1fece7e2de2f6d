//! The examples that are paired, and what each program must say.
//!
//! In: nothing. Out: one [`Example`] for each. What a program `says` comes from
//! grpc-go's own acceptance script (`examples_test.sh`); beyond that, a grpc-go
//! program must log with ours what it logs with another grpc-go program, line
//! for line, after [`Example::blur`] has taken out what is left to chance. It
//! does not know how programs are started.

use super::transcript::{number_after, without_numbers};

/// A client and a server that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// Where it is in grpc-go's folder of examples; ours has the same layout.
    pub(crate) folder: &'static str,
    pub(crate) client: Role,
    pub(crate) server: Role,
    /// The exit code of each run of the client; one run for each.
    pub(crate) exits: &'static [i32],
    /// The server reads a database of features.
    pub(crate) database: bool,
    pub(crate) tls: Tls,
    /// The server ends of its own accord, and ends well.
    pub(crate) server_ends: bool,
    /// Two tasks of one program log at the same time: only the set of lines is certain.
    pub(crate) any_order: bool,
    /// A line as it is compared, or `None` for one that may be there or not.
    pub(crate) blur: fn(&str) -> Option<String>,
    /// What must hold between the client's log and the server's.
    pub(crate) agree: fn(client: &[String], server: &[String]) -> Result<(), String>,
}

/// One of the two programs of an example.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    /// The name of grpc-go's program.
    pub(crate) program: &'static str,
    /// What must be found in its log; spaces count as one.
    pub(crate) says: &'static [&'static str],
    /// What our program logs.
    pub(crate) ours: Ours,
}

/// Whether the two speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// They cannot.
    No,
    /// If they are told to.
    WithFlag,
    /// They know nothing else.
    Always,
}

/// How the log of our program relates to grpc-go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// The same lines.
    SameLines,
    /// Its own, because our way to do the thing has other moments to tell of; these must be among them.
    OwnLines(&'static [&'static str]),
}

impl Example {
    /// What the programs of this example are about, as one word.
    pub(crate) fn subject(&self) -> &'static str {
        self.folder.rsplit('/').next().unwrap_or(self.folder)
    }

    /// The file name of our client or server.
    pub(crate) fn our_program(&self, role: &Role) -> String {
        match role.program {
            "client" | "server" => format!("{}_{}", self.subject(), role.program),
            named => named.to_owned(),
        }
    }

    /// A log as it is compared.
    pub(crate) fn comparable(&self, lines: &[String]) -> Vec<String> {
        let mut lines: Vec<String> = lines.iter().filter_map(|line| (self.blur)(line)).collect();
        if self.any_order {
            lines.sort();
        }
        lines
    }
}

const CLIENT: Role = Role { program: "client", says: &[], ours: Ours::SameLines };
const SERVER: Role = Role { program: "server", says: &[], ours: Ours::SameLines };

/// An example that needs nothing special.
const PLAIN: Example = Example {
    name: "",
    folder: "",
    client: CLIENT,
    server: SERVER,
    exits: &[0],
    database: false,
    tls: Tls::No,
    server_ends: false,
    any_order: false,
    blur: |line| Some(line.to_owned()),
    agree: |_, _| Ok(()),
};

/// The tour of all four kinds of calls.
const ROUTE_GUIDE: Example = Example {
    folder: "route_guide",
    client: Role { says: &["Feature: name: \"\", point:(416851321, -742674555)"], ..CLIENT },
    database: true,
    blur: without_the_random_route,
    agree: every_point_was_counted,
    ..PLAIN
};

/// All of them; those that take seconds come first, so that no long one is left for last.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        name: "deadline",
        folder: "features/deadline",
        client: Role {
            says: &[
                "[1] wanted = OK, got = OK",
                "[2] wanted = DeadlineExceeded, got = DeadlineExceeded",
                "[4] wanted = DeadlineExceeded, got = DeadlineExceeded",
                "[6] wanted = DeadlineExceeded, got = DeadlineExceeded",
            ],
            ..CLIENT
        },
        ..PLAIN
    },
    Example {
        name: "flow_control",
        folder: "features/flow_control",
        client: Role { says: &["Sending is blocked.", "Stream ended successfully."], ..CLIENT },
        server: Role { says: &["Sending is blocked.", "Stream ended successfully."], ..SERVER },
        // How many messages fit into a window is each implementation's own affair.
        blur: |line| Some(without_numbers(line)),
        agree: nothing_was_lost,
        ..PLAIN
    },
    Example {
        name: "metadata",
        folder: "features/metadata",
        client: Role { says: &["this is examples/metadata"], ..CLIENT },
        server: Role { says: &["message:\"this is examples/metadata\", sending echo"], ..SERVER },
        any_order: true,
        ..PLAIN
    },
    Example {
        name: "gracefulstop",
        folder: "features/gracefulstop",
        client: Role {
            says: &["Successful unary requests processed by server and made by client are same."],
            ..CLIENT
        },
        server: Role { says: &["Server stopped gracefully."], ..SERVER },
        server_ends: true,
        blur: without_the_refusal,
        ..PLAIN
    },
    Example {
        name: "helloworld",
        folder: "helloworld",
        client: Role { program: "greeter_client", says: &["Greeting: Hello world"], ..CLIENT },
        server: Role { program: "greeter_server", says: &["Received: world"], ..SERVER },
        ..PLAIN
    },
    Example { name: "route_guide", ..ROUTE_GUIDE },
    Example { name: "route_guide_tls", tls: Tls::WithFlag, ..ROUTE_GUIDE },
    Example {
        name: "error_details",
        folder: "features/error_details",
        client: Role {
            says: &[
                "Greeting: Hello world",
                "Quota failure: violations:{subject:\"name:world\" description:\"Limit one greeting per person\"}",
            ],
            ..CLIENT
        },
        // Only the second greeting of the same name goes over the quota.
        exits: &[0, 1],
        ..PLAIN
    },
    Example {
        name: "error_handling",
        folder: "features/error_handling",
        // Whose name it is depends on how the two find out who runs them.
        client: Role {
            says: &["Received error"],
            ours: Ours::OwnLines(&[
                "Received error: rpc error: code = InvalidArgument desc = request missing required field: Name",
                "Received response: Hello ",
            ]),
            ..CLIENT
        },
        ..PLAIN
    },
    Example {
        name: "cancellation",
        folder: "features/cancellation",
        // To cancel a call of ours is to drop it, so that nothing is left that could report it.
        client: Role {
            says: &["cancelling context", "stream.Recv() returned expected error"],
            ours: Ours::OwnLines(&["received message \"world\"", "cancelling context"]),
            ..CLIENT
        },
        // Our handler is not told of it either: it is dropped.
        server: Role {
            says: &["error receiving from stream: rpc error: code = Canceled desc = context canceled"],
            ours: Ours::OwnLines(&["server: the call was cancelled, and its handler dropped"]),
            ..SERVER
        },
        // The last message races with the cancellation.
        blur: |line| (line != "echoing message \"closed\"").then(|| line.to_owned()),
        ..PLAIN
    },
    Example {
        name: "multiplex",
        folder: "features/multiplex",
        client: Role { says: &["Greeting: Hello multiplex"], ..CLIENT },
        server: Role { says: &["server listening at"], ..SERVER },
        ..PLAIN
    },
    Example {
        name: "interceptor",
        folder: "features/interceptor",
        // grpc-go logs that it is about to receive, ours that a message is there.
        client: Role {
            says: &["UnaryEcho: hello world"],
            ours: Ours::OwnLines(&[
                "UnaryEcho: hello world",
                "BidiStreaming Echo: Request 5",
                "LOG: RPC: /grpc.examples.echo.Echo/UnaryEcho",
                "LOG: Send a message",
                "LOG: Receive a message",
                "err: <nil>",
            ]),
            ..CLIENT
        },
        server: Role {
            says: &["unary echoing message \"hello world\""],
            ours: Ours::OwnLines(&[
                "unary echoing message \"hello world\"",
                "bidi echoing message \"Request 5\"",
                "LOG: Receive a message",
                "LOG: Send a message",
            ]),
            ..SERVER
        },
        tls: Tls::Always,
        ..PLAIN
    },
    Example {
        name: "metadata_interceptor",
        folder: "features/metadata_interceptor",
        // Our metadata leaves out what belongs to HTTP: there is no content-type in it.
        client: Role { says: METADATA_OF_BOTH, ours: Ours::OwnLines(METADATA_OF_BOTH), ..CLIENT },
        server: Role { says: &["key1 from metadata:"], ..SERVER },
        // grpc-go's stream interceptor adds its header when the head has already left; ours is in
        // time, so the header is there once more.
        blur: |line| (line != "header-key: [val]").then(|| line.to_owned()),
        any_order: true,
        ..PLAIN
    },
];

/// What the client of `metadata_interceptor` gets from either server.
const METADATA_OF_BOTH: &[&str] =
    &["BidiStreaming Echo: hello world", "header-key: [val]", "trailer-key: [val]"];

/// The client's route is random, and so is all that is said about it.
fn without_the_random_route(line: &str) -> Option<String> {
    let random = ["Traversing ", "Route summary: "].iter().find(|start| line.starts_with(**start));
    Some(random.map_or(line, |start| *start).to_owned())
}

/// The server counts as many points as the client sent.
fn every_point_was_counted(client: &[String], _: &[String]) -> Result<(), String> {
    equal(
        ("points sent", number_after(client, "Traversing ")),
        ("points counted", number_after(client, "Route summary: point_count:")),
    )
}

/// Each side reads as many messages as the other one sent.
fn nothing_was_lost(client: &[String], server: &[String]) -> Result<(), String> {
    let (sent, read) = ("Sent ", "Read ");
    equal(
        ("messages sent by the client", number_after(client, sent)),
        ("read by the server", number_after(server, read)),
    )?;
    equal(
        ("messages sent by the server", number_after(server, sent)),
        ("read by the client", number_after(client, read)),
    )
}

/// How many calls fit into the last second, and how the refusal of the next one is worded, vary.
fn without_the_refusal(line: &str) -> Option<String> {
    let refusal = "Error calling `UnaryEcho`. Server graceful stop initiated: ";
    match line {
        "Hello" => None,
        line if line.starts_with(refusal) => Some(refusal.to_owned()),
        line => Some(without_numbers(line)),
    }
}

fn equal(one: (&str, Option<u64>), other: (&str, Option<u64>)) -> Result<(), String> {
    match (one.1, other.1) {
        (Some(left), Some(right)) if left == right => Ok(()),
        (left, right) => Err(format!("{}: {left:?}, but {}: {right:?}", one.0, other.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_programs_are_named_after_their_example() {
        let names = |name: &str| {
            let example = EXAMPLES.iter().find(|example| example.name == name).unwrap();
            (example.our_program(&example.client), example.our_program(&example.server))
        };
        assert_eq!(names("helloworld"), ("greeter_client".into(), "greeter_server".into()));
        assert_eq!(names("metadata"), ("metadata_client".into(), "metadata_server".into()));
    }

    #[test]
    fn a_lost_message_is_noticed() {
        let log = |sent: u32, read: u32| [format!("Sent {sent} messages."), format!("Read {read} messages.")];
        assert_eq!(nothing_was_lost(&log(25, 17), &log(17, 25)), Ok(()));
        assert!(nothing_was_lost(&log(25, 17), &log(17, 24)).is_err());
        assert!(nothing_was_lost(&log(25, 17), &[]).is_err());
    }

    #[test]
    fn a_random_route_is_comparable_and_still_counted() {
        let log = ["Traversing 84 points.", "Route summary: point_count:84 distance:-7"].map(String::from);
        let lines: Vec<_> = log.iter().filter_map(|line| without_the_random_route(line)).collect();
        assert_eq!(lines, ["Traversing ", "Route summary: "]);
        assert_eq!(every_point_was_counted(&log, &[]), Ok(()));
    }
}
