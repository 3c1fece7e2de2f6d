//! Where the demo's services are served: for the four calls, or for anybody until Ctrl-C.
//!
//! In: an address. Out: a running server, or the end of one.
//!
//! Must not know: who calls, or what the services do.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirewright::server::Service;
use wirewright::services::health::{self, HealthReporter};
use wirewright::services::reflection::Reflection;
use wirewright::{Gzip, Interceptor, ServeError, Server, ServerBuilder};

use super::helloworld::GreeterServer;
use super::journal::{self, Journal};
use super::routeguide::RouteGuideServer;
use super::services::{Guide, Hello};
use crate::door::{open, open_at};
use crate::failure::Failure;

/// A server in the background, on a free port of the loopback interface.
pub(super) struct Embedded {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Embedded {
    /// Starts it.
    pub(super) fn start() -> Result<Embedded, Failure> {
        let (incoming, address) = open_at((Ipv4Addr::LOCALHOST, 0).into())?;
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            // An `Embedded` that is dropped stops its server as well.
            let _ = stopped.await;
        };
        let task = tokio::spawn(with_services(Server::builder())?.serve_until(incoming, stopped));
        Ok(Embedded { address, stop, task })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, once the calls under way have ended.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        // A server that has ended already says why below.
        let _ = self.stop.send(());
        match self.task.await {
            Ok(end) => Ok(end?),
            // The task is never cancelled, so it panicked, and the panic has been printed.
            Err(_) => Ok(()),
        }
    }
}

/// `wright demo --listen`: serves on an address until Ctrl-C, and prints a line for each call.
pub(crate) async fn listen(given: &str) -> Result<(), Failure> {
    let (incoming, address) = open(given).await?;
    journal::opened(address);
    let server = Server::builder().intercept(Journal).on_event(journal::troubled);
    with_services(server)?.serve_until(incoming, told_to_stop()).await?;
    journal::closed();
    Ok(())
}

/// Adds the demo's services to a server, and those that every tool asks for.
fn with_services<I: Interceptor>(server: ServerBuilder<I>) -> Result<ServerBuilder<I>, Failure> {
    let health = HealthReporter::new();
    health.serving(<GreeterServer<Hello> as Service>::NAME);
    health.serving(<RouteGuideServer<Guide> as Service>::NAME);
    let reflection = Reflection::builder()
        .file_descriptor_set(DESCRIPTORS)
        .file_descriptor_set(health::v1::FILE_DESCRIPTOR_SET)
        .build()?;
    Ok(server
        .compression(Gzip::default())
        .add_service(GreeterServer::new(Hello))
        .add_service(RouteGuideServer::new(Guide::default()))
        .add_service(health.service())
        .add_service(reflection.v1())
        .add_service(reflection.v1alpha()))
}

/// Resolves with the first Ctrl-C; a second one then ends the process at once.
async fn told_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is no graceful end, but the system's own Ctrl-C works as ever.
        return std::future::pending().await;
    }
    journal::stopping();
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(KILLED_BY_CTRL_C);
        }
    });
}

/// What shells report for a process that SIGINT ended: 128 and the signal's number, 2.
const KILLED_BY_CTRL_C: i32 = 130;

/// What the services look like, as the build script wrote it.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/demo.bin"));
