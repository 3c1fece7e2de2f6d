//! Holds what the generator prints against what it is expected to print, corner by corner.
//!
//! A corner is a folder in `golden/`: `in.proto` goes in (what it imports lies beside it); the files of `out/`, or for
//! a corner called `error_*` the line in `error.txt`, must come out. `REFRESH=1` writes what came out instead, for the
//! review to read as a diff. Every corner is generated in three ways, which must agree to the byte: from the `.proto`
//! file, from a descriptor set, and by the plugin as protoc or buf would run it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{
    Files, assert_same, corners, descriptor_set, differences, generate, plugin, read_folder, refresh, scratch,
};

#[test]
fn every_corner_is_generated_as_expected() {
    let mut wrong = Vec::new();
    for corner in corners("") {
        let got = match generate(&corner) {
            Ok(files) => files.into_iter().map(|(name, text)| (format!("out/{name}"), text)).collect(),
            Err(error) => {
                let folder = corner.folder.display().to_string();
                let line = format!("{error}\n").replace(&folder, "FOLDER");
                Files::from([("error.txt".to_owned(), line)])
            }
        };
        if refresh() {
            rewrite(&corner.folder, &got);
        }
        let mut expected = read_folder(&corner.folder.join("out"), "out/");
        if let Ok(text) = fs::read_to_string(corner.folder.join("error.txt")) {
            expected.insert("error.txt".to_owned(), text);
        }
        wrong.extend(differences(&corner.name, &expected, &got));
        assert_eq!(
            corner.name.starts_with("error_"),
            got.contains_key("error.txt"),
            "{}: {got:?}",
            corner.name
        );
    }
    assert!(wrong.is_empty(), "REFRESH=1 writes what came out; read the diff\n{}", wrong.join("\n"));
}

#[test]
fn a_descriptor_set_gives_the_same_text() {
    for corner in corners("").filter(|corner| !corner.name.starts_with("error_")) {
        let set = descriptor_set(&corner);
        let out = scratch(&format!("set-{}", corner.name));
        let path = out.join("set.bin");
        fs::write(&path, set).unwrap();
        let target = out.join("out");
        corner.builder().out_dir(&target).include_file("mod.rs").compile_descriptor_set(&path).unwrap();
        assert_same(&corner.name, &generate(&corner).unwrap(), &read_folder(&target, ""));
    }
}

#[test]
fn the_plugin_gives_the_same_text() {
    for corner in corners("").filter(|corner| !corner.name.starts_with("error_")) {
        let answer = plugin(&corner.request());
        assert_eq!(answer.error, None, "{}", corner.name);
        assert_eq!(answer.supported_features, Some(1), "FEATURE_PROTO3_OPTIONAL");
        let files: BTreeMap<_, _> =
            answer.file.into_iter().map(|file| (file.name.unwrap(), file.content.unwrap())).collect();
        assert_same(&corner.name, &generate(&corner).unwrap(), &files);
    }
}

fn rewrite(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder.join("out"));
    let _ = fs::remove_file(folder.join("error.txt"));
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
