//! The options of a run, and the verbs that start it.
//!
//! In come options, one method each, and either `.proto` files or descriptors; out go files in `OUT_DIR` or elsewhere.
//! A `build.rs`, a descriptor set and the protoc plugin all pass through [`Builder::generate`], which touches no file:
//! that is why the three print the same text. This file must not know how anything is printed.

use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::check::check;
use crate::descriptors;
use crate::error::Error;
use crate::files::{self, GeneratedFile, Plan};
use crate::lower::lower;
use crate::messages;
use crate::names::ExternPaths;
use crate::printer::Parts;

/// Options for generating code; every setter returns the builder, and `compile` and its siblings use it up.
///
/// Without any, a builder prints messages, traits, servers and clients into Cargo's `OUT_DIR`.
///
/// Where an option takes a *path*, it is prost-build's: `.` for everything, `.package.Message.field` from the root, or
/// the end of such a name without the leading dot.
#[derive(Debug)]
pub struct Builder {
    /// Options about messages live where they take effect.
    prost: prost_build::Config,
    /// Kept besides, because services name the same types.
    extern_paths: Vec<(String, String)>,
    prost_path: String,
    prost_types_path: String,
    well_known_types: bool,
    retain_enum_prefix: bool,
    /// prost-build forgets earlier paths whenever it is given new ones.
    bytes: Vec<String>,
    btree_map: Vec<String>,
    skip_debug: Vec<String>,
    disable_comments: Vec<String>,
    parts: Parts,
    messages: bool,
    out_dir: Option<PathBuf>,
    include_file: Option<PathBuf>,
    file_descriptor_set_path: Option<PathBuf>,
    default_package_filename: String,
    emit_rerun_if_changed: Option<bool>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A builder with the defaults of each option.
    #[must_use]
    pub fn new() -> Self {
        Self {
            prost: prost_build::Config::new(),
            extern_paths: Vec::new(),
            prost_path: "::prost".to_owned(),
            prost_types_path: "::prost_types".to_owned(),
            well_known_types: true,
            retain_enum_prefix: false,
            bytes: Vec::new(),
            btree_map: Vec::new(),
            skip_debug: Vec::new(),
            disable_comments: Vec::new(),
            parts: Parts { server: true, client: true, unimplemented_stubs: false },
            messages: true,
            out_dir: None,
            include_file: None,
            file_descriptor_set_path: None,
            default_package_filename: "_".to_owned(),
            emit_rerun_if_changed: None,
        }
    }

    /// Prints clients; on unless turned off.
    #[must_use]
    pub fn build_client(mut self, enable: bool) -> Self {
        self.parts.client = enable;
        self
    }

    /// Prints traits and servers; on unless turned off.
    #[must_use]
    pub fn build_server(mut self, enable: bool) -> Self {
        self.parts.server = enable;
        self
    }

    /// Gives the functions of traits a body that answers UNIMPLEMENTED.
    ///
    /// Off by default, so that a method added to a `.proto` file is a compile error until the server answers it. Turn
    /// it on where protos are published faster than servers.
    #[must_use]
    pub fn unimplemented_stubs(mut self, enable: bool) -> Self {
        self.parts.unimplemented_stubs = enable;
        self
    }

    /// Prints messages and enums; on unless turned off.
    ///
    /// Turned off, services expect the messages in the module that they are put in, and their file is called
    /// `<package>.wirewright.rs`, so that it can stand beside the file of another generator.
    #[must_use]
    pub fn messages(mut self, enable: bool) -> Self {
        self.messages = enable;
        self
    }

    /// Uses the type or module at `rust_path` for a protobuf type or package instead of printing it.
    ///
    /// `extern_path(".google.type", "::google_types")` takes a whole package from another crate.
    #[must_use]
    pub fn extern_path(mut self, proto_path: impl Into<String>, rust_path: impl Into<String>) -> Self {
        self.extern_paths.push((proto_path.into(), rust_path.into()));
        self
    }

