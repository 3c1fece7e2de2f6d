//! The life of a channel: states, backoff, addresses, reconnecting, shutting down.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use wirewright::policy::backoff::BackoffConfig;
use wirewright::transport::{Connector, PipeConnector, TcpIncoming, pipe};
use wirewright::{Address, Channel, Code, ConnectivityState, Endpoint, Request, Server};

use crate::support::frame::{Frame, NO_ERROR};
use crate::support::peer::{HEAD, OK, Peer, answerer, message};
use crate::support::talk::{MANY, ONE, Stub, Talk};
use crate::support::{all_quiet, settle, within};

use ConnectivityState::{Connecting, Idle, Ready, Shutdown, TransientFailure};

/// A network in which some addresses refuse, some say nothing, and all dials are noted.
#[derive(Clone)]
struct Network {
    pipe: PipeConnector,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    refusing: HashSet<String>,
    silent: HashSet<String>,
    dials: Vec<(Instant, String)>,
}

impl Network {
    fn refuse(&self, address: &str, refuses: bool) {
        let refusing = &mut self.state.lock().unwrap().refusing;
        if refuses {
            refusing.insert(address.to_owned());
        } else {
            refusing.remove(address);
        }
    }

    /// The dials so far: milliseconds after the first, and the address.
    fn dials(&self) -> Vec<(u128, String)> {
        let dials = &self.state.lock().unwrap().dials;
        dials.iter().map(|(at, address)| ((*at - dials[0].0).as_millis(), address.clone())).collect()
    }
}

impl Connector for Network {
    type Io = <PipeConnector as Connector>::Io;

    async fn connect(&self, address: &Address) -> io::Result<Self::Io> {
        let name = address.to_string();
        let (refuses, is_silent) = {
            let mut state = self.state.lock().unwrap();
            state.dials.push((Instant::now(), name.clone()));
            (state.refusing.contains(&name), state.silent.contains(&name))
        };
        if is_silent {
            std::future::pending::<()>().await;
        }
        if refuses {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.pipe.connect(address).await
    }
}

/// A server in this network, and an endpoint for this target in it.
fn network(target: &str) -> (Network, Endpoint, impl AsyncFnOnce()) {
    let (pipe, incoming) = pipe();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let network = Network { pipe, state: Arc::default() };
    let endpoint = Endpoint::new(target).unwrap().connector(network.clone());
    let close = async move || {
        stop.send(()).unwrap();
        within(server).await.unwrap().unwrap();
        all_quiet().await;
    };
    (network, endpoint, close)
}

async fn call(channel: &Channel) -> Result<String, wirewright::Status> {
    within(channel.unary(&ONE, Request::new("hi".to_owned()))).await.map(|reply| reply.into_inner())
}

#[tokio::test]
async fn a_channel_is_idle_then_connecting_then_ready_when_settings_come_and_idle_when_it_is_lost() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    assert_eq!(channel.state(), Idle);
    channel.wake();
    assert_eq!(within(channel.state_changed(Idle)).await, Connecting);
    let mut peer = Peer::silent(door.open().await);
    peer.hear_preface().await;
    settle().await;
    assert_eq!(channel.state(), Connecting, "a connection without SETTINGS is not ready");
    peer.settings(&[]).flush().await;
    assert_eq!(within(channel.state_changed(Connecting)).await, Ready);
    peer.hang_up().await;
    assert_eq!(within(channel.state_changed(Ready)).await, Idle);
    settle().await;
    assert_eq!(channel.state(), Idle, "nobody wants it, so nobody dials");
    drop(channel);
    all_quiet().await;
}

