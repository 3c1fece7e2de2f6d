//! The table: costs, and their ratios to the floor and to tonic.

use crate::Kind;
use crate::rounds::{Cost, Flow, Side, Work};

/// Prints what a table of calls begins with.
pub fn head(side: Side) {
    let (what, against) = match side {
        Side::Server => ("SERVER", "the h2 client"),
        Side::Client => ("CLIENT", "the h2 server"),
    };
    println!("\n{what}, against {against}");
    println!(
        "  {:>7} {:>9}  {:<11} {:>9} {:>10} {:>8} {:>8} {:>8}",
        "payload", "in flight", "", "calls/s", "CPU us/call", "p50 us", "x h2", "x tonic"
    );
}

/// Prints the three lines of one work. The ratios are of CPU time per call.
pub fn rows(work: Work, costs: &[Cost; 3]) {
    let [floor, _, tonic] = costs;
    for (kind, cost) in Kind::ALL.into_iter().zip(costs) {
        let p50 = if cost.p50_micros > 0.0 { format!("{:.1}", cost.p50_micros) } else { "-".to_owned() };
        println!(
            "  {:>7} {:>9}  {:<11} {:>9.0} {:>10.2} {:>8} {:>8.2} {:>8.2}",
            work.size,
            work.in_flight,
            kind.name(),
            cost.calls_per_second,
            cost.cpu_micros,
            p50,
            cost.cpu_micros / floor.cpu_micros,
            cost.cpu_micros / tonic.cpu_micros,
        );
    }
}

/// Prints what the table of streams begins with.
pub fn streams_head() {
    println!("\nSTREAMS of 16-byte messages: CPU of the server for each, and how many a second");
    println!("  {:<22} {:<11} {:>14} {:>12} {:>14}", "", "", "CPU ns/message", "messages/s", "rate x tonic");
}

/// Prints the two lines of one flow.
pub fn streams(flow: Flow, seen: &[(f64, f64); 2]) {
    let name = match flow {
        Flow::Many => "always ready",
        Flow::Handed => "handed over one by one",
        Flow::PingPong => "ping-pong",
    };
    let [_, tonic] = seen;
    for (kind, (rate, cost)) in [Kind::Ours, Kind::Tonic].into_iter().zip(seen) {
        println!("  {name:<22} {:<11} {cost:>14.0} {rate:>12.0} {:>14.2}", kind.name(), rate / tonic.0);
    }
}

/// Prints the memory of idle connections, and of idle streams.
pub fn memory(fresh: &[f64; 3], used: &[f64; 3], quiet: &[f64; 3]) {
    println!("\nMEMORY of a server, KiB");
    println!("  {:<11} {:>22} {:>16} {:>12}", "", "connection just opened", "after one call", "idle stream");
    for (((kind, fresh), used), quiet) in Kind::ALL.into_iter().zip(fresh).zip(used).zip(quiet) {
        let [fresh, used, quiet] = [fresh, used, quiet].map(|bytes| bytes / 1024.0);
        println!("  {:<11} {fresh:>22.1} {used:>16.1} {quiet:>12.2}", kind.name());
    }
}
