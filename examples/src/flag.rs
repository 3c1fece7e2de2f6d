//! Command-line flags as Go programs have them: `-port 50051`, `-port=50051`, and the same with two dashes.
//!
//! In: the words after the program's name. Out: the values, or a page of usage. A program asks for its flags one
//! after the other, and each takes its words off the line; words that are left over belong to no flag. That is also
//! how the usage page gets to know the flags:
//!
//! ```text
//!   let mut flags = Flags::read();
//!   let address = flags.text("addr", "localhost:50051", "the address to connect to");
//!   let port = flags.port("port", 50_051, "the port to listen on");
//!   flags.finish();
//! ```

use std::fmt::Write;

/// The flags of a command line.
#[derive(Debug)]
pub struct Flags {
    program: String,
    /// The words that no flag has claimed yet.
    words: Vec<String>,
    /// What is wrong with the command line, if anything is.
    complaint: Option<String>,
    usage: String,
}

impl Flags {
    /// Reads the flags of this process.
    pub fn read() -> Flags {
        let mut words = std::env::args();
        let program = words.next().unwrap_or_default();
        Flags::of(program, words.collect())
    }

    fn of(program: String, words: Vec<String>) -> Flags {
        Flags { program, words, complaint: None, usage: String::new() }
    }

    /// The text given for a flag, or its default.
    pub fn text(&mut self, name: &str, default: &str, meaning: &str) -> String {
        self.explain(&format!("{name} string"), meaning, &format!(" (default {default:?})"));
        self.value(name).unwrap_or_else(|| default.to_owned())
    }

    /// The port given for a flag, or its default.
    pub fn port(&mut self, name: &str, default: u16, meaning: &str) -> u16 {
        self.explain(&format!("{name} int"), meaning, &format!(" (default {default})"));
        let Some(text) = self.value(name) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.complain(format!("invalid value \"{text}\" for flag -{name}: want 0 to 65535"));
            default
        })
    }

    /// Whether a flag that has no value is there.
    pub fn switch(&mut self, name: &str, meaning: &str) -> bool {
        self.explain(name, meaning, "");
        match self.take(name) {
            None => false,
            Some((_, None)) => true,
            Some((_, Some(text))) => text.parse().unwrap_or_else(|_| {
                self.complain(format!("invalid value \"{text}\" for flag -{name}: want true or false"));
                false
            }),
        }
    }

    /// Ends the program if help was asked for or the command line makes no sense.
    pub fn finish(self) {
        match self.verdict() {
            Ok(None) => {}
            Ok(Some(usage)) => {
                print!("{usage}");
                std::process::exit(0);
            }
            Err(complaint) => {
                eprint!("{complaint}");
                // The exit code of Go's flag package.
                std::process::exit(2);
            }
        }
    }

    /// Nothing to say, the usage that was asked for, or a complaint.
    fn verdict(mut self) -> Result<Option<String>, String> {
        let asked_for_help = ["h", "help"].into_iter().any(|name| self.take(name).is_some());
        if let Some(word) = self.words.first() {
            let stranger = match undashed(word) {
                Some(flag) => format!("flag provided but not defined: -{flag}"),
                None => format!("`{word}` is not a flag"),
            };
            self.complain(stranger);
        }
        let usage = format!("Usage of {}:\n{}", self.program, self.usage);
        match self.complaint {
            _ if asked_for_help => Ok(Some(usage)),
            Some(complaint) => Err(format!("{complaint}\n{usage}")),
            None => Ok(None),
        }
    }

    /// The value of a flag that has to have one: behind its equals sign, or the next word.
    fn value(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            (_, Some(value)) => Some(value),
            (at, None) if at < self.words.len() => Some(self.words.remove(at)),
            _ => {
                self.complain(format!("flag needs an argument: -{name}"));
                None
            }
        }
    }

    /// Claims a flag: says where it was, and what stood behind its equals sign.
    fn take(&mut self, name: &str) -> Option<(usize, Option<String>)> {
        let found = self.words.iter().enumerate().find_map(|(at, word)| {
            let rest = undashed(word)?.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some((at, Some(value.to_owned()))),
                None if rest.is_empty() => Some((at, None)),
                None => None,
            }
        })?;
        self.words.remove(found.0);
        Some(found)
    }

    fn explain(&mut self, flag: &str, meaning: &str, default: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.usage, "  -{flag}\n    \t{meaning}{default}");
    }

    /// Keeps the first complaint: the others often follow from it.
    fn complain(&mut self, complaint: String) {
        self.complaint.get_or_insert(complaint);
    }
}

/// A flag without its one or two dashes.
fn undashed(word: &str) -> Option<&str> {
    word.strip_prefix("--").or_else(|| word.strip_prefix('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(line: &str) -> Flags {
        Flags::of("program".into(), line.split_whitespace().map(String::from).collect())
    }

    fn read(line: &str) -> (String, u16, Result<Option<String>, String>) {
        let mut flags = flags(line);
        let values = (flags.text("addr", "localhost:50051", "where to"), flags.port("port", 50_051, "which"));
        (values.0, values.1, flags.verdict())
    }

    #[test]
    fn one_dash_or_two_and_an_equals_sign_or_none_mean_the_same() {
        for line in ["-addr a:1 -port 7", "--addr a:1 --port 7", "-addr=a:1 --port=7", "-port 7 --addr=a:1"] {
            assert_eq!(read(line), ("a:1".into(), 7, Ok(None)), "{line}");
        }
    }

    #[test]
    fn a_flag_that_is_not_given_has_its_default() {
        assert_eq!(read(""), ("localhost:50051".into(), 50_051, Ok(None)));
    }

    #[test]
    fn nonsense_is_refused_with_a_word_about_it() {
        let table = [
            ("-prot 7", "flag provided but not defined: -prot"),
            ("-port", "flag needs an argument: -port"),
            ("-port x", "invalid value \"x\" for flag -port"),
            ("-port 65536", "invalid value \"65536\" for flag -port"),
            ("port 7", "`port` is not a flag"),
        ];
        for (line, want) in table {
            let complaint = read(line).2.unwrap_err();
            assert!(complaint.starts_with(want), "{line}: {complaint}");
            assert!(complaint.contains("-addr string"), "{complaint}");
        }
    }

    #[test]
    fn a_switch_takes_no_word_of_its_own() {
        let table = [("", false), ("-tls", true), ("--tls=true", true), ("-tls=false", false)];
        for (line, want) in table {
            let mut flags = flags(&format!("{line} -port 7"));
            assert_eq!((flags.switch("tls", "whether"), flags.port("port", 1, "which")), (want, 7), "{line}");
            assert_eq!(flags.verdict(), Ok(None));
        }
    }

    #[test]
    fn help_lists_the_flags() {
        let usage = read("-h").2.unwrap().unwrap();
        assert!(usage.contains("  -port int\n    \twhich (default 50051)"), "{usage}");
    }
}
