//! A server with an odd service, for what the demo's services never do; and the answers of its callers.

use std::path::{Path, PathBuf};

use tokio::sync::oneshot;
use wirewright::server::{Ended, ServerCall, Service};
use wirewright::services::reflection::Reflection;
use wirewright::transport::tls::ServerTls;
use wirewright::transport::{TcpIncoming, UnixIncoming};
use wirewright::{
    Interceptor, Method, MethodDescriptor, RawMessage, Response, Server, ServerBuilder, Status,
};

/// Which reflection it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reflects {
    Both,
    Alpha,
    Not,
}

/// The server, in a thread of its own.
pub(crate) struct OddServer {
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl OddServer {
    pub(crate) fn start(reflects: Reflects, tls: Option<ServerTls>) -> OddServer {
        OddServer::listen(reflects, tls, None)
    }

    /// The same on a Unix socket.
    pub(crate) fn on_socket(path: &Path) -> OddServer {
        let _ = std::fs::remove_file(path);
        OddServer::listen(Reflects::Both, None, Some(path.to_owned()))
    }

    fn listen(reflects: Reflects, tls: Option<ServerTls>, socket: Option<PathBuf>) -> OddServer {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let stopped = async { drop(stopped.await) };
                let server = server(reflects, tls);
                let _ = match socket {
                    None => {
                        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
                        tell.send(incoming.local_address().unwrap().to_string()).unwrap();
                        server.serve_until(incoming, stopped).await
                    }
                    Some(path) => {
                        let incoming = UnixIncoming::bind(&path).unwrap();
                        tell.send(path.display().to_string()).unwrap();
                        server.serve_until(incoming, stopped).await
                    }
                };
            });
        });
        OddServer { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

fn server(reflects: Reflects, tls: Option<ServerTls>) -> ServerBuilder<()> {
    let reflection = Reflection::builder().file_descriptor_set(descriptors()).build().unwrap();
    let mut server = Server::builder().add_service(Odd);
    if reflects != Reflects::Not {
        server = server.add_service(reflection.v1alpha());
    }
    if reflects == Reflects::Both {
        server = server.add_service(reflection.v1());
    }
    match tls {
        Some(tls) => server.tls(tls),
        None => server,
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// Where `odd.proto` is.
pub(crate) fn folder() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto").display().to_string()
}

fn descriptors() -> Vec<u8> {
    let mut compiler = protox::Compiler::new([folder()]).unwrap();
    compiler.include_imports(true).include_source_info(true).open_file("odd.proto").unwrap();
    compiler.open_file("more.proto").unwrap();
    compiler.encode_file_descriptor_set()
}

struct Odd;

const ECHO: Method<RawMessage, RawMessage> = Method::unary("/odd.Odd/Echo");
const ECHO_OLD: Method<RawMessage, RawMessage> = Method::unary("/odd.Odd/EchoOld");
const FAIL: Method<RawMessage, RawMessage> = Method::unary("/odd.Odd/Fail");

impl Service for Odd {
    const NAME: &'static str = "odd.Odd";
    const METHODS: &'static [MethodDescriptor] = &[ECHO.describe(), ECHO_OLD.describe(), FAIL.describe()];

    async fn call<I: Interceptor>(&self, call: ServerCall<I>) -> Result<(), Ended> {
        if call.method().starts_with("Echo") {
            let (request, mut call) = call.unary(&ECHO).await?;
            let mut response = Response::new(RawMessage::default());
            for (name, value) in request.metadata().headers() {
                let _ = response.metadata_mut().append(&format!("echo-{name}"), value.to_str().unwrap());
            }
            response.trailers_mut().append("after", "all").unwrap();
            let reply = call.run(async { Ok(response.map(|_| request.into_inner())) }).await;
            call.reply(reply).await
        } else {
            let (_, mut call) = call.unary(&FAIL).await?;
            // google.rpc.Status { 9, "odd", [RetryInfo { 1 s }, odd.Unheard(2 bytes)] }
            let retry = b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x01";
            let unheard = b"\x0a\x0dx/odd.Unheard\x12\x02\x08\x01";
            let mut details = b"\x08\x09\x12\x03odd\x1a\x30".to_vec();
            details.extend(retry);
            details.push(0x1a);
            details.push(u8::try_from(unheard.len()).unwrap());
            details.extend(unheard);
            let failed = Status::failed_precondition("odd").with_details(details);
            let reply = call.run(async { Err::<Response<RawMessage>, _>(failed) }).await;
            call.reply(reply).await
        }
    }
}
