//! Details that are attached come back; what a peer makes of them never hurts.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Code;

#[test]
fn a_detail_is_one_more_field_at_the_end() {
    let status = Status::unavailable("busy").with_error_detail(&RetryInfo::after(Duration::from_secs(5)));
    let any =
        [&b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo"[..], b"\x12\x04\x0a\x02\x08\x05"].concat();
    let expected = [b"\x08\x0e\x12\x04busy\x1a", &[any.len() as u8][..], &any].concat();
    assert_eq!(&status.details()[..], expected);
    let two = status.with_error_detail(&DebugInfo::default());
    assert!(two.details().starts_with(&expected));
}

#[test]
fn every_detail_comes_back_in_order_and_is_found_by_its_type() {
    let status = Status::resource_exhausted("enough")
        .with_error_detail(&QuotaFailure::of("name:world", "one each"))
        .with_error_detail(&BadRequest::field("a", "one").and_field("b", "two"))
        .with_error_detail(&BadRequest::field("c", "three"));
    let names: Vec<_> = status.error_details().map(|any| any.type_name().to_owned()).collect();
    assert_eq!(names, ["google.rpc.QuotaFailure", "google.rpc.BadRequest", "google.rpc.BadRequest"]);
    let first = status.error_detail::<BadRequest>().unwrap();
    assert_eq!(first, BadRequest::field("a", "one").and_field("b", "two"));
    assert_eq!(status.error_detail::<Help>(), None);
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "enough"));
}

#[test]
fn a_detail_of_an_unknown_type_is_kept() {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Ours {
        #[prost(uint32, tag = "7")]
        answer: u32,
    }
    impl Name for Ours {
        const NAME: &'static str = "Ours";
        const PACKAGE: &'static str = "demo.v1";
    }
    let status = Status::aborted("").with_error_detail(&Ours { answer: 42 });
    let any = status.error_details().next().unwrap();
    assert_eq!(
        (any.type_url.as_str(), any.type_name()),
        ("type.googleapis.com/demo.v1.Ours", "demo.v1.Ours")
    );
    assert_eq!(any.unpack(), Ok(Ours { answer: 42 }));
    let error = any.unpack::<Help>().unwrap_err().to_string();
    assert_eq!(error, "expected a google.rpc.Help, found \"demo.v1.Ours\"");
    // Whatever stands before the last slash, the type is the same.
    for type_url in ["demo.v1.Ours", "/demo.v1.Ours", "https://example.com/types/demo.v1.Ours"] {
        assert!(Any { type_url: type_url.into(), ..any.clone() }.is::<Ours>(), "{type_url}");
    }
}

#[test]
fn what_cannot_be_read_is_passed_over_and_its_bytes_are_kept() {
    let garbage = Any { type_url: Any::pack(&Help::default()).type_url, value: "\u{ff}".into() };
    let good = Any::pack(&Help { links: vec![Link::default()] });
    let message = StatusMessage { code: 5, details: vec![garbage.clone(), good], ..StatusMessage::default() };
    let status = Status::not_found("").with_details(message.encode_to_vec());
    assert_eq!(status.error_details().next(), Some(garbage));
    assert_eq!(status.error_detail::<Help>().unwrap().links.len(), 1);

    let other = Status::not_found("").with_details("no protobuf");
    assert_eq!(other.error_details().count(), 0);
    assert_eq!(&other.details()[..], b"no protobuf");
}

#[test]
fn a_delay_is_as_long_as_protobuf_can_say_and_never_negative() {
    let table = [
        (Duration::ZERO, Duration::ZERO),
        (Duration::new(1, 999_999_999), Duration::new(1, 999_999_999)),
        (Duration::MAX, Duration::new(315_576_000_000, 999_999_999)),
    ];
    for (said, read) in table {
        assert_eq!(RetryInfo::after(said).retry_delay(), Some(read));
    }
    assert_eq!(RetryInfo::default().retry_delay(), None);
    // -1 s; a second of nanoseconds; the largest number of seconds with them, which no Duration can hold.
    let minus_one = b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let nanos = b"\x0a\x06\x10\x80\x94\xeb\xdc\x03";
    let most = b"\x0a\x10\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x10\x80\x94\xeb\xdc\x03";
    for bytes in [&minus_one[..], nanos, &most[..]] {
        assert_eq!(RetryInfo::decode(bytes).unwrap().retry_delay(), None, "{bytes:?}");
    }
}

#[test]
fn a_long_message_is_repeated_up_to_a_kibibyte() {
    let status = Status::internal("\u{263a}".repeat(1000)).with_error_detail(&Help::default());
    let repeated = StatusMessage::decode(status.details().clone()).unwrap().message;
    assert_eq!(repeated.len(), 1023);
    assert_eq!(status.message().len(), 3000);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_fail(noise in prop::collection::vec(prop_oneof![Just(0x1a), Just(0x0a), 0..9_u8, any::<u8>()], 0..40)) {
        let status = Status::unknown("").with_details(noise.clone());
        let _ = status.error_detail::<BadRequest>();
        prop_assert_eq!(&status.details()[..], &noise[..]);
    }
}
