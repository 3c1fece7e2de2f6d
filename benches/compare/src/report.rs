//! The report: tables and plots in the documents.
//!
//! In: tables. Out: `performance.md`, between the two lines that are made for it, and a plot for each table in
//! `performance/`. What stands outside those lines is written by hand and left alone.

use std::fs;
use std::path::Path;

use crate::plan::{Plan, QUICK};
use crate::reach::{self, Reached};
use crate::table::Table;
use crate::{Failure, Kind, machine, plot};

/// Writes them into the folder of the documents.
pub fn write(docs: &Path, plan: &Plan, tables: &[Table], reached: &[Reached]) -> Result<(), Failure> {
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let text = between(&text, &section(plan, tables, reached)?)?;
    fs::create_dir_all(docs.join("performance"))?;
    for table in tables {
        fs::write(docs.join("performance").join(format!("{}.svg", table.key)), plot::draw(table))?;
    }
    Ok(fs::write(&page, text)?)
}

/// How the figures came about, what was reached, then every table under its plot.
fn section(plan: &Plan, tables: &[Table], reached: &[Reached]) -> Result<String, Failure> {
    let flag = if plan.rounds == QUICK.rounds { " --quick" } else { "" };
    let mut text = machine::describe();
    text += &format!(
        "* `cargo xtask compare{flag} --write`: medians of {} rounds of {} ms, the side under test on core 0 and the \
         other on core 1\n",
        plan.rounds,
        plan.length.as_millis()
    );
    for line in Kind::skipped()? {
        text += &format!("* {line}\n");
    }
    text += &format!("\n{}", reach::table(reached));
    for table in tables {
        let Table { key, title, .. } = table;
        text += &format!("\n**{title}**\n\n![{title}](performance/{key}.svg)\n\n{}", table.markdown());
    }
    Ok(text)
}

/// The page with this between its two lines.
fn between(page: &str, section: &str) -> Result<String, Failure> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.ok_or_else(|| format!("the page lacks a line {BEGIN} or, below it, {END}"))?;
    Ok(format!("{before}{BEGIN}\n\n{section}\n{END}{after}"))
}

/// Where the tables begin.
const BEGIN: &str = "<!-- figures: begin, written by `cargo xtask compare --write` -->";

/// Where they end.
const END: &str = "<!-- figures: end -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_hand_stays() {
        let page = format!("above\n{BEGIN}\nold\n{END}\nbelow\n");
        let new = between(&page, "new\n").unwrap();
        assert_eq!(new, format!("above\n{BEGIN}\n\nnew\n\n{END}\nbelow\n"));
        assert_eq!(between(&new, "new\n").unwrap(), new);
        assert!(between("no such lines", "new\n").is_err());
    }
}
