//! The cases, and what is on record of each peer: which it does not make, and which it gets wrong.
//!
//! In: nothing. Out: for a client, a server and a case, whether the cell is to be played and how it must end. An
//! entry is no excuse: a cell that passes although it is on record fails the run.

/// Something that a peer lacks, or does in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absence {
    pub(super) peer: &'static str,
    pub(super) kind: Kind,
    pub(super) cases: &'static [&'static str],
    pub(super) why: &'static str,
}

/// On which side something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The client does not make the case.
    NotMade,
    /// The client makes it, and gets it wrong whatever the server does.
    ClientFails,
    /// The client makes it, and gets it wrong unless the server is quicker than it is.
    ClientMayFail,
    /// The server lacks what the case needs.
    ServerLacks,
    /// The server lacks it as well, and its own implementation's client does not look.
    ServerLacksUnseen,
}

/// What a cell must come to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    MustPass,
    MustFail(&'static Absence),
    /// It is a matter of luck.
    MayFail,
    NotMade,
}

/// What the cell of this client, server and case must come to.
pub(super) fn verdict(client: &str, server: &str, case: &str) -> Verdict {
    let concerned = |absence: &&Absence| {
        absence.cases.contains(&case)
            && match absence.kind {
                Kind::NotMade | Kind::ClientFails | Kind::ClientMayFail => absence.peer == client,
                Kind::ServerLacks => absence.peer == server,
                Kind::ServerLacksUnseen => absence.peer == server && absence.peer != client,
            }
    };
    let found: Vec<&Absence> = RECORD.iter().filter(concerned).collect();
    if found.iter().any(|absence| absence.kind == Kind::NotMade) {
        return Verdict::NotMade;
    }
    match found.first() {
        None => Verdict::MustPass,
        Some(absence) if absence.kind == Kind::ClientMayFail => Verdict::MayFail,
        Some(absence) => Verdict::MustFail(absence),
    }
}

/// Every case that somebody here makes.
pub(super) const CASES: [&str; 24] = [
    "empty_unary",
    "cacheable_unary",
    "large_unary",
    "client_compressed_unary",
    "server_compressed_unary",
    "client_streaming",
    "client_compressed_streaming",
    "server_streaming",
    "server_compressed_streaming",
    "ping_pong",
    "empty_stream",
    "custom_metadata",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
    "concurrent_large_unary",
    "rpc_soak",
    "channel_soak",
    "pick_first_unary",
    "long_lived_channel",
];

/// The cases of a server that misbehaves on the level of HTTP/2.
pub(super) const NEGATIVE_CASES: [&str; 8] = [
    "goaway",
    "rst_after_header",
    "rst_during_data",
    "rst_after_data",
    "ping",
    "max_streams",
    "data_frame_padding",
    "no_df_padding_sanity_test",
];

