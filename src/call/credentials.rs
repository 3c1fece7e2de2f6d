//! Credentials: metadata that proves who makes a call, and that nobody else may read.
//!
//! In: a call that is about to be made. Out: metadata for its head, or a refusal. It is an interceptor of the first
//! moment with three rules of its own:
//!
//! ```text
//!   where      only to a peer that is reached by TLS: on plaintext the call ends UNAUTHENTICATED, before the
//!              credentials are even asked, and before anybody connects
//!   what wins  theirs: a value that is there already is replaced
//!   codes      gRFC A54: the seven that belong to applications become INTERNAL, because whoever sees NOT_FOUND
//!              takes it for the server's answer
//! ```
//!
//! Source: gRPC "Authentication" guide (call credentials); gRFC A54. Must not know: TLS, or how a connection comes about.

use std::future::Future;

use http::uri::Scheme;

use super::info::CallInfo;
use super::interceptor::Interceptor;
use crate::code::Code;
use crate::metadata::Metadata;
use crate::status::Status;

/// Says for each call of a channel who makes it: tokens, signatures, keys.
///
/// ```
/// use wirewright::{CallInfo, Credentials, Metadata, Status};
///
/// /// A token that is fetched again when it is about to end.
/// struct Token { /* .. */ }
///
/// # impl Token { async fn fresh(&self, _authority: &str) -> Result<String, String> { Ok("x".into()) } }
/// impl Credentials for Token {
///     async fn metadata(&self, call: &CallInfo) -> Result<Metadata, Status> {
///         let token = self.fresh(call.authority().unwrap_or_default()).await;
///         let token = token.map_err(|why| Status::unavailable(format!("no token: {why}")))?;
///         let mut metadata = Metadata::new();
///         metadata.insert("authorization", &format!("Bearer {token}")).map_err(|e| Status::internal(e.to_string()))?;
///         Ok(metadata)
///     }
/// }
/// ```
pub trait Credentials: Send + Sync + 'static {
    /// The metadata that goes with this call. The same key in the call's own metadata is replaced.
    ///
    /// May wait; counts towards the deadline. Dropped if the call is cancelled meanwhile.
    ///
    /// # Errors
    ///
    /// Ends the call. `UNAVAILABLE` is right if it may work later, `UNAUTHENTICATED` if it will not; a code that the
    /// library never raises by itself ([`Code::raised_by_library`]) becomes `INTERNAL`, with its name in the
    /// message.
    fn metadata(&self, call: &CallInfo) -> impl Future<Output = Result<Metadata, Status>> + Send;

    /// Whether the metadata may travel in the clear; by default it may not.
    ///
    /// Say so for what is no secret, or where something else than TLS keeps the connection private.
    fn allows_plaintext(&self) -> bool {
        false
    }
}

/// The interceptor that asks [`Credentials`]; see [`Channel::credentials`](crate::Channel::credentials).
#[derive(Debug)]
pub struct Authenticated<C>(C);

impl<C> Authenticated<C> {
    pub(crate) fn new(credentials: C) -> Self {
        Authenticated(credentials)
    }
}

impl<C: Credentials> Interceptor for Authenticated<C> {
    async fn start(&self, call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        let is_private = call.uri().scheme() == Some(&Scheme::HTTPS);
        if !is_private && !self.0.allows_plaintext() {
            let remedy =
                "set Endpoint::tls, or let Credentials::allows_plaintext say that they are no secret";
            let problem = "the call's credentials would travel in plaintext";
            return Err(Status::new(Code::Unauthenticated, format!("{problem}: {remedy}")));
        }
        let proof = self.0.metadata(call).await.map_err(of_control_plane)?;
        metadata.replace_with(proof);
        Ok(())
    }
}

/// A status that the control plane made, fit to be an end of a call (gRFC A54).
///
/// It is this process that refuses, also where it was another service that said no.
fn of_control_plane(status: Status) -> Status {
    let (code, text) = (status.code(), format!("the call's credentials: {}", status.message()));
    let refusal = match code.raised_by_library() {
        true => Status::new(code, text),
        false => Status::internal(format!("{text} ({code}, which is not theirs to say)")),
    };
    refusal.with_source(status)
}
