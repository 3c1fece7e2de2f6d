//! `wright replay`: makes the calls of a recording again, and tells what is answered differently.
//!
//! ```text
//!   recording ---> calls ---> player: makes them again, in their order -------> server
//!                    |                                                            |
//!                    +-------> compare: what is different <------ what came now --+
//! ```
//!
//! In: a recording and an address. Out: the differences on standard output, and an exit code: 0 if everything was as it
//! had been, 1 if not.
//!
//! Must not know: how recordings are read, or how one connects.

mod compare;
mod fields;
mod player;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use clap::Args;
use wirewright::Metadata;
use wirewright::metadata::binary;

use crate::dial::flags::ConnectionFlags;
use crate::dial::{Dialed, dial};
use crate::failure::Failure;
use crate::headers::HeaderFlags;
use crate::output::remark;
use crate::schema::Schema;
use crate::schema::flags::SchemaFlags;
use crate::style::{self, paint};
use crate::trace::page::{Page, WIDTH};
use crate::trace::recorded::{self, Recorded, Recording, Wanted};
use crate::trace::speed::{Speed, speed};
use crate::trace::{source, words};
use compare::Judge;
use player::{Play, Player};

/// What can be typed after `replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    /// A recording, or anything else that `explain` reads
    #[arg(value_name = "FILE")]
    file: String,
    /// host:port
    address: String,
    #[command(flatten)]
    wanted: Wanted,
    /// How fast: 1 as it was recorded, 2 twice as fast; max as fast as the answers come
    #[arg(long, value_name = "N|max", default_value = "max", value_parser = speed)]
    speed: Speed,
    /// Overlook this header field in the answers; may be given again. `date` is always overlooked
    #[arg(long, value_name = "NAME")]
    ignore: Vec<String>,
    /// Read this .proto file, to name the fields that differ, instead of asking the server
    #[arg(long, value_name = "FILE", conflicts_with = "protoset", help_heading = "Descriptors")]
    proto: Vec<String>,
    /// Look here for .proto files and what they import
    #[arg(long, value_name = "FOLDER", help_heading = "Descriptors")]
    import_path: Vec<std::path::PathBuf>,
    /// Read this encoded FileDescriptorSet instead of asking the server
    #[arg(long, value_name = "FILE", help_heading = "Descriptors")]
    protoset: Vec<std::path::PathBuf>,
    #[command(flatten)]
    connection: ConnectionFlags,
    #[command(flatten)]
    headers: HeaderFlags,
}

/// Makes the calls again; ends with 1 if an answer is different.
pub(crate) async fn run(mut arguments: ReplayArguments) -> Result<(), Failure> {
    let Recording { calls, redacted, warning } = recorded::read(&arguments.file, &arguments.wanted)?;
    source::warn(warning);
    let calls = playable(calls, &arguments.file)?;
    // What was answered once may be answered again, and then some.
    let said = calls.iter().flat_map(|call| &call.answered);
    let longest = said.map(|said| said.bytes.len()).max().unwrap_or_default();
    arguments.connection.max_msg_sz.get_or_insert(longest.saturating_mul(2).max(USUAL_BYTES));
    let mut left_out = BTreeSet::new();
    let more = arguments.headers.for_call()?;
    let plays = calls.iter().map(|call| play(call, &redacted, &more, &mut left_out)).collect();
    if !left_out.is_empty() {
        let names: Vec<_> = left_out.into_iter().collect();
        let hint = "-H 'name: value' sends one in its place";
        remark(format_args!("{}: not sent again: {}; {hint}", paint(style::QUIET, "note"), names.join(", ")));
    }
    let channels = dial_all(&calls, &arguments).await?;
    let started = Instant::now();
    let limit = crate::dial::flags::given(arguments.connection.max_time);
    let player = Player { channels: &channels, calls: &calls, speed: arguments.speed, limit };
    let answers = player.play(plays).await;
    let took = started.elapsed();

    let flags = SchemaFlags {
        proto: arguments.proto.clone(),
        import_path: arguments.import_path.clone(),
        protoset: arguments.protoset.clone(),
        ..SchemaFlags::default()
    };
    let schema = Schema::open(&flags, &arguments.headers, channels.first())?;
    let mut judge = Judge::new(schema, &arguments.ignore, &redacted);
    let mut page = Page::new();
    let mut different = 0;
    for (call, answer) in calls.iter().zip(&answers) {
        let lines = judge.judge(call, answer).await;
        if lines.is_empty() {
            continue;
        }
        different += 1;
        page.put(style::STRONG, format_args!("call {}  {}", call.number, call.path.trim_start_matches('/')));
        let (then, now) = (call.ended.saturating_sub(call.began), answer.took);
        let times = format!("  recorded {}, now {}", words::duration(then), words::duration(now));
        page.line(style::QUIET, times)?;
        for (sign, line) in lines {
            let style = match sign {
                '-' => style::BAD,
                '+' => style::GOOD,
                _ => style::PLAIN,
            };
            page.cell(style, &format!("  {sign} {line}"), WIDTH);
            page.end_line()?;
        }
    }
    summary(&mut page, &calls, different, took, judge.differently_written)
}

