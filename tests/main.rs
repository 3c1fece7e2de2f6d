//! The integration tests of the library: one binary, a module for each subject.

#![allow(unreachable_pub, missing_docs, reason = "a test binary exports nothing")]

mod support;

mod cancellation;
mod deadlines;
mod early_end;
mod streaming;
mod unary;
