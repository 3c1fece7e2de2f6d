//! The library's error details, written by hand, against what the generator makes of google/rpc/error_details.proto.
//!
//! Every field is set, on either side, and nothing is left to a default: a field that the proto file gains does not
//! compile here until it is in both.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
#![allow(missing_docs, unreachable_pub, reason = "generated code has the comments of its file")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use prost::{Message, Name};
use wirewright::Status;
use wirewright::error_details as by_hand;

/// The package `google.rpc`.
mod generated {
    include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
}

/// One message on either side: the same bytes, the same name, and read back by the other.
#[track_caller]
fn same<H, G>(hand: &H, made: &G)
where
    H: Name + Default + PartialEq + Debug,
    G: Name + Default + PartialEq + Debug,
{
    assert_eq!(hand.encode_to_vec(), made.encode_to_vec(), "{hand:?}");
    assert_eq!(H::full_name(), G::full_name());
    assert_eq!(H::decode(&made.encode_to_vec()[..]).unwrap(), *hand);
    // And packed into a status, as the other side reads it.
    let status = Status::aborted("why").with_error_detail(hand);
    let read = generated::Status::decode(status.details().clone()).unwrap();
    assert_eq!((read.code, read.message.as_str()), (10, "why"));
    assert_eq!(read.details[0].type_url, format!("type.googleapis.com/{}", G::full_name()));
    assert_eq!(read.details[0].value, made.encode_to_vec());
    let status = Status::aborted("why").with_details(read.encode_to_vec());
    assert_eq!(status.error_detail::<H>().as_ref(), Some(hand));
}

fn map() -> BTreeMap<String, String> {
    [("a", "1"), ("b", "2")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn s(text: &str) -> String {
    text.to_owned()
}

#[test]
fn what_failed_and_when_to_try_again() {
    same(
        &by_hand::ErrorInfo { reason: s("NO_STOCK"), domain: s("shop.example"), metadata: map() },
        &generated::ErrorInfo { reason: s("NO_STOCK"), domain: s("shop.example"), metadata: map() },
    );
    let delay = prost_types::Duration { seconds: 3, nanos: 250_000_000 };
    same(
        &by_hand::RetryInfo::after(Duration::from_millis(3250)),
        &generated::RetryInfo { retry_delay: Some(delay) },
    );
    same(
        &by_hand::DebugInfo { stack_entries: vec![s("inner"), s("outer")], detail: s("at night") },
        &generated::DebugInfo { stack_entries: vec![s("inner"), s("outer")], detail: s("at night") },
    );
}

#[test]
fn quotas_and_preconditions() {
    let hand = by_hand::QuotaViolation {
        subject: s("project:7"),
        description: s("too much"),
        api_service: s("shop.example"),
        quota_metric: s("orders"),
        quota_id: s("orders-per-day"),
        quota_dimensions: map(),
        quota_value: 40,
        future_quota_value: Some(0),
    };
    let made = generated::quota_failure::Violation {
        subject: s("project:7"),
        description: s("too much"),
        api_service: s("shop.example"),
        quota_metric: s("orders"),
        quota_id: s("orders-per-day"),
        quota_dimensions: map(),
        quota_value: 40,
        future_quota_value: Some(0),
    };
    same(
        &by_hand::QuotaFailure { violations: vec![hand] },
        &generated::QuotaFailure { violations: vec![made] },
    );
    let hand =
        by_hand::PreconditionViolation { kind: s("TOS"), subject: s("you"), description: s("sign it") };
    let made = generated::precondition_failure::Violation {
        r#type: s("TOS"),
        subject: s("you"),
        description: s("sign it"),
    };
    same(
        &by_hand::PreconditionFailure { violations: vec![hand] },
        &generated::PreconditionFailure { violations: vec![made] },
    );
}

#[test]
fn fields_requests_resources_and_words_for_people() {
    let hand = by_hand::LocalizedMessage { locale: s("fr-CH"), message: s("il manque un nom") };
    let made = generated::LocalizedMessage { locale: s("fr-CH"), message: s("il manque un nom") };
    same(&hand, &made);
    let hand = by_hand::FieldViolation {
        field: s("name"),
        description: s("is missing"),
        reason: s("REQUIRED"),
        localized_message: Some(hand),
    };
    let made = generated::bad_request::FieldViolation {
        field: s("name"),
        description: s("is missing"),
        reason: s("REQUIRED"),
        localized_message: Some(made),
    };
    same(
        &by_hand::BadRequest { field_violations: vec![hand] },
        &generated::BadRequest { field_violations: vec![made] },
    );
    same(
        &by_hand::RequestInfo { request_id: s("4711"), serving_data: s("x/y") },
        &generated::RequestInfo { request_id: s("4711"), serving_data: s("x/y") },
    );
    same(
        &by_hand::ResourceInfo {
            resource_type: s("order"),
            resource_name: s("o/1"),
            owner: s("you"),
            description: s("locked"),
        },
        &generated::ResourceInfo {
            resource_type: s("order"),
            resource_name: s("o/1"),
            owner: s("you"),
            description: s("locked"),
        },
    );
    let hand = by_hand::Link { description: s("limits"), url: s("https://shop.example/limits") };
    let made = generated::help::Link { description: s("limits"), url: s("https://shop.example/limits") };
    same(&by_hand::Help { links: vec![hand] }, &generated::Help { links: vec![made] });
}
