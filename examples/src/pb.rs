//! The generated code, one module for each package.
//!
//! `build.rs` hands the `.proto` files to `wirewright-codegen`; what it prints lands in cargo's output folder and
//! is included here. For each service `Name` that is a trait `Name` to implement, a `NameServer` that answers calls
//! with it, and a `NameClient` that makes them.

#![expect(missing_docs, reason = "a module that stands for a package has nothing to add to its name")]

include!(concat!(env!("OUT_DIR"), "/_includes.rs"));
