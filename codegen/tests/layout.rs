//! Holds the services part against rustfmt with its default settings, for the goldens and for names of every length.

use std::fs;
use std::process::Command;

use prost_types::FileDescriptorSet;
use wirewright_codegen::configure;

use crate::support::{corners, read_folder, scratch, services_part, set_of};

#[test]
fn the_services_of_every_golden_are_as_rustfmt_would_print_them() {
    let mut texts = Vec::new();
    for corner in corners("").filter(|corner| !corner.name.starts_with("error_")) {
        for (name, text) in read_folder(&corner.folder.join("out"), "") {
            texts.extend(
                services_part(&text).map(|part| (format!("{}-{name}", corner.name), part.to_owned())),
            );
        }
    }
    assert!(texts.len() > 10);
    assert_formatted("goldens", &texts);
}

#[test]
fn names_of_any_length_are_as_rustfmt_would_print_them() {
    let mut texts = Vec::new();
    // Beyond these lengths some name alone is longer than a line, and rustfmt leaves the whole item as it is.
    for length in 1..=56 {
        for stubs in [false, true] {
            // Lengths move against each other, so that every part of the text crosses the margin somewhere.
            let service = name('S', 1 + length / 2);
            let method = name('M', 57 - length);
            let set = set_of(&[
                (
                    service.as_str(),
                    &[("A", "A"), (&method, "A"), ("B", &name('D', length)), (&method, &name('D', 2))],
                ),
                (&name('T', length), &[("C", "A")]),
                (&name('U', length), &[]),
                ("X", &[(&name('M', length), &name('D', 57 - length))]),
            ]);
            texts.push((format!("{length}-{stubs}.rs"), services_only(&set, stubs)));
        }
    }
    assert_formatted("lengths", &texts);
}

/// A name of this many letters that casing leaves alone.
fn name(first: char, length: usize) -> String {
    format!("{first}{}", "x".repeat(length - 1))
}

fn services_only(set: &FileDescriptorSet, stubs: bool) -> String {
    let files = configure().messages(false).unimplemented_stubs(stubs).generate(set).unwrap();
    assert_eq!(files.len(), 1);
    services_part(&files[0].content).unwrap().to_owned()
}

/// Runs rustfmt over all texts at once.
fn assert_formatted(name: &str, texts: &[(String, String)]) {
    if Command::new("rustfmt").arg("--version").output().is_err() {
        println!("skipped: there is no rustfmt here");
        return;
    }
    let folder = scratch(&format!("rustfmt-{name}"));
    // A rustfmt.toml of its own keeps that of any folder above from being read.
    fs::write(folder.join("rustfmt.toml"), "edition = \"2024\"\n").unwrap();
    let paths: Vec<_> = texts
        .iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let output = Command::new("rustfmt").arg("--check").args(&paths).output().unwrap();
    let diff = String::from_utf8_lossy(&output.stdout);
    let diff: Vec<&str> = diff.lines().take(80).collect();
    assert!(output.status.success(), "{}\n{}", diff.join("\n"), String::from_utf8_lossy(&output.stderr));
}
