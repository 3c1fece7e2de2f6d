//! The tables of gRFC A6.

use super::Fate::{Committed, NeverSent, Refused, Unknown};
use super::Verdict::{After, AtOnce, Over};
use super::*;
use crate::policy::loaded::LoadedDice;

fn failed(fate: Fate) -> Failure {
    Failure { fate, code: Code::Unavailable, pushback: Pushback::None }
}

fn with_code(code: Code) -> Failure {
    Failure { code, ..failed(Unknown) }
}

fn pushed(pushback: Pushback) -> Failure {
    Failure { pushback, ..failed(Unknown) }
}

const fn ms(length: u64) -> Duration {
    Duration::from_millis(length)
}

#[test]
fn attempts_follow_the_table_of_transparent_retries() {
    let table: [(&str, &[(Fate, Verdict)]); 6] = [
        ("unsent", &[(NeverSent, AtOnce); 9]),
        ("refused twice", &[(Refused, AtOnce), (Refused, Over)]),
        (
            "unsent attempts use nothing up",
            &[
                (NeverSent, AtOnce),
                (Refused, AtOnce),
                (NeverSent, AtOnce),
                (NeverSent, AtOnce),
                (Refused, Over),
            ],
        ),
        ("perhaps seen", &[(Unknown, Over)]),
        ("perhaps seen after a refusal", &[(Refused, AtOnce), (Unknown, Over)]),
        ("answered in part", &[(Committed, Over)]),
    ];
    for (name, lines) in table {
        let mut attempts = Attempts::new(None);
        for (step, (fate, verdict)) in lines.iter().enumerate() {
            let said = attempts.on_failure(failed(*fate), None, &mut LoadedDice::Middle);
            assert_eq!(said, *verdict, "{name}: step {step}, {fate:?}");
            assert_eq!(attempts.previous(), 0, "{name}: a transparent retry is no attempt of a policy");
        }
    }
}

#[test]
fn a_policy_answers_as_its_document_says() {
    let policy = || RetryPolicy::new().max_attempts(4).backoff(ms(100), 3.0, ms(500));
    let patient = policy().retryable([Code::Unavailable, Code::Aborted]);
    let down = failed(Unknown);
    type Line = (Failure, Verdict);
    let table: [(&str, RetryPolicy, &[Line]); 10] = [
        (
            "waits grow up to the longest, and attempts end",
            policy(),
            &[(down, After(ms(100))), (down, After(ms(300))), (down, After(ms(500))), (down, Over)],
        ),
        ("a code that it does not name", policy(), &[(with_code(Code::Internal), Over)]),
        (
            "any code that it names",
            patient,
            &[
                (with_code(Code::Aborted), After(ms(100))),
                (down, After(ms(300))),
                (with_code(Code::Unknown), Over),
            ],
        ),
        ("the response has begun", policy(), &[(down, After(ms(100))), (failed(Committed), Over)]),
        (
            "what nobody has seen is not counted",
            policy().max_attempts(2),
            &[(failed(NeverSent), AtOnce), (failed(Refused), AtOnce), (down, After(ms(100))), (down, Over)],
        ),
        (
            "refused for the second time, it is a failure like any other",
            policy(),
            &[(failed(Refused), AtOnce), (failed(Refused), After(ms(100)))],
        ),
        (
            "pushback is taken by the word, and begins the waits anew",
            policy(),
            &[
                (down, After(ms(100))),
                (pushed(Pushback::After(ms(7_000))), After(ms(7_000))),
                (down, After(ms(100))),
                (down, Over),
            ],
        ),
        (
            "pushback changes neither the codes nor the number of attempts",
            policy().max_attempts(2),
            &[
                (Failure { code: Code::Internal, ..pushed(Pushback::After(ms(1))) }, Over),
                (pushed(Pushback::After(ms(0))), After(ms(0))),
                (pushed(Pushback::After(ms(0))), Over),
            ],
        ),
        ("do not", policy(), &[(pushed(Pushback::Never), Over)]),
        ("never", RetryPolicy::never(), &[(down, Over)]),
    ];
    for (name, policy, lines) in table {
        let mut attempts = Attempts::new(Some(policy));
        let mut made = 0;
        for (step, (failure, verdict)) in lines.iter().enumerate() {
            let said = attempts.on_failure(*failure, None, &mut LoadedDice::Middle);
            assert_eq!(said, *verdict, "{name}: step {step}, {failure:?}");
            made += u32::from(matches!(said, After(_)));
            assert_eq!(attempts.previous(), made, "{name}: step {step}");
        }
    }
}

#[test]
fn waits_are_varied_by_a_fifth_and_attempts_capped_at_five() {
    for (mut dice, wait) in [(LoadedDice::Low, 80), (LoadedDice::Middle, 100), (LoadedDice::High, 120)] {
        let policy = RetryPolicy::new().max_attempts(99).backoff(ms(100), 1.0, ms(100));
        let mut attempts = Attempts::new(Some(policy));
        let said = [(); 5].map(|()| attempts.on_failure(failed(Unknown), None, &mut dice));
        assert_eq!(said, [After(ms(wait)), After(ms(wait)), After(ms(wait)), After(ms(wait)), Over]);
    }
}

#[test]
fn low_tokens_end_a_call_and_what_a_server_forbids_takes_one() {
    let policy = RetryPolicy::new().max_attempts(5);
    let mut throttle = Throttle::new(4, 0.5);
    let mut fail = |failure| {
        let verdict =
            Attempts::new(Some(policy)).on_failure(failure, Some(&mut throttle), &mut LoadedDice::Middle);
        verdict != Over
    };
    assert!(fail(failed(Unknown)), "three of four are left");
    assert!(!fail(with_code(Code::NotFound)), "no failure of this kind");
    assert!(!fail(pushed(Pushback::Never)), "two of four");
    assert!(!fail(failed(Unknown)), "half is too little");
    assert!(fail(failed(NeverSent)), "nobody was asked");
}

#[test]
fn pushback_is_read_as_a_whole_number_or_not_at_all() {
    let table: [(&[&str], Pushback); 9] = [
        (&[], Pushback::None),
        (&["0"], Pushback::After(Duration::ZERO)),
        (&["250"], Pushback::After(ms(250))),
        (&["2147483647"], Pushback::After(ms(2_147_483_647))),
        (&["2147483648"], Pushback::Never),
        (&["-1"], Pushback::Never),
        (&["1.5"], Pushback::Never),
        (&[""], Pushback::Never),
        (&["10", "10"], Pushback::Never),
    ];
    for (values, expected) in table {
        let mut trailers = Metadata::new();
        for value in values {
            trailers.append(PUSHBACK_KEY, value).unwrap();
        }
        assert_eq!(Pushback::read(&trailers), expected, "{values:?}");
    }
}

#[test]
fn only_what_no_handler_can_have_seen_is_safe() {
    let table =
        [(NeverSent, false, true), (Refused, true, true), (Unknown, true, false), (Committed, true, false)];
    for (fate, sent, safe) in table {
        assert_eq!((fate.was_sent(), fate.is_safe_to_retry()), (sent, safe), "{fate:?}");
    }
}
