//! Per-call credentials: who is asked, what travels, and what never does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wirewright::transport::tls::{ClientCertificates, ServerTls, ring};
use wirewright::{CallInfo, Code, Credentials, Metadata, Request, Response, Server, Status, on_start};

use crate::support::authority::Authority;
use crate::support::peer::answerer;
use crate::support::talk::{MANY, ONE, Stub};
use crate::support::{House, all_quiet, within};

/// A token, fetched for each call; or a refusal.
#[derive(Clone, Default)]
struct Token {
    asked: Arc<AtomicUsize>,
    refusal: Option<Status>,
    in_the_clear: bool,
}

impl Credentials for Token {
    async fn metadata(&self, call: &CallInfo) -> Result<Metadata, Status> {
        tokio::task::yield_now().await;
        let n = self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let mut metadata = Metadata::new();
        metadata.insert("authorization", &format!("token {n} for {}", call.path())).unwrap();
        metadata.insert_bin("signature-bin", &[0xff]).unwrap();
        Ok(metadata)
    }

    fn allows_plaintext(&self) -> bool {
        self.in_the_clear
    }
}

/// A server over TLS that answers with what it was shown, and a channel to it.
fn house() -> House {
    let authority = Authority::named("ours");
    let tls = ServerTls::new(ring(), authority.identity("in.memory"), ClientCertificates::Ignored).unwrap();
    let showing = Stub::one(|request| async move {
        let all: Vec<_> = request.metadata().get_all("authorization").collect();
        Ok(Response::new(all.join(" | ")))
    });
    House::build(Server::builder().add_service(showing).tls(tls), |endpoint| {
        endpoint.tls(authority.client(None))
    })
}

#[tokio::test]
async fn every_call_has_what_the_credentials_say_and_theirs_replaces_the_calls_own() {
    let house = house();
    let token = Token::default();
    let channel = house.channel.clone().credentials(token.clone());
    for n in 0..2 {
        let mut request = Request::new(String::new());
        request.metadata_mut().insert("authorization", "forwarded").unwrap();
        request.metadata_mut().append("authorization", "twice").unwrap();
        let reply = within(channel.unary(&ONE, request)).await.unwrap();
        assert_eq!(reply.into_inner(), format!("token {n} for /test.Talk/One"));
    }
    // The channel it was made of has none.
    let reply = within(house.channel.unary(&ONE, Request::new(String::new()))).await.unwrap();
    assert_eq!(reply.into_inner(), "");
    assert_eq!(token.asked.load(Ordering::Relaxed), 2);
    drop(channel);
    house.close().await;
}

#[tokio::test]
async fn credentials_compose_and_the_last_wins() {
    struct Key;
    impl Credentials for Key {
        async fn metadata(&self, _: &CallInfo) -> Result<Metadata, Status> {
            let mut metadata = Metadata::new();
            metadata.insert("authorization", "key").unwrap();
            Ok(metadata)
        }
    }
    let house = house();
    let first = on_start(|_, metadata: &mut Metadata| {
        assert_eq!(metadata.get("signature-bin"), None, "an outer interceptor sees no credentials");
        Ok(())
    });
    let channel = house.channel.clone().intercept(first).credentials(Token::default()).credentials(Key);
    let seen = on_start(|_, metadata: &mut Metadata| {
        assert_eq!(metadata.get_bin("signature-bin").as_deref(), Some(&[0xff][..]));
        Ok(())
    });
    let reply = within(channel.intercept(seen).unary(&ONE, Request::new(String::new()))).await.unwrap();
    assert_eq!(reply.into_inner(), "key");
    house.close().await;
}

/// S60: not in the clear.
#[tokio::test]
async fn on_plaintext_they_are_refused_before_anybody_connects() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let token = Token::default();
    let guarded = channel.credentials(token.clone());
    let unary = within(guarded.unary(&ONE, Request::new(String::new()))).await.unwrap_err();
    let bidi = within(guarded.bidi_streaming(&MANY, Request::new(()))).await.unwrap_err();
    for status in [unary, bidi] {
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(
            status.message(),
            "the call's credentials would travel in plaintext: set Endpoint::tls, or let \
             Credentials::allows_plaintext say that they are no secret"
        );
    }
    assert_eq!(token.asked.load(Ordering::Relaxed), 0, "they are not even asked");
    let nobody = tokio::select! {
        biased;
        _ = door.open() => false,
        () = crate::support::settle() => true,
    };
    assert!(nobody, "a connection was made");
    drop((guarded, door));
    all_quiet().await;
}

#[tokio::test]
async fn what_is_no_secret_may_travel_in_the_clear() {
    let showing = Stub::one(|request| async move {
        Ok(Response::new(request.metadata().get("authorization").unwrap_or_default().to_owned()))
    });
    let house = House::with(showing);
    let open = Token { in_the_clear: true, ..Token::default() };
    let channel = house.channel.clone().credentials(open);
    let reply = within(channel.unary(&ONE, Request::new(String::new()))).await.unwrap();
    assert_eq!(reply.into_inner(), "token 0 for /test.Talk/One");
    drop(channel);
    house.close().await;
}

/// gRFC A54: what the control plane may not say is INTERNAL.
/// S60: gRFC A54.
#[tokio::test]
async fn a_refusal_keeps_its_code_only_if_it_is_one_of_the_librarys() {
    let house = house();
    for code in Code::ALL.into_iter().filter(|code| *code != Code::Ok) {
        let refusal = Some(Status::new(code, "no").into_remote());
        let channel = house.channel.clone().credentials(Token { refusal, ..Token::default() });
        let status = within(channel.unary(&ONE, Request::new(String::new()))).await.unwrap_err();
        let (expected, text) = match code.raised_by_library() {
            true => (code, "the call's credentials: no".to_owned()),
            false => {
                (Code::Internal, format!("the call's credentials: no ({code}, which is not theirs to say)"))
            }
        };
        assert_eq!((status.code(), status.message()), (expected, text.as_str()));
        assert_eq!(status.origin(), wirewright::Origin::Local, "the server has said nothing");
    }
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn waiting_for_credentials_counts_towards_the_deadline() {
    struct Slow;
    impl Credentials for Slow {
        async fn metadata(&self, _: &CallInfo) -> Result<Metadata, Status> {
            std::future::pending().await
        }

        fn allows_plaintext(&self) -> bool {
            true
        }
    }
    let (channel, _door) = answerer(|endpoint| endpoint);
    let request = Request::new(String::new()).with_timeout(Duration::from_secs(5));
    let status = within(channel.credentials(Slow).unary(&ONE, request)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}
