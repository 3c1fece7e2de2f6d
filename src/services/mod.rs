//! The standard services: what tools, load balancers and orchestrators ask every gRPC server.
//!
//! In: calls to `grpc.health.v1.Health` and `grpc.reflection.*.ServerReflection`. Out: what the application has said of
//! itself. They stand on the public interface of this crate alone, as any other service does; nothing here could not
//! have been written outside.
//!
//! ```text
//!   health       may I send calls?       HealthReporter --says--> HealthService --is mounted on--> a server
//!   reflection   what can be called?     descriptor sets --------> Reflection
//! ```
//!
//! `generated/` holds what the project's own generator prints for the `.proto` files of both. It is committed, so that
//! nobody compiles a generator to have them, and a test of the generator keeps it true.
//!
//! Must not know: connections, or any room below the public interface.

#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "reflection")]
pub mod reflection;
