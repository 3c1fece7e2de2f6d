//! Serves the page to the browser on this very machine, and to nobody else.
//!
//! In: HTTP/1 requests on a loopback address. Out: the page, its table of contents, its batches; or a refusal. What is
//! recorded may be secret, and every web page that is open in the same browser can send requests here, so each must
//! show two things:
//!
//! ```text
//!   GET /3f9c../index?known=.. HTTP/1.1     the secret that stands in the address and nowhere else
//!   Host: 127.0.0.1:40321                   this address: a name that was made to lead here is refused
//! ```
//!
//! One answer for each connection, over a network that has no length. Who knows everything and asks for more is kept
//! waiting until there is more, or for a while.
//!
//! Must not know: what is in the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::html::{self, Data};
use super::index::{self, Known};
use super::story::Story;
use crate::failure::Failure;

/// What is shown, and by whose leave.
#[derive(Debug)]
pub(super) struct Shown {
    /// What the page is called.
    pub(super) name: String,
    pub(super) story: Story,
    /// Whether the recording has grown since, or shall be waited for.
    pub(super) is_live: bool,
    /// What could not be read.
    pub(super) warning: Option<String>,
}

/// What is shown, shared with whoever reads the recording on.
#[derive(Debug)]
pub(super) struct Shared {
    shown: Mutex<Shown>,
    /// Wakes those who wait for more.
    pub(super) grown: Notify,
}

impl Shared {
    pub(super) fn new(shown: Shown) -> Shared {
        Shared { shown: Mutex::new(shown), grown: Notify::new() }
    }

    /// Nothing that is done under the lock can leave the story half told, so a panic elsewhere is no reason to stop.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who may come in.
#[derive(Debug)]
pub(super) struct Door {
    secret: String,
    /// What the `Host` of a request may be.
    hosts: [String; 2],
}

impl Door {
    /// A door with a secret that nobody can guess.
    pub(super) fn new(port: u16) -> Result<Door, Failure> {
        let mut bytes = [0; SECRET_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Failure::cannot("the system gives no random numbers", "is /dev/urandom there?"))?;
        let secret = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Door { secret, hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")] })
    }

    /// The address of the page.
    pub(super) fn address(&self) -> String {
        let [host, _] = &self.hosts;
        format!("http://{host}/{}/", self.secret)
    }

    /// What is asked for, if this door is open for it.
    fn admit<'a>(&self, ask: &'a Ask) -> Result<&'a str, Answer> {
        if !self.hosts.contains(&ask.host) {
            return Err(Answer::refusal(403, "Forbidden", "this page has another address"));
        }
        let path = ask.path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match path {
            Some((secret, what)) if secret == self.secret => Ok(what),
            _ => Err(Answer::refusal(
                403,
                "Forbidden",
                "the address lacks its secret; `wright view` prints it",
            )),
        }
    }
}

/// Answers until the process ends.
pub(super) async fn serve(listener: TcpListener, door: Arc<Door>, shared: Arc<Shared>) -> Failure {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (door, shared) = (door.clone(), shared.clone());
                tokio::spawn(async move {
                    // A browser that goes away, or never says what it wants, is not worth a word.
                    let _ = timeout(PATIENCE, talk(stream, &door, &shared)).await;
                });
            }
            // Too many open files, most likely: it passes when an answer is through.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// One request, one answer.
async fn talk(mut stream: TcpStream, door: &Door, shared: &Shared) -> std::io::Result<()> {
    let mut text = Vec::new();
    let ask = loop {
        let mut step = [0; 1024];
        let read = stream.read(&mut step).await?;
        text.extend_from_slice(step.get(..read).unwrap_or_default());
        match Ask::read(&text) {
            Ok(Some(ask)) => break Ok(ask),
            Ok(None) if read > 0 && text.len() < MAX_HEAD_BYTES => {}
            Ok(None) => break Err(Answer::refusal(400, "Bad Request", "this is no request")),
            Err(()) => break Err(Answer::refusal(400, "Bad Request", "this is not HTTP/1.1")),
        }
    };
    if let Ok(ask) = &ask {
        wait_for_news(ask, door, shared).await;
    }
    let answer = ask.and_then(|ask| answer(&ask, door, shared)).unwrap_or_else(|refusal| refusal);
    stream.write_all(answer.head().as_bytes()).await?;
    stream.write_all(&answer.content).await?;
    stream.shutdown().await
}

