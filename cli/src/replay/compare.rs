//! Whether a call was answered as it had been.
//!
//! In: a recorded call, and what came back now. Out: lines, `-` for what was recorded and `+` for what came now; none
//! if nothing that counts is different. Times do not count, nor what HTTP/2 and gRPC write for themselves; whether a
//! status came alone (Trailers-Only) or after a head does not either.
//!
//! Must not know: how calls are made.

use std::collections::BTreeMap;

use prost_reflect::MessageDescriptor;
use wirewright::metadata::{binary, is_reserved};
use wirewright::wire::percent;
use wirewright::wire::tables::{code_from_reason, reason_name};
use wirewright::{Code, Metadata, Status};

use super::fields::{Line, differences, told};
use super::player::Answer;
use crate::output::tame;
use crate::schema::Schema;
use crate::trace::calls::End;
use crate::trace::recorded::{Fields, Recorded};
use crate::trace::words;

/// Compares.
pub(super) struct Judge<'a> {
    schema: Schema,
    ignored: &'a [String],
    redacted: &'a [String],
    /// What methods answer with, as far as it was asked for.
    outputs: BTreeMap<String, Option<MessageDescriptor>>,
    /// How many messages were different in their bytes alone.
    pub(super) differently_written: usize,
}

impl<'a> Judge<'a> {
    pub(super) fn new(schema: Schema, ignored: &'a [String], redacted: &'a [String]) -> Judge<'a> {
        Judge { schema, ignored, redacted, outputs: BTreeMap::new(), differently_written: 0 }
    }

    /// What is different.
    pub(super) async fn judge(&mut self, call: &Recorded, answer: &Answer) -> Vec<Line> {
        let mut lines = Vec::new();
        if let (Some((then, _)), Some(now)) = (&call.head, &answer.head) {
            self.fields("head", then, now, &mut lines);
        }
        self.messages(call, answer, &mut lines).await;
        if call.was_ended_by_server() {
            self.end(call, answer, &mut lines);
        } else {
            given_up(call, answer, &mut lines);
        }
        lines
    }

    async fn messages(&mut self, call: &Recorded, answer: &Answer, lines: &mut Vec<Line>) {
        let (then, now) = (&call.answered, &answer.messages);
        for (nth, (then, now)) in then.iter().zip(now).enumerate() {
            if then.bytes == *now {
                continue;
            }
            let output = self.output(&call.path).await;
            let told = differences(&then.bytes, now, output.as_ref());
            if told.is_empty() {
                self.differently_written += 1;
            } else {
                lines.push((' ', format!("message {}", nth + 1)));
                lines.extend(told.into_iter().map(|(sign, line)| (sign, format!("  {}", tame(&line)))));
            }
        }
        // Whoever gave the call up did not wait for what else there was.
        let is_all = call.was_ended_by_server();
        let lost = then.iter().enumerate().skip(now.len()).map(|(nth, lost)| ('-', nth, &lost.bytes));
        let new =
            now.iter().enumerate().skip(then.len()).filter(|_| is_all).map(|(nth, new)| ('+', nth, new));
        for (sign, nth, bytes) in lost.chain(new) {
            let output = self.output(&call.path).await;
            lines.push((sign, tame(&format!("message {}: {}", nth + 1, told(bytes, output.as_ref())))));
        }
    }

    /// Status, details and the metadata of the trailers.
    fn end(&self, call: &Recorded, answer: &Answer, lines: &mut Vec<Line>) {
        let Some(end) = &answer.end else { return };
        let (then, now) = (expected(call), ended(end.as_ref().err()));
        let (code, message) = match end {
            Ok(_) => (Code::Ok, ""),
            Err(status) => (status.code(), status.message()),
        };
        // What the client itself says of a reset is nobody's answer.
        let is_same = then.code == code && then.message.as_ref().is_none_or(|then| then == message);
        if !is_same {
            lines.push(('-', then.told));
            lines.push(('+', now));
        }
        let details = call.trailer("grpc-status-details-bin").and_then(|text| binary::decode(text));
        let details = details.unwrap_or_default();
        let now = end.as_ref().err().map(|status| status.details().clone()).unwrap_or_default();
        if details != now {
            lines.push((' ', "details".to_owned()));
            let told = differences(&details, &now, None);
            lines.extend(told.into_iter().map(|(sign, line)| (sign, format!("  {}", tame(&line)))));
        }
        let metadata = match end {
            Ok(trailers) => trailers,
            Err(status) => status.metadata(),
        };
        self.fields("trailers", &call.trailers, metadata, lines);
    }

    /// Metadata, but for what is overlooked.
    fn fields(&self, place: &str, then: &Fields, now: &Metadata, lines: &mut Vec<Line>) {
        let counts = |name: &str| {
            !name.starts_with(':')
                && !name.starts_with("grpc-")
                && !is_reserved(name)
                && name != "date"
                && !self.redacted.iter().any(|other| other == name)
                && !self.ignored.iter().any(|other| other.eq_ignore_ascii_case(name))
        };
        let line = |name: &str, value: &[u8]| {
            // Base64 may be padded or not (PROTOCOL-HTTP2, "Requests": Binary-Header).
            let text = words::printable(value);
            let text = if name.ends_with("-bin") { text.trim_end_matches('=') } else { &text };
            format!("{place} {name}: {text}")
        };
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let then = then.iter().filter(|(name, _)| counts(name)).map(|(name, value)| line(name, value));
        let then = sorted(then.collect());
        let now = now.headers().iter().filter(|(name, _)| counts(name.as_str()));
        let now = sorted(now.map(|(name, value)| line(name.as_str(), value.as_bytes())).collect());
        let only = |lines: &[String], others: &[String], sign: char| {
            let missing = lines.iter().filter(|line| !others.contains(line));
            missing.map(|line| (sign, line.clone())).collect::<Vec<_>>()
        };
        lines.extend(only(&then, &now, '-'));
        lines.extend(only(&now, &then, '+'));
    }

    /// What a method answers with, if anybody knows.
    async fn output(&mut self, path: &str) -> Option<MessageDescriptor> {
        if !self.outputs.contains_key(path) {
            // Whoever does not know the method is no reason to stop: fields have numbers, too.
            let method = self.schema.method(path).await.ok();
            self.outputs.insert(path.to_owned(), method.map(|method| method.output()));
        }
        self.outputs.get(path).cloned().flatten()
    }
}

