//! The answering house: from a listening socket to a handler.
//!
//! In: connections. Out: calls, each to the handler that its path names, and a graceful end.
//!
//! ```text
//!   ServerBuilder --> Server: accept loop --> one task per connection --> Router --> one task per call
//! ```
//!
//! Must not know: the calling house.

mod admission;
mod builder;
mod connection;
mod event;
mod life;
mod limits;
mod permits;
mod router;
mod service;
mod serving;

pub use self::builder::{ServeError, Server, ServerBuilder};
pub use self::event::{GivenUp, ServerEvent};
pub use self::service::Service;
pub use crate::call::{Ended, Running, ServerCall};
