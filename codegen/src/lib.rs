//! Turns `.proto` services into Rust.
