//! `Index`: from a name to the file that declares it.
//!
//! In: descriptor sets. Out: files by name, by symbol and by extension, and what each of them imports.
//!
//! Must not know: streams, or what has been answered before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use prost::Message;
use prost_types::FileDescriptorProto;

use super::builder::InvalidDescriptors;
use super::declared::{Declared, declared};

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Index {
    files: Vec<File>,
    by_name: HashMap<String, FileId>,
    by_symbol: HashMap<String, FileId>,
    by_extension: BTreeMap<(String, i32), FileId>,
    messages: HashSet<String>,
    services: BTreeSet<String>,
}

/// A file's place in the index.
pub(super) type FileId = usize;

/// One file.
#[derive(Debug)]
pub(super) struct File {
    name: String,
    /// As it came: whoever decodes and encodes it again loses custom options.
    pub(super) encoded: Bytes,
    imports: Vec<String>,
    /// The same, found.
    pub(super) linked: Vec<FileId>,
}

/// A `FileDescriptorSet` whose files are left as they are.
#[derive(Clone, PartialEq, Message)]
struct RawSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

impl Index {
    /// Adds the files of a set that are new.
    pub(super) fn add_set(&mut self, nth: usize, set: Bytes) -> Result<(), InvalidDescriptors> {
        let unreadable = |error: prost::DecodeError| {
            let problem = error.to_string();
            InvalidDescriptors::Unreadable { nth, problem }
        };
        for encoded in RawSet::decode(set).map_err(unreadable)?.file {
            let file = FileDescriptorProto::decode(encoded.clone()).map_err(unreadable)?;
            self.add_file(file, encoded)?;
        }
        Ok(())
    }

    fn add_file(&mut self, file: FileDescriptorProto, encoded: Bytes) -> Result<(), InvalidDescriptors> {
        let name = file.name().to_owned();
        if let Some(known) = self.by_name.get(&name).and_then(|id| self.files.get(*id)) {
            // Every compiler brings the well-known types along, with comments or without.
            return if known.encoded == encoded || name.starts_with(WELL_KNOWN) {
                Ok(())
            } else {
                Err(InvalidDescriptors::Conflict { file: name })
            };
        }
        let id = self.files.len();
        let mut duplicate = None;
        declared(&file, &mut |declared| {
            let symbol = match declared {
                Declared::Extension(extended, number) => {
                    self.by_extension.entry((extended, number)).or_insert(id);
                    return;
                }
                Declared::Service(service) => {
                    self.services.insert(service.clone());
                    service
                }
                Declared::Message(message) => {
                    self.messages.insert(message.clone());
                    message
                }
                Declared::Symbol(symbol) => symbol,
            };
            if let Some(other) = self.by_symbol.insert(symbol.clone(), id).filter(|other| *other != id) {
                duplicate.get_or_insert((symbol, other));
            }
        });
        if let Some((symbol, other)) = duplicate {
            let one = self.files.get(other).map(|file| file.name.clone()).unwrap_or_default();
            return Err(InvalidDescriptors::Duplicate { symbol, one, other: name });
        }
        self.by_name.insert(name.clone(), id);
        self.files.push(File { name, encoded, imports: file.dependency, linked: Vec::new() });
        Ok(())
    }

    /// Finds what every file imports.
    pub(super) fn link(&mut self) -> Result<(), InvalidDescriptors> {
        for file in &mut self.files {
            for import in &file.imports {
                let missing =
                    || InvalidDescriptors::Missing { file: file.name.clone(), import: import.clone() };
                file.linked.push(*self.by_name.get(import).ok_or_else(missing)?);
            }
        }
        Ok(())
    }

    /// Lists these services and no others.
    pub(super) fn list_only(&mut self, services: BTreeSet<String>) -> Result<(), InvalidDescriptors> {
        if let Some(service) = services.iter().find(|service| !self.services.contains(*service)) {
            return Err(InvalidDescriptors::Unknown { service: service.clone() });
        }
        self.services = services;
        Ok(())
    }

    pub(super) fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id)
    }

    pub(super) fn named(&self, name: &str) -> Option<FileId> {
        self.by_name.get(name).copied()
    }

    /// The file that declares a symbol; a dot before the name does no harm.
    pub(super) fn declaring(&self, symbol: &str) -> Option<FileId> {
        self.by_symbol.get(symbol.trim_start_matches('.')).copied()
    }

    pub(super) fn extending(&self, message: &str, number: i32) -> Option<FileId> {
        self.by_extension.get(&(message.trim_start_matches('.').to_owned(), number)).copied()
    }

    /// The numbers of all extensions of a message, ascending; `None` if there is no such message.
    pub(super) fn extension_numbers(&self, message: &str) -> Option<Vec<i32>> {
        let message = message.trim_start_matches('.').to_owned();
        if !self.messages.contains(&message) {
            return None;
        }
        let range = (message.clone(), i32::MIN)..=(message, i32::MAX);
        Some(self.by_extension.range(range).map(|((_, number), _)| *number).collect())
    }

    /// The services that are listed, in alphabetical order.
    pub(super) fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(String::as_str)
    }
}

/// Where the well-known types are.
const WELL_KNOWN: &str = "google/protobuf/";
