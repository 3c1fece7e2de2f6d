//! Descriptors, written down: as one set, or as `.proto` files.
//!
//! In: files, and where to. Out: nothing but what is on the disk. A name that leads out of the folder (it came from a
//! server) is refused.
//!
//! Must not know: why these files.

use std::fs;
use std::path::{Component, Path};

use prost_reflect::FileDescriptor;

use crate::describe;
use crate::failure::Failure;

/// Writes a `FileDescriptorSet`.
pub(super) fn set(path: &Path, files: &[FileDescriptor]) -> Result<(), Failure> {
    let mut set = Vec::new();
    for file in files {
        let encoded = file.encode_to_vec();
        // Field 1 of FileDescriptorSet, with its length.
        set.push(0x0a);
        prost::encoding::encode_varint(encoded.len() as u64, &mut set);
        set.extend(encoded);
    }
    fs::write(path, set).map_err(|error| failed(path, &error))
}

/// Writes each file below a folder, under its own name.
pub(super) fn protos(folder: &Path, files: &[FileDescriptor]) -> Result<(), Failure> {
    for file in files {
        let name = Path::new(file.name());
        let stays = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !stays {
            let what = format!("the file {:?} would be written outside of {}", file.name(), folder.display());
            return Err(Failure::cannot(what, "-protoset-out writes no names"));
        }
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        fs::write(&path, describe::file(file)).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

fn failed(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::cannot(format!("cannot write {}: {error}", path.display()), "check the path, and whose it is")
}
