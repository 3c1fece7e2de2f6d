//! The recordings of the lessons, made by real calls of this library: `RECORD=1` makes them anew.
//!
//! They are kept in the repository, because times and what a test says of them would differ with each run. Made anew
//! they must still tell the same story: the other tests say whether they do.

use std::future::pending;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use wirewright::error_details::BadRequest;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::transport::tls::{ClientCertificates, ClientTls, Identity, Pem, Roots, ServerTls, ring};
use wirewright::transport::{Http2Settings, pipe};
use wirewright::{Channel, Endpoint, Gzip, Interceptor, Method, MethodDescriptor, Request, Response};
use wirewright::{Server, ServerBuilder, Status, Tap};

use crate::support::{run, text, wright};

const GREET: Method<String, String> = Method::unary("/lesson.School/Greet");
const COUNT: Method<String, String> = Method::server_streaming("/lesson.School/Count");
const SLEEP: Method<String, String> = Method::unary("/lesson.School/Sleep");
const BOOK: Method<String, String> = Method::unary("/lesson.School/Book");

/// Teaches.
struct School;

impl Service for School {
    const NAME: &'static str = "lesson.School";
    const METHODS: &'static [MethodDescriptor] =
        &[GREET.describe(), COUNT.describe(), SLEEP.describe(), BOOK.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        match call.method() {
            "Greet" => {
                let (request, mut call) = call.unary(&GREET).await?;
                let reply = call.run(greet(request)).await;
                call.reply(reply).await
            }
            "Count" => {
                let (_, mut numbers, mut call) = call.server_streaming(&COUNT).await?;
                let end = call.run(async {
                    for number in ["one", "two", "three", "four"] {
                        numbers.send(number.to_owned()).await?;
                        numbers.flush().await?;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    Ok(())
                });
                let end = end.await;
                call.close(numbers, end).await
            }
            "Sleep" => {
                let (_, mut call) = call.unary(&SLEEP).await?;
                let reply = call.run(pending()).await;
                call.reply(reply).await
            }
            "Book" => {
                let (_, mut call) = call.unary(&BOOK).await?;
                let reply = call
                    .run(async { Ok(Response::new("All happy families are alike. ".repeat(2_500))) })
                    .await;
                call.reply(reply).await
            }
            _ => call.unimplemented().await,
        }
    }
}

async fn greet(request: Request<String>) -> Result<Response<String>, Status> {
    match request.get_ref().as_str() {
        "" => {
            let status = Status::invalid_argument("whom shall I greet?");
            Err(status.with_error_detail(&BadRequest::field("name", "is empty")))
        }
        "nobody" => Err(Status::not_found("there is nobody here")),
        name => Ok(Response::new(format!("Hello {name}"))),
    }
}

/// A file in memory whose clones are the same file.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lesson/recordings")
}

/// Makes calls to a school, and keeps what the client's end of the connection carried.
async fn record<F: Future<Output = ()>>(
    name: &str,
    server: ServerBuilder<()>,
    endpoint: impl FnOnce(Endpoint) -> Endpoint,
    calls: impl FnOnce(Channel, oneshot::Sender<()>) -> F,
) {
    let paper = Paper::default();
    let (connector, incoming) = pipe();
    let (stop, stopped) = oneshot::channel();
    let stopped = async move {
        // Most lessons let go of it.
        if stopped.await.is_err() {
            pending::<()>().await;
        }
    };
    let server = tokio::spawn(server.add_service(School).serve_until(incoming, stopped));
    let tap = Tap::record(paper.clone(), []).unwrap();
    let channel =
        endpoint(Endpoint::new("school.example:50051").unwrap()).connector(connector).tap(tap).lazy();
    calls(channel, stop).await;
    // The farewells of both ends belong to the story.
    tokio::time::sleep(Duration::from_millis(20)).await;
    server.abort();
    let _ = server.await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    std::fs::write(folder().join(format!("{name}.jsonl")), &*paper.0.lock().unwrap()).unwrap();
}

