//! Certificates that are replaced while calls are made: no call fails, and the next connection has the new ones.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{ClientCertificates, ClientTls, Pem, Roots, ServerTls, ring};
use wirewright::{CallInfo, Endpoint, Interceptor, Metadata, Request, Server, Status};

use crate::support::authority::{Authority, Folder};
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::within;

/// What observers of reloads have heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, reload: Result<(), String>) {
        self.0.lock().unwrap().push(reload.map_or_else(|error| error, |()| "reloaded".to_owned()));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Remembers the certificate of the server that answered.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Interceptor for Seen {
    fn end(&self, call: &CallInfo, _: &Result<(), Status>, _: &mut Metadata) {
        let certificate = call.peer().and_then(|peer| peer.certificates().first());
        *self.0.lock().unwrap() = certificate.map(|der| der.to_vec()).unwrap_or_default();
    }
}

/// A server and clients over real sockets whose certificates are files.
struct Town {
    folder: Folder,
    address: SocketAddr,
    client: ClientTls,
    server_heard: Heard,
    client_heard: Heard,
    server: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Town {
    /// Everybody is of this authority.
    fn founded_by(authority: &Authority) -> Town {
        let folder = Folder::new();
        folder.put("roots.pem", &authority.pem());
        folder.put_identity("server", &authority.signed("localhost"));
        folder.put_identity("client", &authority.signed("client"));
        let (server_heard, client_heard) = (Heard::default(), Heard::default());
        let roots = || Pem::watched(folder.path("roots.pem")).unwrap();
        let server_tls =
            ServerTls::new(ring(), folder.watched_identity("server"), ClientCertificates::Required(roots()));
        let heard = server_heard.clone();
        let server_tls =
            server_tls.unwrap().on_reload(move |reload| heard.note(reload.map_err(ToString::to_string)));
        let client = ClientTls::new(ring(), Roots::Pem(roots()), Some(folder.watched_identity("client")));
        let heard = client_heard.clone();
        let client = client.unwrap().on_reload(move |reload| heard.note(reload.map_err(ToString::to_string)));
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = Server::builder().add_service(Talk::new(Stub::default())).tls(server_tls);
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            server.serve_until(incoming, stopped).await.unwrap();
        });
        Town { folder, address, client, server_heard, client_heard, server, stop }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::new(format!("localhost:{}", self.address.port())).unwrap().tls(self.client.clone())
    }

    /// The certificate that a new connection is shown.
    async fn shown(&self) -> Result<Vec<u8>, Status> {
        let seen = Seen::default();
        let channel = within(self.endpoint().connect()).await?.intercept(seen.clone());
        within(channel.unary(&ONE, Request::new("who?".into()))).await?;
        Ok(std::mem::take(&mut *seen.0.lock().unwrap()))
    }

    async fn close(self) {
        self.stop.send(()).unwrap();
        within(self.server).await.unwrap();
    }
}

/// The bytes of the first certificate in a PEM text.
fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect();
    wirewright::metadata::binary::decode(base64.as_bytes()).unwrap()
}

/// Calls without end, each on a connection of its own or all on one; counts those that were answered.
fn call_on(endpoint: Endpoint, each_anew: bool) -> (Arc<AtomicUsize>, JoinHandle<Status>) {
    let answered = Arc::new(AtomicUsize::new(0));
    let count = answered.clone();
    let calls = tokio::spawn(async move {
        let mut channel = endpoint.clone().lazy();
        loop {
            if each_anew {
                channel = endpoint.clone().lazy();
            }
            match channel.unary(&ONE, Request::new("and?".into())).await {
                Ok(_) => count.fetch_add(1, Ordering::Relaxed),
                Err(status) => return status,
            };
        }
    });
    (answered, calls)
}

