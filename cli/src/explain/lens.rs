//! Lenses: one question asked of a whole recording.
//!
//! ```text
//!   size     what did each method cost in bytes, and of what kind were they?
//!   time     where did each call spend its time?
//!   status   how did the calls end?
//!   hpack    what do HPACK's tables hold?          (hpack.rs)
//!   flow     how much room has each window left?   (flow.rs)
//! ```
//!
//! Size and status are sums by method, so that they fit a screen however long the recording is.
//!
//! Must not know: single bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use wirewright::Code;
use wirewright::inspect::skim::Skim;

use super::{Lens, Wanted, flow::Flow, hpack::Tables};
use crate::failure::Failure;
use crate::style;
use crate::trace::calls::{Call, Calls, Cost, End};
use crate::trace::conns::{Conns, Place};
use crate::trace::page::{Page, WIDTH};
use crate::trace::{source, words};

/// Asks one question of a whole recording.
pub(super) fn look(
    lens: Lens,
    file: &str,
    wanted: Wanted,
    page: &mut Page,
) -> Result<Option<String>, Failure> {
    match lens {
        Lens::Hpack => drive(file, wanted, page, &mut Tables::default()),
        Lens::Flow => drive(file, wanted, page, &mut Flow::default()),
        Lens::Time => drive(file, wanted, page, &mut Times::default()),
        Lens::Size => drive(file, wanted, page, &mut Sizes::default()),
        Lens::Status => drive(file, wanted, page, &mut Statuses::default()),
    }
}

/// Something that looks at a recording and has an answer in the end, or all along.
pub(super) trait Look {
    /// Something was seen.
    fn see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) -> Result<(), Failure>;

    /// That was all.
    fn end(&mut self, page: &mut Page) -> Result<(), Failure>;
}

fn drive(
    file: &str,
    wanted: Wanted,
    page: &mut Page,
    look: &mut impl Look,
) -> Result<Option<String>, Failure> {
    let mut conns = Conns::default();
    let mut result = Ok(());
    let mut see = |place: Place, skim: Skim<'_>, page: &mut Page| {
        if result.is_ok() && wanted.conn(place.conn) {
            result = look.see(place, &skim, page);
        }
        result.is_ok()
    };
    let warning = source::read(file, &mut |line| {
        conns.read(line, |place, skim| {
            see(place, skim, page);
        });
        Ok(())
    })?;
    conns.finish(|place, skim| {
        see(place, skim, page);
    });
    result?;
    look.end(page)?;
    Ok(warning)
}

/// What each method cost.
#[derive(Default)]
struct Sizes {
    calls: Calls,
    methods: BTreeMap<String, (u64, Cost)>,
}

impl Sizes {
    fn add(&mut self, call: &Call) {
        let method = match self.methods.contains_key(call.method()) || self.methods.len() < MOST_METHODS {
            true => call.method(),
            false => "(other methods)",
        };
        if !self.methods.contains_key(method) {
            self.methods.insert(method.to_owned(), Default::default());
        }
        if let Some((calls, sum)) = self.methods.get_mut(method) {
            *calls += 1;
            call.cost.iter().for_each(|cost| sum.add(cost));
        }
    }

    fn row(page: &mut Page, name: &str, calls: Option<u64>, cost: &Cost) -> Result<(), Failure> {
        page.cell(style::PLAIN, name, 34);
        let calls = calls.map(|calls| calls.to_string()).unwrap_or_default();
        page.put(style::PLAIN, format_args!("{calls:>7} "));
        for number in
            [cost.count, cost.total(), cost.messages, cost.prefixes, cost.fields, cost.frames, cost.other]
        {
            let text =
                if number < 10_000_000 { number.to_string() } else { words::size(number).replace(" ", "") };
            page.put(style::PLAIN, format_args!("{text:>8}"));
        }
        page.end_line()
    }
}

impl Look for Sizes {
    fn see(&mut self, place: Place, skim: &Skim<'_>, _: &mut Page) -> Result<(), Failure> {
        if let Some(call) = self.calls.see(place.conn, place.direction, place.at, skim) {
            self.add(&call);
        }
        Ok(())
    }

