//! The four moments, on both sides: their order, who may refuse where, and an end that comes exactly once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wirewright::{
    CallInfo, Code, Direction, Interceptor, Message, Metadata, Request, Response, Server, Status, on_start,
};

use crate::support::frame::{CANCEL, Frame};
use crate::support::peer::{Caller, HEAD, OK, answerer, message, request};
use crate::support::talk::{MANY, MANY_REPLIES, MANY_REQUESTS, ONE, Stub, Talk};
use crate::support::{House, all_quiet, settle, within};

/// Writes every moment down, and refuses one if it is told to.
#[derive(Clone, Default)]
struct Diary {
    name: &'static str,
    refuse: &'static str,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Diary {
    fn named(&self, name: &'static str) -> Diary {
        Diary { name, ..self.clone() }
    }

    fn refusing(moment: &'static str) -> Diary {
        Diary { refuse: moment, ..Diary::default() }
    }

    fn note(&self, line: &str) -> Result<(), Status> {
        let line = if self.name.is_empty() { line.to_owned() } else { format!("{} {line}", self.name) };
        self.lines.lock().unwrap().push(line.clone());
        if self.refuse == line { Err(Status::resource_exhausted(format!("no {line}"))) } else { Ok(()) }
    }

    /// What was written since the last time.
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Interceptor for Diary {
    async fn start(&self, _: &CallInfo, _: &mut Metadata) -> Result<(), Status> {
        let noted = self.note("start");
        tokio::task::yield_now().await;
        noted
    }

    fn message<M: Message>(&self, _: &CallInfo, direction: Direction, _: &mut M) -> Result<(), Status> {
        self.note(match direction {
            Direction::Request => "request",
            Direction::Response => "response",
        })
    }

    fn headers(&self, _: &CallInfo, _: &mut Metadata) {
        let _ = self.note("headers");
    }

    fn end(&self, _: &CallInfo, end: &Result<(), Status>, _: &mut Metadata) {
        let end = end.as_ref().map_or_else(|status| format!("{:?}", status.code()), |()| "Ok".to_owned());
        let _ = self.note(&format!("end {end}"));
    }
}

/// A house whose server keeps one diary and whose channel another.
fn house(
    stub: Stub,
    server: &Diary,
    client: &Diary,
) -> (House, wirewright::Channel<impl Interceptor + use<>>) {
    let server = Server::builder().intercept(server.clone()).add_service(Talk::new(stub));
    let house = House::build(server, |endpoint| endpoint);
    let channel = house.channel.clone().intercept(client.clone());
    (house, channel)
}

#[tokio::test]
async fn a_unary_call_has_four_moments_on_either_side() {
    let (server, client) = (Diary::default(), Diary::default());
    let (house, channel) = house(Stub::default(), &server, &client);
    within(channel.unary(&ONE, Request::new("hi".into()))).await.unwrap();
    assert_eq!(client.read(), ["start", "request", "headers", "response", "end Ok"]);
    drop(channel);
    house.close().await;
    assert_eq!(server.read(), ["start", "request", "response", "headers", "end Ok"]);
}

#[tokio::test]
async fn a_streaming_call_has_a_moment_for_each_message() {
    let (server, client) = (Diary::default(), Diary::default());
    let (house, channel) = house(Stub::default(), &server, &client);
    let (mut sender, mut replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    for _ in 0..2 {
        within(sender.send("hi".into())).await.unwrap();
        within(replies.message()).await.unwrap();
    }
    within(sender.finish()).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    drop((replies, channel));
    house.close().await;
    assert_eq!(client.read(), ["start", "request", "headers", "response", "request", "response", "end Ok"]);
    assert_eq!(server.read(), ["start", "request", "response", "headers", "request", "response", "end Ok"]);
}

#[tokio::test]
async fn a_stream_without_messages_still_has_its_head_before_its_end() {
    let (server, client) = (Diary::default(), Diary::default());
    let (house, channel) = house(Stub::default(), &server, &client);
    let mut replies =
        within(channel.server_streaming(&MANY_REPLIES, Request::new(String::new()))).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    drop((replies, channel));
    house.close().await;
    assert_eq!(client.read(), ["start", "request", "headers", "end Ok"]);
    assert_eq!(server.read(), ["start", "request", "headers", "end Ok"]);
}

#[tokio::test]
async fn a_call_that_fails_before_its_head_has_no_headers_moment() {
    let (server, client) = (Diary::default(), Diary::default());
    let stub = Stub {
        one: Box::new(|_| Box::pin(async { Err(Status::not_found("nothing")) })),
        many: Box::new(|_, _| Box::pin(async { Err(Status::not_found("nothing")) })),
        ..Stub::default()
    };
    let (house, channel) = house(stub, &server, &client);
    within(channel.unary(&ONE, Request::new("hi".into()))).await.unwrap_err();
    let (sender, mut replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    within(replies.message()).await.unwrap_err();
    drop((sender, replies, channel));
    house.close().await;
    assert_eq!(client.read(), ["start", "request", "end NotFound", "start", "end NotFound"]);
    assert_eq!(server.read(), ["start", "request", "end NotFound", "start", "end NotFound"]);
}

#[tokio::test]
async fn interceptors_nest_with_the_request_from_outside_and_the_response_from_inside() {
    let diary = Diary::default();
    let server = Server::builder()
        .intercept(diary.named("s1"))
        .intercept(diary.named("s2"))
        .add_service(Talk::new(Stub::default()));
    let house = House::build(server, |endpoint| endpoint);
    let channel = house.channel.clone().intercept(diary.named("c1")).intercept(diary.named("c2"));
    within(channel.unary(&ONE, Request::new("hi".into()))).await.unwrap();
    drop(channel);
    house.close().await;
    let lines = diary.read();
    let of = |side: &str| {
        let lines = lines.iter().filter(|line| line.starts_with(side));
        lines.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of("c"),
        "c1 start, c2 start, c1 request, c2 request, c2 headers, c1 headers, c2 response, c1 response, c2 end Ok, c1 end Ok"
    );
    assert_eq!(
        of("s"),
        "s1 start, s2 start, s1 request, s2 request, s2 response, s1 response, s2 headers, s1 headers, s2 end Ok, s1 end Ok"
    );
}

#[tokio::test]
async fn a_service_is_inside_the_interceptors_added_before_it() {
    let server = Server::builder()
        .add_service(Talk::new(Stub::default()))
        .intercept(on_start(|_, _| Err(Status::unauthenticated("too late to matter"))));
    let house = House::build(server, |endpoint| endpoint);
    within(house.channel.unary(&ONE, Request::new("hi".into()))).await.unwrap();
    house.close().await;
}

/// Every kind of call; each gives the end of the call.
async fn all_kinds(channel: &wirewright::Channel<impl Interceptor>) -> [Result<(), Status>; 4] {
    let unary = channel.unary(&ONE, Request::new("hi".into())).await.map(drop);
    let server_streaming = async {
        let mut replies = channel.server_streaming(&MANY_REPLIES, Request::new("hi".into())).await?;
        while replies.message().await?.is_some() {}
        Ok(())
    };
    let client_streaming = async {
        let mut upload = channel.client_streaming(&MANY_REQUESTS, Request::new(())).await?;
        let _ = upload.send("hi".into()).await;
        upload.finish().await.map(drop)
    };
    let bidi = async {
        let (mut sender, mut replies) = channel.bidi_streaming(&MANY, Request::new(())).await?;
        let _ = sender.send("hi".into()).await;
        let _ = sender.finish().await;
        while replies.message().await?.is_some() {}
        Ok(())
    };
    [unary, server_streaming.await, client_streaming.await, bidi.await]
}

#[tokio::test]
async fn a_refusal_at_any_moment_on_any_side_is_the_end_of_the_call() {
    for moment in ["start", "request", "response"] {
        for at_server in [true, false] {
            let refusing = Diary::refusing(moment);
            let watching = Diary::default();
            let (server, client) = if at_server { (&refusing, &watching) } else { (&watching, &refusing) };
            let (house, channel) = house(Stub::default(), server, client);
            for (kind, end) in within(all_kinds(&channel)).await.into_iter().enumerate() {
                let what = format!("{moment}, kind {kind}, server: {at_server}");
                let status = end.expect_err(&what);
                let expected = (Code::ResourceExhausted, format!("no {moment}"));
                assert_eq!((status.code(), status.message()), (expected.0, &*expected.1), "{what}");
            }
            drop(channel);
            house.close().await;
            let count = |diary: &Diary, what: &str| {
                diary.lines.lock().unwrap().iter().filter(|line| line.starts_with(what)).count()
            };
            assert_eq!(count(&refusing, "end ResourceExhausted"), 4, "{moment}, server: {at_server}");
            for diary in [&refusing, &watching] {
                let starts = count(diary, "start");
                assert_eq!(count(diary, "end"), starts, "{moment}, server: {at_server}: {:?}", diary.read());
            }
        }
    }
}

#[tokio::test]
async fn what_an_interceptor_changes_travels() {
    struct Change;
    impl Interceptor for Change {
        async fn start(&self, call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
            call.insert_extension(7_u32);
            metadata.insert("x-start", call.path()).unwrap();
            Ok(())
        }

        fn headers(&self, _: &CallInfo, metadata: &mut Metadata) {
            metadata.insert("x-headers", "h").unwrap();
        }

        fn end(&self, call: &CallInfo, _: &Result<(), Status>, trailers: &mut Metadata) {
            let seven = call.extension::<u32>().unwrap_or_default();
            trailers.insert("x-end", &seven.to_string()).unwrap();
        }
    }
    let stub = Stub {
        one: Box::new(|request| {
            let start = request.metadata().get("x-start").unwrap_or_default().to_owned();
            let seven = request.extensions().get::<u32>().copied();
            Box::pin(async move { Ok(Response::new(format!("{start} {seven:?}"))) })
        }),
        many: Box::new(|_, _| Box::pin(async { Err(Status::aborted("no")) })),
        ..Stub::default()
    };
    let mut caller = Caller::of(Server::builder().intercept(Change).add_service(Talk::new(stub))).await;
    caller.peer.headers(1, &request("/test.Talk/One")).last_data(1, &message(""));
    let tale = caller.peer.tale(1).await;
    assert!(tale[0].ends_with("x-headers: h"), "{tale:?}");
    assert!(tale[1].ends_with("/test.Talk/One Some(7)"), "{tale:?}");
    assert_eq!(tale[2], "HEADERS END_STREAM grpc-status: 0 | x-end: 7");
    caller.peer.trailers(3, &request("/test.Talk/Many"));
    let tale = caller.peer.tale(3).await;
    assert!(
        tale.len() == 1 && tale[0].ends_with("grpc-status: 10 | grpc-message: no | x-end: 7"),
        "{tale:?}"
    );
    caller.close().await;
}

#[tokio::test]
async fn a_client_that_drops_its_call_has_one_end() {
    let diary = Diary::default();
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let channel = channel.intercept(diary.clone());
    let calls = channel.clone();
    let unary = tokio::spawn(async move { calls.unary(&ONE, Request::new("a".into())).await });
    let mut peer = door.server().await;
    let (stream, _) = peer.whole_request().await;
    unary.abort();
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    assert_eq!(diary.read(), ["start", "request", "end Cancelled"]);

    let (sender, replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    peer.request().await;
    drop(replies);
    drop(sender);
    settle().await;
    assert_eq!(diary.read(), ["start", "end Cancelled"]);

    let (sender, mut replies) = within(channel.bidi_streaming(&MANY, Request::new(()))).await.unwrap();
    while !matches!(peer.next().await, Frame::Reset { .. }) {}
    let (stream, _) = peer.request().await;
    drop(sender);
    assert_eq!(peer.next().await, Frame::Reset { stream, reason: CANCEL });
    within(replies.message()).await.unwrap_err();
    drop(replies);
    settle().await;
    assert_eq!(diary.read(), ["start", "end Cancelled"]);

    let mut replies =
        within(channel.server_streaming(&MANY_REPLIES, Request::new("a".into()))).await.unwrap();
    let (stream, _) = peer.whole_request().await;
    peer.headers(stream, HEAD).data(stream, &message("m")).trailers(stream, OK).flush().await;
    within(replies.message()).await.unwrap();
    assert_eq!(within(replies.message()).await.unwrap(), None);
    drop(replies);
    settle().await;
    assert_eq!(diary.read(), ["start", "request", "headers", "response", "end Ok"]);
    drop(channel);
    peer.hang_up().await;
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_caller_goes_or_whose_time_is_up_has_one_end() {
    let diary = Diary::default();
    let stub = Stub {
        one: Box::new(|_| Box::pin(std::future::pending())),
        many: Box::new(|_, _| Box::pin(std::future::pending())),
        ..Stub::default()
    };
    let server = Server::builder().intercept(diary.clone()).add_service(Talk::new(stub));
    let mut caller = Caller::of(server).await;
    caller.peer.headers(1, &request("/test.Talk/One")).last_data(1, &message("")).flush().await;
    settle().await;
    caller.peer.reset(1, CANCEL).flush().await;
    settle().await;
    assert_eq!(diary.read(), ["start", "request", "end Cancelled"]);

    let timed = [&request("/test.Talk/Many")[..], &[("grpc-timeout", "5m")]].concat();
    caller.peer.headers(3, &timed).flush().await;
    caller.peer.tale(3).await;
    settle().await;
    assert_eq!(diary.read(), ["start", "end DeadlineExceeded"]);

    let none = [&request("/test.Talk/Many")[..], &[("grpc-timeout", "0n")]].concat();
    caller.peer.headers(5, &none).flush().await;
    caller.peer.tale(5).await;
    settle().await;
    assert_eq!(diary.read(), [""; 0], "what never started does not end");

    let mut other = caller.another().await;
    other.headers(1, &request("/test.Talk/Many")).flush().await;
    settle().await;
    other.hang_up().await;
    settle().await;
    assert_eq!(diary.read(), ["start", "end Cancelled"]);
    caller.close().await;
}

/// Waits as long as it is told, at the start.
struct Slow;

impl Interceptor for Slow {
    async fn start(&self, _: &CallInfo, _: &mut Metadata) -> Result<(), Status> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_waits_counts_towards_the_deadline() {
    let server = Server::builder().intercept(Slow).add_service(Talk::new(Stub::default()));
    let house = House::build(server, |endpoint| endpoint);
    let timed = || Request::new("hi".to_owned()).with_timeout(Duration::from_secs(2));
    let status = within(house.channel.unary(&ONE, timed())).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let slow = house.channel.clone().intercept(Slow);
    let status = within(slow.unary(&ONE, timed())).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    within(slow.unary(&ONE, Request::new("hi".into()))).await.unwrap();
    drop(slow);
    house.close().await;
}

/// Panics at the moment that it is told.
struct Panics(&'static str);

impl Panics {
    fn at(&self, moment: &str) {
        assert!(!self.0.contains(moment), "as asked");
    }
}

impl Interceptor for Panics {
    async fn start(&self, _: &CallInfo, _: &mut Metadata) -> Result<(), Status> {
        self.at("start");
        Ok(())
    }

    fn message<M: Message>(&self, _: &CallInfo, direction: Direction, _: &mut M) -> Result<(), Status> {
        self.at(match direction {
            Direction::Request => "request",
            Direction::Response => "response",
        });
        Ok(())
    }

    fn headers(&self, _: &CallInfo, _: &mut Metadata) {
        self.at("headers");
    }

    fn end(&self, _: &CallInfo, _: &Result<(), Status>, _: &mut Metadata) {
        self.at("end");
    }
}

#[tokio::test]
async fn an_interceptor_that_panics_harms_no_other_call() {
    for moment in ["start", "request", "response", "headers", "end", "headers, end"] {
        let server = Server::builder().intercept(Panics(moment)).add_service(Talk::new(Stub::default()));
        let house = House::build(server, |endpoint| endpoint);
        for _ in 0..2 {
            for end in within(all_kinds(&house.channel)).await {
                let status = end.expect_err(moment);
                assert_eq!(
                    (status.code(), status.message()),
                    (Code::Unknown, "the handler panicked"),
                    "{moment}"
                );
            }
        }
        house.close().await;
    }
}
