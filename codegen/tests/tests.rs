//! One binary for all tests of the generator, a module per subject.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod compiled;
mod compilers;
mod golden;
mod hostile;
mod layout;
mod options;
mod services;
mod support;
