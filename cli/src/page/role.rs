//! `Roles`: what each kind of bytes is called on the page, why it is there, and where the spec says so.
//!
//! In: the kinds of spans that `inspect` knows, and the names of fields and settings. Out: numbers, and a table of what
//! they stand for: a name, a section with its address, a sentence in plain words, and a colour.
//!
//! The table holds each role once, however many bytes play it; a page of a million spans repeats only numbers.
//!
//! Must not know: where any bytes are.

use std::collections::HashMap;

use serde::{Serialize, Serializer};
use wirewright::inspect::SpanKind;

use super::why;

/// One role: what the page says of all bytes that play it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Role {
    /// What it is called: `frame length`.
    pub(super) name: String,
    /// Which section defines it; may be empty.
    pub(super) section: &'static str,
    /// Why it is there, in a sentence.
    pub(super) why: &'static str,
    /// Its colour, by family.
    pub(super) family: Family,
}

/// Bytes of one family have one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// The nine bytes in front of a frame.
    Frame,
    /// HPACK.
    Fields,
    /// gRPC's five bytes in front of a message.
    Prefix,
    /// What is in a message.
    Message,
    /// What HTTP/2 says for itself.
    Control,
    /// What means nothing.
    Quiet,
    /// What cannot be read.
    Bad,
}

impl Family {
    /// The name that the style sheet knows.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Family::Frame => "frame",
            Family::Fields => "fields",
            Family::Prefix => "prefix",
            Family::Message => "message",
            Family::Control => "control",
            Family::Quiet => "quiet",
            Family::Bad => "bad",
        }
    }
}

impl Serialize for Role {
    /// `[name, section, address, why, family]`
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Role { name, section, why, family } = self;
        (name, section, address(section), why, family.name()).serialize(out)
    }
}

/// All roles that some bytes of the page play.
#[derive(Debug, Default)]
pub(super) struct Roles {
    all: Vec<Role>,
    spans: HashMap<SpanKind, usize>,
    others: HashMap<Role, usize>,
}

impl Roles {
    /// The number of what a span's bytes are.
    pub(super) fn span(&mut self, kind: SpanKind) -> usize {
        let Roles { all, spans, .. } = self;
        *spans.entry(kind).or_insert_with(|| {
            let (why, family) = why::span(kind);
            all.push(Role { name: kind.to_string(), section: kind.section(), why, family });
            all.len() - 1
        })
    }

    /// The number of a role that is more than one span.
    pub(super) fn group(&mut self, role: Role) -> usize {
        if let Some(number) = self.others.get(&role) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(role.clone());
        self.others.insert(role, number);
        number
    }

    /// The table, in the order of the numbers.
    pub(super) fn all(&self) -> &[Role] {
        &self.all
    }
}

/// Where a section can be read.
pub(super) fn address(section: &str) -> String {
    let words: Vec<_> = section.split(' ').collect();
    match words.as_slice() {
        ["RFC", number, section] => {
            format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}")
        }
        ["PROTOCOL-HTTP2", ..] => "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md".to_owned(),
        ["Protocol", "Buffers", ..] => "https://protobuf.dev/programming-guides/encoding/".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_number_however_often_it_is_played() {
        let mut roles = Roles::default();
        let first = roles.span(SpanKind::FrameLength);
        let other = roles.span(SpanKind::Padding);
        assert_eq!(roles.span(SpanKind::FrameLength), first);
        assert_ne!(first, other);
        let group = || Role { name: "x".into(), section: "", why: "", family: Family::Quiet };
        assert_eq!(roles.group(group()), roles.group(group()));
        assert_eq!(roles.all().len(), 3);
    }

    #[test]
    fn sections_have_addresses() {
        assert_eq!(address("RFC 9113 6.2"), "https://www.rfc-editor.org/rfc/rfc9113#section-6.2");
        assert!(address("PROTOCOL-HTTP2 \"Length-Prefixed-Message\"").starts_with("https://github.com/grpc"));
        assert!(address("Protocol Buffers \"Encoding\"").starts_with("https://protobuf.dev"));
        assert_eq!(address(""), "");
    }
}
