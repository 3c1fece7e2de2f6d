//! `Reflection`: both versions of the service, answered from one index.
//!
//! In: streams of questions. Out: streams of answers.
//!
//! Must not know: what is asked (`session`).

use std::fmt;
use std::sync::Arc;

use super::builder::ReflectionBuilder;
use super::index::Index;
use super::session::Session;
use super::v1::{self, ServerReflectionRequest, ServerReflectionResponse};
use super::v1alpha;
use crate::server::Service;
use crate::{Request, Sender, Status, Streaming};

/// What a server says of itself; see the [module](super).
#[derive(Clone)]
pub struct Reflection {
    index: Arc<Index>,
}

impl Reflection {
    /// Reflection without descriptors, to which they are added.
    pub fn builder() -> ReflectionBuilder {
        ReflectionBuilder::default()
    }

    pub(super) fn new(index: Arc<Index>) -> Reflection {
        Reflection { index }
    }

    /// The service `grpc.reflection.v1.ServerReflection`, to be mounted.
    pub fn v1(&self) -> impl Service + use<> {
        v1::ServerReflectionServer::new(Answers(self.index.clone()))
    }

    /// The service `grpc.reflection.v1alpha.ServerReflection`, to be mounted.
    ///
    /// It came first, and tools that are older than 2023 know nothing else.
    pub fn v1alpha(&self) -> impl Service + use<> {
        v1alpha::ServerReflectionServer::new(Answers(self.index.clone()))
    }
}

impl fmt::Debug for Reflection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reflection").field("services", &self.index.services().collect::<Vec<_>>()).finish()
    }
}

/// Answers from the index.
struct Answers(Arc<Index>);

impl Answers {
    async fn answer_all(
        &self,
        requests: Request<Streaming<ServerReflectionRequest>>,
        replies: &mut Sender<ServerReflectionResponse>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        let mut session = Session::new(&self.0);
        while let Some(request) = requests.message().await? {
            replies.send(session.answer(request)?).await?;
        }
        Ok(())
    }
}

impl v1::ServerReflection for Answers {
    async fn server_reflection_info(
        &self,
        requests: Request<Streaming<ServerReflectionRequest>>,
        replies: &mut Sender<ServerReflectionResponse>,
    ) -> Result<(), Status> {
        self.answer_all(requests, replies).await
    }
}

impl v1alpha::ServerReflection for Answers {
    async fn server_reflection_info(
        &self,
        requests: Request<Streaming<ServerReflectionRequest>>,
        replies: &mut Sender<ServerReflectionResponse>,
    ) -> Result<(), Status> {
        self.answer_all(requests, replies).await
    }
}