/// Waits until there is something to tell, if that is what is asked for.
async fn wait_for_news(ask: &Ask, door: &Door, shared: &Shared) {
    // From here on it hears of news, so none can slip through while it looks.
    let grown = shared.grown.notified();
    let known = door.admit(ask).ok().and_then(|what| what.strip_prefix("index?known=")).and_then(Known::read);
    let has_all = known.filter(|known| *known == Known::all(shared.lock().story.tale()));
    // A page that knows nothing yet wants to be told even that.
    if has_all.is_some_and(|known| known != Known::default()) {
        let _ = timeout(HELD, grown).await;
    }
}

/// What a request says, as far as it matters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ask {
    method: String,
    path: String,
    host: String,
}

impl Ask {
    /// Reads a request; `None` if it is not whole yet.
    fn read(text: &[u8]) -> Result<Option<Ask>, ()> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        if request.parse(text).map_err(|_| ())?.is_partial() {
            return Ok(None);
        }
        let mut hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host"));
        let host = hosts.next().map(|field| String::from_utf8_lossy(field.value).into_owned());
        Ok(Some(Ask {
            method: request.method.unwrap_or_default().to_owned(),
            path: request.path.unwrap_or_default().to_owned(),
            // Two hosts are none.
            host: host.filter(|_| hosts.next().is_none()).unwrap_or_default(),
        }))
    }
}

/// What comes back.
#[derive(Debug)]
struct Answer {
    status: u16,
    reason: &'static str,
    /// Which kind of content, and whether it is packed.
    kind: &'static str,
    is_packed: bool,
    content: Vec<u8>,
}

impl Answer {
    fn of(kind: &'static str, content: Vec<u8>) -> Answer {
        Answer { status: 200, reason: "OK", kind, is_packed: false, content }
    }

    fn refusal(status: u16, reason: &'static str, why: &str) -> Answer {
        let content = format!("{why}\n").into_bytes();
        Answer { status, reason, kind: "text/plain; charset=utf-8", is_packed: false, content }
    }

    fn head(&self) -> String {
        let Answer { status, reason, kind, content, .. } = self;
        let packed = if self.is_packed { "Content-Encoding: gzip\r\n" } else { "" };
        let allow = if *status == 405 { "Allow: GET\r\n" } else { "" };
        format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{packed}{allow}\
             Content-Security-Policy: {}; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n\
             Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
             Cross-Origin-Opener-Policy: same-origin\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
            content.len(),
            html::policy(&Data::Asked),
        )
    }
}

fn answer(ask: &Ask, door: &Door, shared: &Shared) -> Result<Answer, Answer> {
    let what = door.admit(ask)?;
    if ask.method != "GET" {
        return Err(Answer::refusal(405, "Method Not Allowed", "this page is only read"));
    }
    let missing = || Answer::refusal(404, "Not Found", "there is nothing here");
    let shown = shared.lock();
    match what.split_once('?').unwrap_or((what, "")) {
        ("", _) => Ok(Answer::of("text/html; charset=utf-8", html::page(&Data::Asked).into_bytes())),
        ("index", question) => {
            let known = question.strip_prefix("known=").and_then(Known::read).ok_or_else(missing)?;
            let Shown { name, story, is_live, warning } = &*shown;
            let news = index::news(story.tale(), name, known, *is_live, warning.as_deref());
            Ok(Answer::of("application/json", news.to_string().into_bytes()))
        }
        ("batch", question) => {
            let nth: Option<usize> = question.strip_prefix("nth=").and_then(|nth| nth.parse().ok());
            let batch = nth.and_then(|nth| shown.story.tale().batches.get(nth)).ok_or_else(missing)?;
            Ok(Answer { is_packed: true, ..Answer::of("application/json", batch.packed()) })
        }
        _ => Err(missing()),
    }
}