/// Whether a call that its client gave up was answered this time.
fn given_up(call: &Recorded, answer: &Answer, lines: &mut Vec<Line>) {
    let (End::Reset { code, .. }, Some(end)) = (&call.end, &answer.end) else { return };
    // The deadline is as long as it was, and ends what the client would have given up in the same moment.
    if end.as_ref().err().is_some_and(|status| status.code() == Code::DeadlineExceeded) {
        return;
    }
    let after = words::duration(call.ended.saturating_sub(call.began));
    lines.push(('-', format!("given up by the client after {after} (RST_STREAM {})", reason_name(*code))));
    lines.push(('+', ended(end.as_ref().err())));
}

/// How the recorded call ended.
struct Expected {
    code: Code,
    /// `None` if nobody said one.
    message: Option<String>,
    told: String,
}

fn expected(call: &Recorded) -> Expected {
    match &call.end {
        End::Status { code, .. } => {
            let message = call.trailer("grpc-message").map(|text| percent::decode(text)).unwrap_or_default();
            let code = Code::from_u32(*code);
            if code == Code::Ok {
                // Some servers say something beside OK, and no client hears it.
                return Expected { code, told: status_line(code, ""), message: None };
            }
            Expected { code, told: status_line(code, &message), message: Some(message) }
        }
        End::Reset { code: reason, .. } => {
            let code = code_from_reason(*reason);
            let told = format!("{} (RST_STREAM {})", status_line(code, ""), reason_name(*reason));
            Expected { code, told, message: None }
        }
        End::NoStatus | End::Open => {
            // Trailers that do not say how the call went are UNKNOWN; none at all break the protocol.
            let code = if call.trailers.is_empty() { Code::Internal } else { Code::Unknown };
            Expected { code, told: format!("{} (no grpc-status)", status_line(code, "")), message: None }
        }
    }
}

fn ended(status: Option<&Status>) -> String {
    status.map_or_else(|| status_line(Code::Ok, ""), |status| status_line(status.code(), status.message()))
}

fn status_line(code: Code, message: &str) -> String {
    match message {
        "" => format!("status {}", code.name()),
        message => format!("status {}: {}", code.name(), tame(message)),
    }
}