    /// Prints the types of `google.protobuf` like any others, instead of taking those of `prost-types`.
    #[must_use]
    pub fn compile_well_known_types(mut self) -> Self {
        self.well_known_types = false;
        self
    }

    /// Writes files here instead of into Cargo's `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(path.into());
        self
    }

    /// Also writes a file that puts every generated file into the module of its package.
    ///
    /// One `include!` of it is enough, and paths between packages lead where they should.
    #[must_use]
    pub fn include_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.include_file = Some(path.into());
        self
    }

    /// Also writes the descriptors as an encoded `FileDescriptorSet`, which reflection serves.
    #[must_use]
    pub fn file_descriptor_set_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.file_descriptor_set_path = Some(path.into());
        self
    }

    /// Names the file of protos without a package, without `.rs`; `_` by default.
    #[must_use]
    pub fn default_package_filename(mut self, name: impl Into<String>) -> Self {
        self.default_package_filename = name.into();
        self
    }

    /// Tells Cargo to run the build script again when any file that was read changes.
    ///
    /// By default this happens in build scripts, which is to say where `OUT_DIR` is set.
    #[must_use]
    pub fn emit_rerun_if_changed(mut self, enable: bool) -> Self {
        self.emit_rerun_if_changed = Some(enable);
        self
    }

    /// Puts an attribute before messages, enums and oneofs that match the path.
    #[must_use]
    pub fn type_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.type_attribute(path, attribute);
        self
    }

    /// Puts an attribute before messages that match the path.
    #[must_use]
    pub fn message_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.message_attribute(path, attribute);
        self
    }

    /// Puts an attribute before enums and oneofs that match the path.
    #[must_use]
    pub fn enum_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.enum_attribute(path, attribute);
        self
    }

    /// Puts an attribute before fields that match the path.
    #[must_use]
    pub fn field_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.field_attribute(path, attribute);
        self
    }

    /// Uses `Bytes` instead of `Vec<u8>` for the `bytes` fields that match; may be called again for more.
    #[must_use]
    pub fn bytes(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.bytes.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Uses `BTreeMap` instead of `HashMap` for the maps that match; may be called again for more.
    #[must_use]
    pub fn btree_map(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.btree_map.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Boxes the fields that match, besides those that must be.
    #[must_use]
    pub fn boxed(mut self, path: impl AsRef<str>) -> Self {
        self.prost.boxed(path);
        self
    }

    /// Derives no `Debug` for the types that match; may be called again for more.
    #[must_use]
    pub fn skip_debug(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.skip_debug.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Leaves out the comments of the messages and fields that match; may be called again for more.
    #[must_use]
    pub fn disable_comments(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.disable_comments.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Keeps the name of an enum in front of its values.
    #[must_use]
    pub fn retain_enum_prefix(mut self) -> Self {
        self.retain_enum_prefix = true;
        self.prost.retain_enum_prefix();
        self
    }

    /// Implements `prost::Name` for messages.
    #[must_use]
    pub fn enable_type_names(mut self) -> Self {
        self.prost.enable_type_names();
        self
    }

    /// Sets the domain of the type URLs of messages that match.
    #[must_use]
    pub fn type_name_domain(
        mut self,
        paths: impl IntoIterator<Item = impl AsRef<str>>,
        domain: impl AsRef<str>,
    ) -> Self {
        self.prost.type_name_domain(paths, domain);
        self
    }

    /// Where generated code finds `prost`; `::prost` by default.
    #[must_use]
    pub fn prost_path(mut self, path: impl Into<String>) -> Self {
        self.prost_path = path.into();
        self
    }

    /// Where generated code finds `prost-types`; `::prost_types` by default.
    #[must_use]
    pub fn prost_types_path(mut self, path: impl Into<String>) -> Self {
        self.prost_types_path = path.into();
        self
    }

    /// Reads `.proto` files and writes what they become.
    ///
    /// `includes` are the folders in which `import` looks; each file must lie in one of them.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, parsed or linked; a declaration that Rust has no answer to; a bad option; a folder
    /// that cannot be written to. See [`Error`].
    pub fn compile(self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
        let compiled = descriptors::compile(protos, includes)?;
        if self.emit_rerun_if_changed.unwrap_or_else(|| std::env::var_os("OUT_DIR").is_some()) {
            files::emit_rerun_if_changed(&compiled.sources);
        }
        self.write(&compiled.set, &compiled.encoded)
    }

    /// Writes what the descriptors become; they must include those of imported files.
    ///
    /// # Errors
    ///
    /// As [`Builder::compile`], reading aside.
    pub fn compile_fds(self, set: &FileDescriptorSet) -> Result<(), Error> {
        let encoded = set.encode_to_vec();
        self.write(set, &encoded)
    }

    /// Reads a `FileDescriptorSet` that another compiler has written, and writes what it becomes.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is no descriptor set; else as [`Builder::compile_fds`].
    pub fn compile_descriptor_set(self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let encoded = std::fs::read(path).map_err(|error| Error::io("read", path, &error))?;
        let set = descriptors::decode(&encoded)?;
        if self.emit_rerun_if_changed.unwrap_or_else(|| std::env::var_os("OUT_DIR").is_some()) {
            files::emit_rerun_if_changed(&[path.to_owned()]);
        }
        self.write(&set, &encoded)
    }

    /// What the descriptors become, without reading or writing any file.
    ///
    /// # Errors
    ///
    /// As [`Builder::compile_fds`], writing aside.
    pub fn generate(self, set: &FileDescriptorSet) -> Result<Vec<GeneratedFile>, Error> {
        let everything = vec![true; set.file.len()];
        self.generate_selected(set, &everything, None)
    }

    /// Prints those files of the set that are selected; the others only have to be known.
    pub(crate) fn generate_selected(
        mut self,
        set: &FileDescriptorSet,
        selected: &[bool],
        out_dir: Option<&Path>,
    ) -> Result<Vec<GeneratedFile>, Error> {
        check(set, self.retain_enum_prefix)?;
        let well_known = self.well_known_types.then_some(self.prost_types_path.as_str());
        let paths = ExternPaths::new(&self.extern_paths, &self.prost_path, well_known)?;
        let services = lower(set, &paths)?;
        self.configure_prost();
        let messages = if self.messages { messages::print(&mut self.prost, set)? } else { Vec::new() };
        let plan = Plan {
            set,
            selected,
            messages: &messages,
            services: &services,
            parts: self.parts,
            suffix: if self.messages { ".rs" } else { ".wirewright.rs" },
            default_package_filename: &self.default_package_filename,
            include_file: self.include_file.as_deref(),
            out_dir,
        };
        plan.files()
    }

    /// Passes on the options that were kept here.
    fn configure_prost(&mut self) {
        for (proto, rust) in &self.extern_paths {
            self.prost.extern_path(proto, rust);
        }
        // prost-build says the default path in every derive, once it is set.
        if self.prost_path != "::prost" {
            self.prost.prost_path(&self.prost_path);
        }
        self.prost.prost_types_path(&self.prost_types_path);
        if !self.well_known_types {
            self.prost.compile_well_known_types();
        }
        self.prost.bytes(&self.bytes).btree_map(&self.btree_map);
        self.prost.skip_debug(&self.skip_debug).disable_comments(&self.disable_comments);
    }

    fn write(mut self, set: &FileDescriptorSet, encoded: &[u8]) -> Result<(), Error> {
        let out_dir = self.out_dir.take();
        let descriptor_path = self.file_descriptor_set_path.take();
        let target = match out_dir.clone().or_else(|| std::env::var_os("OUT_DIR").map(PathBuf::from)) {
            Some(target) => target,
            None => {
                return Err(Error::new(
                    "there is no place to write to: OUT_DIR, which Cargo sets for build scripts, is not set; call \
                     `out_dir`",
                ));
            }
        };
        let everything = vec![true; set.file.len()];
        let files = self.generate_selected(set, &everything, out_dir.as_deref())?;
        files::write(&target, &files)?;
        match descriptor_path {
            Some(path) => files::write_if_changed(&path, encoded),
            None => Ok(()),
        }
    }
}
