//! The details that everybody knows: google/rpc/error_details.proto, as Rust.
//!
//! In and out: the messages of that file, field for field. They are written down rather than generated, so that the
//! crate needs no generator to build and their documentation speaks Rust; a test compares every byte with what the
//! generator makes of the file.
//!
//! ```text
//!   ErrorInfo            why, in words for a machine     RequestInfo       which request it was
//!   RetryInfo            when to try again               ResourceInfo      which resource it was about
//!   BadRequest           which fields are wrong          QuotaFailure      which quota is used up
//!   PreconditionFailure  what to put right first         DebugInfo         where in the server it happened
//!   Help                 where to read on                LocalizedMessage  a sentence for a person
//! ```
//!
//! Must not know: how details are packed and attached.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::{Message, Name};

/// Why a call failed, in words for a machine.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ErrorInfo {
    /// The cause, in UPPER_SNAKE_CASE, unique within the domain.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Who defines the reason; usually the service's DNS name.
    #[prost(string, tag = "2")]
    pub domain: String,
    /// Facts about this one failure.
    #[prost(btree_map = "string, string", tag = "3")]
    pub metadata: BTreeMap<String, String>,
}

/// When it makes sense to try again.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Span>,
}

impl RetryInfo {
    /// Not before this time has passed.
    pub fn after(delay: Duration) -> RetryInfo {
        let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX).min(MAX_SECONDS);
        // Below a thousand million, so its sign bit is free.
        let nanos = delay.subsec_nanos().cast_signed();
        RetryInfo { retry_delay: Some(Span { seconds, nanos }) }
    }

    /// How long to wait at least; `None` if it is not said, or negative.
    pub fn retry_delay(&self) -> Option<Duration> {
        let Span { seconds, nanos } = self.retry_delay?;
        let (seconds, nanos) = (u64::try_from(seconds).ok()?, u32::try_from(nanos).ok()?);
        (nanos < NANOS_PER_SECOND).then(|| Duration::new(seconds, nanos))
    }
}

/// `google.protobuf.Duration`, which may also be negative.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct Span {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// For those who debug the server; not for its users.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct DebugInfo {
    /// Where it happened, innermost first.
    #[prost(string, repeated, tag = "1")]
    pub stack_entries: Vec<String>,
    /// Anything else the server knows.
    #[prost(string, tag = "2")]
    pub detail: String,
}

/// Which quotas were used up.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct QuotaFailure {
    /// All of them.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<QuotaViolation>,
}

impl QuotaFailure {
    /// One quota: whose it is (`"clientip:..."`, `"project:..."`), and how it was used up.
    pub fn of(subject: impl Into<String>, description: impl Into<String>) -> QuotaFailure {
        let violation = QuotaViolation {
            subject: subject.into(),
            description: description.into(),
            ..QuotaViolation::default()
        };
        QuotaFailure { violations: vec![violation] }
    }
}

/// One quota that stood in the way: `google.rpc.QuotaFailure.Violation`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct QuotaViolation {
    /// Whose quota: `"clientip:..."`, `"project:..."`.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// Which quota, and how it was used up.
    #[prost(string, tag = "2")]
    pub description: String,
    /// The service that keeps the quota, if it is another one.
    #[prost(string, tag = "3")]
    pub api_service: String,
    /// What is counted.
    #[prost(string, tag = "4")]
    pub quota_metric: String,
    /// The quota's identifier within its service.
    #[prost(string, tag = "5")]
    pub quota_id: String,
    /// The dimensions that the quota is kept by: region, zone and the like.
    #[prost(btree_map = "string, string", tag = "6")]
    pub quota_dimensions: BTreeMap<String, String>,
    /// The limit in force when the call failed.
    #[prost(int64, tag = "7")]
    pub quota_value: i64,
    /// The limit that a rollout in progress is going to set.
    #[prost(int64, optional, tag = "8")]
    pub future_quota_value: Option<i64>,
}

/// What has to be put right before the call can succeed.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct PreconditionFailure {
    /// All of it.
    #[prost(message, repeated, tag = "1")]
    pub violations: Vec<PreconditionViolation>,
}

/// One thing that is not as it must be: `google.rpc.PreconditionFailure.Violation`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct PreconditionViolation {
    /// The kind of precondition (`type` in the proto file); the service defines the names.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// What it is about.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// How it fails, and how to put it right.
    #[prost(string, tag = "3")]
    pub description: String,
}

/// What is wrong with the request.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct BadRequest {
    /// Every field that is wrong.
    #[prost(message, repeated, tag = "1")]
    pub field_violations: Vec<FieldViolation>,
}

impl BadRequest {
    /// One field: the path to it (`"address.street"`, `"tags[2]"`), and why it is wrong.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> BadRequest {
        BadRequest::default().and_field(field, description)
    }

    /// One more field that is wrong.
    pub fn and_field(mut self, field: impl Into<String>, description: impl Into<String>) -> BadRequest {
        let (field, description) = (field.into(), description.into());
        self.field_violations.push(FieldViolation { field, description, ..FieldViolation::default() });
        self
    }
}

/// One field that is wrong: `google.rpc.BadRequest.FieldViolation`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct FieldViolation {
    /// The path to the field: `"address.street"`, `"tags[2]"`.
    #[prost(string, tag = "1")]
    pub field: String,
    /// Why it is wrong.
    #[prost(string, tag = "2")]
    pub description: String,
    /// The same for a machine, in UPPER_SNAKE_CASE.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// The same for the person who filled it in.
    #[prost(message, optional, tag = "4")]
    pub localized_message: Option<LocalizedMessage>,
}

/// How to name this request when asking for help with it.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct RequestInfo {
    /// The key under which the service can find its logs.
    #[prost(string, tag = "1")]
    pub request_id: String,
    /// Whatever else helps to find them; opaque to the caller.
    #[prost(string, tag = "2")]
    pub serving_data: String,
}

/// Which resource the call was about.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct ResourceInfo {
    /// The kind of resource: a type name or a human word.
    #[prost(string, tag = "1")]
    pub resource_type: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub resource_name: String,
    /// Who owns it, if that may be told.
    #[prost(string, tag = "3")]
    pub owner: String,
    /// What went wrong with it.
    #[prost(string, tag = "4")]
    pub description: String,
}

/// Where to read on.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Help {
    /// All the pages.
    #[prost(message, repeated, tag = "1")]
    pub links: Vec<Link>,
}

/// One page: `google.rpc.Help.Link`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct Link {
    /// What the page is about.
    #[prost(string, tag = "1")]
    pub description: String,
    /// Where it is.
    #[prost(string, tag = "2")]
    pub url: String,
}

/// A sentence that may be shown to a person.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct LocalizedMessage {
    /// The language, as in BCP 47: `"en-US"`, `"fr-CH"`.
    #[prost(string, tag = "1")]
    pub locale: String,
    /// The sentence in that language.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// The names under which the details travel are those of the proto file.
macro_rules! named {
    ($($message:ident)*) => {
        $(impl Name for $message {
            const NAME: &'static str = stringify!($message);
            const PACKAGE: &'static str = "google.rpc";
        })*
    };
}

named! {
    ErrorInfo RetryInfo DebugInfo QuotaFailure PreconditionFailure BadRequest RequestInfo ResourceInfo Help
    LocalizedMessage
}

/// The longest time that `google.protobuf.Duration` can say: ten thousand years of 365.25 days, in seconds.
const MAX_SECONDS: i64 = 315_576_000_000;

const NANOS_PER_SECOND: u32 = 1_000_000_000;
