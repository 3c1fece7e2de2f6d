//! gRPC for Rust, built by hand from the wire up.
