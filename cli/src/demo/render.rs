//! Moments become text: the page that the demo prints.
//!
//! In: what was recorded. Out: at most a screenful for each call, no line longer than a hundred columns:
//!
//! ```text
//!   -- 1  Unary: one message there, one back -----------------------
//!      0.00 ms  client -->  head       HEADERS, 114 bytes               when, who, which moment, which frame
//!               :path          /helloworld.Greeter/SayHello             fields, the first time that they occur
//!      0.00 ms  client -->  message    DATA, 12 bytes, END_STREAM
//!               HelloRequest { name: "world" }                          what the message says
//!                 00 00 00 00 07   0a 05 77 6f 72 6c 64                 its prefix, and its bytes
//! ```
//!
//! Whatever needs explaining is explained where it occurs first, and then no more.
//!
//! Must not know: how anything was recorded or read, or whether colours are wanted.

use std::collections::HashSet;
use std::fmt;

use anstyle::Style;
use wirewright::Code;
use wirewright::inspect::event::Head;
use wirewright::inspect::{Direction, Message};

use super::calls::{CALLS, Call};
use super::hex::{self, Detail};
use super::moments::{Moment, Recorded, RecordedCall, Said};
use crate::failure::Failure;
use crate::style::{self, paint};

/// Prints all that was recorded; `command` is what the reader would type to run this program.
///
/// # Errors
///
/// [`Failure::Missing`] if a call that was made is not in the recording.
pub(super) fn page(recorded: &Recorded, command: &str) -> Result<String, Failure> {
    let mut page = Page::default();
    page.introduce();
    for (nth, call) in CALLS.iter().enumerate() {
        let is_it = |recorded: &&RecordedCall| recorded.path() == Some(call.path.as_bytes());
        let recorded_call = recorded.calls.iter().find(is_it).ok_or(Failure::Missing { path: call.path })?;
        let stream = format!(" stream {} --", recorded_call.stream_id);
        page.title(&format!("{}  {}: {}", nth + 1, call.kind, call.shape), &stream);
        for moment in &recorded_call.moments {
            page.moment(call, moment);
        }
    }
    page.conclude(recorded, command);
    Ok(page.text)
}

/// The page, as far as it is written.
#[derive(Default)]
struct Page {
    text: String,
    /// The fields that a side has sent and that have been shown in full, names and values.
    shown: HashSet<(Direction, String)>,
    /// The names that have been explained.
    explained: HashSet<String>,
    /// Whether a message has been taken apart.
    has_detail: bool,
}

impl Page {
    fn introduce(&mut self) {
        self.line("Four gRPC calls, one of each kind, read back from the bytes that one TCP socket carried.");
        self.line("A call is an HTTP/2 stream with four moments, each in frames of its own:");
        self.line("");
        for (who, style, moment, frame, what) in MOMENTS {
            let (who, moment) =
                (paint(style, format!("{who:<12}")), paint(style::STRONG, format!("{moment:<10}")));
            self.line(format_args!("{INDENT}{who}{moment}{frame:<9}{}", paint(style::QUIET, what)));
        }
        self.line("");
        self.line(
            "Times are the client's, from the call's first byte. END_STREAM: this side has said everything.",
        );
    }

    fn conclude(&mut self, recorded: &Recorded, command: &str) {
        self.title("What next", "");
        let Recorded { total, connection, .. } = recorded;
        let listen = format!("{command} --listen 127.0.0.1:50051");
        for (what, why) in [
            (listen.as_str(), "a server for any helloworld client, until Ctrl-C"),
            ("cargo run -p examples --bin greeter_client", "one such client, for a second terminal"),
            ("src/wire/mod.rs", "the four moments as code: begin reading here"),
            ("cli/src/demo/", "this demo: two services, four calls, a tapped socket"),
        ] {
            self.line(format_args!("    {}{why}", paint(style::STRONG, format!("{what:<44}"))));
        }
        let (there, back, besides) = (total.to_server, total.to_client, connection.join(", "));
        self.line("");
        self.quietly(format_args!(
            "{there} bytes went to the server and {back} came back, nine bytes of HTTP/2 before each frame included."
        ));
        self.quietly(format_args!("Not shown, because they concern the connection alone: {besides}."));
    }

