//! `wright lesson`: listed, shown, asked, and the answers checked.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::support::{golden, run, text, wright};

fn answered(lesson: &str, answers: &str) -> Output {
    let mut child = wright(&["lesson", lesson]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Whoever asks no more has closed its end.
    let _ = child.stdin.take().unwrap().write_all(answers.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_lessons_are_listed_and_the_first_one_reads_like_this() {
    golden("lesson/list.txt", text(&run(&mut wright(&["lesson"])).stdout));
    let output = answered("1", "PRI\n7\ngrpc-status\n");
    assert!(output.status.success());
    golden("lesson/1.txt", text(&output.stdout));
}

#[test]
fn wrong_answers_are_helped_and_then_told() {
    let output = answered("4", "404\n200\n404\n404\none\n");
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("Not so. Look at frame #9: wright explain lesson:4 --frame 9"), "{told}");
    assert!(told.contains("It is 5. 5 is NOT_FOUND."), "{told}");
    assert!(told.contains("2 of 3 right"), "{told}");
}

#[test]
fn every_lesson_fits_a_screen_and_may_be_read_without_answering() {
    for number in 1..=10 {
        let output = run(&mut wright(&["lesson", &number.to_string()]));
        let told = text(&output.stdout);
        assert!(output.status.success());
        assert!(told.lines().count() <= 48, "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
        let explained = run(&mut wright(&["explain", &format!("lesson:{number}")]));
        assert!(text(&explained.stdout).trim_end().ends_with("every byte told once"));
    }
    assert_eq!(run(&mut wright(&["lesson", "11"])).status.code(), Some(2));
}
