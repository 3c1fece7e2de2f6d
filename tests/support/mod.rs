//! What the tests stand on: a service whose methods are closures, and a house with both ends in one process.

pub mod talk;

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirewright::server::Service;
use wirewright::transport::pipe;
use wirewright::{Channel, Endpoint, ServeError, Server, ServerBuilder};

/// A server at the far end of a pipe, and a channel to it.
pub struct House {
    pub channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl House {
    /// A house with this service, everything else at its default.
    pub fn with(service: impl Service) -> House {
        House::build(Server::builder().add_service(service), |endpoint| endpoint)
    }

    /// A house with this server, and the channel that this endpoint makes.
    pub fn build<I: wirewright::Interceptor>(
        server: ServerBuilder<I>,
        endpoint: impl FnOnce(Endpoint) -> Endpoint,
    ) -> House {
        let (connector, incoming) = pipe();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _ = stopped.await;
        };
        let server = tokio::spawn(server.serve_until(incoming, stopped));
        let channel = endpoint(Endpoint::new("in.memory:1").unwrap()).connector(connector).lazy();
        House { channel, stop: Some(stop), server }
    }

    /// Tells the server to stop, and waits until it has.
    pub async fn close(mut self) {
        drop(self.channel);
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        within(self.server).await.unwrap().unwrap();
    }
}

/// Every wait of a test ends: a hang is a failure.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("the test hangs")
}
