//! What must hold for any input: the oracles of the fuzz targets.
//!
//! In: bytes that nobody chose. Out: nothing, or a panic that says which
//! promise was broken. Each function is one target; `fuzz_targets/` hands it
//! to libFuzzer, and `tests/corpora.rs` hands it the seeds, so that a promise
//! broken on a known input fails in an ordinary test.
//!
//! An oracle is either a law (decoding what was encoded gives the same), or a
//! model: the same rule, written a second time in the plainest way, from the
//! specification and not from the code.

mod base64;
mod call_state;
mod chunks;
mod client_bytes;
mod codegen;
mod fields;
mod hostile;
mod inspect;
mod message_decoder;
mod metadata;
mod percent;
mod recording;
mod request_head;
mod rewriter;
mod server_bytes;
mod skimmer;
#[path = "../../tests/support/talk.rs"]
#[expect(
    unreachable_pub,
    dead_code,
    reason = "the service of the library's own tests, of which this is a part"
)]
mod talk;
mod target;
mod timeout;
mod trailers;
mod two_peers;
mod unfold;

pub use base64::base64;
pub use call_state::call_state;
pub use client_bytes::client_bytes;
pub use codegen::codegen;
pub use inspect::inspect;
pub use message_decoder::message_decoder;
pub use metadata::metadata;
pub use percent::percent;
pub use recording::recording;
pub use request_head::request_head;
pub use rewriter::rewriter;
pub use server_bytes::server_bytes;
pub use skimmer::skimmer;
pub use target::target;
pub use timeout::timeout;
pub use trailers::trailers;
pub use two_peers::two_peers;
pub use unfold::unfold;

/// A target: what it does with an input is to panic, or not.
pub type Target = fn(&[u8]);

/// What is fuzzed, by name.
pub const TARGETS: [(&str, Target); 18] = [
    ("base64", base64),
    ("call_state", call_state),
    ("client_bytes", client_bytes),
    ("codegen", codegen),
    ("inspect", inspect),
    ("message_decoder", message_decoder),
    ("metadata", metadata),
    ("percent", percent),
    ("recording", recording),
    ("request_head", request_head),
    ("rewriter", rewriter),
    ("server_bytes", server_bytes),
    ("skimmer", skimmer),
    ("target", target),
    ("timeout", timeout),
    ("trailers", trailers),
    ("two_peers", two_peers),
    ("unfold", unfold),
];
