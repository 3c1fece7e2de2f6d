//! The outcome of a run, for programs.
//!
//! Times are in milliseconds. `corrected` says whether they count from when calls were due.
//!
//! Must not know: how anything was measured.

use serde_json::{Map, Value, json};

use super::report::{Outcome, QUANTILES};

impl Outcome<'_> {
    /// The outcome as JSON.
    pub(super) fn json(&self) -> String {
        let (arguments, tally) = (self.arguments, self.tally);
        let errors: Map<_, _> = tally
            .errors()
            .map(|(code, count, message)| {
                (code.name().to_owned(), json!({"calls": count, "message": message}))
            })
            .collect();
        let quantiles: Map<_, _> = QUANTILES
            .iter()
            .map(|(name, share)| ((*name).to_owned(), json!(tally.quantile(*share))))
            .collect();
        let steps: Vec<Value> =
            tally.steps().iter().map(|(edge, count)| json!({"up_to_ms": edge, "calls": count})).collect();
        let cpu = self.share().map(|(share, processors)| json!({"share": share, "processors": processors}));
        let outcome = json!({
            "address": arguments.address,
            "method": arguments.method,
            "loop": if arguments.rps.is_some() { "open" } else { "closed" },
            "rps": arguments.rps,
            "concurrency": arguments.concurrency,
            "connections": arguments.connections,
            "seconds": self.seconds(),
            "calls": tally.calls(),
            "calls_per_second": tally.calls() as f64 / self.seconds(),
            "ok": tally.ok(),
            "errors": errors,
            "messages": tally.messages,
            "message_bytes": tally.bytes,
            "never_begun": self.plan.behind(self.elapsed),
            "corrected": arguments.rps.is_some(),
            "latency_ms": {
                "min": tally.min(),
                "mean": tally.mean(),
                "stdev": tally.deviation(),
                "max": tally.max(),
                "quantiles": quantiles,
            },
            "histogram": steps,
            "generator_cpu": cpu,
        });
        format!("{outcome:#}\n")
    }
}
