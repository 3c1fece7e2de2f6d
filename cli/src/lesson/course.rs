//! The course: what a lesson and a question are.
//!
//! Each question names the frame in which its answer stands, and a piece of what `wright explain` says of it; a test
//! looks that up, so that no lesson claims what its recording does not show. What is taught stands in `lessons`.
//!
//! Must not know: who is taught.

use super::answer::is_right;
use super::lessons::LESSONS;

/// One lesson.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) title: &'static str,
    /// What is learnt, in a few words for the list.
    pub(super) teaches: &'static str,
    /// What there is to know before one looks.
    pub(super) text: &'static str,
    pub(super) questions: &'static [Question],
    pub(super) recording: &'static str,
}

/// A question that the recording answers.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) ask: &'static str,
    /// What is accepted; the first is what is told.
    pub(super) answers: &'static [&'static str],
    /// What may stand beside an answer.
    pub(super) beside: &'static [&'static str],
    pub(super) because: &'static str,
    /// The frame in which the answer stands.
    pub(super) frame: u32,
    /// Where else to look, if the frame alone does not show it; may be empty.
    pub(super) look: &'static str,
    /// Wrong answers that are worth a word, and the word.
    pub(super) slips: &'static [(&'static str, &'static str)],
    /// What `wright explain` says there.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the course looks it up"))]
    pub(super) evidence: &'static str,
}

impl Question {
    /// What most questions have no need of.
    pub(super) const PLAIN: Question = Question {
        ask: "",
        answers: &[],
        beside: &[],
        because: "",
        frame: 1,
        look: "",
        slips: &[],
        evidence: "",
    };

    /// Whether an answer is right, however it is written.
    pub(super) fn accepts(&self, typed: &str) -> bool {
        is_right(typed, self.answers, self.beside)
    }

    /// What to tell of a wrong answer: where to look, and what was mistaken for it.
    pub(super) fn help(&self, typed: &str, lesson: u8) -> String {
        let frame = self.frame;
        let look = match self.look {
            "" => format!("Look at frame #{frame}: wright explain lesson:{lesson} --frame {frame}"),
            look => look.to_owned(),
        };
        let slip = self.slips.iter().find(|(wrong, _)| is_right(typed, &[wrong], &[]));
        slip.map_or_else(|| look.clone(), |(_, word)| format!("{word} {look}"))
    }
}

/// The recording that `lesson:N` stands for.
pub(crate) fn recording(file: &str) -> Option<&'static str> {
    let number: usize = file.strip_prefix("lesson:")?.parse().ok()?;
    Some(LESSONS.get(number.checked_sub(1)?)?.recording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::page::Page;

    #[test]
    fn every_answer_stands_in_its_recording() {
        for (nth, lesson) in LESSONS.iter().enumerate() {
            let mut page = Page::for_test();
            crate::explain::tell_file(&format!("lesson:{}", nth + 1), &mut page).unwrap();
            let told = page.text();
            for question in lesson.questions {
                assert!(told.contains(question.evidence), "lesson {}: {}\n{told}", nth + 1, question.ask);
                assert!(
                    told.contains(&format!("#{} ", question.frame)),
                    "lesson {}: {}",
                    nth + 1,
                    question.ask
                );
                for answer in question.answers {
                    assert!(question.accepts(answer), "{answer}");
                }
            }
        }
    }

    #[test]
    fn a_slip_is_told_what_it_is_and_is_no_answer() {
        for (nth, lesson) in (1..).zip(&LESSONS) {
            for question in lesson.questions {
                for (wrong, word) in question.slips {
                    assert!(!question.accepts(wrong), "{wrong}");
                    assert!(question.help(wrong, nth).starts_with(word), "{wrong}");
                }
                assert!(!question.accepts("") && !question.accepts("I do not know"), "{}", question.ask);
            }
        }
    }

    #[test]
    fn texts_fit_a_terminal_of_eighty_columns() {
        for lesson in &LESSONS {
            for line in lesson.text.lines() {
                assert!(line.chars().count() <= 82, "{line}");
            }
        }
    }
}
