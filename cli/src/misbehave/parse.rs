//! From the text of a script to its steps.
//!
//! In: text. Out: a script, or the first thing in it that makes no sense: line, column, what was expected and what was
//! found. Each kind of step takes what it knows from the words of its line ([`Args`]); what is left over is not
//! understood.
//!
//! Must not know: what a step does.

use std::fmt;
use std::time::Duration;

use wirewright::inspect::content::setting_name;
use wirewright::wire::tables::reason_name;

use super::script::{Expected, Fields, Line, Role, Script, Step};
use super::words::{Word, cut};
use crate::probe::duration;

/// Reads a script.
pub(super) fn script(name: &str, text: &str) -> Result<Script, Problem> {
    let mut script = Script { name: name.to_owned(), role: Role::default(), lines: Vec::new() };
    let mut size = 0;
    for (nth, text) in text.lines().enumerate() {
        let number = nth + 1;
        let in_line = |trouble: Trouble| Problem { line: number, trouble };
        let (words, end) = cut(text).map_err(in_line)?;
        size += words.iter().map(|word| word.bytes.len()).sum::<usize>();
        if size > MOST_BYTES {
            return Err(in_line(Trouble::at(1, format!("at most {MOST_BYTES} bytes in all"), "more")));
        }
        let mut args = Args { words, end: text.chars().count() + 1 };
        let Some(verb) = args.next() else { continue };
        if verb.plain() == Some("as") {
            let role = args.one_of(&[("client", Role::Client), ("server", Role::Server)]).map_err(in_line)?;
            if !script.lines.is_empty() {
                return Err(in_line(Trouble::at(verb.column, "a step: `as` comes first", &verb.shown())));
            }
            script.role = role;
            args.end().map_err(in_line)?;
            continue;
        }
        if script.lines.len() >= MOST_LINES {
            let most = format!("at most {MOST_LINES} steps; `repeat N` does one more than once");
            return Err(in_line(Trouble::at(verb.column, most, &verb.shown())));
        }
        let (times, step) = line(verb, &mut args).map_err(in_line)?;
        let text = text.chars().take(end).collect::<String>().trim().to_owned();
        script.lines.push(Line { number, text, times, step });
    }
    if script.lines.is_empty() {
        let trouble = Trouble::at(1, "a step, such as preface", "nothing but remarks");
        return Err(Problem { line: 1, trouble });
    }
    Ok(script)
}

/// What makes no sense in a script: `LINE:COLUMN: expected .., found ..`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: usize,
    trouble: Trouble,
}

/// The same of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    column: usize,
    expected: String,
    found: String,
}

