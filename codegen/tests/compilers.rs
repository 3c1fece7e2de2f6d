//! Runs the plugin under real compilers, buf and protoc, if this machine has them.
//!
//! Both are looked for on the search path (`buf`, `protoc`), and where `WIREWRIGHT_BUF` and `WIREWRIGHT_PROTOC` say; a
//! command may have arguments, as `python -m grpc_tools.protoc` has. Where one is missing its test says so and passes.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Corner, Files, assert_same, corners, generate, read_folder, scratch};

/// The plugin that the test build has made.
const PLUGIN: &str = env!("CARGO_BIN_EXE_protoc-gen-wirewright");

#[test]
fn buf_runs_the_plugin_and_gets_the_same_text() {
    let Some(buf) = command("WIREWRIGHT_BUF", &["buf"]) else { return };
    for corner in good_corners() {
        let out = scratch(&format!("buf-{}", corner.name));
        let options: Vec<String> =
            corner.parameter().split(',').map(|option| format!("\"{option}\"")).collect();
        let template = format!(
            "{{\"version\": \"v2\", \"plugins\": [{{\"local\": \"{PLUGIN}\", \"out\": {:?}, \"opt\": [{}], \"strategy\": \
             \"all\"}}]}}",
            out.display().to_string(),
            options.join(", ")
        );
        let mut run = start(&buf);
        run.args(["generate", "--template", &template])
            .arg(&corner.folder)
            .env("BUF_CACHE_DIR", scratch("buf-cache"));
        assert_same_after(run, &corner, &out);
    }
}

#[test]
fn protoc_runs_the_plugin_and_gets_the_same_text() {
    let python = ["python3", "-m", "grpc_tools.protoc"];
    let found = command("WIREWRIGHT_PROTOC", &["protoc"]).or_else(|| command("WIREWRIGHT_PROTOC", &python));
    let Some(protoc) = found else { return };
    for corner in good_corners() {
        let out = scratch(&format!("protoc-{}", corner.name));
        let mut run = start(&protoc);
        run.arg(format!("--plugin=protoc-gen-wirewright={PLUGIN}"))
            .arg(format!("--wirewright_out={}", out.display()))
            .arg(format!("--wirewright_opt={}", corner.parameter()))
            .arg(format!("--proto_path={}", corner.folder.display()));
        // In the order of protox: imported files first.
        run.args(corner.own_files().iter().map(|name| corner.folder.join(name)));
        assert_same_after(run, &corner, &out);
    }
}

fn good_corners() -> impl Iterator<Item = Corner> {
    corners("").filter(|corner| !corner.name.starts_with("error_"))
}

/// The words of a command that can be run, or nothing and a line that says so.
fn command(variable: &str, otherwise: &[&str]) -> Option<Vec<String>> {
    let words: Vec<String> = match std::env::var(variable) {
        Ok(line) => line.split_whitespace().map(str::to_owned).collect(),
        Err(_) => otherwise.iter().map(|word| (*word).to_owned()).collect(),
    };
    let runs = start(&words).arg("--version").output().is_ok_and(|output| output.status.success());
    if !runs {
        println!("skipped: `{}` does not run here; {variable} can name another", words.join(" "));
    }
    runs.then_some(words)
}

fn start(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn assert_same_after(mut run: Command, corner: &Corner, out: &Path) {
    let output = run.output().unwrap();
    assert!(output.status.success(), "{run:?}\n{}", String::from_utf8_lossy(&output.stderr));
    let got: Files = read_folder(out, "");
    assert!(!got.is_empty(), "{}: {:?}", corner.name, fs::read_dir(out));
    assert_same(&corner.name, &generate(corner).unwrap(), &got);
}
