//! What can be typed after `load`.
//!
//! Must not know: what a flag does.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::dial::flags::ConnectionFlags;
use crate::headers::HeaderFlags;
use crate::json::Format;
use crate::probe::duration;
use crate::schema::flags::SchemaFlags;

/// What can be typed after `load`.
#[derive(Args, Debug)]
pub(crate) struct LoadArguments {
    /// host:port
    pub(super) address: String,
    /// package.Service/Method
    pub(super) method: String,
    /// The request message; an empty one unless given
    #[arg(short, value_name = "DATA", allow_hyphen_values = true)]
    pub(super) data: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// How many callers there are, so at most so many calls at a time
    #[arg(short, long, value_name = "N", default_value_t = 50, value_parser = at_least_one)]
    pub(super) concurrency: usize,
    /// How many connections they share
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub(super) connections: usize,
    /// Begin so many calls a second, whatever becomes of them; without it, as many as the callers can
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(super) rps: Option<f64>,
    /// Stop after so long [default: 10s, unless -n is given]
    #[arg(short = 'z', long, value_name = "DURATION", value_parser = duration)]
    pub(super) duration: Option<Duration>,
    /// Stop after so many calls
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) total: Option<u64>,
    /// Call for so long before anything is counted
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) warm_up: Option<Duration>,
    /// How the outcome is written
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Output,
    #[command(flatten)]
    pub(super) connection: ConnectionFlags,
    #[command(flatten)]
    pub(super) schema: SchemaFlags,
    #[command(flatten)]
    pub(super) headers: HeaderFlags,
}

/// How the outcome is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
}

fn at_least_one(given: &str) -> Result<usize, &'static str> {
    given.parse().ok().filter(|count| *count > 0).ok_or("write a number from 1 up")
}

fn rate(given: &str) -> Result<f64, &'static str> {
    let rate = given.parse::<f64>().ok();
    rate.filter(|rate| rate.is_finite() && *rate > 0.0).ok_or("write how many calls shall begin in a second")
}
