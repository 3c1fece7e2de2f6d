//! Fingers that know grpcurl: flags with one dash, and the verb after the address or left out.
//!
//! In: the words as they were typed. Out: the same words as `args` understands them.
//!
//! ```text
//!   -max-time 5            --max-time 5           a long flag with one dash, as Go's programs take them
//!   -plaintext=true        --plaintext            a switch with a value, as Go's programs take them
//!   -plaintext H:P list    list --plaintext H:P   the verb wherever grpcurl has it
//!   H:P pkg.Svc/Method     call H:P pkg.Svc/Method
//!   -plaintxet             --plaintxet            a long flag that there is not: the complaint shall name all of it
//! ```
//!
//! Nothing else is touched.
//!
//! Must not know: what a flag means.

use std::collections::HashMap;

use clap::Command;

/// The words, the program's own name first, as `command` understands them.
pub(crate) fn understood(words: impl IntoIterator<Item = String>, command: &Command) -> Vec<String> {
    let mut words = words.into_iter();
    let program = words.next();
    let flags = Flags::of(command);
    let (words, positions) = flags.spell(words.collect());
    let words = with_verb_first(words, &positions, command);
    program.into_iter().chain(words).collect()
}

/// The flags of all commands, and what each takes.
struct Flags {
    long: HashMap<String, Takes>,
    short: HashMap<char, Takes>,
}

/// What stands after a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing, or `=true`, which says the same, or `=false`, which is as good as no flag.
    Nothing,
    /// A value, as the next word or after an equals sign.
    Value,
    /// Perhaps a value, after an equals sign.
    Equals,
}

impl Flags {
    fn of(command: &Command) -> Flags {
        let mut flags = Flags { long: HashMap::new(), short: HashMap::new() };
        for name in ["help", "version"] {
            flags.long.insert(name.to_owned(), Takes::Nothing);
        }
        for command in std::iter::once(command).chain(command.get_subcommands()) {
            for argument in command.get_arguments() {
                let takes = match argument.get_action().takes_values() {
                    false => Takes::Nothing,
                    true if argument.is_require_equals_set() => Takes::Equals,
                    true => Takes::Value,
                };
                for long in argument.get_long_and_visible_aliases().into_iter().flatten() {
                    flags.long.insert(long.to_owned(), takes);
                }
                if let Some(short) = argument.get_short() {
                    flags.short.insert(short, takes);
                }
            }
        }
        flags
    }

    /// The words with two dashes before long flags, and which of them are neither flags nor values.
    fn spell(&self, words: Vec<String>) -> (Vec<String>, Vec<usize>) {
        let (mut spelled, mut positions) = (Vec::with_capacity(words.len()), Vec::new());
        let mut is_value = false;
        let mut rest = words.into_iter();
        for word in rest.by_ref() {
            if std::mem::take(&mut is_value) {
                spelled.push(word);
                continue;
            }
            if word == "--" {
                positions.push(spelled.len());
                spelled.push(word);
                break;
            }
            let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
                positions.push(spelled.len());
                spelled.push(word);
                continue;
            };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            let (name, value) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
            match (self.long.get(name), value) {
                (Some(Takes::Nothing), Some("true")) => spelled.push(format!("--{name}")),
                (Some(Takes::Nothing), Some("false")) => {}
                (Some(takes), value) => {
                    is_value = *takes == Takes::Value && value.is_none();
                    spelled.push(format!("--{flag}"));
                }
                (None, _) => {
                    let mut letters = name.chars();
                    let short = letters.next().and_then(|letter| self.short.get(&letter));
                    is_value = short == Some(&Takes::Value) && letters.as_str().is_empty();
                    let is_long = short.is_none() && !letters.as_str().is_empty();
                    spelled.push(if is_long { format!("--{flag}") } else { word });
                }
            }
        }
        spelled.extend(rest);
        (spelled, positions)
    }
}

/// The words with the verb before everything else, if there is one or one is meant.
fn with_verb_first(mut words: Vec<String>, positions: &[usize], command: &Command) -> Vec<String> {
    let at = |nth: usize| positions.get(nth).and_then(|at| words.get(*at)).map(String::as_str);
    let is_verb = |word: &str| command.find_subcommand(word).is_some();
    let verb = match (at(0), at(1)) {
        (Some(first), _) if is_verb(first) => positions.first(),
        (Some(_), Some("list" | "describe")) => positions.get(1),
        // Without a method it is a call all the same, and told what it lacks.
        (Some(first), _) if first.contains([':', '/']) => {
            words.insert(0, "call".to_owned());
            None
        }
        _ => None,
    };
    if let Some(at) = verb {
        let verb = words.remove(*at);
        words.insert(0, verb);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;
    use clap::CommandFactory;

    #[test]
    fn grpcurls_lines_are_understood() {
        for (typed, understood_as) in [
            ("call -plaintext -d {} h:1 s/m", "call --plaintext -d {} h:1 s/m"),
            ("-plaintext h:1 list", "list --plaintext h:1"),
            ("-plaintext h:1 list s", "list --plaintext h:1 s"),
            ("-plaintext h:1 describe s.m", "describe --plaintext h:1 s.m"),
            ("-max-time 5 -plaintext=true h:1 s/m", "call --max-time 5 --plaintext h:1 s/m"),
            ("-plaintext=false -max-time=5 h:1 s/m", "call --max-time=5 h:1 s/m"),
            // A value is a value, whatever it looks like.
            ("call -H -plaintext h:1 s/m", "call -H -plaintext h:1 s/m"),
            ("-vv h:1 s/m", "call --vv h:1 s/m"),
            ("-help", "--help"),
            ("list -help", "list --help"),
            ("peek -- -plaintext", "peek -- -plaintext"),
            ("demo --listen h:1", "demo --listen h:1"),
            // What is not known stays as it was typed, but for a dash.
            ("demonstrate", "demonstrate"),
            ("call -unheard-of h:1", "call --unheard-of h:1"),
            ("call -x h:1", "call -x h:1"),
            ("load -c50 h:1 s/m", "load -c50 h:1 s/m"),
            ("-use-reflection=false h:1 list", "list --use-reflection=false h:1"),
            ("-use-reflection h:1 list", "list --use-reflection h:1"),
            ("-plaintext h:1", "call --plaintext h:1"),
            ("", ""),
        ] {
            let words = format!("wright {typed}");
            let words = words.split_whitespace().map(str::to_owned);
            let understood = understood(words, &Arguments::command());
            assert_eq!(understood[1..].join(" "), understood_as, "{typed}");
        }
    }
}
