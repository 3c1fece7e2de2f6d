//! Command-line flags as Go programs have them: `-port 50051`, `-port=50051`, and the same with two dashes.
//!
//! In: the words after the program's name. Out: the values, or a page of usage. A program asks for its flags one
//! after the other, which is also how the usage page gets to know them:
//!
//! ```text
//!   let mut flags = Flags::read();
//!   let address = flags.text("addr", "localhost:50051", "the address to connect to");
//!   let port = flags.port("port", 50_051, "the port to listen on");
//!   flags.finish();
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

/// The flags of a command line.
#[derive(Debug)]
pub struct Flags {
    program: String,
    given: BTreeMap<String, String>,
    asked_for_help: bool,
    /// What is wrong with the command line, if anything is.
    complaint: Option<String>,
    usage: String,
}

impl Flags {
    /// Reads the flags of this process.
    pub fn read() -> Flags {
        let mut words = std::env::args();
        let program = words.next().unwrap_or_default();
        Flags::of(program, words)
    }

    fn of(program: String, mut words: impl Iterator<Item = String>) -> Flags {
        let (given, usage) = (BTreeMap::new(), String::new());
        let mut flags = Flags { program, given, asked_for_help: false, complaint: None, usage };
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
                flags.complain(format!("`{word}` is not a flag"));
                break;
            };
            if matches!(flag, "h" | "help") {
                flags.asked_for_help = true;
            } else if let Some((name, value)) = flag.split_once('=') {
                flags.given.insert(name.to_owned(), value.to_owned());
            } else if let Some(value) = words.next() {
                flags.given.insert(flag.to_owned(), value);
            } else {
                flags.complain(format!("flag needs an argument: -{flag}"));
            }
        }
        flags
    }

    /// The text given for a flag, or its default.
    pub fn text(&mut self, name: &str, default: &str, meaning: &str) -> String {
        self.explain(name, "string", default, meaning);
        self.given.remove(name).unwrap_or_else(|| default.to_owned())
    }

    /// The port given for a flag, or its default.
    pub fn port(&mut self, name: &str, default: u16, meaning: &str) -> u16 {
        self.explain(name, "int", &default.to_string(), meaning);
        let Some(text) = self.given.remove(name) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.complain(format!("invalid value \"{text}\" for flag -{name}: want 0 to 65535"));
            default
        })
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
        if let Some(stranger) = self.given.keys().next() {
            self.complain(format!("flag provided but not defined: -{stranger}"));
        }
        let usage = format!("Usage of {}:\n{}", self.program, self.usage);
        match self.complaint {
            _ if self.asked_for_help => Ok(Some(usage)),
            Some(complaint) => Err(format!("{complaint}\n{usage}")),
            None => Ok(None),
        }
    }

    fn explain(&mut self, name: &str, kind: &str, default: &str, meaning: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.usage, "  -{name} {kind}\n    \t{meaning} (default {default:?})");
    }

    /// Keeps the first complaint: the others often follow from it.
    fn complain(&mut self, complaint: String) {
        self.complaint.get_or_insert(complaint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(line: &str) -> Flags {
        Flags::of("program".into(), line.split_whitespace().map(String::from))
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
    fn help_lists_the_flags() {
        let usage = read("-h").2.unwrap().unwrap();
        assert!(usage.contains("  -port int\n    \twhich (default \"50051\")"), "{usage}");
    }
}
