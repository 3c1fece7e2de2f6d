//! `Router`: from a path to a service; the one erased door of the house.
//!
//! In: a stream that a connection has accepted. Out: a task that answers it, or an answer at once if there is
//! nobody to ask. Behind the door everything is monomorphic: one virtual call per call.
//!
//! Source: PROTOCOL-HTTP2, "Requests": the service is the path up to its last slash, and case-sensitive.
//!
//! Must not know: connections.

use std::sync::Arc;

use super::admission::{Admission, Place};
use super::permits::Permit;
use super::service::Service;
use crate::call::{CallSettings, Ended, Interceptor, ServerCall, refuse};
use crate::peer::PeerInfo;
use crate::policy::conduct::Offence;
use crate::status::Status;
use crate::transport::{Accepted, RecvHalf, SendHalf};
use crate::wire::{ContentType, RequestHead};

/// The services of a server.
#[derive(Default)]
pub(super) struct Router {
    /// In the order of their names. A server has a few services, and comparing a few names is cheaper than hashing
    /// one.
    routes: Vec<(&'static str, Arc<dyn Route>)>,
    /// Who answers calls to services that are not there.
    fallback: Option<Arc<dyn Route>>,
    pub(super) settings: Arc<CallSettings>,
    /// The line in which calls wait, if they are to be turned away.
    pub(super) admission: Option<Arc<Admission>>,
}

/// A mounted service, its type forgotten.
trait Route: Send + Sync {
    /// Sets a task to answer the call.
    fn spawn(self: Arc<Self>, arrived: Arrived);

    /// Tells the service that the server stops.
    fn on_drain(&self);
}

/// A service with the interceptors around it.
struct Mounted<S, I> {
    service: S,
    interceptors: Arc<I>,
}

/// A call whose service is known.
struct Arrived {
    head: RequestHead,
    halves: (SendHalf, RecvHalf),
    settings: Arc<CallSettings>,
    peer: PeerInfo,
    /// Held until the handler's future is gone.
    permit: Permit,
    /// Held until the call has its first turn.
    place: Option<Box<Place>>,
}

impl Router {
    /// Mounts a service; `false` if its name is taken.
    pub(super) fn mount<S: Service, I: Interceptor>(&mut self, service: S, interceptors: Arc<I>) -> bool {
        match self.find(S::NAME) {
            Ok(_) => false,
            Err(place) => {
                self.routes.insert(place, (S::NAME, Arc::new(Mounted { service, interceptors })));
                true
            }
        }
    }

    /// Mounts the service that answers for those that are not there, in the place of an earlier one.
    pub(super) fn mount_fallback<S: Service, I: Interceptor>(&mut self, service: S, interceptors: Arc<I>) {
        self.fallback = Some(Arc::new(Mounted { service, interceptors }));
    }

    /// Where the service of this name is, or would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.routes.binary_search_by(|(known, _)| (*known).cmp(name))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.fallback.is_none()
    }

    /// Tells every service that the server stops.
    pub(super) fn on_drain(&self) {
        self.routes.iter().map(|(_, route)| route).chain(&self.fallback).for_each(|route| route.on_drain());
    }

    /// Answers a stream for which there is no handler to spare.
    pub(super) fn turn_away(&self, accepted: Accepted) {
        turn_away(
            accepted,
            Status::resource_exhausted("the server has as many calls at work as it may have"),
        );
    }

    /// Answers a stream: by its service, or here and now.
    pub(super) fn answer(&self, accepted: Accepted, peer: &PeerInfo, permit: Permit) {
        let place = match &self.admission {
            None => None,
            Some(admission) => match admission.enter() {
                Some(place) => Some(place),
                None => return turn_away_for_now(accepted),
            },
        };
        let Accepted { head, mut send, recv } = accepted;
        let head = match RequestHead::parse(head, self.settings.encodings.names()) {
            Ok(head) => head,
            Err(refusal) => {
                let text = refusal.explanation();
                let sent = send.send_head(refusal.into_response(), text.is_none());
                if let (Ok(()), Some(text)) = (sent, text) {
                    // A sentence goes without asking. If the stream is gone there is nobody to tell.
                    let _ = send.send_unasked(&mut text.into(), true);
                }
                permit.note(Offence::Refused);
                return;
            }
        };
        let known = self.find(head.service()).ok().and_then(|place| self.routes.get(place));
        match known.map(|(_, route)| route).or(self.fallback.as_ref()) {
            Some(route) => {
                let (halves, settings, peer) = ((send, recv), self.settings.clone(), peer.clone());
                route.clone().spawn(Arrived { head, halves, settings, peer, permit, place });
            }
            None => {
                let status = Status::unimplemented(format!("unknown service {}", head.service()));
                let _ = refuse(&mut send, head.content_type, status);
            }
        }
    }
}

impl<S: Service, I: Interceptor> Route for Mounted<S, I> {
    fn spawn(self: Arc<Self>, arrived: Arrived) {
        let Arrived { head, halves, settings, peer, permit, place } = arrived;
        let call = ServerCall::new(head, halves, self.interceptors.clone(), settings, peer);
        tokio::spawn(async move {
            // Moved in, so that it is dropped after the call, and with the task if that is dropped.
            let permit = permit;
            if let Some(place) = place {
                // A runtime runs the task that was made last before those that wait. Who is to be turned away is told
                // by the connections among them, so this one lets them go first.
                tokio::task::yield_now().await;
                place.leave();
            }
            if let Err(Ended { offence: Some(offence) }) = self.service.call(call).await {
                permit.note(offence);
            }
        });
    }

    fn on_drain(&self) {
        self.service.on_drain();
    }
}

/// Answers a call that would wait for too long.
fn turn_away_for_now(accepted: Accepted) {
    let mut status = Status::resource_exhausted("the server has more calls than it can begin in time");
    // A name and a number that metadata can carry: neither can be refused.
    let _ = status.metadata_mut().insert("grpc-retry-pushback-ms", PUSHBACK_MS);
    turn_away(accepted, status);
}

/// Answers a stream whose head nobody looks at.
fn turn_away(accepted: Accepted, status: Status) {
    let Accepted { mut send, .. } = accepted;
    // If the stream is gone there is nobody to tell.
    let _ = refuse(&mut send, ContentType::Grpc, status);
}

/// When a client may ask again, in milliseconds (gRFC A6, "Pushback"): long enough for most overloads to pass, and to
/// let another server be asked first.
const PUSHBACK_MS: &str = "1000";
