//! What is said of a call besides its responses: with `-v`, and when it fails.
//!
//! In: the moments of a call. Out: lines on standard error, in the words and the order of grpcurl.
//!
//! Must not know: how the call is made.

use std::time::{Duration, Instant};

use prost_reflect::{DescriptorPool, MethodDescriptor};
use wirewright::{Code, Metadata, Status};

use super::details;
use super::flags::CallArguments;
use crate::describe;
use crate::dial::Dialed;
use crate::output::{remark, tame};
use crate::style::{self, paint};

/// What is to be said, and what has happened so far.
pub(super) struct Report {
    verbose: bool,
    very_verbose: bool,
    started: Instant,
    connected: Duration,
    /// When the call itself began.
    called: Instant,
    sent: Traffic,
    received: Traffic,
}

/// Messages one way.
#[derive(Clone, Copy, Default)]
struct Traffic {
    messages: usize,
    bytes: usize,
}

impl Report {
    pub(super) fn new(arguments: &CallArguments, dialed: &Dialed, started: Instant) -> Report {
        Report {
            verbose: arguments.verbose || arguments.very_verbose,
            very_verbose: arguments.very_verbose,
            started,
            connected: dialed.took,
            called: Instant::now(),
            sent: Traffic::default(),
            received: Traffic::default(),
        }
    }

    /// Before anything is sent.
    pub(super) fn before(&self, method: &MethodDescriptor, metadata: &Metadata) {
        if self.verbose {
            remark(format_args!("{}\n{}\n", title("Resolved method descriptor:"), describe::method(method)));
            remark(format_args!("{}\n{}", title("Request metadata to send:"), listed(metadata)));
        }
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.sent.messages += 1;
        self.sent.bytes += bytes;
    }

    /// The head of the response is here.
    pub(super) fn head(&self, metadata: &Metadata) {
        if self.verbose {
            remark(format_args!("{}\n{}", title("Response headers received:"), listed(metadata)));
        }
    }

    pub(super) fn received(&mut self, bytes: usize) {
        self.received.messages += 1;
        self.received.bytes += bytes;
        if self.very_verbose {
            let at = self.called.elapsed();
            let text = format!("Response message {}: {bytes} bytes after {at:.1?}", self.received.messages);
            remark(paint(style::QUIET, text));
        } else if self.verbose {
            remark(title("Response contents:"));
        }
    }

    /// How many responses there were.
    pub(super) fn count(&self) -> usize {
        self.received.messages
    }

    /// The call ended well.
    pub(super) fn trailers(&self, trailers: Option<&Metadata>) {
        if self.verbose {
            let trailers = trailers.map(listed).unwrap_or_else(|| EMPTY.to_owned());
            remark(format_args!("\n{}\n{trailers}", title("Response trailers received:")));
        }
        self.summary();
    }

    /// The call ended with a status.
    pub(super) fn failed(
        &self,
        status: &Status,
        method: &MethodDescriptor,
        arguments: &CallArguments,
        pool: &DescriptorPool,
    ) {
        if self.verbose && !status.metadata().is_empty() {
            remark(format_args!("{}\n{}", title("Response trailers received:"), listed(status.metadata())));
        }
        self.summary();
        let details = if status.details().is_empty() { Vec::new() } else { details::texts(status, pool) };
        if arguments.format_error {
            let json = serde_json::json!({
                "code": status.code().as_u32(),
                "message": status.message(),
                "details": details.iter().map(|text| anstream::adapter::strip_str(text).to_string()).collect::<Vec<_>>(),
            });
            return remark(format_args!("{json:#}"));
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

    fn summary(&self) {
        if !self.verbose {
            return;
        }
        let Report { sent, received, .. } = self;
        let plural = |count: usize, word: &str| {
            let end = if count == 1 { "" } else { "s" };
            format!("{count} {word}{end}")
        };
        let (requests, responses) = (plural(sent.messages, "request"), plural(received.messages, "response"));
        remark(format_args!("Sent {requests} and received {responses}"));
        if self.very_verbose {
            let (call, all) = (self.called.elapsed(), self.started.elapsed());
            let before = all.saturating_sub(call).saturating_sub(self.connected);
            let lines = [
                ("connecting", self.connected),
                ("finding the method", before),
                ("the call", call),
                ("in all", all),
            ];
            for (what, took) in lines {
                remark(paint(style::QUIET, format!("  {what:<20}{:>10.2} ms", took.as_secs_f64() * 1e3)));
            }
            let sizes = format!("{} bytes of messages out, {} in", sent.bytes, received.bytes);
            remark(paint(style::QUIET, format!("  {sizes}")));
        }
    }
}

fn title(text: &str) -> impl std::fmt::Display + '_ {
    paint(style::STRONG, text)
}

/// Metadata, a line for each value, without what is told in another way; binary values in base64.
fn listed(metadata: &Metadata) -> String {
    let told = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let fields = metadata.headers().iter().filter(|(name, _)| !told.contains(&name.as_str()));
    let line = |name: &str, value: &[u8]| {
        format!("{}: {}\n", paint(style::NAME, name), tame(&String::from_utf8_lossy(value)))
    };
    let lines: String = fields.map(|(name, value)| line(name.as_str(), value.as_bytes())).collect();
    if lines.is_empty() { EMPTY.to_owned() } else { lines }
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
const EMPTY: &str = "(empty)\n";

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
