//! What is wanted of ours, and whether it is so: every line computed from the tables of one run.
//!
//! In: tables. Out: a line for each thing that is wanted, with what was reached and whether that is enough; a line
//! whose figures were not measured says so.

use crate::Kind;
use crate::counted::allocations_row;
use crate::idle::{FRESH, STREAM, USED};
use crate::plan::{ARMED, By, Flow, KIB, MIB, Work};
use crate::rounds::Side;
use crate::table::{Table, markdown};

/// One thing that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Of what, and in what.
    pub line: String,
    /// What is wanted.
    pub wanted: String,
    /// What it is, if it was measured.
    pub reached: Option<String>,
    /// Whether that is enough.
    pub met: bool,
}

impl Reached {
    fn cells(&self) -> [String; 4] {
        let verdict = match (&self.reached, self.met) {
            (None, _) => "",
            (Some(_), true) => "met",
            (Some(_), false) => "missed",
        };
        let reached = self.reached.as_deref().unwrap_or("not measured").to_owned();
        [self.line.clone(), self.wanted.clone(), reached, verdict.to_owned()]
    }
}

/// All of them, in the order in which they were wanted.
pub fn lines(tables: &[Table]) -> Vec<Reached> {
    let run = Run(tables);
    let mut lines = Vec::new();
    for (side, floor, tonic) in [(Side::Server, 1.10, 0.70), (Side::Client, 1.15, 0.52)] {
        let (table, row) = (side.name(), small(100).name());
        let what = format!("{table}, {row}");
        let cost = |kind| run.figure(table, &row, kind, CPU);
        lines.push(at_most(format!("{what}: CPU"), floor, "x h2", ratio(cost, Kind::Floor)));
        lines.push(at_most(format!("{what}: CPU"), tonic, "x tonic", ratio(cost, Kind::Tonic)));
        if side == Side::Server {
            let rate = ratio(|kind| run.figure(table, &row, kind, RATE), Kind::Tonic);
            lines.push(at_least(format!("{what}: calls/s"), 1.4, "x tonic", rate));
        }
    }
    let echo = allocations_row(KIB);
    let allocated = |column| run.figure("allocations", &echo, Kind::Ours, column);
    lines.push(at_most("1 KiB echo, both ends: allocations".into(), 26.0, "", allocated("allocations/call")));
    lines.push(at_most("1 KiB echo, both ends: bytes".into(), 9000.0, "", allocated("bytes/call")));
    for side in [Side::Server, Side::Client] {
        lines.extend(run.one_at_a_time(side));
    }
    lines.extend(run.streams());
    for side in [Side::Server, Side::Client] {
        let row = Work { by: By::All, size: MIB, in_flight: 4, connections: 1 }.name();
        let rate = ratio(|kind| run.figure(side.name(), &row, kind, RATE), Kind::Floor);
        lines.push(at_least(format!("{}, {row}: bytes/s", side.name()), 0.95, "x h2", rate));
    }
    for (what, limit) in [(FRESH, 16.0), (USED, 16.0), (STREAM, 3.0)] {
        lines.push(at_most(
            format!("idle {what}"),
            limit,
            "KiB",
            run.figure("memory", what, Kind::Ours, "KiB each"),
        ));
    }
    for side in [Side::Server, Side::Client] {
        lines.extend(run.flat(side));
    }
    for side in [Side::Server, Side::Client] {
        let row = format!("{}, {}", side.name(), ARMED.name());
        let cost = |kind| run.figure("armed", &row, kind, CPU);
        let more = cost(Kind::Armed).zip(cost(Kind::Ours)).map(|(with, without)| with / without);
        lines.push(at_most(
            format!("{}: interceptor, deadlines and limits on", side.name()),
            1.03,
            "x off",
            more,
        ));
    }
    lines
}

/// The tables of one run.
struct Run<'a>(&'a [Table]);