/// The calls that can be made again; the others are named.
fn playable(calls: Vec<Recorded>, file: &str) -> Result<Vec<Recorded>, Failure> {
    let all = calls.len();
    let is_playable = |call: &Recorded| {
        if let Some(why) = &call.trouble {
            let warning = paint(style::PREFIX, "warning");
            remark(format_args!("{warning}: call {} is left out: {why}", call.number));
        }
        call.trouble.is_none()
    };
    let calls: Vec<_> = calls.into_iter().filter(is_playable).collect();
    if calls.is_empty() {
        let what = format!("none of the {all} calls in {file} can be made again");
        return Err(Failure::cannot(what, format!("`wright explain {file}` shows what is wrong with them")));
    }
    Ok(calls)
}

/// What is sent with a call: its own metadata but for what was redacted, and what the flags add in its place.
fn play(call: &Recorded, redacted: &[String], more: &Metadata, left_out: &mut BTreeSet<String>) -> Play {
    let mut metadata = more.clone();
    let timeout = recorded::value(&call.request, "grpc-timeout");
    let timeout = timeout.and_then(|timeout| wirewright::wire::timeout::decode(timeout).ok());
    for (name, value) in &call.request {
        // What is written anew for every call, by whoever makes it, is no loss.
        if name.starts_with(':') || name.starts_with("grpc-") || ANEW.contains(&name.as_str()) {
            continue;
        }
        if more.contains_key(name) {
            continue;
        }
        if redacted.contains(name) {
            left_out.insert(format!("{name} (redacted)"));
            continue;
        }
        let bytes = value.split(|byte| *byte == b',').map(|part| binary::decode(part.trim_ascii()));
        let added = match name.ends_with("-bin") {
            true => bytes
                .collect::<Option<Vec<_>>>()
                .is_some_and(|all| all.iter().all(|bytes| metadata.append_bin(name, bytes).is_ok())),
            false => std::str::from_utf8(value).is_ok_and(|text| metadata.append(name, text).is_ok()),
        };
        if !added {
            left_out.insert(name.clone());
        }
    }
    // The other encodings that can be read are not written: a server may not know them.
    let has_gzip = recorded::value(&call.request, "grpc-encoding").is_some_and(|name| name == "gzip");
    Play { metadata, timeout, has_gzip }
}

/// A channel for each connection of the recording.
async fn dial_all(calls: &[Recorded], arguments: &ReplayArguments) -> Result<Vec<Dialed>, Failure> {
    let conns: BTreeSet<u32> = calls.iter().map(|call| call.conn).collect();
    let mut channels = Vec::new();
    for _ in conns.iter().take(MOST_CONNECTIONS) {
        channels.push(dial(&arguments.address, &arguments.connection).await?);
    }
    Ok(channels)
}

fn summary(
    page: &mut Page,
    calls: &[Recorded],
    different: usize,
    took: Duration,
    differently_written: usize,
) -> Result<(), Failure> {
    let first = calls.iter().map(|call| call.began).min().unwrap_or_default();
    let last = calls.iter().map(|call| call.ended).max().unwrap_or_default();
    let times = format!(
        "recorded in {}, now in {}",
        words::duration(last.saturating_sub(first)),
        words::duration(took)
    );
    if differently_written > 0 {
        let (subject, verb) =
            if differently_written == 1 { ("message", "says") } else { ("messages", "say") };
        let text = format!("{differently_written} {subject} {verb} the same in other bytes");
        page.line(style::QUIET, text)?;
    }
    let all = calls.len();
    let plural = if all == 1 { "" } else { "s" };
    if different > 0 {
        page.line(
            style::BAD,
            format_args!("{different} of {all} call{plural} answered differently; {times}"),
        )?;
        page.flush()?;
        return Err(Failure::Said { exit: 1 });
    }
    page.line(style::GOOD, format_args!("{all} call{plural} answered as recorded; {times}"))?;
    page.flush()
}

/// Fields that the library and HTTP/2 write anew for each call, beside those of gRPC itself.
const ANEW: [&str; 4] = ["content-type", "te", "user-agent", "content-length"];

/// gRPC's own limit for a message.
const USUAL_BYTES: usize = 4 * 1024 * 1024;

/// As many connections as a small server takes from one client. More of the recording share them.
const MOST_CONNECTIONS: usize = 64;
