//! Metadata, in every form that the protocol names, and the fields that a call is told apart by: what an application
//! says arrives, and what arrives can be read.
//!
//! The names in brackets are those of PROTOCOL-HTTP2: `[Custom-Metadata]`, `[Binary-Header]`, `[User-Agent]`.

use wirewright::{CallInfo, Code, Interceptor, Metadata, Request, Response, Server, Status};

use crate::support::frame;
use crate::support::peer::{Caller, HEAD, OK, Peer, answerer, message, request};
use crate::support::talk::{MANY_REPLIES, ONE, Stub, Talk};
use crate::support::{House, all_quiet, within};

/// A form in which metadata may arrive: the lines, and what an application reads.
struct Form {
    what: &'static str,
    lines: &'static [(&'static str, &'static [u8])],
    text: &'static [&'static str],
    binary: &'static [&'static [u8]],
}

const fn text(
    what: &'static str,
    lines: &'static [(&'static str, &'static [u8])],
    text: &'static [&'static str],
) -> Form {
    Form { what, lines, text, binary: &[] }
}

const fn binary(
    what: &'static str,
    lines: &'static [(&'static str, &'static [u8])],
    binary: &'static [&'static [u8]],
) -> Form {
    Form { what, lines, text: &[], binary }
}

/// Text is under `x-t`, bytes are under `x-b-bin`.
const FORMS: &[Form] = &[
    text("[ASCII-Value]: space to tilde", &[("x-t", b"a %+,;= ~")], &["a %+,;= ~"]),
    text("an empty value", &[("x-t", b"")], &[""]),
    text(
        "values of one key keep their order",
        &[("x-t", b"2"), ("x-t", b"1"), ("x-t", b"2")],
        &["2", "1", "2"],
    ),
    text("a comma in text joins nothing", &[("x-t", b"a,b"), ("x-t", b"c")], &["a,b", "c"]),
    text(
        "bytes beyond ASCII are no text, and hurt nobody",
        &[("x-t", b"caf\xe9"), ("x-t", b"tea")],
        &["tea"],
    ),
    binary("base64 without padding, as it should be sent", &[("x-b-bin", b"AP8")], &[&[0, 255]]),
    binary("base64 with padding, as it may be", &[("x-b-bin", b"AP8=")], &[&[0, 255]]),
    binary("no byte at all", &[("x-b-bin", b"")], &[b""]),
    binary(
        "[Binary-Header]: several values in a line are split at the commas",
        &[("x-b-bin", b"AP8,AQ== , Ag")],
        &[&[0, 255], &[1], &[2]],
    ),
    binary(
        "and over several lines",
        &[("x-b-bin", b"AP8"), ("x-b-bin", b"AQ,Ag==")],
        &[&[0, 255], &[1], &[2]],
    ),
];

/// Whether the metadata reads as the form says.
#[track_caller]
fn check(form: &Form, place: &str, metadata: &Metadata) {
    let text: Vec<_> = metadata.get_all("X-T").collect();
    assert_eq!(text, form.text, "{place}: {}", form.what);
    let binary: Vec<_> = metadata.get_all_bin("x-b-bin").collect();
    assert_eq!(binary, form.binary, "{place}: {}", form.what);
}

