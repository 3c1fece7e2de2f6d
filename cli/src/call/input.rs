//! Where request messages come from: `-d`, or standard input.
//!
//! In: text, all at once or as somebody types it. Out: the text of one message after the other. A thread of its own
//! reads, because a terminal makes its reader wait; a message goes out as soon as its last letter is there.
//!
//! ```text
//!   JSON    values, one after the other, with or without space between them
//!   text    messages with the byte 1E between them
//! ```
//!
//! Must not know: what a message means.

use std::io::{BufRead, BufReader, Cursor, Read, stdin};

use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::json::Format;

/// The text of messages, as they come.
pub(super) type Input = mpsc::Receiver<Result<String, Failure>>;

/// Begins to read.
pub(super) fn open(data: Option<&str>, format: Format) -> Input {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let source: Box<dyn Read + Send> = match data {
        Some("@") => Box::new(stdin()),
        Some(text) => Box::new(Cursor::new(text.to_owned())),
        None => Box::new(Cursor::new(Vec::new())),
    };
    std::thread::spawn(move || {
        let mut hand_over = |text| sender.blocking_send(text).is_ok();
        match format {
            Format::Json => read_json(BufReader::new(source), &mut hand_over),
            Format::Text => read_text(BufReader::new(source), &mut hand_over),
        }
    });
    receiver
}

/// Hands over value after value, until there are no more or nobody wants them.
fn read_json(source: impl Read, hand_over: &mut impl FnMut(Result<String, Failure>) -> bool) {
    let values = serde_json::Deserializer::from_reader(source).into_iter::<Box<RawValue>>();
    for value in values {
        let is_last = value.is_err();
        let text = value.map(|raw| raw.get().to_owned()).map_err(|error| {
            Failure::usage(format!("the data is not JSON: {error}"), "strings and names want double quotes")
        });
        if !hand_over(text) || is_last {
            return;
        }
    }
}

/// The same for messages with a separator between them; no text at all is no message.
fn read_text(source: impl BufRead, hand_over: &mut impl FnMut(Result<String, Failure>) -> bool) {
    for piece in source.split(SEPARATOR) {
        let text = piece.map_err(|error| error.to_string());
        let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        let text = text.map_err(|error| Failure::usage(format!("the data cannot be read: {error}"), ""));
        let is_last = text.is_err();
        if !hand_over(text) || is_last {
            return;
        }
    }
}

/// grpcurl's record separator of ASCII.
const SEPARATOR: u8 = 0x1e;

/// Messages that are read before they are wanted; enough that reading and sending overlap.
const AHEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(data: &str, format: Format) -> Vec<Result<String, String>> {
        let mut input = open(Some(data), format);
        let mut found = Vec::new();
        while let Some(text) = input.blocking_recv() {
            found.push(text.map_err(|failure| failure.to_string()));
        }
        found
    }

    #[test]
    fn json_values_need_nothing_between_them() {
        let texts: Vec<_> =
            all("{\"a\":1}{} \n 5 \"x\"", Format::Json).into_iter().map(Result::unwrap).collect();
        assert_eq!(texts, ["{\"a\":1}", "{}", "5", "\"x\""]);
        assert!(all("", Format::Json).is_empty());
    }

    #[test]
    fn what_is_not_json_ends_the_input_with_its_place() {
        let texts = all("{} {a:1} {}", Format::Json);
        assert_eq!(texts.len(), 2);
        assert!(texts[1].as_ref().unwrap_err().contains("line 1 column 5"), "{texts:?}");
    }

    #[test]
    fn text_is_cut_at_separators() {
        let texts: Vec<_> = all("a: 1\x1eb: 2", Format::Text).into_iter().map(Result::unwrap).collect();
        assert_eq!(texts, ["a: 1", "b: 2"]);
    }
}
