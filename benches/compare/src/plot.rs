//! A plot: bars for everybody, side by side, work after work.
//!
//! In: a table. Out: SVG that is readable on white and on black, without a script and without a font of its own.
//!
//! ```text
//!   title
//!   [] h2  [] wirewright  [] tonic                     who has which colour
//!   16 B, 1 in flight     ==============   14.20
//!                         ================ 16.80       the longest bar of a work is as wide as there is room: works
//!                         ===============  15.90       differ by thousands of times, and those who do them by little
//! ```

use std::fmt::Write;

use crate::Kind;
use crate::table::{Row, Table};

/// Draws the compared column of a table.
pub fn draw(table: &Table) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| row.drawn).collect();
    let bars: usize = rows.iter().map(|row| row.lines.len()).sum();
    let height = TOP + bars * BAR + rows.len() * GAP + MARGIN;
    let column = table.columns.get(table.compared).map_or("", |column| column.name);
    let better = if table.less_is_better { "shorter is better" } else { "longer is better" };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>{title}: {column}</title>\n{STYLE}\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{title}</text>\n\
         <text class=\"quiet\" x=\"{MARGIN}\" y=\"44\">{column}, {better}; each group to its own scale</text>\n",
        title = escaped(table.title),
    );
    legend(&mut svg, &rows);
    let mut y = TOP;
    for row in rows {
        group(&mut svg, table, row, y);
        y += row.lines.len() * BAR + GAP;
    }
    svg + "</svg>\n"
}

/// Who has which colour, as far as they are in the plot.
fn legend(svg: &mut String, rows: &[&Row]) {
    let mut x = MARGIN;
    let mut shown = Vec::new();
    for (kind, _) in rows.iter().flat_map(|row| &row.lines) {
        if shown.contains(kind) {
            continue;
        }
        shown.push(*kind);
        let (name, colour) = (kind.name(), colour(*kind));
        put(
            svg,
            format_args!("<rect x=\"{x}\" y=\"56\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{colour}\"/>"),
        );
        put(svg, format_args!("<text x=\"{}\" y=\"67\">{name}</text>", x + 18));
        x += 18 + name.len() * LETTER + MARGIN;
    }
}

/// The bars of one work, with its name before the first.
fn group(svg: &mut String, table: &Table, row: &Row, top: usize) {
    let longest = row.lines.iter().filter_map(|(_, figures)| table.figure(figures)).fold(0.0, f64::max);
    put(svg, format_args!("<text x=\"{MARGIN}\" y=\"{}\">{}</text>", top + TEXT, escaped(&row.what)));
    for (at, (kind, figures)) in row.lines.iter().enumerate() {
        let Some(figure) = table.figure(figures) else { continue };
        let (y, room) = (top + at * BAR, (WIDTH - LABEL - VALUE) as f64);
        let width = if longest > 0.0 { room * figure / longest } else { 0.0 };
        let digits = table.columns.get(table.compared).map_or(0, |column| column.digits);
        let (colour, bar) = (colour(*kind), BAR - 3);
        put(
            svg,
            format_args!(
                "<rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"{bar}\" rx=\"2\" fill=\"{colour}\">\
             <title>{}</title></rect>",
                kind.name()
            ),
        );
        let x = LABEL as f64 + width + 6.0;
        put(
            svg,
            format_args!("<text class=\"quiet\" x=\"{x:.1}\" y=\"{}\">{figure:.digits$}</text>", y + TEXT),
        );
    }
}

/// A line of SVG; writing to a string cannot fail.
fn put(svg: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(svg, "{line}");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Colours that are told apart by people who see no red or no green, and that stand out from white and from black.
const fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Floor => "#8b929c",
        Kind::Ours => "#2a7de1",
        Kind::Armed => "#8a63d2",
        Kind::Tonic => "#e08214",
        Kind::Connectrpc => "#d6409f",
        Kind::Volo => "#b59a00",
        Kind::Pajamax => "#a5673f",
        Kind::Grpc => "#e5484d",
        Kind::Go => "#12a594",
        Kind::Core => "#5f8f2f",
    }
}

/// The page follows the reader's choice of light or dark.
const STYLE: &str = "<style>.page{fill:#ffffff}text{fill:#1c2128}.quiet{fill:#57606a}\
@media(prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.quiet{fill:#9198a1}}</style>\n";

/// All lengths are pixels: a page of a document is about so wide.
const WIDTH: usize = 820;

/// Left of the bars, for the longest name of a work.
const LABEL: usize = 270;

/// Right of the longest bar, for its figure.
const VALUE: usize = 90;

/// Above the first bar, for title and legend.
const TOP: usize = 90;

/// From bar to bar.
const BAR: usize = 18;

/// From a bar's upper edge down to the line that its text stands on.
const TEXT: usize = 12;

/// Between two works.
const GAP: usize = 14;

/// Around everything.
const MARGIN: usize = 16;

/// The width of a letter, about.
const LETTER: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::column;
    use crate::table::Column;

    #[test]
    fn the_longest_bar_fills_its_room_and_the_others_are_to_scale() {
        let lines =
            vec![(Kind::Floor, vec![Some(1.0)]), (Kind::Ours, vec![Some(4.0)]), (Kind::Tonic, vec![None])];
        let rows = vec![Row { what: "a < b".into(), lines, drawn: true }];
        const COLUMNS: &[Column] = &[column("us", 1)];
        let table =
            Table { key: "x", title: "A & B", columns: COLUMNS, compared: 0, less_is_better: true, rows };
        let svg = draw(&table);
        let room = WIDTH - LABEL - VALUE;
        assert!(svg.contains(&format!("width=\"{room}.0\"")), "{svg}");
        assert!(svg.contains(&format!("width=\"{}.0\"", room / 4)), "{svg}");
        assert!(svg.contains("A &amp; B") && svg.contains("a &lt; b"), "{svg}");
        assert_eq!(svg.matches("<title>").count(), 3, "what was not measured has no bar:\n{svg}");
    }
}