    fn moment(&mut self, call: &Call, moment: &Moment) {
        let (who, style) = match moment.direction {
            Direction::ToServer => ("client -->", style::CLIENT),
            Direction::ToClient => ("<-- server", style::SERVER),
        };
        let time = format!("{:8.2} ms", moment.at.as_secs_f64() * 1e3);
        let (name, mut frame) = describe(&moment.said);
        if moment.ends_stream {
            frame.push_str(", END_STREAM");
        }
        self.line(format_args!(
            "{}  {}  {} {}",
            paint(style::QUIET, time),
            paint(style, who),
            paint(style::STRONG, format!("{name:<9}")),
            paint(style::QUIET, frame)
        ));
        let tell = match moment.direction {
            Direction::ToServer => call.request,
            Direction::ToClient => call.reply,
        };
        match &moment.said {
            Said::Head(head) | Said::Trailers(head) | Said::TrailersOnly(head) => {
                self.fields(moment.direction, head)
            }
            Said::Messages(messages) => {
                messages.iter().for_each(|message| self.message(message, tell, style))
            }
            Said::End | Said::Other(_) => {}
        }
    }

    /// The fields that occur for the first time, and the names of the others.
    fn fields(&mut self, direction: Direction, head: &Head) {
        let mut known = Vec::new();
        let mut known_bytes = 0;
        for field in head.fields() {
            let (name, value) = (field.name.to_string(), field.value.to_string());
            // What belongs to this very call is shown even if it says the same as for another.
            let is_own = OWN_FIELDS.contains(&name.as_str());
            if !self.shown.insert((direction, format!("{name}: {value}"))) && !is_own {
                known.push(name);
                known_bytes += field.range.len();
                continue;
            }
            let note = self.explain(&name, &value);
            let style = value_style(&name, &value);
            let gap = " ".repeat(if note.is_empty() { 0 } else { VALUE_COLUMNS.saturating_sub(value.len()) });
            self.line(format_args!(
                "{INDENT}{name:<NAME_COLUMNS$}{}{gap}{}",
                paint(style, value),
                paint(if style == style::PLAIN { style::QUIET } else { style }, note)
            ));
        }
        if !known.is_empty() {
            // HPACK, HTTP/2's compression, gives what both ends remember as a number.
            let is_cheap = known_bytes == known.len() && self.explained.insert(AS_BEFORE.to_owned());
            let note = if is_cheap { "  HPACK: 1 byte each" } else { "" };
            let known = known.join(" ");
            self.quietly(format_args!("{INDENT}{AS_BEFORE:<NAME_COLUMNS$}{known}{note}"));
        }
    }

    /// What a field is for, where it occurs for the first time.
    fn explain(&mut self, name: &str, value: &str) -> String {
        if name == "grpc-status" {
            return code(value).map_or("", Code::name).to_owned();
        }
        if !self.explained.insert(name.to_owned()) {
            return String::new();
        }
        let note = match name {
            ":path" => "/package.Service/Method",
            "te" => "the client understands trailers",
            "content-type" => "gRPC; messages are protobuf",
            "grpc-timeout" => match value.as_bytes().last() {
                Some(b'S') => "seconds until the client gives up",
                Some(b'm') => "milliseconds until the client gives up",
                _ => "until the client gives up",
            },
            ":status" => "HTTP's; the call's own comes last",
            _ => "",
        };
        note.to_owned()
    }

    fn message(&mut self, message: &Message, tell: fn(&[u8]) -> String, style: Style) {
        let detail = if self.has_detail { Detail::Bytes } else { Detail::Meaning };
        self.has_detail = true;
        let told = if message.is_compressed() { "compressed".to_owned() } else { tell(&message.content()) };
        self.line(format_args!("{INDENT}{}", paint(style, told)));
        for line in hex::lines(&message.bytes(), detail) {
            self.line(format_args!("{INDENT}  {line}"));
        }
    }