impl Run<'_> {
    /// What was measured of somebody, at some work, in some column.
    fn figure(&self, table: &str, row: &str, kind: Kind, column: &str) -> Option<f64> {
        let table = self.0.iter().find(|candidate| candidate.key == table)?;
        let at = table.columns.iter().position(|candidate| candidate.name == column)?;
        let row = table.rows.iter().find(|candidate| candidate.what == row)?;
        let (_, figures) = row.lines.iter().find(|(candidate, _)| *candidate == kind)?;
        figures.get(at).copied().flatten()
    }

    fn one_at_a_time(&self, side: Side) -> [Reached; 2] {
        let table = side.name();
        let p50 = ratio(|kind| self.figure(table, &small(1).name(), kind, "p50 us"), Kind::Tonic);
        let sizes = [16, KIB, 64 * KIB, MIB].map(|size| Work { size, ..small(1) }.name());
        // One size that was not measured, and the line would say too much.
        let worst = sizes.iter().map(|row| self.figure(table, row, Kind::Ours, "worst us"));
        let worst = worst.collect::<Option<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max) / 1e3);
        [
            at_most(format!("{table}, one call at a time: p50"), 0.9, "x tonic", p50),
            at_most(format!("{table}, one call at a time, 16 B to 1 MiB: the longest"), 40.0, "ms", worst),
        ]
    }

    fn streams(&self) -> Vec<Reached> {
        let figure = |flow: Flow, column| move |kind| self.figure("streams", &flow.row(SMALL), kind, column);
        let sender = figure(Flow::Many, "server's CPU ns/message");
        let ready = format!("{}, 16 B: CPU of the sender", Flow::Many.name());
        let mut lines = vec![
            at_most(ready.clone(), 50.0, "ns", sender(Kind::Ours)),
            at_most(ready, 1.0, "x tonic", ratio(sender, Kind::Tonic)),
        ];
        for (flow, wanted) in [(Flow::Handed, 1.5), (Flow::PingPong, 1.3)] {
            let rate = ratio(figure(flow, "messages/s"), Kind::Tonic);
            lines.push(at_least(format!("{}, 16 B: messages/s", flow.name()), wanted, "x tonic", rate));
        }
        lines
    }

    /// What a call costs among a thousand, beside what it costs among fewer; and the same of the floor, since what the
    /// system does for a packet is no library's doing.
    fn flat(&self, side: Side) -> [Reached; 2] {
        let cost = |kind, in_flight, connections| {
            let row = Work { connections, ..small(in_flight) }.name();
            self.figure(side.name(), &row, kind, CPU)
        };
        let calls = |kind| {
            let fewer = [1, 10, 100].into_iter().filter_map(|fewer| cost(kind, fewer, 1)).reduce(f64::min)?;
            Some(cost(kind, 1000, 1)? / fewer)
        };
        let connections = |kind| Some(cost(kind, 1000, 1000)? / cost(kind, 1000, 1)?);
        let line = |what: &str, ours: Option<f64>, floor: Option<f64>| {
            let mut line = at_most(format!("{}, 16 B: CPU {what}", side.name()), 1.3, "x", ours);
            line.reached = line.reached.zip(floor).map(|(ours, floor)| format!("{ours} (h2: {floor:.2} x)"));
            line
        };
        [
            line("with 1,000 in flight beside the least with fewer", calls(Kind::Ours), calls(Kind::Floor)),
            line(
                "of 1,000 on 1,000 connections beside on 1",
                connections(Kind::Ours),
                connections(Kind::Floor),
            ),
        ]
    }
}

/// Small calls on one connection.
const fn small(in_flight: usize) -> Work {
    Work { by: By::All, size: SMALL, in_flight, connections: 1 }
}

fn ratio(figure: impl Fn(Kind) -> Option<f64>, other: Kind) -> Option<f64> {
    Some(figure(Kind::Ours)? / figure(other)?)
}

fn at_most(line: String, wanted: f64, unit: &str, reached: Option<f64>) -> Reached {
    let met = reached.is_some_and(|reached| reached <= wanted);
    Reached {
        line,
        wanted: format!("at most {}", said(wanted, unit)),
        reached: reached.map(|it| said(it, unit)),
        met,
    }
}

fn at_least(line: String, wanted: f64, unit: &str, reached: Option<f64>) -> Reached {
    let met = reached.is_some_and(|reached| reached >= wanted);
    Reached {
        line,
        wanted: format!("at least {}", said(wanted, unit)),
        reached: reached.map(|it| said(it, unit)),
        met,
    }
}

/// A figure with as many digits as tell something.
fn said(figure: f64, unit: &str) -> String {
    let digits = if figure < 5.0 {
        2
    } else if figure < 100.0 {
        1
    } else {
        0
    };
    format!("{figure:.digits$} {unit}").trim_end().to_owned()
}

/// As a table of text.
pub fn text(lines: &[Reached]) -> String {
    let cells: Vec<[String; 4]> = lines.iter().map(Reached::cells).collect();
    let width = |at: usize| cells.iter().map(|cells| cells[at].len()).max().unwrap_or_default();
    let [first, second, third] = [width(0), width(1), width(2)];
    let mut text = format!("\n{TITLE}\n");
    for [line, wanted, reached, verdict] in &cells {
        let line = format!("  {line:<first$}  {wanted:<second$}  {reached:<third$}  {verdict}");
        text += &format!("{}\n", line.trim_end());
    }
    text
}

/// As a table of Markdown, under its title.
pub fn table(lines: &[Reached]) -> String {
    let head = ["what", "wanted", "reached", ""].map(str::to_owned);
    let lines = lines.iter().map(|line| line.cells().to_vec());
    format!("**{TITLE}**\n\n{}", markdown(head.to_vec(), "---", lines))
}

const TITLE: &str = "REACH: what is wanted of Wirewright, in this run";

const SMALL: usize = 16;
const CPU: &str = "CPU us/call";
const RATE: &str = "calls/s";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::column;
    use crate::table::{Column, Row};

    #[test]
    fn a_line_is_met_missed_or_not_measured() {
        const COLUMNS: &[Column] = &[column(RATE, 0), column(CPU, 2)];
        let line = |kind, rate, cpu| (kind, vec![Some(rate), Some(cpu)]);
        let lines =
            vec![line(Kind::Floor, 9.0, 4.0), line(Kind::Ours, 8.0, 4.2), line(Kind::Tonic, 7.0, 5.0)];
        let rows = vec![Row { what: small(100).name(), lines, drawn: true }];
        let table =
            Table { key: "server", title: "X", columns: COLUMNS, compared: 1, less_is_better: true, rows };
        let lines = super::lines(&[table]);
        let cells = |at: usize| lines[at].cells().map(|cell| cell.to_owned());
        assert_eq!(cells(0), ["server, 16 B, 100 in flight: CPU", "at most 1.10 x h2", "1.05 x h2", "met"]);
        assert_eq!(cells(1)[2..], ["0.84 x tonic", "missed"]);
        assert_eq!(cells(2)[2..], ["1.14 x tonic", "missed"]);
        assert_eq!(cells(3)[2..], ["not measured", ""]);
        assert!(text(&lines).contains(" at most 0.70 x tonic   0.84 x tonic"));
    }
}
