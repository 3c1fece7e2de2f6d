//! What each option changes, in builders and in the plugin's parameter alike, and what is said about bad ones.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use prost_types::compiler::CodeGeneratorRequest;
use wirewright_codegen::{Builder, configure};

use crate::support::{plugin, read_folder, scratch};

/// A file with a bit of everything that options are about.
const PROTO: &str = r#"
syntax = "proto3";
package opt;
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
message M {
  // Said about it.
  bytes raw = 1;
  map<string, M> named = 2;
  Level level = 3;
}
enum Level { LEVEL_NONE = 0; }
service S { rpc Get(M) returns (google.protobuf.Empty); rpc At(M) returns (google.protobuf.Timestamp); }
"#;

/// Writes the file, and gives its path and its folder.
fn proto(name: &str) -> (PathBuf, PathBuf) {
    let folder = scratch(&format!("options-{name}"));
    let path = folder.join("opt.proto");
    fs::write(&path, PROTO).unwrap();
    (path, folder)
}

/// What a builder and the plugin make of it, which must be the same.
fn both(name: &str, builder: Builder, parameter: &str) -> String {
    let (path, folder) = proto(name);
    let out = folder.join("out");
    let set = folder.join("set.bin");
    builder.out_dir(&out).file_descriptor_set_path(&set).compile(&[&path], &[&folder]).unwrap();
    let answer = plugin(&request(&fs::read(&set).unwrap(), parameter));
    assert_eq!(answer.error, None);
    let files = read_folder(&out, "");
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(answer.file.len(), 1);
    assert_eq!(answer.file[0].content(), files.values().next().unwrap(), "{parameter}");
    assert_eq!(answer.file[0].name(), files.keys().next().unwrap());
    format!("// {}\n{}", answer.file[0].name(), answer.file[0].content())
}

fn request(set: &[u8], parameter: &str) -> CodeGeneratorRequest {
    let set: prost_types::FileDescriptorSet = prost::Message::decode(set).unwrap();
    CodeGeneratorRequest {
        file_to_generate: vec!["opt.proto".to_owned()],
        parameter: Some(parameter.to_owned()),
        proto_file: set.file,
        compiler_version: None,
    }
}

#[test]
fn each_option_changes_what_it_says() {
    let table: Vec<(Builder, &str, &str, bool)> = vec![
        (configure().build_server(false), "client_only", "pub trait S", false),
        (configure().build_server(false), "client_only=true", "pub struct SClient", true),
        (configure().build_client(false), "server_only", "SClient", false),
        (configure().build_client(false), "server_only", "pub trait S", true),
        (configure().unimplemented_stubs(true), "unimplemented_stubs", "Status::unimplemented", true),
        (configure().messages(false), "messages=false", "pub struct M", false),
        (configure().messages(false), "messages=0", "// opt.wirewright.rs", true),
        (configure().extern_path(".opt.M", "::x::M"), "extern_path=.opt.M=::x::M", "Request<::x::M>", true),
        (configure().extern_path(".opt", "::x"), "extern_path=.opt=::x", "pub struct M", false),
        (configure().bytes(["."]), "bytes=.", "::prost::bytes::Bytes", true),
        (configure().btree_map([".opt.M"]), "btree_map=.opt.M", "BTreeMap<", true),
        (configure().disable_comments(["."]), "disable_comments=.", "Said about it", false),
        (configure().skip_debug(["."]), "skip_debug=.", "#[prost(skip_debug)]", true),
        (configure().enable_type_names(), "enable_type_names", "impl ::prost::Name for M", true),
        (configure().retain_enum_prefix(), "retain_enum_prefix", "LevelNone = 0", true),
        (configure().prost_types_path("::pt"), "prost_types_path=::pt", "Response<::pt::Timestamp>", true),
        (configure().prost_path("::p"), "prost_path=::p", "::p::alloc::vec::Vec<u8>", true),
        (
            configure().type_attribute(".", "#[derive(A, B)]"),
            "type_attribute=.=#[derive(A\\, B)]",
            "#[derive(A, B)]\n#[derive(Clone, PartialEq, ::prost::Message)]",
            true,
        ),
        (configure().message_attribute("M", "#[m]"), "message_attribute=M=#[m]", "#[m]", true),
        (configure().enum_attribute("Level", "#[e]"), "enum_attribute=Level=#[e]", "#[e]", true),
        (
            configure().field_attribute("M.raw", "#[f]"),
            "field_attribute=M.raw=#[f]",
            "#[f]\n    pub raw",
            true,
        ),
    ];
    for (number, (builder, parameter, text, there)) in table.into_iter().enumerate() {
        let got = both(&number.to_string(), builder, parameter);
        assert_eq!(got.contains(text), there, "{parameter}: {text}\n{got}");
    }
}

