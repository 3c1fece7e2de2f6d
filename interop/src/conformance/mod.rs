//! The client and the server under test of connectrpc's conformance suite.
//!
//! The suite's runner starts one of the two programs, and a reference peer for it, and tells it over its standard
//! input what to do. What happened goes back over the standard output.
//!
//! ```text
//!                  stdin                              gRPC
//!   runner --ClientCompatRequest--> client under test ----> reference server
//!          <-ClientCompatResponse--   one for each call
//!
//!   runner --ServerCompatRequest--> server under test <---- reference client
//!          <-ServerCompatResponse--   once: where it listens
//! ```
//!
//! Source: connectrpc/conformance, "Testing clients" and "Testing servers".

mod channels;
mod client;
mod failure;
mod framing;
mod job;
mod pairs;
mod server;
mod service;
mod witness;

pub use client::run_client;
pub use server::run_server;