    /// A line across the page with a title in it, and something to end with.
    fn title(&mut self, title: &str, end: &str) {
        let rest = "-".repeat(COLUMNS.saturating_sub(title.len() + end.len() + 4));
        self.line("");
        self.line(format_args!(
            "{} {} {}",
            paint(style::QUIET, "--"),
            paint(style::STRONG, title),
            paint(style::QUIET, format!("{rest}{end}"))
        ));
    }

    fn quietly(&mut self, line: impl fmt::Display) {
        self.line(paint(style::QUIET, line));
    }

    fn line(&mut self, line: impl fmt::Display) {
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }
}

/// Which of the four moments it is, and in which frames it crossed.
fn describe(said: &Said) -> (&'static str, String) {
    let block = |head: &Head| format!("HEADERS, {}", bytes(head.block.bytes.len()));
    match said {
        Said::Head(head) => ("head", block(head)),
        Said::Trailers(head) => ("trailers", block(head)),
        Said::TrailersOnly(head) => ("trailers", format!("{}, nothing came before", block(head))),
        Said::Messages(messages) => {
            let (size, frames) = extent(messages);
            match (messages.len(), frames) {
                (1, 1) => ("message", format!("DATA, {}", bytes(size))),
                (1, frames) => ("message", format!("DATA, {} in {frames} frames", bytes(size))),
                (count, _) => ("messages", format!("DATA, {}: {count} messages in one frame", bytes(size))),
            }
        }
        Said::End => ("end", format!("DATA, {}", bytes(0))),
        Said::Other(name) => ("", (*name).to_owned()),
    }
}

/// How many bytes the messages are, prefixes included, and in how many frames they crossed.
fn extent(messages: &[Message]) -> (usize, usize) {
    let (mut size, mut frames, mut end) = (0, 0, None);
    for piece in messages.iter().flat_map(|message| &message.pieces) {
        size += piece.range.len();
        // Where the next frame begins, its header stands between.
        frames += usize::from(end != Some(piece.range.start));
        end = Some(piece.range.end);
    }
    (size, frames)
}

fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

fn value_style(name: &str, value: &str) -> Style {
    match (name, code(value)) {
        ("grpc-status", Some(Code::Ok)) => style::GOOD,
        ("grpc-status", _) => style::BAD,
        _ => style::PLAIN,
    }
}

fn code(value: &str) -> Option<Code> {
    value.parse().ok().map(Code::from_u32)
}

/// The four moments: who, which, in which frames, what for.
const MOMENTS: [(&str, Style, &str, &str, &str); 4] = [
    ("client -->", style::CLIENT, "head", "HEADERS", "which method, on what terms"),
    ("both", style::PLAIN, "messages", "DATA", "any number, each behind a prefix of five bytes"),
    ("<-- server", style::SERVER, "head", "HEADERS", "an answer begins"),
    (
        "<-- server",
        style::SERVER,
        "trailers",
        "HEADERS",
        "how the call ended; HTTP's status is 200 either way",
    ),
];

/// The fields that say something about one call rather than about all that a side makes or answers.
const OWN_FIELDS: [&str; 3] = [":path", "grpc-timeout", "grpc-status"];

/// How wide a page may be: what fits beside a second window on most screens, and in a pull request.
const COLUMNS: usize = 100;

/// Stands for the fields that a side has sent before, in place of a name.
const AS_BEFORE: &str = "as before";

/// Fields and messages stand below who said them.
const INDENT: &str = "             ";

/// The longest name that gRPC itself sends is `content-type`, and two columns keep it from its value.
const NAME_COLUMNS: usize = 14;

/// Values that have a note are shorter than this; a longer one only pushes its note aside.
const VALUE_COLUMNS: usize = 31;
