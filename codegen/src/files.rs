//! Puts printed parts together into files, one per package, and writes them.
//!
//! In come the messages of each file and the services of each module; out go files named after packages, as
//! prost-build names them: `google.type` becomes `google.r#type.rs`. Every file reads
//!
//! ```text
//! // This file is @generated ...
//! messages and enums                 prost-build's
//! the services part                  ours, opened by the handshake with the library
//! ```
//!
//! so that services name the messages of their own package without a path. A file that would not change is not
//! touched, lest Cargo compile it again. This file must not know what is in a part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use prost_build::Module;
use prost_types::FileDescriptorSet;

use crate::error::Error;
use crate::lower::module_path;
use crate::model::Package;
use crate::printer::{self, Parts};

/// A file to be written: its name and all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GeneratedFile {
    /// Relative to the output folder.
    pub name: String,
    /// Rust.
    pub content: String,
}

/// Everything that files are made of.
pub(crate) struct Plan<'a> {
    pub(crate) set: &'a FileDescriptorSet,
    /// Which files of the set are wanted.
    pub(crate) selected: &'a [bool],
    /// The messages of each file of the set; nothing at all if they are not wanted.
    pub(crate) messages: &'a [String],
    pub(crate) services: &'a BTreeMap<Vec<String>, Package>,
    pub(crate) parts: Parts,
    /// How the names of files end.
    pub(crate) suffix: &'a str,
    pub(crate) default_package_filename: &'a str,
    pub(crate) include_file: Option<&'a Path>,
    /// The folder that the user chose; without one, included files are looked for in `OUT_DIR`.
    pub(crate) out_dir: Option<&'a Path>,
}

impl Plan<'_> {
    /// The files, by the order of their modules, and the one that includes them.
    pub(crate) fn files(&self) -> Result<Vec<GeneratedFile>, Error> {
        let mut modules: BTreeMap<Vec<String>, String> = BTreeMap::new();
        let is_selected = |index: usize| self.selected.get(index).copied().unwrap_or(false);
        for (index, file) in self.set.file.iter().enumerate().filter(|(index, _)| is_selected(*index)) {
            let text = self.messages.get(index).map_or("", String::as_str);
            modules.entry(module_path(file.package())).or_default().push_str(text);
        }
        for (path, package) in self.services {
            let text = printer::print(package, self.parts, |service| is_selected(service.file));
            if let Some(module) = modules.get_mut(path).filter(|_| !text.is_empty()) {
                if !module.is_empty() {
                    module.push('\n');
                }
                module.push_str(&text);
            }
        }
        modules.retain(|_, text| !text.is_empty());
        let mut files = Vec::new();
        for (path, text) in &modules {
            let name = relative(Path::new(&self.file_name(path)), "default_package_filename")?;
            if name.contains(['/', '\\']) {
                return Err(Error::new(format!(
                    "default_package_filename `{name}`: write the name of a file"
                )));
            }
            files.push(GeneratedFile { name, content: format!("{GENERATED}{text}") });
        }
        if let Some(name) = self.include_file {
            files.push(GeneratedFile {
                name: relative(name, "include_file")?,
                content: self.includes(modules.keys()),
            });
        }
        let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        if names.len() < files.len() {
            return Err(Error::new(
                "two generated files have the same name; choose another `include_file` or \
                 `default_package_filename`",
            ));
        }
        Ok(files)
    }

    fn file_name(&self, path: &[String]) -> String {
        let name = Module::from_parts(path).to_file_name_or(self.default_package_filename);
        format!("{}{}", name.trim_end_matches(".rs"), self.suffix)
    }

    /// Nested modules, each of which includes the file of its package.
    fn includes<'a>(&self, modules: impl Iterator<Item = &'a Vec<String>>) -> String {
        let mut out = GENERATED.to_owned();
        let mut open: Vec<&String> = Vec::new();
        let mut line = |depth: usize, text: &str| {
            out.push_str(&"    ".repeat(depth));
            out.push_str(text);
            out.push('\n');
        };
        for path in modules {
            let shared = open.iter().zip(path).take_while(|(open, part)| *open == part).count();
            while open.len() > shared {
                open.pop();
                line(open.len(), "}");
            }
            for part in path.iter().skip(shared) {
                line(open.len(), &format!("pub mod {part} {{"));
                open.push(part);
            }
            let name = self.file_name(path);
            match self.out_dir {
                Some(_) => line(open.len(), &format!("include!({name:?});")),
                None => {
                    let name = format!("/{name}");
                    line(open.len(), &format!("include!(concat!(env!(\"OUT_DIR\"), {name:?}));"));
                }
            }
        }
        while open.pop().is_some() {
            line(open.len(), "}");
        }
        out
    }
}

/// Writes files into a folder, which is made if it is not there.
///
/// # Errors
///
/// A folder or file that cannot be written to.
pub(crate) fn write(folder: &Path, files: &[GeneratedFile]) -> Result<(), Error> {
    for file in files {
        write_if_changed(&folder.join(&file.name), file.content.as_bytes())?;
    }
    Ok(())
}

/// Writes a file unless it has this content already.
///
/// # Errors
///
/// A folder or file that cannot be written to.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|before| before == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, &error))?;
    }
    std::fs::write(path, content).map_err(|error| Error::io("write", path, &error))
}

/// Tells Cargo which files the output depends on.
pub(crate) fn emit_rerun_if_changed(paths: &[PathBuf]) {
    for path in paths {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// The name of a file below the output folder: no option may lead out of it.
fn relative(name: &Path, option: &str) -> Result<String, Error> {
    let stays = name.components().all(|part| matches!(part, Component::Normal(_)));
    name.to_str().filter(|_| stays).map(str::to_owned).ok_or_else(|| {
        Error::new(format!("{option} `{}`: write a path below the output folder", name.display()))
    })
}

/// Opens every file; reviewers' tools fold what is marked like this.
const GENERATED: &str = "// This file is @generated by wirewright-codegen.\n";
