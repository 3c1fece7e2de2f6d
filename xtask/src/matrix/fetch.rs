//! Where each peer's programs come from.
//!
//! In: the toolchains of this machine. Out: programs that can be started, below `target/`. What is fetched is fetched
//! by the package names and versions that the files below `tests/interop` pin; each is asked for once, and again only
//! when its file has changed.
//!
//! ```text
//!   grpc-go     its own programs, from its module
//!   grpc-java   its own programs, from the published grpc-interop-testing
//!   C-core      programs of ours on grpcio and the stubs that grpcio-tools prints
//!   grpc-js     programs of ours on @grpc/grpc-js
//!   tonic       programs of ours, a crate outside the workspace
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use super::peers::{Certificates, Launch, Peer};
use crate::pairings::programs::go;
use crate::workspace::{cargo, output, root, succeed, target};

/// A peer that can be had.
pub(super) struct Source {
    pub(super) title: &'static str,
    /// Programs that must be on PATH.
    pub(super) tools: &'static [&'static str],
    pub(super) fetch: fn() -> Result<Peer, String>,
}

/// Everybody but us.
pub(super) const SOURCES: [Source; 5] = [
    Source { title: "grpc-go", tools: &["go"], fetch: fetch_go },
    Source { title: "grpc-java", tools: &["java", "mvn"], fetch: fetch_java },
    Source { title: "C-core", tools: &["python3"], fetch: fetch_core },
    Source { title: "grpc-js", tools: &["node", "npm"], fetch: fetch_node },
    Source { title: "tonic", tools: &[], fetch: fetch_tonic },
];

/// Builds our own programs.
pub(super) fn ours() -> Result<Peer, String> {
    succeed(&mut cargo(&["build", "--quiet", "--package", "interop", "--bins"]))?;
    let program = |name: &str| Launch::of(target().join("debug").join(name));
    Ok(Peer {
        name: "ours",
        title: "Wirewright",
        version: env!("CARGO_PKG_VERSION").to_owned(),
        client: program("interop-client"),
        server: program("interop-server"),
        negative_client: Some(program("http2-client")),
        certificates: Certificates::Named,
    })
}

fn fetch_go() -> Result<Peer, String> {
    let folder = target().join("interop/go/official");
    let mut build = go();
    build.args(["build", "-ldflags=-s -w", "-o"]).arg(folder.join(""));
    let programs = ["client", "server", "http2"];
    succeed(build.args(programs.map(|program| format!("{GO_MODULE}/interop/{program}"))))?;
    let version = output(go().args(["list", "-m", "-f", "{{.Version}}", GO_MODULE]))?;
    Ok(Peer {
        name: "go",
        title: "grpc-go",
        version: version.trim().trim_start_matches('v').to_owned(),
        client: Launch::of(folder.join("client")),
        server: Launch::of(folder.join("server")),
        negative_client: Some(Launch::of(folder.join("http2"))),
        certificates: Certificates::Named,
    })
}

fn fetch_java() -> Result<Peer, String> {
    let folder = prepare("java")?;
    let classpath = folder.join("classpath");
    let pom = root().join("tests/interop/java/pom.xml");
    let pinned = once(&folder, &[&pom], || {
        let mut maven = Command::new("mvn");
        maven.args(["--batch-mode", "--quiet", "--file"]).arg(&pom).arg("dependency:build-classpath");
        succeed(maven.arg(format!("-Dmdep.outputFile={}", classpath.display())))
    })?;
    let classpath = std::fs::read_to_string(&classpath)
        .map_err(|error| format!("cannot read {}: {error}", classpath.display()))?;
    let class = |name: &str| Launch {
        program: "java".into(),
        words: [JVM, &["-cp", classpath.trim(), &format!("io.grpc.testing.integration.{name}")]]
            .concat()
            .into_iter()
            .map(String::from)
            .collect(),
    };
    Ok(Peer {
        name: "java",
        title: "grpc-java",
        version: between(
            &pinned,
            "<artifactId>grpc-interop-testing</artifactId>",
            "</version>",
            "<version>",
        )?,
        client: class("TestServiceClient"),
        server: class("TestServiceServer"),
        negative_client: Some(class("Http2Client")),
        certificates: Certificates::BuiltIn,
    })
}