    fn end(&mut self, page: &mut Page) -> Result<(), Failure> {
        for call in self.calls.leave(None) {
            self.add(&call);
        }
        page.cell(style::STRONG, "method", 34);
        page.put(style::STRONG, format_args!("{:>7} ", "calls"));
        for name in ["msgs", "bytes", "content", "prefix", "fields", "frames", "other"] {
            page.put(style::STRONG, format_args!("{name:>8}"));
        }
        page.end_line()?;
        let mut all = Cost::default();
        for (method, (calls, cost)) in &self.methods {
            Sizes::row(page, method, Some(*calls), cost)?;
            all.add(cost);
        }
        let mut beside = Cost::default();
        self.calls.beside.iter().for_each(|cost| beside.add(cost));
        Sizes::row(page, "(the connection itself)", None, &beside)?;
        all.add(&beside);
        Sizes::row(page, "all", None, &all)?;
        page.end_line()?;
        let share = 100.0 * all.messages as f64 / all.total().max(1) as f64;
        page.line(
            style::QUIET,
            format_args!(
                "{share:.1} % of all bytes are content of messages; the rest is what it takes to carry them:"
            ),
        )?;
        page.line(style::QUIET, "prefix 5 B a message, frames 9 B each, fields as HPACK wrote them; other: settings, windows, padding")
    }
}

/// Where each call spent its time.
#[derive(Default)]
struct Times {
    calls: Calls,
    has_title: bool,
}

impl Times {
    fn row(&mut self, call: &Call, page: &mut Page) -> Result<(), Failure> {
        if !self.has_title {
            self.has_title = true;
            page.cell(style::STRONG, "call  method", 36);
            page.put(
                style::STRONG,
                format_args!("{:>12}{:>11}{:>11}{:>11}{:>11}", "at", "asking", "waiting", "answering", "all"),
            );
            page.end_line()?;
        }
        let asked = call.asked.unwrap_or(call.last).max(call.began);
        let answered = call.answered.unwrap_or(call.last);
        let phases = [
            asked.saturating_sub(call.began),
            answered.saturating_sub(asked),
            call.last.saturating_sub(answered),
            call.took(),
        ];
        page.put(style::QUIET, format_args!("{:<6}", call.number));
        page.cell(style::PLAIN, call.method(), 30);
        page.put(style::QUIET, format_args!("{:>12}", words::moment(call.began)));
        for phase in phases {
            page.put(style::PLAIN, format_args!("{:>11}", words::duration(phase)));
        }
        page.end_line()?;
        self.bar(&phases, page)
    }

    /// The phases as a bar whose length is that of the call, by its logarithm: 1 us is nothing, 10 s all.
    fn bar(&self, [asking, waiting, answering, all]: &[Duration; 4], page: &mut Page) -> Result<(), Failure> {
        let micros = (all.as_nanos() as f64 / 1e3).max(1.0);
        let len = (micros.log10() / 7.0).clamp(0.02, 1.0) * 60.0;
        let part = |phase: &Duration| {
            (len * phase.as_nanos() as f64 / all.as_nanos().max(1) as f64).round() as usize
        };
        page.space(6);
        page.put(style::CLIENT, ">".repeat(part(asking)));
        page.put(style::QUIET, ".".repeat(part(waiting)));
        page.put(style::SERVER, "<".repeat(part(answering)));
        page.end_line()
    }
}

impl Look for Times {
    fn see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) -> Result<(), Failure> {
        match self.calls.see(place.conn, place.direction, place.at, skim) {
            Some(call) => self.row(&call, page),
            None => Ok(()),
        }
    }

    fn end(&mut self, page: &mut Page) -> Result<(), Failure> {
        for call in self.calls.leave(None) {
            self.row(&call, page)?;
        }
        if !self.has_title {
            return page.line(style::PLAIN, "no call begins in this recording");
        }
        page.end_line()?;
        page.line(
            style::QUIET,
            "> asking: until the client had said everything   . waiting for the first byte of an answer",
        )?;
        page.line(
            style::QUIET,
            "< answering: until the end   bars grow by the logarithm of the time: 1 us to 10 s",
        )
    }
}