/// S38: the pauses.
#[tokio::test(start_paused = true)]
async fn a_channel_that_cannot_connect_fails_calls_at_once_and_tries_again_ever_more_slowly() {
    let (network, endpoint, close) = network("host:1");
    network.refuse("host:1", true);
    let backoff = BackoffConfig { jitter: 0.0, max: Duration::from_secs(3), ..BackoffConfig::default() };
    let channel = endpoint.backoff(backoff).lazy();
    let start = Instant::now();
    let status = call(&channel).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(channel.state(), TransientFailure);
    call(&channel).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO, "no call waits for a backoff");
    while network.dials().len() < 6 {
        tokio::time::advance(Duration::from_millis(10)).await;
        settle().await;
        assert_eq!(channel.state(), TransientFailure, "also while it dials");
    }
    let at: Vec<_> = network.dials().iter().map(|(at, _)| (at + 5) / 10 * 10).collect();
    assert_eq!(at, [0, 1_000, 2_600, 5_160, 8_160, 11_160]);

    network.refuse("host:1", false);
    assert_eq!(within(channel.state_changed(TransientFailure)).await, Ready);
    assert_eq!(call(&channel).await.unwrap(), "hi");
    drop(channel);
    close().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_success_the_backoff_begins_anew() {
    let (network, endpoint, close) = network("host:1");
    let channel = endpoint.backoff(BackoffConfig { jitter: 0.0, ..BackoffConfig::default() }).lazy();
    network.refuse("host:1", true);
    call(&channel).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(4)).await;
    network.refuse("host:1", false);
    within(channel.state_changed(TransientFailure)).await;
    call(&channel).await.unwrap();
    channel.shut_down();
    drop(channel);
    close().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_address_costs_no_call() {
    let (network, endpoint, close) = network("ipv4:10.0.0.1:1,10.0.0.2:2");
    network.refuse("10.0.0.1:1", true);
    let channel = endpoint.lazy();
    assert_eq!(call(&channel).await.unwrap(), "hi");
    let addresses: Vec<_> = network.dials().into_iter().map(|(_, address)| address).collect();
    assert_eq!(addresses, ["10.0.0.1:1", "10.0.0.2:2"]);
    drop(channel);
    close().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_address_costs_five_seconds() {
    let (network, endpoint, close) = network("ipv4:10.0.0.1:1,10.0.0.2:2");
    network.state.lock().unwrap().silent.insert("10.0.0.1:1".into());
    let channel = endpoint.lazy();
    assert_eq!(call(&channel).await.unwrap(), "hi");
    assert_eq!(network.dials(), [(0, "10.0.0.1:1".to_owned()), (5_000, "10.0.0.2:2".to_owned())]);
    drop(channel);
    close().await;
}

#[tokio::test(start_paused = true)]
async fn when_every_address_has_failed_the_call_hears_of_the_last() {
    let (network, endpoint, close) = network("ipv4:10.0.0.1:1,10.0.0.2:2");
    network.refuse("10.0.0.1:1", true);
    network.refuse("10.0.0.2:2", true);
    let error = within(endpoint.connect()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot connect to 10.0.0.2:2: connection refused; is a server listening there?"
    );
    close().await;
}

#[tokio::test]
async fn a_channel_may_be_made_outside_a_runtime_and_is_lazy() {
    let (network, endpoint, close) = network("host:1");
    let channel = std::thread::spawn(move || endpoint.lazy()).join().unwrap();
    settle().await;
    assert_eq!((channel.state(), network.state.lock().unwrap().dials.len()), (Idle, 0));
    assert_eq!(call(&channel).await.unwrap(), "hi");
    drop(channel);
    close().await;
}

#[test]
fn a_channel_outlives_the_runtime_that_it_was_used_in_without_hanging() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let channel = first.block_on(async {
        let (_, endpoint, _close) = network("host:1");
        let channel = endpoint.lazy();
        assert_eq!(call(&channel).await.unwrap(), "hi");
        channel
    });
    drop(first);
    let status = runtime().block_on(call(&channel)).unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(channel.state(), Shutdown);
}

#[tokio::test]
async fn a_channel_that_is_shut_down_lets_calls_end_and_begins_none() {
    let (_, endpoint, close) = network("host:1");
    let channel = endpoint.lazy();
    let clone = channel.clone();
    let (mut sender, mut replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    channel.shut_down();
    assert_eq!(within(clone.state_changed(Ready)).await, Shutdown);
    let status = call(&clone).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "the channel is shut down"));
    within(sender.send("still".into())).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("still"));
    within(sender.finish()).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    drop((channel, clone, replies));
    close().await;
}