#[test]
fn well_known_types_are_printed_on_request() {
    let (path, folder) = proto("well-known");
    let out = folder.join("out");
    configure().compile_well_known_types().out_dir(&out).compile(&[&path], &[&folder]).unwrap();
    let files = read_folder(&out, "");
    assert!(files["google.protobuf.rs"].contains("pub struct Timestamp"));
    assert!(files["opt.rs"].contains("Response<super::google::protobuf::Empty>"), "{}", files["opt.rs"]);
}

#[test]
fn a_bad_option_is_said_in_the_response() {
    let (path, folder) = proto("bad");
    let set = folder.join("set.bin");
    configure().out_dir(&folder).file_descriptor_set_path(&set).compile(&[&path], &[&folder]).unwrap();
    let set = fs::read(&set).unwrap();
    for (parameter, why) in [
        ("client-only", "option `client-only`: there is no such option"),
        ("client_only=maybe", "option `client_only`: `maybe` is neither `true` nor `false`"),
        ("include_file", "option `include_file`: a value is missing"),
        ("extern_path=.a", "option `extern_path`: write `extern_path=.proto.path=value`"),
        ("extern_path=a=::b", "extern_path `a`: write the full protobuf name with a leading dot"),
        ("extern_path=.a=::b,extern_path=.a=::c", "extern_path `.a` is given twice"),
        ("extern_path=.google.protobuf=::b", "compile_well_known_types"),
    ] {
        let answer = plugin(&request(&set, parameter));
        assert!(answer.error().contains(why), "{parameter}: {:?}", answer.error);
        assert!(answer.file.is_empty());
    }
    let mut unknown = request(&set, "");
    unknown.file_to_generate.push("gone.proto".to_owned());
    assert!(plugin(&unknown).error().contains("asks for `gone.proto`"));
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_to_do() {
    let (path, folder) = proto("files");
    let out = folder.join("out");
    let missing = configure().out_dir(&out).compile(&["gone.proto"], &[&folder]).unwrap_err().to_string();
    assert!(missing.contains("gone.proto") && missing.contains("are looked for in `"), "{missing}");

    let (_, hidden) = proto("hidden");
    let includes = [&folder, &hidden];
    let error =
        configure().out_dir(&out).compile(&[hidden.join("opt.proto")], &includes).unwrap_err().to_string();
    assert!(error.contains("is hidden by"), "{error}");

    let error = configure().compile_descriptor_set(folder.join("gone.bin")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("gone.bin"), "{error}");
    let error = configure().out_dir(&out).compile_descriptor_set(&path).unwrap_err().to_string();
    assert!(error.contains("not a FileDescriptorSet"), "{error}");

    // A file where a folder should be.
    let error = configure().out_dir(path.join("out")).compile(&[&path], &[&folder]).unwrap_err().to_string();
    assert!(error.starts_with("cannot create the folder "), "{error}");
}

#[test]
fn a_file_that_would_not_change_is_not_touched() {
    let (path, folder) = proto("touch");
    let out = folder.join("out");
    configure().out_dir(&out).compile(&[&path], &[&folder]).unwrap();
    let before = fs::metadata(out.join("opt.rs")).unwrap().modified().unwrap();
    configure().out_dir(&out).compile(&[&path], &[&folder]).unwrap();
    assert_eq!(fs::metadata(out.join("opt.rs")).unwrap().modified().unwrap(), before);
}

#[test]
fn an_error_is_one_line_however_it_is_printed() {
    let (_, folder) = proto("error");
    let bad = folder.join("bad.proto");
    fs::write(&bad, "syntax = \"proto3\";\nmessage {}\n").unwrap();
    let error = configure().out_dir(&folder).compile(&[&bad], &[&folder]).unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("bad.proto"), Some(2)));
    // This is what a build script prints whose `main` returns the error.
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(error.to_string().starts_with("bad.proto:2: "), "{error}");
}

#[test]
fn the_program_speaks_to_people_too() {
    let help = run(&["--help"], b"");
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("extern_path=.a.b=::x::y"));
    let version = run(&["--version"], b"");
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        format!("protoc-gen-wirewright {}\n", env!("CARGO_PKG_VERSION"))
    );
    for (arguments, input, why) in [
        (&["--hlep"][..], &b""[..], "unknown argument `--hlep`; try --help"),
        (&[], b"\xff\xff\xff", "standard input is not a CodeGeneratorRequest"),
    ] {
        let output = run(arguments, input);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why) && said.trim_end().lines().count() == 1, "{said}");
    }
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_protoc-gen-wirewright"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that has already answered does not read on.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}
