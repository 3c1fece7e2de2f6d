//! What the generator's tests share: the corners, the ways to generate them, and places to write to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use prost::Message;
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto};
use prost_types::{MethodOptions, ServiceDescriptorProto};
use wirewright_codegen::{Builder, Error, configure};

/// Names of files and what is in them.
pub(crate) type Files = BTreeMap<String, String>;

/// One folder of `golden/`.
pub(crate) struct Corner {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

impl Corner {
    /// The options with which the corner is generated.
    pub(crate) fn builder(&self) -> Builder {
        configure().unimplemented_stubs(self.name == "stubs").emit_rerun_if_changed(false)
    }

    /// The same options as a plugin's parameter.
    pub(crate) fn parameter(&self) -> &'static str {
        if self.name == "stubs" { "include_file=mod.rs,unimplemented_stubs" } else { "include_file=mod.rs" }
    }

    /// The files of the corner, imported ones first, without those that every compiler brings.
    pub(crate) fn own_files(&self) -> Vec<String> {
        let set = FileDescriptorSet::decode(descriptor_set(self).as_slice()).unwrap();
        let names = set.file.iter().map(|file| file.name().to_owned());
        names.filter(|name| !name.starts_with("google/")).collect()
    }

    /// What protoc would send to the plugin.
    pub(crate) fn request(&self) -> CodeGeneratorRequest {
        let set = FileDescriptorSet::decode(descriptor_set(self).as_slice()).unwrap();
        CodeGeneratorRequest {
            file_to_generate: self.own_files(),
            parameter: Some(self.parameter().to_owned()),
            proto_file: set.file,
            compiler_version: None,
        }
    }
}

/// The corners whose names start with `prefix`.
pub(crate) fn corners(prefix: &str) -> impl Iterator<Item = Corner> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 10, "the goldens are there");
    names.retain(|name| name.starts_with(prefix));
    names.into_iter().map(move |name| Corner { folder: folder.join(&name), name })
}

/// Generates a corner from its `.proto` file, as a build script would.
pub(crate) fn generate(corner: &Corner) -> Result<Files, Error> {
    let out = scratch(&format!("compile-{}", corner.name));
    let builder = corner.builder().out_dir(&out).include_file("mod.rs");
    builder.compile(&[corner.folder.join("in.proto")], &[&corner.folder])?;
    Ok(read_folder(&out, ""))
}

/// The descriptors of a corner, encoded.
pub(crate) fn descriptor_set(corner: &Corner) -> Vec<u8> {
    let out = scratch(&format!("descriptors-{}", corner.name));
    let path = out.join("set.bin");
    let builder = corner.builder().out_dir(&out).file_descriptor_set_path(&path);
    builder.compile(&[corner.folder.join("in.proto")], &[&corner.folder]).unwrap();
    fs::read(path).unwrap()
}

/// Runs the plugin as a compiler would.
pub(crate) fn plugin(request: &CodeGeneratorRequest) -> CodeGeneratorResponse {
    let mut child = Command::new(env!("CARGO_BIN_EXE_protoc-gen-wirewright"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&request.encode_to_vec()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    CodeGeneratorResponse::decode(output.stdout.as_slice()).unwrap()
}

/// An empty folder below the target folder. A thread is called after its test, so tests do not meet.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let test = std::thread::current().name().unwrap_or("main").replace("::", "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Every file directly in a folder, by its name with something before it.
pub(crate) fn read_folder(folder: &Path, before: &str) -> Files {
    let Ok(entries) = fs::read_dir(folder) else { return Files::new() };
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    paths
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            (format!("{before}{name}"), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Whether goldens are to be rewritten.
pub(crate) fn refresh() -> bool {
    std::env::var_os("REFRESH").is_some_and(|value| value == "1")
}

/// The services part of a generated file: everything from the handshake on.
pub(crate) fn services_part(text: &str) -> Option<&str> {
    text.find("// The generator and the library agree").map(|start| &text[start..])
}

/// A set of one file whose services have these methods: each a name and the name of the message that it takes and
/// returns. The kinds of the methods take turns.
pub(crate) fn set_of(services: &[(&str, &[(&str, &str)])]) -> FileDescriptorSet {
    let mut file = FileDescriptorProto {
        name: Some("made.proto".to_owned()),
        package: Some("made".to_owned()),
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    };
    let mut messages = BTreeSet::new();
    for (service, methods) in services {
        let methods = methods.iter().enumerate().map(|(number, (method, message))| {
            messages.insert((*message).to_owned());
            MethodDescriptorProto {
                // A number keeps methods of one name apart.
                name: Some(format!(
                    "{method}{}",
                    if number > 1 { number.to_string() } else { String::new() }
                )),
                input_type: Some(format!(".made.{message}")),
                output_type: Some(format!(".made.{message}")),
                client_streaming: Some(number & 1 == 1),
                server_streaming: Some(number & 2 == 2),
                options: Some(MethodOptions {
                    idempotency_level: Some(i32::try_from(number % 3).unwrap()),
                    ..MethodOptions::default()
                }),
            }
        });
        file.service.push(ServiceDescriptorProto {
            name: Some((*service).to_owned()),
            method: methods.collect(),
            options: None,
        });
    }
    file.message_type.extend(
        messages.into_iter().map(|name| DescriptorProto { name: Some(name), ..DescriptorProto::default() }),
    );
    FileDescriptorSet { file: vec![file] }
}

/// Fails with the first differing line of each file that differs.
pub(crate) fn assert_same(corner: &str, expected: &Files, got: &Files) {
    let wrong = differences(corner, expected, got);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first differing line of each file that differs.
pub(crate) fn differences(corner: &str, expected: &Files, got: &Files) -> Vec<String> {
    let mut names: Vec<&String> = expected.keys().chain(got.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names.into_iter().filter(|name| expected.get(*name) != got.get(*name));
    differs
        .map(|name| {
            let lines = |files: &Files| -> Vec<String> {
                files.get(name).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
            };
            let (expected, got) = (lines(expected), lines(got));
            let line = (0..expected.len().max(got.len())).find(|line| expected.get(*line) != got.get(*line));
            let line = line.unwrap_or(0);
            format!(
                "{corner}/{name}:{}: expected {:?}, got {:?}",
                line + 1,
                expected.get(line),
                got.get(line)
            )
        })
        .collect()
}