impl Trouble {
    pub(super) fn at(column: usize, expected: impl Into<String>, found: &str) -> Trouble {
        Trouble { column, expected: expected.into(), found: found.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { line, trouble: Trouble { column, expected, found } } = self;
        write!(f, "{line}:{column}: expected {expected}, found {found}")
    }
}

/// A line whose first word is taken: how often, and what.
fn line(verb: Word, args: &mut Args) -> Result<(u32, Step), Trouble> {
    let (mut times, mut verb) = (1, verb);
    if verb.plain() == Some("repeat") {
        times = args.number("how often", 1, u64::from(MOST_TIMES))?;
        verb = args.next().ok_or_else(|| args.missing("a step to repeat"))?;
    }
    let step = step(&verb, args)?;
    args.end()?;
    // Lossless: bounded above.
    Ok((u32::try_from(times).unwrap_or(MOST_TIMES), step))
}

/// A step from its verb and its arguments.
fn step(verb: &Word, args: &mut Args) -> Result<Step, Trouble> {
    let name = verb.plain().unwrap_or_default();
    if let Some(step) = speech(name, args)? {
        return Ok(step);
    }
    if let Some(step) = frame(name, args)? {
        return Ok(step);
    }
    Ok(match name {
        "expect" => {
            let names = Expected::ALL.map(|what| (what.name(), what));
            let what = args.one_of(&names)?;
            let within = if args.flag("within") { args.duration()? } else { PATIENCE };
            Step::Expect { what, within }
        }
        "stall" => Step::Stall(args.duration()?),
        "drip" if args.flag("off") => Step::Drip(None),
        "drip" => {
            let bytes = args.number("how many bytes at a time", 1, MOST_BYTES as u64)?;
            args.word("every")?;
            let pause = args.duration()?;
            Step::Drip(Some((usize::try_from(bytes).unwrap_or(1), pause)))
        }
        "cut" => {
            let bytes = args.number("after how many bytes", 0, MOST_BYTES as u64)?;
            Step::Cut(usize::try_from(bytes).unwrap_or(0))
        }
        "close" => Step::Close,
        _ => return Err(Trouble::at(verb.column, format!("a step ({VERBS})"), &verb.shown())),
    })
}

/// A step that is part of a call.
fn speech(name: &str, args: &mut Args) -> Result<Option<Step>, Trouble> {
    Ok(Some(match name {
        "headers" => {
            let (ends_stream, ends_headers) = (args.flag("end_stream"), !args.flag("no_end_headers"));
            Step::Headers { stream: args.stream()?, ends_stream, ends_headers, fields: args.fields() }
        }
        "continuation" => {
            let ends_headers = !args.flag("no_end_headers");
            Step::Continuation { stream: args.stream()?, ends_headers, fields: args.fields() }
        }
        "data" => {
            let (stream, ends_stream) = (args.stream()?, args.flag("end_stream"));
            Step::Data { stream, ends_stream, bytes: args.literals() }
        }
        "message" => {
            let (stream, ends_stream) = (args.stream()?, args.flag("end_stream"));
            let flag = args.named_number("flag", 0xff)?.unwrap_or(0);
            let length = args.named_number("length", u64::from(u32::MAX))?;
            let (flag, length) = (low_u32(flag) as u8, length.map(low_u32));
            Step::Message { stream, ends_stream, flag, length, bytes: args.literals() }
        }
        _ => return Ok(None),
    }))
}

/// A step that is about the connection, or is only bytes.
fn frame(name: &str, args: &mut Args) -> Result<Option<Step>, Trouble> {
    Ok(Some(match name {
        "preface" => Step::Preface,
        "settings" if args.flag("ack") => Step::SettingsAck,
        "settings" => Step::Settings(args.settings()?),
        "rst" => Step::Rst { stream: args.stream()?, code: args.reason()? },
        "goaway" => {
            let last = args.named_number("last", MOST_STREAM)?.unwrap_or(0);
            let debug = args.named("debug").map(|word| word.bytes).unwrap_or_default();
            Step::GoAway { last: low_u32(last), debug, code: args.reason()? }
        }
        "window" => {
            let stream = args.stream()?;
            Step::Window { stream, increment: low_u32(args.number("by how much", 0, MOST_STREAM)?) }
        }
        "ping" => {
            let is_ack = args.flag("ack");
            let given = args.literals();
            let mut data = [0; 8];
            data.iter_mut().zip(given).for_each(|(to, from)| *to = from);
            Step::Ping { is_ack, data }
        }
        "frame" => {
            let kind = args.named_number("kind", 0xff)?.ok_or_else(|| args.missing("kind=NUMBER"))?;
            let flags = args.named_number("flags", 0xff)?.unwrap_or(0);
            let stream = args.stream()?;
            Step::Frame {
                kind: low_u32(kind) as u8,
                flags: low_u32(flags) as u8,
                stream,
                bytes: args.literals(),
            }
        }
        "raw" => Step::Raw(args.literals()),
        _ => return Ok(None),
    }))
}

/// The words of a line that have not been understood yet.
struct Args {
    words: Vec<Word>,
    /// The column after the last letter.
    end: usize,
}

impl Args {
    /// The next word.
    fn next(&mut self) -> Option<Word> {
        (!self.words.is_empty()).then(|| self.words.remove(0))
    }

