//! The generated code that the library ships for the standard services is what this generator prints today.
//!
//! In: `proto/grpc/health` and `proto/grpc/reflection`. Out: the files of `src/services/generated/`, which are committed
//! so that a user of the library compiles no generator for them. `REFRESH=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use wirewright_codegen::{Builder, configure};

use crate::support::{refresh, scratch};

/// One standard service: its file, what its descriptors are called, and how it is generated.
struct Standard {
    proto: &'static str,
    descriptors: &'static str,
    options: fn(Builder) -> Builder,
}

const STANDARD: [Standard; 3] = [
    Standard {
        proto: "grpc/health/v1/health.proto",
        descriptors: "grpc.health.v1.bin",
        options: |builder| builder,
    },
    Standard {
        proto: "grpc/reflection/v1/reflection.proto",
        descriptors: "grpc.reflection.v1.bin",
        options: |builder| builder,
    },
    Standard {
        proto: "grpc/reflection/v1alpha/reflection.proto",
        descriptors: "grpc.reflection.v1alpha.bin",
        // The two versions differ in nothing but their names, so they share their messages.
        options: |builder| builder.extern_path(".grpc.reflection.v1alpha", "crate::services::reflection::v1"),
    },
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file that is to be committed, by its name.
fn generated() -> BTreeMap<String, Vec<u8>> {
    let out = scratch("services");
    let protos = repository().join("proto");
    for standard in &STANDARD {
        let builder = configure().out_dir(&out).emit_rerun_if_changed(false).btree_map(["."]).bytes(["."]);
        let builder = builder.file_descriptor_set_path(out.join(standard.descriptors));
        (standard.options)(builder).compile(&[protos.join(standard.proto)], &[&protos]).unwrap();
    }
    read(&out)
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap());
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}

#[test]
fn the_committed_services_are_what_the_generator_prints() {
    let (folder, generated) = (repository().join("src/services/generated"), generated());
    assert_eq!(generated.len(), 6, "{:?}", generated.keys());
    if refresh() {
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in &generated {
            fs::write(folder.join(name), content).unwrap();
        }
    }
    let committed = read(&folder);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&generated));
    for (name, content) in &generated {
        assert!(committed[name] == *content, "src/services/generated/{name} differs; REFRESH=1 writes it");
    }
}