fn bytes_of<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a [u8])> {
    fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

#[tokio::test]
async fn every_form_arrives_at_a_server_and_can_be_sent_back() {
    for form in FORMS {
        let stub = Stub::one(move |request: Request<String>| async move {
            check(form, "request", request.metadata());
            let (mut reply, metadata) = (Response::new(String::new()), request.metadata().clone());
            *reply.metadata_mut() = metadata.clone();
            *reply.trailers_mut() = metadata;
            Ok(reply)
        });
        let mut caller = Caller::of(Server::builder().add_service(stub)).await;
        let head = request("/test.Talk/One");
        let fields = [&bytes_of(&head)[..], form.lines].concat();
        caller.peer.frame(frame::HEADERS, frame::END_HEADERS, 1, &frame::block(&fields));
        caller.peer.last_data(1, &message(""));
        let tale = caller.peer.tale(1).await;
        assert!(
            tale.last().unwrap().starts_with("HEADERS END_STREAM grpc-status: 0"),
            "{}: {tale:?}",
            form.what
        );
        caller.close().await;
    }
}

#[tokio::test]
async fn every_form_arrives_at_a_client_in_head_and_trailers_and_beside_an_error() {
    let say = |peer: &mut Peer, stream: u32, fields: &[(&str, &str)], form: &Form, end: bool| {
        let block = frame::block(&[&bytes_of(fields)[..], form.lines].concat());
        let flags = if end { frame::END_HEADERS | frame::END_STREAM } else { frame::END_HEADERS };
        peer.frame(frame::HEADERS, flags, stream, &block);
    };
    for form in FORMS {
        let (channel, mut door) = answerer(|endpoint| endpoint);
        let calls = channel.clone();
        let well = tokio::spawn(async move { calls.unary(&ONE, Request::new(String::new())).await });
        let mut peer = door.server().await;
        let (stream, _) = peer.whole_request().await;
        say(&mut peer, stream, HEAD, form, false);
        peer.data(stream, &message("!"));
        say(&mut peer, stream, OK, form, true);
        peer.flush().await;
        let reply = within(well).await.unwrap().unwrap();
        check(form, "head", reply.metadata());
        check(form, "trailers", reply.trailers());

        let calls = channel.clone();
        let badly = tokio::spawn(async move { calls.unary(&ONE, Request::new(String::new())).await });
        let (stream, _) = peer.whole_request().await;
        say(&mut peer, stream, &[HEAD, &[("grpc-status", "5")]].concat(), form, true);
        peer.flush().await;
        let status = within(badly).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        check(form, "Trailers-Only", status.metadata());
        drop(channel);
        peer.hang_up().await;
        all_quiet().await;
    }
}

#[tokio::test]
async fn bytes_are_sent_as_base64_without_padding_in_every_block() {
    let stub = Stub::one(|_| async {
        let mut reply = Response::new(String::new());
        reply.metadata_mut().append_bin("x-b-bin", &[0, 255]).unwrap();
        reply.metadata_mut().append_bin("x-b-bin", &[1]).unwrap();
        reply.trailers_mut().insert_bin("x-b-bin", &[]).unwrap();
        Ok(reply)
    });
    let mut caller = Caller::of(Server::builder().add_service(stub)).await;
    caller.peer.headers(1, &request("/test.Talk/One")).last_data(1, &message(""));
    let tale = caller.peer.tale(1).await;
    assert!(tale[0].ends_with("x-b-bin: AP8 | x-b-bin: AQ"), "{tale:?}");
    assert_eq!(tale[2], "HEADERS END_STREAM grpc-status: 0 | x-b-bin: ");
    caller.close().await;
}

#[tokio::test]
async fn what_is_marked_as_a_secret_enters_no_table_of_hpack() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let mut request = Request::new(String::new());
    request.metadata_mut().insert("x-token", "t").unwrap();
    request.metadata_mut().insert("x-open", "o").unwrap();
    request.metadata_mut().set_sensitive("x-token");
    let call = tokio::spawn(async move { channel.unary(&ONE, request).await });
    let mut peer = door.server().await;
    let (_, fields) = peer.request().await;
    assert!(fields.contains(&"x-token: t [never remembered]".to_owned()), "{fields:?}");
    assert!(fields.contains(&"x-open: o".to_owned()), "{fields:?}");
    peer.hang_up().await;
    within(call).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn the_head_can_be_read_before_there_is_a_message_and_trailers_after_success() {
    let house = House::with(Talk::new(Stub {
        many_replies: Box::new(|_, replies| {
            Box::pin(async move {
                replies.headers_mut().insert("x-early", "1").unwrap();
                replies.trailers_mut().insert("x-late", "2").unwrap();
                replies.flush().await?;
                // Not before the client has read the head.
                tokio::task::yield_now().await;
                replies.send("!".into()).await?;
                Ok(())
            })
        }),
        ..Stub::default()
    }));
    let request = Request::new(String::new());
    let mut replies = within(house.channel.server_streaming(&MANY_REPLIES, request)).await.unwrap();
    assert_eq!(within(replies.headers()).await.unwrap().get("x-early"), Some("1"));
    assert!(replies.trailers().is_none());
    assert_eq!(within(replies.message()).await.unwrap().as_deref(), Some("!"));
    assert_eq!(within(replies.message()).await.unwrap(), None);
    assert_eq!(replies.trailers().unwrap().get("x-late"), Some("2"));
    drop(replies);
    house.close().await;
}

#[tokio::test]
async fn the_metadata_of_trailers_only_is_that_of_the_trailers() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let call = tokio::spawn(async move {
        calls.server_streaming(&MANY_REPLIES, Request::new(String::new())).await.unwrap()
    });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    peer.trailers(stream, &[HEAD, &[("grpc-status", "9"), ("x-why", "moon")]].concat()).flush().await;
    let mut replies = within(call).await.unwrap();
    assert!(within(replies.headers()).await.unwrap().is_empty());
    let status = within(replies.message()).await.unwrap_err();
    assert_eq!((status.code(), status.metadata().get("x-why")), (Code::FailedPrecondition, Some("moon")));
    drop((replies, channel));
    peer.hang_up().await;
    all_quiet().await;
}

