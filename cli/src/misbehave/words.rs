//! A line of a script, cut into words.
//!
//! In: a line. Out: words, each with its column, its name if it has one, and its bytes:
//!
//! ```text
//!   headers @3 grpc-message="not today" x="ab"*3 end_stream   # a remark
//!   word    word name=value             value three times     nothing
//! ```
//!
//! A value is a word, a text in quotes (with the escapes \n \r \t \\ \" \x00), or bytes as `hex:00ff`.
//!
//! Must not know: what a word means.

use super::parse::Trouble;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins, from 1.
    pub(super) column: usize,
    /// What stands before the equals sign, if there is one.
    pub(super) name: Option<String>,
    /// The value as bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether the value is meant as bytes: a text in quotes, or digits after `hex:`.
    pub(super) is_literal: bool,
}

impl Word {
    /// A word that is neither named nor quoted.
    pub(super) fn plain(&self) -> Option<&str> {
        let is_plain = self.name.is_none() && !self.is_literal;
        std::str::from_utf8(&self.bytes).ok().filter(|_| is_plain)
    }

    /// What is shown of it in a complaint.
    pub(super) fn shown(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.bytes).chars().take(SHOWN_LETTERS).collect();
        let text = if self.is_literal { format!("{text:?}") } else { text };
        match &self.name {
            Some(name) => format!("{name}={text}"),
            None => text,
        }
    }
}

/// Cuts a line into words; and says how many letters it has before a remark.
pub(super) fn cut(line: &str) -> Result<(Vec<Word>, usize), Trouble> {
    let mut words = Vec::new();
    let mut reader = Reader { letters: line.chars().collect(), at: 0 };
    loop {
        while reader.peek().is_some_and(char::is_whitespace) {
            reader.at += 1;
        }
        match reader.peek() {
            None | Some('#') => return Ok((words, reader.at)),
            Some(_) => words.push(reader.word()?),
        }
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn word(&mut self) -> Result<Word, Trouble> {
        let column = self.at + 1;
        let mut name = None;
        if self.peek() != Some('"') {
            let start = self.at;
            while self.peek().is_some_and(|c| !c.is_whitespace() && c != '"' && c != '=') {
                self.at += 1;
            }
            let before: String = self.letters.get(start..self.at).unwrap_or_default().iter().collect();
            match self.peek() {
                Some('=') if !before.is_empty() => {
                    self.at += 1;
                    name = Some(before);
                }
                Some('"') => return Err(Trouble::at(self.at + 1, "a space before a text in quotes", "\"")),
                _ => self.at = start,
            }
        }
        if self.peek() == Some('"') {
            let bytes = self.quoted()?;
            return Ok(Word { column, name, bytes, is_literal: true });
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.at += 1;
        }
        let text: String = self.letters.get(start..self.at).unwrap_or_default().iter().collect();
        match text.strip_prefix("hex:") {
            Some(digits) => {
                let bytes = hex(digits).ok_or_else(|| {
                    Trouble::at(start + 1, "an even number of hexadecimal digits after hex:", &text)
                })?;
                Ok(Word { column, name, bytes, is_literal: true })
            }
            None => Ok(Word { column, name, bytes: text.into_bytes(), is_literal: false }),
        }
    }

    /// A text in quotes, and how often it is meant.
    fn quoted(&mut self) -> Result<Vec<u8>, Trouble> {
        let opening = self.at + 1;
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let column = self.at + 1;
            let Some(letter) = self.peek() else {
                return Err(Trouble::at(opening, "a closing quote", "the end of the line"));
            };
            self.at += 1;
            match letter {
                '"' => break,
                '\\' => bytes.push(self.escaped(column)?),
                letter => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        let mut rest = String::new();
        let column = self.at + 1;
        while let Some(letter) = self.peek().filter(|c| !c.is_whitespace()) {
            rest.push(letter);
            self.at += 1;
        }
        if rest.is_empty() {
            return Ok(bytes);
        }
        let times = rest.strip_prefix('*').and_then(|times| times.parse::<usize>().ok());
        let size = times.and_then(|times| times.checked_mul(bytes.len()));
        match (times, size.filter(|size| *size <= MOST_BYTES)) {
            (Some(times), Some(_)) => Ok(bytes.repeat(times)),
            (Some(_), None) => Err(Trouble::at(column, format!("at most {MOST_BYTES} bytes"), &rest)),
            (None, _) => Err(Trouble::at(column, "a space, or *N to repeat the text", &rest)),
        }
    }

    /// The byte that an escape stands for.
    fn escaped(&mut self, column: usize) -> Result<u8, Trouble> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('"') => b'"',
            Some('x') => {
                let digits: String = self.letters.iter().skip(self.at).take(2).collect();
                self.at += 2;
                let byte = hex(&digits).and_then(|bytes| bytes.first().copied());
                return byte.ok_or_else(|| Trouble::at(column, "two hexadecimal digits after \\x", &digits));
            }
            other => {
                let found = other.map_or_else(|| "the end of the line".to_owned(), |c| format!("\\{c}"));
                return Err(Trouble::at(column, "one of the escapes \\n \\r \\t \\\\ \\\" \\x00", &found));
            }
        })
    }
}

/// Bytes from pairs of hexadecimal digits.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let pairs = digits?;
    let pairs = pairs.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

/// Of one text.
const MOST_BYTES: usize = 1024 * 1024;

/// Enough to recognize a word.
const SHOWN_LETTERS: usize = 40;