async fn say(channel: &Channel, name: &str) -> Result<Response<String>, Status> {
    channel.unary(&GREET, Request::new(name.to_owned())).await
}

async fn record_plain() {
    let plain = |endpoint: Endpoint| endpoint.timeout(Duration::from_secs(5));
    record("01-unary", Server::builder(), plain, |channel, _stop| async move {
        say(&channel, "world").await.unwrap();
    })
    .await;
    record("02-hpack", Server::builder(), plain, |channel, _stop| async move {
        say(&channel, "world").await.unwrap();
        say(&channel, "again").await.unwrap();
    })
    .await;
    record("03-streaming", Server::builder(), plain, |channel, _stop| async move {
        let mut numbers = channel.server_streaming(&COUNT, Request::new(String::new())).await.unwrap();
        while numbers.message().await.unwrap().is_some() {}
    })
    .await;
    record("04-trailers-only", Server::builder(), plain, |channel, _stop| async move {
        say(&channel, "nobody").await.unwrap_err();
    })
    .await;
    record("05-details", Server::builder(), plain, |channel, _stop| async move {
        say(&channel, "").await.unwrap_err();
    })
    .await;
    record(
        "06-deadline",
        Server::builder(),
        |endpoint| endpoint,
        |channel, _stop| async move {
            let request = Request::new(String::new()).with_timeout(Duration::from_millis(50));
            channel.unary(&SLEEP, request).await.unwrap_err();
        },
    )
    .await;
    record(
        "07-cancellation",
        Server::builder(),
        |endpoint| endpoint,
        |channel, _stop| async move {
            let call = channel.unary(&SLEEP, Request::new("long".to_owned()));
            let _ = tokio::time::timeout(Duration::from_millis(20), call).await;
        },
    )
    .await;
}

async fn record_special() {
    let server = Server::builder().compression(Gzip::default());
    let gzip = |endpoint: Endpoint| endpoint.compression(Gzip::default()).compress_requests("gzip");
    record("08-compression", server, gzip, |channel, _stop| async move {
        say(&channel, &"ha ".repeat(100)).await.unwrap();
    })
    .await;
    let small = |endpoint: Endpoint| {
        let windows = Http2Settings::client().stream_window(65_535).connection_window(65_535);
        endpoint.http2(windows)
    };
    record("09-flow-control", Server::builder(), small, |channel, _stop| async move {
        channel.unary(&BOOK, Request::new("a long one".to_owned())).await.unwrap();
    })
    .await;
    record(
        "10-goaway",
        Server::builder(),
        |endpoint| endpoint,
        |channel, stop| async move {
            let mut numbers = channel.server_streaming(&COUNT, Request::new(String::new())).await.unwrap();
            numbers.message().await.unwrap();
            stop.send(()).unwrap();
            while numbers.message().await.unwrap().is_some() {}
        },
    )
    .await;
    let certified = rcgen::generate_simple_self_signed(["school.example".to_owned()]).unwrap();
    let certificate = Pem::text(certified.cert.pem());
    let identity =
        Identity { certificates: certificate.clone(), key: Pem::text(certified.signing_key.serialize_pem()) };
    let server =
        Server::builder().tls(ServerTls::new(ring(), identity, ClientCertificates::Ignored).unwrap());
    let tls = ClientTls::new(ring(), Roots::Pem(certificate), None).unwrap();
    record(
        "11-tls",
        server,
        |endpoint| endpoint.tls(tls),
        |channel, _stop| async move {
            say(&channel, "world").await.unwrap();
        },
    )
    .await;
}

#[test]
fn the_recordings_of_the_lessons_are_explained_to_the_last_byte() {
    if std::env::var_os("RECORD").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            record_plain().await;
            record_special().await;
        });
    }
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let output = run(&mut wright(&["explain", entry.unwrap().path().to_str().unwrap()]));
        let told = text(&output.stdout);
        assert!(told.trim_end().ends_with("and every byte told once"), "{told}");
        assert!(!told.contains("cannot be read"), "{told}");
        count += 1;
    }
    assert_eq!(count, 11);
}
