//! Compiles every golden of the generator, with warnings denied.
//!
//! Each module is the `mod.rs` of one corner in `codegen/tests/golden/`; nothing here runs. What prost-build prints for
//! messages has no documentation where the `.proto` file has none, so that lint is off here: a test turns it on again
//! and looks at the services alone. Packages and messages choose the names of modules, whatever they are in.
#![deny(warnings, clippy::all)]
#![allow(missing_docs, clippy::module_inception)]

#[path = "../../tests/golden/comments/out/mod.rs"]
pub mod comments;
#[path = "../../tests/golden/deprecated/out/mod.rs"]
pub mod deprecated;
#[path = "../../tests/golden/empty_service/out/mod.rs"]
pub mod empty_service;
#[path = "../../tests/golden/greeter/out/mod.rs"]
pub mod greeter;
#[path = "../../tests/golden/idempotency/out/mod.rs"]
pub mod idempotency;
#[path = "../../tests/golden/keywords/out/mod.rs"]
pub mod keywords;
#[path = "../../tests/golden/long_names/out/mod.rs"]
pub mod long_names;
#[path = "../../tests/golden/nested_packages/out/mod.rs"]
pub mod nested_packages;
#[path = "../../tests/golden/no_package/out/mod.rs"]
pub mod no_package;
#[path = "../../tests/golden/optional/out/mod.rs"]
pub mod optional;
#[path = "../../tests/golden/proto2/out/mod.rs"]
pub mod proto2;
#[path = "../../tests/golden/readme/out/mod.rs"]
pub mod readme;
#[path = "../../tests/golden/recursive/out/mod.rs"]
pub mod recursive;
#[path = "../../tests/golden/same_methods/out/mod.rs"]
pub mod same_methods;
#[path = "../../tests/golden/same_name/out/mod.rs"]
pub mod same_name;
#[path = "../../tests/golden/stubs/out/mod.rs"]
pub mod stubs;
#[path = "../../tests/golden/well_known/out/mod.rs"]
pub mod well_known;

#[cfg(doctest)]
pub mod mistakes;