/// 128 bits: nobody tries so many.
const SECRET_BYTES: usize = 16;

/// Four times what a browser sends on a loopback address, cookies of other programs on it included.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Browsers send about fifteen.
const MAX_FIELDS: usize = 64;

/// A question that is held for so long costs nothing, and a browser does not give it up yet.
const HELD: Duration = Duration::from_secs(10);

/// Longer than any answer takes on this machine, a held one included.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the listener rests after an error: long enough not to spin, too short to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Shared {
        let story = Story::default();
        Shared::new(Shown { name: "x".into(), story, is_live: false, warning: None })
    }

    fn ask(door: &Door, method: &str, path: &str, host: &str) -> Answer {
        let path = path.replace("SECRET", &door.secret);
        let host = host.replace("PORT", "7");
        let ask = Ask { method: method.into(), path, host };
        answer(&ask, door, &shared()).unwrap_or_else(|refusal| refusal)
    }

    #[test]
    fn only_who_has_the_secret_and_the_address_comes_in() {
        let door = Door::new(7).unwrap();
        let table = [
            ("GET", "/SECRET/", "127.0.0.1:PORT", 200),
            ("GET", "/SECRET/", "localhost:PORT", 200),
            ("GET", "/SECRET/index?known=0.0.0.0.0.0.0", "127.0.0.1:PORT", 200),
            ("GET", "/SECRET/index?known=9.9.9.9.9.9.9", "127.0.0.1:PORT", 200),
            ("GET", "/SECRET/", "evil.example:PORT", 403),
            ("GET", "/SECRET/", "127.0.0.1:8", 403),
            ("GET", "/SECRET/", "", 403),
            ("GET", "/", "127.0.0.1:PORT", 403),
            ("GET", "/SECRET", "127.0.0.1:PORT", 403),
            ("GET", "/0000/index?known=0.0.0.0.0.0.0", "127.0.0.1:PORT", 403),
            ("GET", "http://127.0.0.1:7/SECRET/", "127.0.0.1:PORT", 403),
            ("POST", "/", "127.0.0.1:PORT", 403),
            ("POST", "/SECRET/", "127.0.0.1:PORT", 405),
            ("GET", "/SECRET/index", "127.0.0.1:PORT", 404),
            ("GET", "/SECRET/index?known=1.2", "127.0.0.1:PORT", 404),
            ("GET", "/SECRET/batch?nth=5", "127.0.0.1:PORT", 404),
            ("GET", "/SECRET/batch?nth=-1", "127.0.0.1:PORT", 404),
            ("GET", "/SECRET/../etc/passwd", "127.0.0.1:PORT", 404),
        ];
        for (method, path, host, status) in table {
            assert_eq!(ask(&door, method, path, host).status, status, "{method} {path} {host}");
        }
        assert_ne!(Door::new(7).unwrap().secret, door.secret);
        assert_eq!(door.secret.len(), 2 * SECRET_BYTES);
    }

    #[test]
    fn a_request_is_read_when_it_is_whole() {
        let text = b"GET /a HTTP/1.1\r\nHost: h:1\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(Ask::read(&text[..end]), Ok(None));
        }
        let whole = Ask { method: "GET".into(), path: "/a".into(), host: "h:1".into() };
        assert_eq!(Ask::read(text), Ok(Some(whole)));
        let two = Ask::read(b"GET /a HTTP/1.1\r\nHost: h:1\r\nHost: h:2\r\n\r\n").unwrap().unwrap();
        assert_eq!(two.host, "", "two hosts are none");
        assert_eq!(Ask::read(b"\x16\x03\x01"), Err(()));
    }
}
