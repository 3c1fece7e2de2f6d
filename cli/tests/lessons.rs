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
    assert!(told.contains("Not so. That is what a web server would say; look at :status."), "{told}");
    assert!(told.contains("wright explain lesson:4 --frame 9\n"), "a command stands in one line: {told}");
    assert!(told.contains("It is 5. That is NOT_FOUND."), "{told}");
    assert!(told.contains("2 of 3 right"), "{told}");
}

#[test]
fn who_asks_for_help_or_has_enough_loses_no_try() {
    let output = answered("1", "\n?\nwright explain lesson:1\nPRI\nskip\nbanana\nquit\n");
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for line in [
        "They come before the first frame: wright explain lesson:1 | head -8",
        "That goes into another terminal",
        "Right. It is a method",
        "It is 7. The prefix says so",
        "Left with 1 right. Again: `wright lesson 1`",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let output = run(&mut wright(&["explain", "lesson:11"]));
    assert!(text(&output.stderr).contains("lesson:1 to lesson:10"), "{}", text(&output.stderr));
    let output = run(&mut wright(&["lesson", "one"]));
    assert!(text(&output.stderr).contains("there are lessons 1 to 10"), "{}", text(&output.stderr));
}

#[test]
fn every_lesson_fits_a_screen_and_may_be_read_without_answering() {
    for number in 1..=10 {
        let output = run(&mut wright(&["lesson", &number.to_string()]));
        let told = text(&output.stdout);
        assert!(output.status.success());
        assert!(told.lines().count() <= 50, "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
        let explained = run(&mut wright(&["explain", &format!("lesson:{number}")]));
        assert!(text(&explained.stdout).trim_end().ends_with("every byte told once"));
    }
    assert_eq!(run(&mut wright(&["lesson", "11"])).status.code(), Some(2));
}
