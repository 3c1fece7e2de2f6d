//! What the tests stand on: a service whose methods are closures, and a house with both ends in one process.

#[cfg(feature = "tls-ring")]
pub mod authority;
pub mod frame;
pub mod peer;
pub mod scissors;
pub mod talk;
pub mod weather;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use wirewright::server::Service;
use wirewright::transport::pipe;
use wirewright::{Channel, Endpoint, ServeError, Server, ServerBuilder};

/// A server at the far end of a pipe, and a channel to it.
pub struct House {
    pub channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), ServeError>>,
    _closed: MustClose,
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
        let closed = MustClose::of(&server);
        House { channel, stop: Some(stop), server, _closed: closed }
    }

    /// Tells the server to stop.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Tells the server to stop, and waits until it has and nothing is left.
    pub async fn close(self) {
        self.shut().await;
        all_quiet().await;
    }

    /// Tells the server to stop, and waits until it has; for tests in which something else still runs.
    pub async fn shut(mut self) {
        self.stop();
        drop(self.channel);
        within(self.server).await.unwrap().unwrap();
    }
}

/// Fails a test that drops its fixture while the server is still at work: nobody would look for what it leaves behind.
pub struct MustClose(AbortHandle);

impl MustClose {
    pub fn of<T>(server: &JoinHandle<T>) -> MustClose {
        MustClose(server.abort_handle())
    }
}

impl Drop for MustClose {
    fn drop(&mut self) {
        let is_over = self.0.is_finished() || std::thread::panicking();
        assert!(is_over, "close the fixture: what its server leaves behind would go unseen");
    }
}

/// Tells when it is dropped.
pub struct Farewell(pub Arc<Notify>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Every wait of a test ends: a hang is a failure.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("the test hangs")
}

/// The leak check: waits until no task is left but the test itself.
///
/// Tasks end by being polled, so it lets them run, and never looks at a clock that a test may have paused.
pub async fn all_quiet() {
    let metrics = tokio::runtime::Handle::current().metrics();
    for _ in 0..MAX_TURNS {
        if metrics.num_alive_tasks() == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} tasks are left", metrics.num_alive_tasks());
}

/// Lets everything that can run do so, without a clock.
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Far more turns than any task needs to end.
const MAX_TURNS: usize = 100_000;
