//! The table: costs, and their ratios to the floor and to tonic.

use crate::Kind;
use crate::rounds::{Cost, Side, Work};

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

/// Prints the memory of idle connections.
pub fn memory(fresh: &[f64; 3], used: &[f64; 3]) {
    println!("\nMEMORY of a server for each idle connection, KiB");
    println!("  {:<11} {:>10} {:>16}", "", "just opened", "after one call");
    for ((kind, fresh), used) in Kind::ALL.into_iter().zip(fresh).zip(used) {
        println!("  {:<11} {:>10.1} {:>16.1}", kind.name(), fresh / 1024.0, used / 1024.0);
    }
}
