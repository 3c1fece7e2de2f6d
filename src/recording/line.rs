//! `Line`: the five things that a recording says.
//!
//! In: values. Out: the text of a line; [`parse`](super::parse) goes the other way.
//!
//! ```text
//!   head   what made the recording, when, and what it hides      first, once
//!   conn   a connection begins                                   numbered from 1
//!   bytes  some bytes crossed it                                 base64
//!   event  something happened that no byte tells                 a name and words
//!   end    a connection is over                                  and why
//! ```
//!
//! Must not know: files.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::VERSION;
use crate::inspect::Direction;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// What made the recording.
    Head(Head),
    /// A connection begins.
    Conn(Conn),
    /// Bytes crossed a connection.
    Bytes(Chunk<'a>),
    /// Something happened that the bytes do not tell.
    Event(Happening),
    /// A connection is over.
    End {
        /// Which connection.
        conn: u32,
        /// When, counted from the recording's beginning.
        at: Duration,
        /// Why, in a few words: `eof`, or what the system said.
        why: String,
    },
}

/// What made a recording, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The program that recorded: `wright 0.1.0`.
    pub tool: String,
    /// When the recording began: microseconds since 1970, by the recorder's clock.
    pub t0_us: u64,
    /// The names of the fields whose values were replaced, in lower case.
    pub redact: Vec<String>,
}

/// A connection begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conn {
    /// Its number in the recording, from 1.
    pub conn: u32,
    /// When, counted from the recording's beginning.
    pub at: Duration,
    /// Which end listened.
    pub role: Role,
    /// The recorder's own address, where it is known.
    pub local: Option<String>,
    /// The other end's address, where it is known.
    pub peer: Option<String>,
    /// Whether the bytes crossed the network under TLS. Recorded is always what TLS carried.
    pub tls: bool,
}

impl Conn {
    /// A connection about whose ends nothing is known.
    pub fn new(conn: u32, at: Duration, role: Role) -> Conn {
        Conn { conn, at, role, local: None, peer: None, tls: false }
    }
}

/// Which end of a connection was listened at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The client's.
    Client,
    /// The server's.
    Server,
    /// A proxy between them.
    Proxy,
    /// A network that somebody captured.
    Capture,
}

impl Role {
    /// The word in the recording.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Client => "client",
            Role::Server => "server",
            Role::Proxy => "proxy",
            Role::Capture => "capture",
        }
    }

    pub(super) fn named(name: &str) -> Option<Role> {
        [Role::Client, Role::Server, Role::Proxy, Role::Capture].into_iter().find(|role| role.name() == name)
    }
}

/// Bytes that crossed a connection at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Which connection.
    pub conn: u32,
    /// When, counted from the recording's beginning.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Something that happened and left no bytes: a connection was picked, a deadline passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Happening {
    /// Which connection it belongs to, if to one.
    pub conn: Option<u32>,
    /// Which stream it belongs to, if to one.
    pub stream: Option<u32>,
    /// When, counted from the recording's beginning.
    pub at: Duration,
    /// What happened, in one word: `pick`.
    pub name: String,
    /// What else is known, by name.
    pub details: Vec<(String, String)>,
}

impl Line<'_> {
    /// Appends the line to `text`, its end included.
    ///
    /// Bytes go out in one line whatever their number; a [`Recorder`](super::Recorder) splits long chunks.
    pub fn write_to(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = self.write(text);
        text.push('\n');
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        match self {
            Line::Head(head) => {
                write!(text, r#"{{"v":{VERSION},"k":"head","tool":{}"#, quoted(&head.tool))?;
                write!(text, r#","t0_us":{},"redact":["#, head.t0_us)?;
                for (nth, name) in head.redact.iter().enumerate() {
                    let comma = if nth == 0 { "" } else { "," };
                    write!(text, "{comma}{}", quoted(name))?;
                }
                text.push_str("]}");
            }
            Line::Conn(conn) => {
                let Conn { conn, at, role, local, peer, tls } = conn;
                write!(text, r#"{{"k":"conn","c":{conn},"t":{},"role":"{}""#, at.as_nanos(), role.name())?;
                for (key, address) in [("local", local), ("peer", peer)] {
                    if let Some(address) = address {
                        write!(text, r#","{key}":{}"#, quoted(address))?;
                    }
                }
                write!(text, r#","tls":{tls}}}"#)?;
            }
            Line::Bytes(Chunk { conn, at, direction, bytes }) => {
                let arrow = if *direction == Direction::ToServer { '>' } else { '<' };
                write!(text, r#"{{"k":"bytes","c":{conn},"t":{},"d":"{arrow}","b":""#, at.as_nanos())?;
                STANDARD.encode_string(bytes, text);
                text.push_str("\"}");
            }
            Line::Event(happening) => write_event(happening, text)?,
            Line::End { conn, at, why } => {
                write!(text, r#"{{"k":"end","c":{conn},"t":{},"why":{}}}"#, at.as_nanos(), quoted(why))?;
            }
        }
        Ok(())
    }
}

fn write_event(happening: &Happening, text: &mut String) -> std::fmt::Result {
    let Happening { conn, stream, at, name, details } = happening;
    text.push_str(r#"{"k":"event""#);
    for (key, number) in [("c", conn), ("s", stream)] {
        if let Some(number) = number {
            write!(text, r#","{key}":{number}"#)?;
        }
    }
    write!(text, r#","t":{},"e":{},"x":{{"#, at.as_nanos(), quoted(name))?;
    for (nth, (key, value)) in details.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        write!(text, "{comma}{}:{}", quoted(key), quoted(value))?;
    }
    text.push_str("}}");
    Ok(())
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                // Control characters all lie below U+00A0, so four digits hold them.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &Line<'_>) -> String {
        let mut text = String::new();
        line.write_to(&mut text);
        text
    }

    #[test]
    fn each_kind_of_line_is_written_as_the_document_shows_it() {
        let at = Duration::from_nanos(1_435_652);
        let head = Head { tool: "wright \"x\"".into(), t0_us: 7, redact: vec!["authorization".into()] };
        let conn = Conn { peer: Some("[::1]:1".into()), ..Conn::new(1, Duration::ZERO, Role::Proxy) };
        let event = Happening {
            conn: Some(1),
            stream: Some(3),
            at,
            name: "pick".into(),
            details: vec![("path".into(), "/a.B/C".into())],
        };
        let cases = [
            (
                Line::Head(head),
                r#"{"v":1,"k":"head","tool":"wright \"x\"","t0_us":7,"redact":["authorization"]}"#,
            ),
            (Line::Conn(conn), r#"{"k":"conn","c":1,"t":0,"role":"proxy","peer":"[::1]:1","tls":false}"#),
            (
                Line::Bytes(Chunk { conn: 1, at, direction: Direction::ToServer, bytes: b"PRI" }),
                r#"{"k":"bytes","c":1,"t":1435652,"d":">","b":"UFJJ"}"#,
            ),
            (Line::Event(event), r#"{"k":"event","c":1,"s":3,"t":1435652,"e":"pick","x":{"path":"/a.B/C"}}"#),
            (
                Line::End { conn: 1, at, why: "a\n\u{1}".into() },
                r#"{"k":"end","c":1,"t":1435652,"why":"a\n\u0001"}"#,
            ),
        ];
        for (line, text) in cases {
            assert_eq!(written(&line), format!("{text}\n"));
        }
    }
}
