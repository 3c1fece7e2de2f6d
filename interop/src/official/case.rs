//! The test cases by name, and which of them cannot be made here.
//!
//! In: a name. Out: the case, or the sentence that says why there is none.

/// A test case that this client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    EmptyUnary,
    LargeUnary,
    CacheableUnary,
    ClientCompressedUnary,
    ServerCompressedUnary,
    ClientStreaming,
    ClientCompressedStreaming,
    ServerStreaming,
    ServerCompressedStreaming,
    PingPong,
    EmptyStream,
    CustomMetadata,
    StatusCodeAndMessage,
    SpecialStatusMessage,
    UnimplementedMethod,
    UnimplementedService,
    CancelAfterBegin,
    CancelAfterFirstResponse,
    TimeoutOnSleepingServer,
    ConcurrentLargeUnary,
    RpcSoak,
    ChannelSoak,
    PickFirstUnary,
    LongLivedChannel,
}

/// Every case, in the order of the descriptions.
pub(super) const CASES: [(&str, Case); 24] = [
    ("empty_unary", Case::EmptyUnary),
    ("cacheable_unary", Case::CacheableUnary),
    ("large_unary", Case::LargeUnary),
    ("client_compressed_unary", Case::ClientCompressedUnary),
    ("server_compressed_unary", Case::ServerCompressedUnary),
    ("client_streaming", Case::ClientStreaming),
    ("client_compressed_streaming", Case::ClientCompressedStreaming),
    ("server_streaming", Case::ServerStreaming),
    ("server_compressed_streaming", Case::ServerCompressedStreaming),
    ("ping_pong", Case::PingPong),
    ("empty_stream", Case::EmptyStream),
    ("custom_metadata", Case::CustomMetadata),
    ("status_code_and_message", Case::StatusCodeAndMessage),
    ("special_status_message", Case::SpecialStatusMessage),
    ("unimplemented_method", Case::UnimplementedMethod),
    ("unimplemented_service", Case::UnimplementedService),
    ("cancel_after_begin", Case::CancelAfterBegin),
    ("cancel_after_first_response", Case::CancelAfterFirstResponse),
    ("timeout_on_sleeping_server", Case::TimeoutOnSleepingServer),
    ("concurrent_large_unary", Case::ConcurrentLargeUnary),
    ("rpc_soak", Case::RpcSoak),
    ("channel_soak", Case::ChannelSoak),
    ("pick_first_unary", Case::PickFirstUnary),
    ("long_lived_channel", Case::LongLivedChannel),
];

/// The case of this name.
///
/// # Errors
///
/// Says why there is none.
pub(super) fn named(name: &str) -> Result<Case, String> {
    if let Some((_, case)) = CASES.iter().find(|(known, _)| *known == name) {
        return Ok(*case);
    }
    Err(match ELSEWHERE.iter().find(|(known, _)| known.contains(&name)) {
        Some((_, why)) => format!("test case {name}: {why}"),
        None => {
            let names = CASES.map(|(name, _)| name).join(" ");
            format!("there is no test case {name:?}; there are: all {names}")
        }
    })
}

/// Official cases that are not made here, and why.
const ELSEWHERE: [(&[&str], &str); 2] = [
    (
        &[
            "compute_engine_creds",
            "jwt_token_creds",
            "oauth2_auth_token",
            "per_rpc_creds",
            "google_default_credentials",
            "compute_engine_channel_credentials",
            "service_account_creds",
        ],
        "it needs an account of Google Cloud, and is not available here",
    ),
    (&["orca_per_rpc", "orca_oob"], "load reports (ORCA, gRFC A51) are not implemented yet"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_found_by_its_name() {
        for (name, case) in CASES {
            assert_eq!(named(name), Ok(case));
        }
    }

    #[test]
    fn what_is_not_made_says_why() {
        assert!(named("orca_oob").unwrap_err().contains("A51"));
        assert!(named("jwt_token_creds").unwrap_err().contains("Google"));
        assert!(named("nonsense").unwrap_err().contains("ping_pong"));
    }
}
