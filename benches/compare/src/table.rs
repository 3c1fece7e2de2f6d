//! A table: lines of figures for the same work, and their ratios to the floor and to the best peer.
//!
//! In: what was measured. Out: the same as text for a terminal or as Markdown. What a figure means, only the title and
//! the columns say.

use crate::Kind;

/// Figures of one kind of work.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of its plot.
    pub key: &'static str,
    /// What was measured, and against whom.
    pub title: &'static str,
    /// What the figures are.
    pub columns: &'static [Column],
    /// The column whose figures are compared and drawn.
    pub compared: usize,
    /// Whether less is better there.
    pub less_is_better: bool,
    /// Work after work.
    pub rows: Vec<Row>,
}

/// What figures below each other are.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// With its unit.
    pub name: &'static str,
    /// Digits after the point.
    pub digits: usize,
    /// Which of the rounds counts.
    pub across: Across,
}

/// What is made of one figure of several rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// The one in the middle.
    Median,
    /// The largest.
    Worst,
}

/// Somebody, and what was measured of it, a figure for each column.
pub type Line = (Kind, Vec<Option<f64>>);

/// One work, done by everybody.
#[derive(Clone, Debug)]
pub struct Row {
    /// The work.
    pub what: String,
    /// Who did it, and a figure for each column: `None` where it would say nothing.
    pub lines: Vec<Line>,
    /// Whether it is in the plot, too, which has no room for all.
    pub drawn: bool,
}

impl Table {
    /// A figure of the column that is compared.
    pub fn figure(&self, figures: &[Option<f64>]) -> Option<f64> {
        figures.get(self.compared).copied().flatten()
    }

    /// Text with aligned columns.
    pub fn text(&self) -> String {
        let mut text = format!("\n{}\n", self.title);
        let lines: Vec<Vec<String>> = std::iter::once(self.head()).chain(self.lines()).collect();
        let width = |at: usize| lines.iter().map(|line| line[at].len()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns.len() + 4).map(width).collect();
        for line in &lines {
            for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let (cell, width) = (cell.as_str(), *width);
                text += &if at < 2 { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") };
            }
            text = text.trim_end().to_owned() + "\n";
        }
        text
    }

    /// A table of Markdown.
    pub fn markdown(&self) -> String {
        markdown(self.head(), "---:", self.lines())
    }

    fn head(&self) -> Vec<String> {
        let columns = self.columns.iter().map(|column| column.name.to_owned());
        let compared = self.columns.get(self.compared).map_or("", |column| column.name);
        let compared = compared.split([' ', '/']).next().unwrap_or_default();
        let ratios = [format!("{compared} x h2"), format!("{compared} x best peer")];
        [String::new(), String::new()].into_iter().chain(columns).chain(ratios).collect()
    }

    fn lines(&self) -> impl Iterator<Item = Vec<String>> {
        self.rows.iter().flat_map(|row| {
            row.lines.iter().enumerate().map(|(at, (kind, figures))| {
                let what = if at == 0 { row.what.clone() } else { String::new() };
                let shown = figures.iter().zip(self.columns).map(|(figure, column)| match figure {
                    Some(figure) => format!("{figure:.*}", column.digits),
                    None => "-".to_owned(),
                });
                let ratios = [self.floor(row), self.best_peer(row)].map(|other| {
                    let ratio = self.figure(figures).zip(other).map(|(figure, other)| figure / other);
                    ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
                });
                [what, kind.name().to_owned()].into_iter().chain(shown).chain(ratios).collect()
            })
        })
    }

    fn floor(&self, row: &Row) -> Option<f64> {
        let (_, figures) = row.lines.iter().find(|(kind, _)| *kind == Kind::Floor)?;
        self.figure(figures)
    }

    fn best_peer(&self, row: &Row) -> Option<f64> {
        let peers = row.lines.iter().filter(|(kind, _)| kind.is_peer());
        let figures = peers.filter_map(|(_, figures)| self.figure(figures));
        figures.reduce(if self.less_is_better { f64::min } else { f64::max })
    }
}

/// A table of Markdown whose first two columns are text; the others are aligned as this rule says.
pub fn markdown(head: Vec<String>, rule: &str, lines: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut rules = vec!["---".to_owned(); 2];
    rules.resize(head.len(), rule.to_owned());
    let lines: String = lines.map(line).collect();
    format!("{}{}{lines}", line(head), line(rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_floor_and_to_the_best_of_the_peers() {
        let columns = &[Column { name: "CPU us/call", digits: 1, across: Across::Median }];
        let figures = [(Kind::Floor, 2.0), (Kind::Ours, 3.0), (Kind::Tonic, 4.0), (Kind::Go, 6.0)];
        let lines = figures.map(|(kind, figure)| (kind, vec![Some(figure)])).to_vec();
        let rows = vec![Row { what: "work".into(), lines, drawn: true }];
        let table = Table { key: "x", title: "X", columns, compared: 0, less_is_better: true, rows };
        let text = table.text();
        let of = |name: &str| {
            let line = text.lines().find(|line| line.contains(&format!(" {name} "))).unwrap();
            line.split_whitespace().rev().take(3).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of("wirewright"), ["0.75", "1.50", "3.0"]);
        assert_eq!(of("grpc-go"), ["1.50", "3.00", "6.0"]);
        assert!(table.markdown().contains("|  | wirewright | 3.0 | 1.50 | 0.75 |"));
    }
}
