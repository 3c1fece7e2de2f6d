//! What the example programs share: generated code, flags, and log lines as grpc-go's examples print them.
//!
//! In: a command line. Out: the words that the examples say. Nothing here is needed to use Wirewright; it is here
//! so that each example can be about one thing. Start with `helloworld/greeter_server.rs`.
//!
//! ```text
//!   helloworld/   one unary call: a server and a client
//!   route_guide/  all four kinds of calls
//!   features/     one feature each, on the echo service
//! ```
//!
//! Every program takes the flags of its counterpart among grpc-go's examples, listens on the same port and prints
//! the same lines, so any of them can be put in the place of the other.

mod clock;
pub mod flag;
pub mod go;
pub mod listen;
pub mod log;
pub mod pb;
pub mod tls;

pub use clock::Time;
pub use listen::listen;