#[tokio::test]
async fn a_channel_that_was_never_used_can_be_shut_down() {
    let (network, endpoint, close) = network("host:1");
    let channel = endpoint.lazy();
    channel.shut_down();
    assert_eq!(within(channel.state_changed(Idle)).await, Shutdown);
    assert_eq!(call(&channel).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(network.state.lock().unwrap().dials.len(), 0);
    drop(channel);
    close().await;
}

#[tokio::test]
async fn the_last_clone_that_is_dropped_closes_the_connection() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    channel.wake();
    let mut peer = door.server().await;
    peer.flush().await;
    assert_eq!(within(channel.state_changed(Idle)).await, Connecting);
    within(channel.state_changed(Connecting)).await;
    let clone = channel.clone();
    drop(channel);
    settle().await;
    assert_eq!(clone.state(), Ready);
    drop(clone);
    assert!(matches!(peer.next().await, Frame::GoAway { last: 0, reason: NO_ERROR, .. }));
    assert_eq!(peer.next().await, Frame::Eof);
    all_quiet().await;
}

#[tokio::test]
async fn a_call_under_way_keeps_the_connection_of_a_dropped_channel() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let opening = tokio::spawn(async move { calls.bidi_streaming(&MANY, Request::new(())).await.unwrap() });
    let mut peer = door.server().await;
    let (stream, _) = peer.request().await;
    let (sender, mut replies) = within(opening).await.unwrap();
    drop(channel);
    settle().await;
    peer.headers(stream, HEAD).data(stream, &message("m")).trailers(stream, OK).flush().await;
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("m"));
    assert_eq!(within(replies.message()).await.unwrap(), None);
    drop((sender, replies));
    peer.hang_up().await;
    all_quiet().await;
}

/// S50, S51: with a call under way.
#[tokio::test]
async fn a_goaway_sends_new_calls_elsewhere_and_lets_the_old_end() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let old = tokio::spawn(async move { calls.unary(&ONE, Request::new("old".into())).await });
    let mut first = door.server().await;
    let (stream, _) = first.whole_request().await;
    first.go_away(0x7fff_ffff, NO_ERROR, b"").flush().await;
    settle().await;
    let calls = channel.clone();
    let new = tokio::spawn(async move { calls.unary(&ONE, Request::new("new".into())).await });
    let mut second = door.server().await;
    let (other, _) = second.whole_request().await;
    second.headers(other, HEAD).data(other, &message("from the second")).trailers(other, OK).flush().await;
    assert_eq!(within(new).await.unwrap().unwrap().get_ref(), "from the second");
    first.go_away(stream, NO_ERROR, b"");
    first.headers(stream, HEAD).data(stream, &message("from the first")).trailers(stream, OK).flush().await;
    assert_eq!(within(old).await.unwrap().unwrap().get_ref(), "from the first");
    drop(channel);
    first.hang_up().await;
    second.hang_up().await;
    all_quiet().await;
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again() {
    let serve = |address: SocketAddr| {
        let incoming = TcpIncoming::bind(address).unwrap();
        let address = incoming.local_address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server::builder().add_service(Talk::new(Stub::default()));
        let server = tokio::spawn(server.serve_until(incoming, async {
            let _ = stopped.await;
        }));
        (address, stop, server)
    };
    let (address, stop, server) = serve("127.0.0.1:0".parse().unwrap());
    let quick = BackoffConfig { initial: Duration::from_millis(1), ..BackoffConfig::default() };
    let channel = Endpoint::new(address).unwrap().backoff(quick).connect().await.unwrap();
    assert_eq!(call(&channel).await.unwrap(), "hi");
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    assert_eq!(within(channel.state_changed(Ready)).await, Idle);

    // Without a pause: the next call dials.
    let (_, stop, server) = serve(address);
    assert_eq!(call(&channel).await.unwrap(), "hi");
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    within(channel.state_changed(Ready)).await;

    // With one, in which a call fails.
    assert_eq!(call(&channel).await.unwrap_err().code(), Code::Unavailable);
    let (_, stop, server) = serve(address);
    while channel.state() != Ready {
        within(channel.state_changed(TransientFailure)).await;
    }
    assert_eq!(call(&channel).await.unwrap(), "hi");
    drop(channel);
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
}