/// How the calls ended.
#[derive(Default)]
struct Statuses {
    calls: Calls,
    ends: BTreeMap<(String, String), (u64, Call)>,
}

impl Statuses {
    fn add(&mut self, call: Call) {
        let key = (call.method().to_owned(), call.end.name().into_owned());
        if self.ends.contains_key(&key) || self.ends.len() < MOST_METHODS {
            self.ends.entry(key).or_insert((0, call)).0 += 1;
        }
    }
}

impl Look for Statuses {
    fn see(&mut self, place: Place, skim: &Skim<'_>, _: &mut Page) -> Result<(), Failure> {
        if let Some(call) = self.calls.see(place.conn, place.direction, place.at, skim) {
            self.add(call);
        }
        Ok(())
    }

    fn end(&mut self, page: &mut Page) -> Result<(), Failure> {
        for call in self.calls.leave(None) {
            self.add(call);
        }
        if self.ends.is_empty() {
            return page.line(style::PLAIN, "no call begins in this recording");
        }
        for ((method, end), (count, call)) in &self.ends {
            let style = if call.end.is_ok() { style::GOOD } else { style::BAD };
            page.put(style::PLAIN, format_args!("{count:>7} x "));
            page.cell(style::PLAIN, method, 46);
            page.space(2);
            page.cell(style, end, WIDTH - 58);
            page.end_line()?;
            for line in why(call) {
                page.space(10);
                page.cell(style::QUIET, &line, WIDTH - 10);
                page.end_line()?;
            }
        }
        Ok(())
    }
}

/// What an end means, and how it was said.
fn why(call: &Call) -> Vec<String> {
    let mut told = Vec::new();
    match &call.end {
        End::Status { code, message, trailers_only } => {
            if !message.is_empty() {
                told.push(format!("it said: {message}"));
            }
            if *code != 0 {
                told.push(meaning(Code::from_u32(*code)).to_owned());
                told.push(match trailers_only {
                    true => {
                        "said in Trailers-Only: one header block that is head and trailers at once".to_owned()
                    }
                    false => "said in trailers, after the head".to_owned(),
                });
            }
        }
        End::NoStatus => told
            .push("the stream ended without grpc-status: clients make INTERNAL or UNKNOWN of it".to_owned()),
        End::Reset { code: 8, .. } => {
            told.push("CANCEL: whoever asked does not want the answer any more".to_owned())
        }
        End::Reset { .. } => {
            told.push("RST_STREAM ends both halves at once; clients map its code to a status".to_owned())
        }
        End::Open => told.push("the recording ended first".to_owned()),
    }
    if let Some(timeout) = &call.timeout {
        told.push(format!("its timeout was {timeout}, and it took {}", words::duration(call.took())));
    }
    told
}

/// What a code means (gRPC, "Status codes and their use").
pub(crate) fn meaning(code: Code) -> &'static str {
    match code {
        Code::Ok => "it went well",
        Code::Cancelled => "whoever asked gave up",
        Code::Unknown => "an error of which nothing else is known; also what a handler that panics becomes",
        Code::InvalidArgument => "the request makes no sense, whatever the state of the system",
        Code::DeadlineExceeded => "the time was up; the work may have been done all the same",
        Code::NotFound => "what was asked for does not exist",
        Code::AlreadyExists => "what was to be made exists",
        Code::PermissionDenied => "known, but not allowed",
        Code::ResourceExhausted => "a quota, a disk or a limit of message sizes is used up",
        Code::FailedPrecondition => "the system is not in the state for it; trying again changes nothing",
        Code::Aborted => "it met with another change; try again from further up",
        Code::OutOfRange => "past the end, as with reading beyond a file",
        Code::Unimplemented => "the server has no such method",
        Code::Internal => "something is broken: a rule of the protocol was not kept",
        Code::Unavailable => "not now; trying again may help",
        Code::DataLoss => "data is lost for good",
        Code::Unauthenticated => "nobody knows who is asking",
    }
}

/// More methods than any service has; it bounds what a recording of random paths makes us remember.
const MOST_METHODS: usize = 1_000;
