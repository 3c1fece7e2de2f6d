//! What may cross threads: everything that an application holds, and every future that it awaits. Compiling is the
//! test.

use wirewright::transport::{PipeIncoming, TcpIncoming};
use wirewright::{
    CallInfo, Channel, Endpoint, Interceptor, Metadata, Request, Response, Sender, Server, ServerBuilder,
    Status, Streaming, Upload,
};

use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Talk};

fn assert_send<T: Send>(_: T) {}

fn assert_values<T: Send + Sync + 'static>() {}

#[test]
fn values_are_send_and_sync() {
    assert_values::<Channel>();
    assert_values::<Endpoint>();
    assert_values::<ServerBuilder<()>>();
    assert_values::<Request<String>>();
    assert_values::<Response<String>>();
    assert_values::<Status>();
    assert_values::<Metadata>();
    assert_values::<CallInfo>();
    assert_values::<wirewright::ConnectError>();
    assert_values::<wirewright::ServeError>();
    assert_values::<wirewright::ServerEvent>();
}

#[test]
fn halves_are_send() {
    fn check<T: Send + 'static>() {}
    check::<Sender<String>>();
    check::<Streaming<String>>();
    check::<Upload<String, String>>();
}

/// Never run: every future must be fit for `tokio::spawn`, with any interceptor.
#[expect(dead_code, reason = "compiling it is the test")]
fn futures_are_send<I: Interceptor>(
    channel: Channel<I>,
    endpoint: Endpoint,
    server: [ServerBuilder<I>; 3],
    mut sender: Sender<String>,
    mut streaming: Streaming<String>,
    incoming: (TcpIncoming, PipeIncoming),
) {
    assert_send(channel.unary(&ONE, Request::new(String::new())));
    assert_send(channel.server_streaming(&MANY_REPLIES, Request::new(String::new())));
    assert_send(channel.client_streaming(&MANY_REQUESTS, Request::new(())));
    assert_send(channel.bidi_streaming(&MANY, Request::new(())));
    assert_send(channel.state_changed(channel.state()));
    assert_send(endpoint.connect());
    let [one, two, three] = server;
    assert_send(one.serve(([127, 0, 0, 1], 0).into()));
    assert_send(two.serve_until(incoming.0, async {}));
    assert_send(three.serve_until(incoming.1, std::future::pending()));
    assert_send(sender.send(String::new()));
    assert_send(sender.flush());
    assert_send(sender.finish());
    assert_send(streaming.message());
    assert_send(streaming.headers());
}

/// Never run: a whole service in one spawned task.
#[expect(dead_code, reason = "compiling it is the test")]
fn servers_can_be_spawned(talk: Talk) {
    drop(tokio::spawn(Server::builder().add_service(talk).serve(([127, 0, 0, 1], 0).into())));
}
