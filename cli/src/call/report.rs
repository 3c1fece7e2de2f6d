//! What is said of a call besides its responses: with `-v`, and when it fails.
//!
//! In: the moments of a call. Out: what `-v` asks for on standard output, to the letter and in the place where grpcurl
//! has it, so that what reads the one reads the other; a call that failed on standard error.
//!
//! Must not know: how the call is made.

use std::time::{Duration, Instant};

use prost_reflect::{DescriptorPool, MethodDescriptor};
use wirewright::{Code, Metadata, Status};

use super::details;
use super::flags::CallArguments;
use crate::describe;
use crate::dial::Dialed;
use crate::failure::Failure;
use crate::json::Format;
use crate::output::{print, remark, tame};
use crate::style::{self, paint};

/// What is to be said, and what has happened so far.
pub(super) struct Report {
    verbose: bool,
    very_verbose: bool,
    started: Instant,
    connected: Duration,
    /// When the call itself began.
    called: Instant,
    /// How many messages went out, and how many came.
    sent: usize,
    received: usize,
}

impl Report {
    pub(super) fn new(arguments: &CallArguments, dialed: &Dialed, started: Instant) -> Report {
        Report {
            verbose: arguments.verbose || arguments.very_verbose,
            very_verbose: arguments.very_verbose,
            started,
            connected: dialed.took,
            called: Instant::now(),
            sent: 0,
            received: 0,
        }
    }

    /// Before anything is sent.
    pub(super) fn before(&self, method: &MethodDescriptor, metadata: &Metadata) -> Result<(), Failure> {
        self.section("Resolved method descriptor:", &describe::method(method))?;
        self.section("Request metadata to send:", &listed(metadata))
    }

    /// A message was sent.
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    /// The head of the response is here.
    pub(super) fn head(&self, metadata: &Metadata) -> Result<(), Failure> {
        self.section("Response headers received:", &listed(metadata))
    }

    /// A response is here, and about to be printed.
    pub(super) fn received(&mut self, bytes: usize) -> Result<(), Failure> {
        self.received += 1;
        if self.very_verbose {
            print(&format!("\n{} {bytes} bytes\n", title("Estimated response size:")))?;
        }
        if self.verbose { print(&format!("\n{}\n", title("Response contents:"))) } else { Ok(()) }
    }

    /// How many responses there were.
    pub(super) fn count(&self) -> usize {
        self.received
    }

    /// The call ended well.
    pub(super) fn trailers(&self, trailers: Option<&Metadata>) -> Result<(), Failure> {
        self.section("Response trailers received:", &trailers.map_or_else(|| EMPTY.to_owned(), listed))?;
        self.summary()
    }

    /// The call ended with a status.
    pub(super) fn failed(
        &self,
        status: &Status,
        method: &MethodDescriptor,
        arguments: &CallArguments,
        pool: &DescriptorPool,
    ) {
        // Whoever reads no more of the answer is told why it failed all the same.
        let _ = self.trailers(Some(status.metadata()));
        let details = if status.details().is_empty() { Vec::new() } else { details::texts(status, pool) };
        if arguments.format_error {
            return remark(written(status, &details, arguments.format));
        }
        remark(paint(style::BAD, "ERROR:"));
        remark(format_args!("  Code: {}", paint(style::STRONG, camel(status.code()))));
        remark(format_args!("  Message: {}", tame(status.message())));
        if !details.is_empty() {
            remark("  Details:");
        }
        for (nth, detail) in details.iter().enumerate() {
            remark(format_args!("  {})  {}", nth + 1, detail.replace('\n', "\n      ")));
        }
        if let Some(hint) = hint(status, method, &arguments.address) {
            remark(format_args!("{} {hint}", paint(style::HINT, "hint:")));
        }
    }