/// Waits until so many more calls have been answered.
async fn answered(count: &AtomicUsize, more: usize) {
    let goal = count.load(Ordering::Relaxed) + more;
    let reached = async {
        while count.load(Ordering::Relaxed) < goal {
            tokio::task::yield_now().await;
        }
    };
    within(reached).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_everything_is_replaced() {
    let (old, new) = (Authority::named("old"), Authority::named("new"));
    let town = Town::founded_by(&old);
    let (steady, steady_calls) = call_on(town.endpoint(), false);
    let (anew, new_calls) = call_on(town.endpoint(), true);
    answered(&anew, 1).await;
    // A new certificate of the same authority, several times.
    for _ in 0..3 {
        let identity = old.signed("localhost");
        town.folder.put_identity("server", &identity);
        assert_eq!(town.shown().await.unwrap(), der(&identity.0));
        answered(&anew, 2).await;
    }
    // Then another authority, as one does it: both are trusted, all get new certificates, the old one goes.
    town.folder.put("roots.pem", &(old.pem() + &new.pem()));
    answered(&anew, 3).await;
    let identity = new.signed("localhost");
    town.folder.put_identity("server", &identity);
    town.folder.put_identity("client", &new.signed("client"));
    answered(&anew, 3).await;
    town.folder.put("roots.pem", &new.pem());
    answered(&anew, 3).await;
    assert_eq!(town.shown().await.unwrap(), der(&identity.0));
    // Who was there all the time has noticed nothing.
    answered(&steady, 3).await;
    assert!(!steady_calls.is_finished() && !new_calls.is_finished(), "a call failed");
    steady_calls.abort();
    new_calls.abort();
    for heard in [town.server_heard.take(), town.client_heard.take()] {
        let mismatch = |line: &String| line.ends_with("the key is not that of the first certificate");
        assert!(heard.iter().filter(|line| *line == "reloaded").count() >= 3, "{heard:?}");
        assert!(heard.iter().all(|line| line == "reloaded" || mismatch(line)), "{heard:?}");
    }
    town.close().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_told_once_and_the_last_good_stays() {
    let authority = Authority::named("one");
    let town = Town::founded_by(&authority);
    let good = town.shown().await.unwrap();
    let folder = &town.folder;
    let name = |file: &str| folder.path(file).display().to_string();
    let (stranger, next) = (authority.signed("localhost"), authority.signed("localhost"));
    let table = [
        (
            "server.pem",
            "no certificate",
            format!("{}: expected a certificate, found none", name("server.pem")),
        ),
        (
            "server.pem",
            &*stranger.0,
            format!(
                "{} with {}: the key is not that of the first certificate",
                name("server.pem"),
                name("server.key")
            ),
        ),
        ("roots.pem", "", format!("{}: expected a certificate, found none", name("roots.pem"))),
    ];
    for (file, text, expected) in table {
        let before = std::fs::read_to_string(folder.path(file)).unwrap();
        folder.put(file, text);
        for _ in 0..3 {
            assert_eq!(town.shown().await.unwrap(), good, "{file}");
        }
        assert_eq!(town.server_heard.take(), [expected], "{file}");
        folder.put(file, &before);
        assert_eq!(town.shown().await.unwrap(), good);
        assert_eq!(town.server_heard.take(), [""; 0], "the old content is nothing new");
    }
    // A file that has gone for a moment is no reason either.
    std::fs::remove_file(folder.path("server.key")).unwrap();
    assert_eq!(town.shown().await.unwrap(), good);
    let gone = format!("{}: No such file or directory (os error 2)", name("server.key"));
    assert_eq!(town.server_heard.take(), [gone]);
    folder.put_identity("server", &next);
    assert_eq!(town.shown().await.unwrap(), der(&next.0));
    assert_eq!(town.server_heard.take(), ["reloaded"]);
    town.close().await;
}

#[tokio::test]
async fn a_file_that_is_not_watched_is_read_once() {
    let authority = Authority::named("one");
    let town = Town::founded_by(&authority);
    let roots = Pem::file(town.folder.path("roots.pem")).unwrap();
    let identity = town.folder.watched_identity("client");
    let client = ClientTls::new(ring(), Roots::Pem(roots), Some(identity)).unwrap();
    town.folder.put("roots.pem", "gone");
    let town = Town { client, ..town };
    assert!(town.shown().await.is_ok());
    town.close().await;
}
