//! `wright report` and `wright view`: a recording as a page in a browser.
//!
//! ```text
//!   args ---> source ---> story: rows, trees, calls ---> html ---> one file                       report
//!                |                  |
//!                +--- follow -------+--> index, batches ---> serve: 127.0.0.1, a secret address   view
//! ```
//!
//! What bytes mean is worked out here, with `inspect`; the page's script lays it out.

mod batch;
mod follow;
mod gather;
mod html;
mod index;
mod role;
mod row;
mod serve;
mod story;
mod tree;
mod view;
mod why;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::output::remark;
use crate::trace::{source, words};
use html::Data;
use index::Known;
use story::Story;

pub(crate) use view::{ViewArgs, view};

/// What can be typed after `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A recording, a pcap or pcapng file, hexadecimal digits, or - for standard input
    #[arg(value_name = "FILE|HEX|-")]
    file: String,
    /// The page to write; one that is there is replaced
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
}

/// Writes a page that needs nothing but a browser.
pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let ReportArgs { file, output } = args;
    if is_same(Path::new(file), output) {
        let hint = "recordings are never overwritten: choose another name with -o";
        return Err(Failure::cannot(format!("{} is the recording itself", output.display()), hint));
    }
    let mut story = Story::default();
    let read = source::read(file, &mut |line| {
        story.read(line);
        Ok(())
    });
    story.finish();
    // What could be read before something could not is worth a page, too.
    let warning = match &read {
        Ok(warning) => warning.clone(),
        Err(_) if story.tale().rows.is_empty() => return read.map(drop),
        Err(failure) => Some(failure.to_string()),
    };
    let tale = story.tale();
    let index = index::news(tale, &name(file), Known::default(), false, warning.as_deref());
    let index = batch::pack(index.to_string().as_bytes());
    let batches: Vec<_> = tale.batches.iter().map(batch::Batch::packed).collect();
    let page = html::page(&Data::Within { index: &index, batches: &batches });
    std::fs::write(output, &page).map_err(|error| {
        let hint = "is the folder there, and may you write to it? -o names another file";
        Failure::cannot(format!("cannot write {}: {error}", output.display()), hint)
    })?;
    let (rows, size) = (tale.rows.len(), words::size(page.len() as u64));
    remark(format_args!("{rows} rows in {} ({size}); open it in a browser", output.display()));
    if let Some(shortage) = tale.shortage() {
        source::warn(Some(shortage));
    }
    source::warn(read?);
    Ok(())
}

/// Whether both are one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// What the page is called: the file without its folder.
fn name(file: &str) -> String {
    match Path::new(file).file_name() {
        _ if file == "-" => "standard input".to_owned(),
        Some(name) => name.to_string_lossy().into_owned(),
        None => file.to_owned(),
    }
}