fn fetch_core() -> Result<Peer, String> {
    let folder = prepare("core")?;
    let source = root().join("tests/interop/core");
    let python = folder.join("bin/python");
    let pinned = once(&folder, &[&source.join("requirements.txt")], || {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--no-deps",
        ]);
        succeed(pip.arg("--requirement").arg(source.join("requirements.txt")))
    })?;
    let stubs = folder.join("stubs");
    std::fs::create_dir_all(&stubs).map_err(|error| format!("cannot make {}: {error}", stubs.display()))?;
    let mut generate = Command::new(&python);
    generate.args(["-m", "grpc_tools.protoc", "--proto_path=proto"]).current_dir(root());
    for flag in ["python_out", "grpc_python_out"] {
        generate.arg(format!("--{flag}={}", stubs.display()));
    }
    let protocols = ["empty", "messages", "test"].map(|name| format!("grpc/testing/{name}.proto"));
    succeed(generate.args(protocols))?;
    let role = |role: &str| Launch {
        program: python.clone(),
        words: vec![source.join("peer.py").display().to_string(), role.to_owned()],
    };
    Ok(Peer {
        name: "core",
        title: "C-core",
        version: format!("{} (grpcio)", between(&pinned, "grpcio==", "\n", "")?),
        client: role("client"),
        server: role("server"),
        negative_client: None,
        certificates: Certificates::Named,
    })
}

fn fetch_node() -> Result<Peer, String> {
    let folder = prepare("node")?;
    let source = root().join("tests/interop/node");
    // Node looks for packages beside and above the program, so the program goes where they are.
    for name in ["package.json", "package-lock.json", "peer.js", "flags.js", "client.js", "server.js"] {
        let copied = std::fs::copy(source.join(name), folder.join(name));
        copied.map_err(|error| format!("cannot copy {name} to {}: {error}", folder.display()))?;
    }
    let pinned = once(&folder, &[&source.join("package.json"), &source.join("package-lock.json")], || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        succeed(npm.current_dir(&folder))
    })?;
    let role = |role: &str| Launch {
        program: "node".into(),
        words: vec![
            folder.join("peer.js").display().to_string(),
            role.to_owned(),
            format!("--protocols={}", root().join("proto").display()),
        ],
    };
    Ok(Peer {
        name: "js",
        title: "grpc-js",
        version: between(&pinned, "\"@grpc/grpc-js\": \"", "\"", "")?,
        client: role("client"),
        server: role("server"),
        negative_client: None,
        certificates: Certificates::Named,
    })
}

fn fetch_tonic() -> Result<Peer, String> {
    let manifest = root().join("tests/interop/tonic/Cargo.toml");
    // The product's target folder, where most of what tonic needs is built already.
    let mut build = cargo(&["build", "--quiet", "--locked", "--manifest-path"]);
    succeed(build.arg(&manifest).arg("--target-dir").arg(target()))?;
    let pinned = read(&manifest)?;
    let role =
        |role: &str| Launch { program: target().join("debug/interop-tonic"), words: vec![role.to_owned()] };
    Ok(Peer {
        name: "tonic",
        title: "tonic",
        version: between(&pinned, "tonic = { version = \"=", "\"", "")?,
        client: role("client"),
        server: role("server"),
        negative_client: None,
        certificates: Certificates::Named,
    })
}

/// The folder of grpc-go's module where the certificates are that all implementations test with.
pub(super) fn certificates() -> Result<PathBuf, String> {
    let folder = output(go().args(["list", "-m", "-f", "{{.Dir}}", GO_MODULE]))?;
    Ok(PathBuf::from(folder.trim()).join("testdata"))
}

fn prepare(name: &str) -> Result<PathBuf, String> {
    let folder = target().join("interop").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Fetches what these files pin, unless the folder already has it; gives the files' text.
fn once(
    folder: &Path,
    files: &[&Path],
    fetch: impl FnOnce() -> Result<(), String>,
) -> Result<String, String> {
    let pinned = files.iter().map(|file| read(file)).collect::<Result<String, String>>()?;
    let note = folder.join("fetched");
    if std::fs::read_to_string(&note).is_ok_and(|fetched| fetched == pinned) {
        return Ok(pinned);
    }
    println!("== fetching what {} needs", folder.display());
    fetch()?;
    std::fs::write(&note, &pinned).map_err(|error| format!("cannot write {}: {error}", note.display()))?;
    Ok(pinned)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The version that stands in a file between two words.
fn between(text: &str, before: &str, after: &str, skipped: &str) -> Result<String, String> {
    let rest = text.split_once(before).and_then(|(_, rest)| rest.split_once(skipped));
    let found = rest.and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found.trim().to_owned());
    found.ok_or_else(|| format!("no version after {before:?}"))
}

/// Where grpc-go's programs and certificates are.
const GO_MODULE: &str = "google.golang.org/grpc";

/// Most of these programs live for a second, in which a thorough compiler costs more than it gains.
const JVM: &[&str] = &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_between_two_words() {
        let pom = "<artifactId>a</artifactId>\n  <version>1.2.3</version>";
        assert_eq!(between(pom, "<artifactId>a</artifactId>", "</version>", "<version>").unwrap(), "1.2.3");
        assert_eq!(between("x==1\ny==2\n", "y==", "\n", "").unwrap(), "2");
        assert!(between("x", "y", "z", "").is_err());
    }
}
