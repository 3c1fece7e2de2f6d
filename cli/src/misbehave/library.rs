//! The scripts that come along.
//!
//! Each is a file of its own, whose first line says what it does. They are the manual of the language, too, so they
//! are written to be read.
//!
//! Must not know: how a script is read.

use super::script::Role;

/// A script that comes along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

impl Known {
    /// What it does: its first line.
    pub(super) fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// Which side it speaks for.
    pub(super) fn role(&self) -> Role {
        if self.text.lines().any(|line| line == "as client") { Role::Client } else { Role::Server }
    }
}

/// The script of this name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.name == name)
}

macro_rules! library {
    ($($name:literal)*) => {
        /// All of them: first the one that is right, then answers, then connections.
        pub(super) const ALL: &[Known] =
            &[$(Known { name: $name, text: include_str!(concat!("scripts/", $name, ".script")) }),*];
    };
}

library! {
    "well-behaved"
    "no-trailers"
    "two-trailers"
    "bad-length"
    "no-message"
    "two-messages"
    "half-message"
    "head-only"
    "compressed-unannounced"
    "unheard-of-encoding"
    "status-9999"
    "status-in-words"
    "status-in-head"
    "html-502"
    "wrong-content-type"
    "informational-end"
    "rst-after-headers"
    "rst-refused"
    "data-after-end"
    "goaway-mid-call"
    "oversize-header"
    "continuation-flood"
    "ping-flood"
    "reset-idle"
    "window-zero"
    "window-overflow"
    "never-acked-settings"
    "bad-hpack"
    "foreign-frame"
    "drip"
    "cut-frame"
    "silence"
    "plaintext-garbage"
    "half-request"
    "no-te"
    "get-request"
    "even-stream"
    "not-http2"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::misbehave::parse::script;

    #[test]
    fn every_script_can_be_read_and_says_what_it_does() {
        for known in ALL {
            let read =
                script(known.name, known.text).unwrap_or_else(|problem| panic!("{}: {problem}", known.name));
            assert_eq!(read.role, known.role(), "{}", known.name);
            assert!(known.text.starts_with("# ") && known.about().ends_with('.'), "{}", known.name);
            assert!(known.about().len() <= 74, "{}", known.name);
        }
    }

    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/misbehave/scripts");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), ALL.len());
    }
}
