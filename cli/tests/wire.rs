//! `docs/wire.md`: its figures are what the program prints, to the letter. `REFRESH=1` prints them anew.

use std::path::Path;

use crate::support::{run, text, wright};

#[test]
fn the_figures_of_the_document_are_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("docs/wire.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (mut printed, mut figures) = (String::new(), 0);
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        printed.push_str(line);
        printed.push('\n');
        let Some(command) = line.strip_prefix("<!-- wright ").and_then(|line| line.strip_suffix(" -->"))
        else {
            continue;
        };
        assert_eq!(lines.next(), Some("```text"), "a figure follows {command}");
        lines.by_ref().find(|line| *line == "```").expect("a figure ends");
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = run(wright(&arguments).current_dir(root));
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
        printed.push_str(&format!(
            "```text\n$ wright {command}\n\n{}\n```\n",
            text(&output.stdout).trim_matches('\n')
        ));
        figures += 1;
    }
    assert!(figures >= 10, "a figure for each idea");
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, &printed).unwrap();
        return;
    }
    assert!(document == printed, "a figure is not what the program prints: REFRESH=1 prints them anew");
}

#[test]
fn each_of_the_ten_ideas_has_a_chapter_with_a_figure_of_its_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
    let document = std::fs::read_to_string(path).unwrap();
    let ideas = [
        "Unary",
        "Streaming",
        "Trailers-Only",
        "An error with details",
        "A deadline",
        "Cancellation",
        "Compression",
        "Flow control",
        "GOAWAY",
        "TLS",
    ];
    for idea in ideas {
        let chapter = document.split("\n## ").find(|chapter| chapter.starts_with(idea));
        let chapter = chapter.unwrap_or_else(|| panic!("{idea} has no chapter"));
        assert!(
            chapter.contains("\n<!-- wright ") && chapter.contains("\n$ wright "),
            "{idea} has no figure"
        );
        let prose =
            chapter.lines().skip(1).any(|line| line.len() > 60 && !line.starts_with([' ', '#', '$', '<']));
        assert!(prose, "{idea} is not told");
    }
}
