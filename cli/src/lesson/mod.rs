//! `wright lesson`: ten recordings that teach the protocol, from the preface to GOAWAY, with questions.
//!
//! In: the number of a lesson, and answers on standard input. Out: what to look at, the questions, and whether the
//! answers are right. The recordings are real calls and part of the program: `lesson:3` stands for the third wherever a
//! FILE may be given.
//!
//! Must not know: how recordings are shown (`timeline`).

mod course;

use std::io::{self, BufRead, IsTerminal};

use clap::Args;

pub(crate) use self::course::recording;
use self::course::{LESSONS, Lesson, Question};
use crate::failure::Failure;
use crate::style;
use crate::timeline;
use crate::trace::page::Page;

/// What can be typed after `lesson`.
#[derive(Debug, Args)]
pub(crate) struct LessonArgs {
    /// Which lesson, 1 to 10; without it they are listed
    #[arg(value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    number: Option<u8>,
}

/// Lists the lessons, or gives one.
pub(crate) fn run(args: &LessonArgs) -> Result<(), Failure> {
    let mut page = Page::new();
    let Some(number) = args.number else {
        return list(&mut page);
    };
    let Some(lesson) = LESSONS.get(usize::from(number) - 1) else { return list(&mut page) };
    begin(number, lesson, &mut page)?;
    let mut answers = io::stdin().lock();
    let (mut right, mut asked) = (0, 0);
    for (nth, question) in lesson.questions.iter().enumerate() {
        match ask(nth + 1, number, question, &mut answers, &mut page)? {
            Some(is_right) => {
                asked += 1;
                right += usize::from(is_right);
            }
            None => continue,
        }
    }
    let all = lesson.questions.len();
    page.end_line()?;
    if asked == 0 {
        page.line(
            style::QUIET,
            format_args!(
                "Answer on standard input, a line each: `wright lesson {number}` in a terminal asks"
            ),
        )?;
        return page.flush();
    }
    let next = match number {
        10 => "That was the last lesson: `wright tap` records calls of your own.".to_owned(),
        number => format!("Next: `wright lesson {}`", number + 1),
    };
    page.line(
        if right == all { style::GOOD } else { style::PLAIN },
        format_args!("{right} of {all} right. {next}"),
    )?;
    page.flush()?;
    if right == all { Ok(()) } else { Err(Failure::Said { exit: 1 }) }
}

fn list(page: &mut Page) -> Result<(), Failure> {
    page.line(style::STRONG, "Ten lessons, each a recording of real calls and a few questions:")?;
    page.end_line()?;
    for (nth, lesson) in LESSONS.iter().enumerate() {
        page.put(style::STRONG, format_args!("  {:>2}  ", nth + 1));
        page.cell(style::PLAIN, lesson.title, 40);
        page.line(style::QUIET, lesson.teaches)?;
    }
    page.end_line()?;
    page.line(
        style::QUIET,
        "Begin with `wright lesson 1`; `wright explain lesson:1` shows every byte of its recording",
    )?;
    page.flush()
}

fn begin(number: u8, lesson: &Lesson, page: &mut Page) -> Result<(), Failure> {
    page.line(style::STRONG, format_args!("Lesson {number}: {}", lesson.title))?;
    page.end_line()?;
    for line in lesson.text.lines() {
        page.line(style::PLAIN, line)?;
    }
    page.end_line()?;
    timeline::show(&format!("lesson:{number}"), page)?;
    page.end_line()?;
    page.line(
        style::QUIET,
        format_args!("Look closer in another terminal: wright explain lesson:{number} | less"),
    )?;
    page.flush()
}

/// Asks a question; whether it was answered rightly, or `None` if nobody answers.
fn ask(
    nth: usize,
    lesson: u8,
    question: &Question,
    answers: &mut impl BufRead,
    page: &mut Page,
) -> Result<Option<bool>, Failure> {
    page.end_line()?;
    page.line(style::STRONG, format_args!("{nth}. {}", question.ask))?;
    for attempt in 1..=TRIES {
        if io::stdin().is_terminal() {
            page.put(style::QUIET, "   > ");
        }
        page.flush()?;
        let mut answer = String::new();
        let read = answers.read_line(&mut answer);
        let read = read.map_err(|error| {
            Failure::Recording(format!("cannot read your answer: {error}; type it as text"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        if question.accepts(&answer) {
            page.put(style::GOOD, "   Right. ");
            page.line(style::PLAIN, question.because)?;
            return Ok(Some(true));
        }
        if attempt < TRIES {
            page.put(style::BAD, "   Not so. ");
            let frame = question.frame;
            page.line(
                style::PLAIN,
                format_args!("Look at frame #{frame}: wright explain lesson:{lesson} --frame {frame}"),
            )?;
        }
    }
    page.put(
        style::BAD,
        format_args!("   It is {}. ", question.answers.first().copied().unwrap_or_default()),
    );
    page.line(style::PLAIN, question.because)?;
    Ok(Some(false))
}

/// How often one may answer.
const TRIES: usize = 2;
