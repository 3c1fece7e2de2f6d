//! `wright lesson`: ten recordings that teach the protocol, from the preface to GOAWAY, with questions.
//!
//! In: the number of a lesson, and answers on standard input. Out: what to look at, the questions, and whether the
//! answers are right. The recordings are real calls and part of the program: `lesson:3` stands for the third wherever a
//! FILE may be given.
//!
//! Must not know: how recordings are shown (`timeline`).

mod answer;
mod course;
mod lessons;

use std::io::{self, BufRead, IsTerminal};

use clap::Args;

pub(crate) use self::course::recording;
use self::course::{Lesson, Question};
use self::lessons::LESSONS;
use crate::failure::Failure;
use crate::style;
use crate::timeline;
use crate::trace::page::Page;

/// What can be typed after `lesson`.
#[derive(Debug, Args)]
pub(crate) struct LessonArgs {
    /// Which lesson, 1 to 10; without it they are listed
    #[arg(value_name = "N", value_parser = number)]
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
    let is_terminal = answers.is_terminal();
    let (mut right, mut asked) = (0, 0);
    for (nth, question) in lesson.questions.iter().enumerate() {
        match ask(nth + 1, number, question, &mut answers, &mut page)? {
            Outcome::Right => (right, asked) = (right + 1, asked + 1),
            Outcome::Wrong => asked += 1,
            // Elsewhere than on a terminal the questions that are left are worth reading.
            Outcome::Nobody if !is_terminal => {}
            Outcome::Nobody | Outcome::Left => {
                page.end_line()?;
                page.line(
                    style::PLAIN,
                    format_args!("Left with {right} right. Again: `wright lesson {number}`"),
                )?;
                page.flush()?;
                return Err(Failure::Said { exit: 1 });
            }
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
    let again = if right == all { String::new() } else { format!("Again: `wright lesson {number}`. ") };
    let next = match number {
        10 => format!("{again}That was the last lesson: `wright tap` records calls of your own."),
        number => format!("{again}Next: `wright lesson {}`; all of them: `wright lesson`", number + 1),
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
        style::PLAIN,
        format_args!(
            "Look closer in another terminal: CLICOLOR_FORCE=1 wright explain lesson:{number} | less -R"
        ),
    )?;
    let rules = "Two tries each. `hint` helps, `skip` goes on, `quit` leaves; Enter alone does nothing.";
    page.line(style::QUIET, rules)?;
    page.flush()
}

/// What became of a question.
enum Outcome {
    Right,
    Wrong,
    /// There are no more answers.
    Nobody,
    /// Somebody has had enough.
    Left,
}

/// Asks a question until it is answered, or often enough.
fn ask(
    nth: usize,
    lesson: u8,
    question: &Question,
    answers: &mut impl BufRead,
    page: &mut Page,
) -> Result<Outcome, Failure> {
    page.end_line()?;
    page.line(style::STRONG, format_args!("{nth}. {}", question.ask))?;
    let mut tries = 0;
    while tries < TRIES {
        if io::stdin().is_terminal() {
            page.put(style::QUIET, "   > ");
        }
        page.flush()?;
        let Some(typed) = read_line(answers)? else { return Ok(Outcome::Nobody) };
        match typed.as_str() {
            "" => continue,
            "quit" | "exit" | "q" => return Ok(Outcome::Left),
            "skip" => break,
            "hint" | "help" | "?" => {
                page.line(style::PLAIN, format_args!("   {}", question.help("", lesson)))?
            }
            typed if typed.starts_with("wright ") => {
                page.line(style::PLAIN, "   That goes into another terminal; here an answer is waited for.")?;
            }
            typed if question.accepts(typed) => {
                page.put(style::GOOD, "   Right. ");
                tell(question.because, "   Right. ".len(), page)?;
                return Ok(Outcome::Right);
            }
            typed => {
                tries += 1;
                if tries < TRIES {
                    page.put(style::BAD, "   Not so. ");
                    tell(&question.help(typed, lesson), "   Not so. ".len(), page)?;
                }
            }
        }
    }
    let told = format!("   It is {}. ", question.answers.first().copied().unwrap_or_default());
    page.put(style::BAD, &told);
    tell(question.because, told.len(), page)?;
    Ok(Outcome::Wrong)
}

/// Ends a line of which so much is used with a text, which may take a few lines more.
fn tell(text: &str, used: usize, page: &mut Page) -> Result<(), Failure> {
    let (mut line, mut used) = (String::new(), used);
    // A command is one piece, so that it can be copied.
    let (words, command) = text.split_at(text.find("wright ").unwrap_or(text.len()));
    for word in words.split(' ').chain([command]).filter(|word| !word.is_empty()) {
        if used + word.len() > TEXT_WIDTH && !line.is_empty() {
            page.line(style::PLAIN, line.trim_end())?;
            page.put(style::PLAIN, "   ");
            (line, used) = (String::new(), 3);
        }
        line.push_str(word);
        line.push(' ');
        used += word.len() + 1;
    }
    page.line(style::PLAIN, line.trim_end())
}

/// The next line, without what is around it; what is no text is no answer, but no reason to stop.
fn read_line(answers: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    let read = answers.read_until(b'\n', &mut line);
    let read = read.map_err(|error| Failure::cannot(format!("cannot read your answer: {error}"), ""))?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim().to_owned()))
}

/// The number of a lesson.
fn number(given: &str) -> Result<u8, String> {
    let number = given.parse().ok().filter(|number| (1..=LESSONS.len()).contains(&usize::from(*number)));
    number.ok_or_else(|| format!("there are lessons 1 to {}; `wright lesson` lists them", LESSONS.len()))
}

/// What most terminals have.
const TEXT_WIDTH: usize = 80;

/// How often one may answer.
const TRIES: usize = 2;
