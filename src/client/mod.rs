//! The calling house: from a target to a response.
//!
//! In: a target, and calls. Out: one connection at a time to one of its addresses, shared by all calls, and
//! remade when it is lost.
//!
//! ```text
//!   Target --> Endpoint --> Channel --> Subchannel --> transport
//!   where       how         calls       connects, and again
//! ```
//!
//! One list of addresses makes one subchannel here. Resolvers and balancing, which make many, will stand between
//! the channel and its subchannels; a channel asks for "a connection that is ready" and will not notice.
//!
//! Must not know: the answering house.

mod attempt;
mod channel;
mod dialing;
mod driving;
mod ear;
mod endpoint;
mod subchannel;
mod target;

pub use self::channel::Channel;
pub use self::endpoint::{ConnectError, Endpoint};
pub use self::target::{InvalidTarget, Target};
pub use crate::call::client_call::Upload;