/// All that is on record.
pub(super) const RECORD: &[Absence] = &[
    Absence {
        peer: "grpc-go",
        kind: Kind::NotMade,
        cases: &[
            "client_compressed_unary",
            "server_compressed_unary",
            "client_compressed_streaming",
            "server_compressed_streaming",
            "concurrent_large_unary",
            "long_lived_channel",
            "cacheable_unary",
            "data_frame_padding",
            "no_df_padding_sanity_test",
        ],
        why: "its client does not have the case",
    },
    Absence {
        peer: "grpc-go",
        kind: Kind::ServerLacks,
        cases: &["cacheable_unary"],
        why: "its server does not have the method",
    },
    Absence {
        peer: "grpc-go",
        kind: Kind::ServerLacks,
        cases: &["client_compressed_unary", "client_compressed_streaming"],
        why: "its server does not look at `expect_compressed`, so the probe goes well",
    },
    Absence {
        peer: "grpc-go",
        kind: Kind::ServerLacks,
        cases: &["server_compressed_unary", "server_compressed_streaming"],
        why: "its server does not look at `response_compressed`",
    },
    Absence {
        peer: "grpc-go",
        kind: Kind::ServerLacks,
        cases: &["pick_first_unary"],
        why: "its server does not say which one it is (`fill_server_id`)",
    },
    Absence {
        peer: "grpc-go",
        kind: Kind::ClientFails,
        cases: &["rst_during_data"],
        why: "its client wants UNKNOWN after RST_STREAM(NO_ERROR), and its library gives INTERNAL, as the table does",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::NotMade,
        cases: &[
            "concurrent_large_unary",
            "long_lived_channel",
            "data_frame_padding",
            "no_df_padding_sanity_test",
        ],
        why: "its client does not have the case",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ClientFails,
        cases: &["cacheable_unary"],
        why: "its client sends no GET and has no cache, and wants the same answer twice all the same",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ServerLacks,
        cases: &["cacheable_unary"],
        why: "its server does not have the method",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ServerLacks,
        cases: &["client_compressed_unary", "client_compressed_streaming"],
        why: "its server does not look at `expect_compressed`, so the probe goes well",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ServerLacksUnseen,
        cases: &["server_compressed_streaming"],
        why: "its server does not compress streams; its client does not look at the flag",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ServerLacksUnseen,
        cases: &["pick_first_unary"],
        why: "its server does not say which one it is (`fill_server_id`); its client takes no name for a name",
    },
    Absence {
        peer: "grpc-java",
        kind: Kind::ClientFails,
        cases: &["rst_after_header", "rst_during_data", "rst_after_data"],
        why: "its client wants the text \"HTTP/2 error code: NO_ERROR\", and its library puts \"RST_STREAM closed \
              stream.\" before it",
    },
    Absence { peer: "C-core", kind: Kind::NotMade, cases: &["cacheable_unary"], why: "grpcio makes no GET" },
    Absence {
        peer: "C-core",
        kind: Kind::NotMade,
        cases: &["long_lived_channel"],
        why: "the program has no case for it beside `rpc_soak`",
    },
    Absence {
        peer: "C-core",
        kind: Kind::NotMade,
        cases: &["server_compressed_unary", "server_compressed_streaming"],
        why: "grpcio does not tell whether a response came compressed",
    },
    Absence {
        peer: "C-core",
        kind: Kind::NotMade,
        cases: &["client_compressed_streaming"],
        why: "grpcio compresses all requests of a stream or none",
    },
    Absence {
        peer: "C-core",
        kind: Kind::ServerLacks,
        cases: &["client_compressed_unary", "client_compressed_streaming"],
        why: "grpcio does not tell a handler whether a request came compressed, so the probe goes well",
    },
    Absence {
        peer: "grpc-js",
        kind: Kind::NotMade,
        cases: &["cacheable_unary"],
        why: "grpc-js makes no GET",
    },
    Absence {
        peer: "grpc-js",
        kind: Kind::NotMade,
        cases: &["long_lived_channel"],
        why: "the program has no case for it beside `rpc_soak`",
    },
    Absence {
        peer: "grpc-js",
        kind: Kind::NotMade,
        cases: &["server_compressed_unary", "server_compressed_streaming"],
        why: "grpc-js does not tell whether a response came compressed",
    },
    Absence {
        peer: "grpc-js",
        kind: Kind::ServerLacks,
        cases: &["client_compressed_unary", "client_compressed_streaming"],
        why: "grpc-js does not tell a handler whether a request came compressed, so the probe goes well",
    },
    Absence {
        peer: "grpc-js",
        kind: Kind::ServerLacks,
        cases: &["server_compressed_unary", "server_compressed_streaming"],
        why: "a server of grpc-js does not compress responses",
    },
    Absence { peer: "tonic", kind: Kind::NotMade, cases: &["cacheable_unary"], why: "tonic makes no GET" },
    Absence {
        peer: "tonic",
        kind: Kind::NotMade,
        cases: &["long_lived_channel"],
        why: "the program has no case for it beside `rpc_soak`",
    },
    Absence {
        peer: "tonic",
        kind: Kind::NotMade,
        cases: &["server_compressed_unary", "server_compressed_streaming"],
        why: "tonic does not tell whether a response came compressed",
    },
    Absence {
        peer: "tonic",
        kind: Kind::NotMade,
        cases: &["client_compressed_streaming"],
        why: "tonic compresses all requests of a stream or none",
    },
    Absence {
        peer: "tonic",
        kind: Kind::NotMade,
        cases: &["cancel_after_begin", "cancel_after_first_response"],
        why: "a call of tonic is cancelled by dropping it, and then nobody is left to be told CANCELLED",
    },
    Absence {
        peer: "tonic",
        kind: Kind::ClientMayFail,
        cases: &["timeout_on_sleeping_server"],
        why: "tonic ends a call whose deadline passes with CANCELLED, unless the server's DEADLINE_EXCEEDED is there a \
              moment before, and does not watch the deadline once there is a head",
    },
    Absence {
        peer: "tonic",
        kind: Kind::ServerLacks,
        cases: &["client_compressed_unary", "client_compressed_streaming"],
        why: "tonic does not tell a handler whether a request came compressed, so the probe goes well",
    },
    Absence {
        peer: "tonic",
        kind: Kind::ServerLacks,
        cases: &["server_compressed_streaming"],
        why: "tonic compresses all responses of a stream or none",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_about_cases_that_there_are() {
        for absence in RECORD {
            for case in absence.cases {
                assert!(CASES.contains(case) || NEGATIVE_CASES.contains(case), "{case}");
            }
        }
    }

    #[test]
    fn nothing_excuses_us() {
        assert!(RECORD.iter().all(|absence| absence.peer != "Wirewright"));
        for case in CASES {
            assert!(matches!(verdict("Wirewright", "Wirewright", case), Verdict::MustPass), "{case}");
        }
    }

    #[test]
    fn what_a_server_lacks_its_own_client_may_overlook() {
        let case = "pick_first_unary";
        assert!(matches!(verdict("Wirewright", "grpc-java", case), Verdict::MustFail(_)));
        assert!(matches!(verdict("grpc-java", "grpc-java", case), Verdict::MustPass));
        assert!(matches!(verdict("tonic", "tonic", "server_compressed_unary"), Verdict::NotMade));
    }
}