    fn summary(&self) -> Result<(), Failure> {
        if !self.verbose {
            return Ok(());
        }
        let plural = |count: usize, word: &str| {
            let end = if count == 1 { "" } else { "s" };
            format!("{count} {word}{end}")
        };
        let (requests, responses) = (plural(self.sent, "request"), plural(self.received, "response"));
        print(&format!("Sent {requests} and received {responses}\n"))?;
        if !self.very_verbose {
            return Ok(());
        }
        let (all, call) = (self.started.elapsed(), self.called.elapsed());
        let dial = self.connected;
        print(&format!("Timing Data: {all:?}\n  Dial: {dial:?}\n  InvokeRPC: {call:?}\n"))
    }

    /// A title and what belongs under it, with `-v`.
    fn section(&self, title_text: &str, text: &str) -> Result<(), Failure> {
        if self.verbose { print(&format!("\n{}\n{text}\n", title(title_text))) } else { Ok(()) }
    }
}

fn title(text: &str) -> impl std::fmt::Display + '_ {
    paint(style::STRONG, text)
}

/// Metadata in the order of its names, a line for each value, without what is told in another way; binary values in
/// base64.
fn listed(metadata: &Metadata) -> String {
    let told = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let fields = metadata.headers().iter().filter(|(name, _)| !told.contains(&name.as_str()));
    let mut fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    fields.sort_by_key(|(name, _)| *name);
    let line = |(name, value): (&str, &[u8])| {
        format!("{}: {}", paint(style::NAME, name), tame(&String::from_utf8_lossy(value)))
    };
    let lines: Vec<_> = fields.into_iter().map(line).collect();
    if lines.is_empty() { EMPTY.to_owned() } else { lines.join("\n") }
}

/// A status in a format that programs read: `google.rpc.Status`, as grpcurl writes it, but for the details.
fn written(status: &Status, details: &[String], format: Format) -> String {
    let (code, message) = (status.code().as_u32(), status.message());
    let details = details.iter().map(|text| anstream::adapter::strip_str(text).to_string());
    match format {
        Format::Json => {
            let mut json = serde_json::json!({ "code": code, "message": message });
            let details: Vec<_> = details.collect();
            if let Some(fields) = json.as_object_mut().filter(|_| !details.is_empty()) {
                fields.insert("details".to_owned(), details.into());
            }
            format!("{json:#}")
        }
        // Text of one type cannot hold what is known as text only, so details stand in remarks.
        Format::Text => {
            let message = message.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let details = details.map(|text| format!("\n# {}", text.replace('\n', "\n# ")));
            format!("code: {code}\nmessage: \"{}\"{}", tame(&message), details.collect::<String>())
        }
    }
}

/// The code as Go spells it, which is what people search for: `NotFound`.
fn camel(code: Code) -> String {
    if code == Code::Cancelled {
        return "Canceled".to_owned();
    }
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    };
    code.name().split('_').map(word).collect()
}

/// What to do about a status that the server or the connection gave.
fn hint(status: &Status, method: &MethodDescriptor, address: &str) -> Option<String> {
    let service = method.parent_service();
    Some(match status.code() {
        Code::Unimplemented => {
            format!("`wright list {address} {}` shows what the server says it has", service.full_name())
        }
        Code::DeadlineExceeded => "-max-time SECONDS sets how long it may take".to_owned(),
        Code::Unauthenticated => "-H 'authorization: Bearer TOKEN' says who you are".to_owned(),
        Code::ResourceExhausted if status.message().contains("message") => {
            "-max-msg-sz BYTES accepts larger responses".to_owned()
        }
        Code::InvalidArgument => {
            format!("`wright describe {address} {}` shows what it takes", method.input().full_name())
        }
        _ => return None,
    })
}

/// As grpcurl has it.
const EMPTY: &str = "(empty)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_as_go_spells_them() {
        let names = Code::ALL.map(camel);
        assert_eq!(names[0], "Ok");
        assert_eq!(names[1], "Canceled");
        assert_eq!(names[5], "NotFound");
        assert_eq!(names[9], "FailedPrecondition");
    }
}
