//! Descriptors from files: `.proto`, or sets that a compiler has written.
//!
//! In: paths. Out: a pool, or which file cannot be used and why.
//!
//! Must not know: servers.

use prost_reflect::DescriptorPool;
use protox::Compiler;

use super::flags::SchemaFlags;
use crate::failure::Failure;

/// The descriptors of all files that the flags name.
pub(super) fn pool(flags: &SchemaFlags) -> Result<DescriptorPool, Failure> {
    if !flags.proto.is_empty() {
        return compile(flags);
    }
    let mut pool = DescriptorPool::new();
    for path in &flags.protoset {
        let name = path.display();
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::cannot(format!("cannot read {name}: {error}"), "check the path"))?;
        pool.decode_file_descriptor_set(bytes.as_slice()).map_err(|error| {
            let hint =
                "write it with `protoc --include_imports --descriptor_set_out=FILE` or `buf build -o FILE`";
            Failure::cannot(format!("{name} is no usable FileDescriptorSet: {error}"), hint)
        })?;
    }
    Ok(pool)
}

fn compile(flags: &SchemaFlags) -> Result<DescriptorPool, Failure> {
    // As with protoc: the current folder is where files are, unless it is said where.
    let includes = if flags.import_path.is_empty() { vec![".".into()] } else { flags.import_path.clone() };
    let folders = || includes.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let failed = |error: protox::Error| {
        // The form for debugging is one line: file, line, column and what is wrong there.
        let what = format!("{error:?}").replace('\n', " ");
        let hint = if error.is_file_not_found() {
            format!("files and imports are looked for in {}: -import-path FOLDER says where else", folders())
        } else {
            String::new()
        };
        Failure::cannot(what, hint)
    };
    let mut compiler = Compiler::new(&includes).map_err(failed)?;
    compiler.include_imports(true).include_source_info(true);
    for proto in &flags.proto {
        compiler.open_file(proto).map_err(failed)?;
    }
    Ok(compiler.descriptor_pool())
}