    /// Takes the first word that is like this.
    fn take(&mut self, is_it: impl Fn(&Word) -> bool) -> Option<Word> {
        let at = self.words.iter().position(is_it)?;
        Some(self.words.remove(at))
    }

    /// Whether this word is there.
    fn flag(&mut self, name: &str) -> bool {
        self.take(|word| word.plain() == Some(name)).is_some()
    }

    fn word(&mut self, name: &str) -> Result<(), Trouble> {
        match self.next() {
            Some(word) if word.plain() == Some(name) => Ok(()),
            Some(word) => Err(Trouble::at(word.column, name, &word.shown())),
            None => Err(self.missing(name)),
        }
    }

    fn named(&mut self, name: &str) -> Option<Word> {
        self.take(|word| word.name.as_deref() == Some(name))
    }

    fn named_number(&mut self, name: &str, most: u64) -> Result<Option<u64>, Trouble> {
        self.named(name).map(|word| number(&word, name, 0, most)).transpose()
    }

    /// The stream of a word such as `@3`.
    fn stream(&mut self) -> Result<Option<u32>, Trouble> {
        let Some(word) = self.take(|word| word.plain().is_some_and(|text| text.starts_with('@'))) else {
            return Ok(None);
        };
        let column = word.column;
        let text = word.plain().unwrap_or_default().trim_start_matches('@').as_bytes().to_vec();
        let shown = Word { column, name: None, bytes: text, is_literal: false };
        number(&shown, "a stream after @", 0, MOST_STREAM).map(|id| Some(low_u32(id)))
    }

    fn number(&mut self, what: &str, least: u64, most: u64) -> Result<u64, Trouble> {
        let word = self.next().ok_or_else(|| self.missing(what))?;
        number(&word, what, least, most)
    }

    fn duration(&mut self) -> Result<Duration, Trouble> {
        let expected = format!("a length of time up to {MOST_WAIT:?}, such as 500ms");
        let word = self.next().ok_or_else(|| self.missing(&expected))?;
        let length = word.plain().and_then(|text| duration(text).ok());
        length
            .filter(|length| *length <= MOST_WAIT)
            .ok_or_else(|| Trouble::at(word.column, expected, &word.shown()))
    }

    /// All texts and bytes, joined.
    fn literals(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(word) = self.take(|word| word.name.is_none() && word.is_literal) {
            bytes.extend_from_slice(&word.bytes);
        }
        bytes
    }

    /// All words with names.
    fn fields(&mut self) -> Fields {
        let mut fields = Vec::new();
        while let Some(word) = self.take(|word| word.name.is_some()) {
            fields.push((word.name.unwrap_or_default(), word.bytes));
        }
        fields
    }

    fn settings(&mut self) -> Result<Vec<(u16, u32)>, Trouble> {
        let mut settings = Vec::new();
        while let Some(word) = self.take(|word| word.name.is_some()) {
            let name = word.name.clone().unwrap_or_default();
            let known = (0..=KNOWN_SETTINGS)
                .find(|id| setting_name(*id).is_some_and(|known| known.eq_ignore_ascii_case(&name)));
            let id = known.or_else(|| small(&name).and_then(|id| u16::try_from(id).ok()));
            let expected = "a setting, such as INITIAL_WINDOW_SIZE=0 or 0x4=0";
            let id = id.ok_or_else(|| Trouble::at(word.column, expected, &word.shown()))?;
            settings.push((id, low_u32(number(&word, &name, 0, u64::from(u32::MAX))?)));
        }
        Ok(settings)
    }

    /// The reason of RST_STREAM and GOAWAY, by name or number.
    fn reason(&mut self) -> Result<u32, Trouble> {
        let expected = "a reason, such as CANCEL or 0x8";
        let word = self.next().ok_or_else(|| self.missing(expected))?;
        let text = word.plain().unwrap_or_default();
        let named = (0..=KNOWN_REASONS).find(|code| reason_name(*code).eq_ignore_ascii_case(text));
        let code = named.or_else(|| small(text).and_then(|code| u32::try_from(code).ok()));
        code.ok_or_else(|| Trouble::at(word.column, expected, &word.shown()))
    }