/// What a server's interceptor knows of a call.
struct Names;

impl Interceptor for Names {
    async fn start(&self, call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        let agent = metadata.get("user-agent").unwrap_or_default().to_owned();
        let authority = call.authority().unwrap_or_default();
        Err(Status::aborted(format!("{agent} calls {authority}")))
    }
}

#[tokio::test]
async fn the_user_agent_and_the_authority_arrive_as_the_endpoint_says() {
    let ours = concat!("grpc-rust-wirewright/", env!("CARGO_PKG_VERSION"));
    let ask = async |endpoint: fn(wirewright::Endpoint) -> wirewright::Endpoint| {
        let server = Server::builder().intercept(Names).add_service(Talk::new(Stub::default()));
        let house = House::build(server, endpoint);
        let mut request = Request::new(String::new());
        // [User-Agent] is the library's to say.
        assert!(request.metadata_mut().insert("user-agent", "forged").is_err());
        let status = within(house.channel.unary(&ONE, request)).await.unwrap_err();
        house.close().await;
        status.message().to_owned()
    };
    assert_eq!(ask(|endpoint| endpoint).await, format!("{ours} calls in.memory:1"));
    let named = ask(|endpoint| endpoint.user_agent("shop/2.1").authority("shop.example:8443").unwrap()).await;
    assert_eq!(named, format!("shop/2.1 {ours} calls shop.example:8443"));
    // What a header cannot carry is left out, and does no harm.
    let odd = ask(|endpoint| endpoint.user_agent("sh\u{f6}p\n/2")).await;
    assert_eq!(odd, format!("shp/2 {ours} calls in.memory:1"));
}

/// S14: gRFC A41.
#[tokio::test]
async fn a_host_field_stands_in_for_a_missing_authority() {
    let mut caller =
        Caller::of(Server::builder().intercept(Names).add_service(Talk::new(Stub::default()))).await;
    for (stream, fields, expected) in [
        (1, &[("host", "b.example")][..], "calls b.example"),
        (3, &[(":authority", "a.example"), ("host", "b.example")], "calls a.example"),
    ] {
        let mut head: Vec<_> =
            request("/test.Talk/One").into_iter().filter(|(name, _)| *name != ":authority").collect();
        for (name, value) in fields {
            let at = if name.starts_with(':') { 0 } else { head.len() };
            head.insert(at, (name, value));
        }
        caller.peer.headers(stream, &head).last_data(stream, &message(""));
        let line = caller.peer.tale(stream).await.pop().unwrap();
        assert!(line.contains("grpc-status: 10") && line.ends_with(expected), "{line}");
    }
    caller.close().await;
}