    fn one_of<T: Copy>(&mut self, names: &[(&str, T)]) -> Result<T, Trouble> {
        let expected = names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let word = self.next().ok_or_else(|| self.missing(&expected))?;
        let found =
            names.iter().find(|(name, _)| word.plain().is_some_and(|text| text.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| *value).ok_or_else(|| Trouble::at(word.column, expected, &word.shown()))
    }

    fn missing(&self, expected: &str) -> Trouble {
        Trouble::at(self.end, expected, "the end of the line")
    }

    /// Nothing may be left.
    fn end(&self) -> Result<(), Trouble> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Trouble::at(word.column, "nothing more that this step knows", &word.shown())),
        }
    }
}

fn number(word: &Word, what: &str, least: u64, most: u64) -> Result<u64, Trouble> {
    let text = if word.is_literal { None } else { std::str::from_utf8(&word.bytes).ok() };
    let number = text.and_then(small).filter(|number| (least..=most).contains(number));
    let expected = format!("{what}: a number from {least} to {most}");
    number.ok_or_else(|| Trouble::at(word.column, expected, &word.shown()))
}

/// A number, in decimal or hexadecimal digits.
fn small(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A number that is known to fit.
fn low_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// In the order in which a connection needs them.
const VERBS: &str = "preface, settings, headers, continuation, data, message, rst, goaway, window, ping, frame, raw, \
                     expect, stall, drip, cut, close, repeat, as";

/// How long is waited for what is expected, unless the script says.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nothing waits longer: a script that is forgotten shall end.
const MOST_WAIT: Duration = Duration::from_secs(60);

/// Of `repeat`: enough for any flood that is to be noticed.
const MOST_TIMES: u32 = 10_000;

/// A script is read by people.
const MOST_LINES: usize = 1_000;

/// Of all texts of a script.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// RFC 9113, section 5.1.1: stream identifiers have 31 bits; so have increments of windows (6.9).
const MOST_STREAM: u64 = (1 << 31) - 1;

/// Settings are registered up to here, with room for those to come.
const KNOWN_SETTINGS: u16 = 0x40;

/// RFC 9113, section 7: HTTP_1_1_REQUIRED is the last.
const KNOWN_REASONS: u32 = 0xd;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Step {
        let script = script("t", text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        script.lines[0].step.clone()
    }

    #[test]
    fn each_kind_of_step_is_read() {
        let fields =
            vec![(":status".to_owned(), b"200".to_vec()), ("grpc-message".into(), b"not\nnow".to_vec())];
        let table = [
            ("preface", Step::Preface),
            ("settings ack", Step::SettingsAck),
            ("settings initial_window_size=0 0xfe03=1", Step::Settings(vec![(4, 0), (0xfe03, 1)])),
            (
                "headers @3 :status=200 grpc-message=\"not\\nnow\" end_stream # so",
                Step::Headers { fields, ends_stream: true, ends_headers: true, stream: Some(3) },
            ),
            (
                "continuation a=\"x\"*3 no_end_headers",
                Step::Continuation {
                    fields: vec![("a".into(), b"xxx".to_vec())],
                    ends_headers: false,
                    stream: None,
                },
            ),
            (
                "message hex:0a05 \"hello\" flag=1 length=0x10",
                Step::Message {
                    bytes: b"\x0a\x05hello".to_vec(),
                    flag: 1,
                    length: Some(16),
                    ends_stream: false,
                    stream: None,
                },
            ),
            ("data \"#\" end_stream", Step::Data { bytes: b"#".to_vec(), ends_stream: true, stream: None }),
            ("rst cancel @1", Step::Rst { code: 8, stream: Some(1) }),
            (
                "goaway ENHANCE_YOUR_CALM last=1 debug=\"too_many_pings\"",
                Step::GoAway { code: 11, last: 1, debug: b"too_many_pings".to_vec() },
            ),
            ("window 65535", Step::Window { increment: 65_535, stream: None }),
            ("ping ack hex:0102", Step::Ping { is_ack: true, data: [1, 2, 0, 0, 0, 0, 0, 0] }),
            (
                "frame kind=0x42 flags=3 @0 hex:ff",
                Step::Frame { kind: 0x42, flags: 3, stream: Some(0), bytes: vec![0xff] },
            ),
            ("raw \"HTTP/1.1 400\\r\\n\"", Step::Raw(b"HTTP/1.1 400\r\n".to_vec())),
            ("expect END_STREAM", Step::Expect { what: Expected::EndStream, within: PATIENCE }),
            (
                "expect close within 250ms",
                Step::Expect { what: Expected::Close, within: Duration::from_millis(250) },
            ),
            ("stall 2s", Step::Stall(Duration::from_secs(2))),
            ("drip 1 every 5ms", Step::Drip(Some((1, Duration::from_millis(5))))),
            ("drip off", Step::Drip(None)),
            ("cut 7", Step::Cut(7)),
            ("close", Step::Close),
        ];
        for (text, step) in table {
            assert_eq!(one(text), step, "{text}");
        }
        let repeated = script("t", "\n# a remark\n  repeat 500 ping").unwrap();
        assert_eq!((repeated.lines[0].times, repeated.lines[0].number), (500, 3));
        assert_eq!(script("t", "data \"a #1\"  # so").unwrap().lines[0].text, "data \"a #1\"");
        assert_eq!(script("t", "as client\npreface").unwrap().role, Role::Client);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        let table = [
            ("jump", "1:1: expected a step (preface, "),
            ("preface\n  headers :status", "2:11: expected nothing more that this step knows, found :status"),
            (
                "settings MAX_FRAME=1",
                "1:10: expected a setting, such as INITIAL_WINDOW_SIZE=0 or 0x4=0, found MAX_FRAME=1",
            ),
            ("rst", "1:4: expected a reason, such as CANCEL or 0x8, found the end of the line"),
            ("rst SOON", "1:5: expected a reason"),
            ("data \"open", "1:6: expected a closing quote, found the end of the line"),
            ("data \"a\\q\"", "1:8: expected one of the escapes"),
            ("data hex:abc", "1:6: expected an even number of hexadecimal digits"),
            ("data \"a\"*99999999", "1:9: expected at most 1048576 bytes"),
            ("expect RAIN", "1:8: expected HEADERS, DATA, SETTINGS, "),
            ("stall 61s", "1:7: expected a length of time up to 60s"),
            ("drip 1 per 5ms", "1:8: expected every, found per"),
            ("repeat 0 ping", "1:8: expected how often: a number from 1 to 10000, found 0"),
            ("repeat 5", "1:9: expected a step to repeat"),
            ("rst @x CANCEL", "1:5: expected a stream after @"),
            ("close now", "1:7: expected nothing more that this step knows, found now"),
            ("preface\nas client", "2:1: expected a step: `as` comes first"),
            ("# nothing", "1:1: expected a step, such as preface"),
        ];
        for (text, expected) in table {
            let told = script("t", text).unwrap_err().to_string();
            assert!(told.starts_with(expected), "{text}: {told}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}(\n\\PC{0,40}){0,3}") {
            let _ = script("t", &text);
        }

        #[test]
        fn no_line_of_known_words_makes_the_reader_panic(
            words in prop::collection::vec(prop::sample::select(vec![
                "as", "repeat", "5", "headers", "data", "message", "rst", "goaway", "frame", "settings", "expect",
                "drip", "cut", "stall", "end_stream", "@1", "@", ":status=200", "flag=300", "length=-1", "\"x\"*9",
                "hex:0g", "hex:00", "\"", "\\", "=", "a=", "within", "5ms", "off", "ack", "kind=1", "CANCEL", "#",
            ]), 0..8),
        ) {
            let _ = script("t", &words.join(" "));
        }
    }
}
