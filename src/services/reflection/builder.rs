//! `ReflectionBuilder`: which descriptors are served, and whether they belong together.
//!
//! In: descriptor sets. Out: an index, or what is wrong with the sets and what to do.
//!
//! Must not know: questions or answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::index::Index;
use super::service::Reflection;
use super::{v1, v1alpha};

/// A [`Reflection`] to be.
#[derive(Clone, Debug, Default)]
pub struct ReflectionBuilder {
    sets: Vec<Bytes>,
    services: Option<BTreeSet<String>>,
}

/// Descriptors that cannot be served: says which, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDescriptors {
    /// These bytes are no `FileDescriptorSet`, or one with a file that is none.
    #[error("descriptor set {nth} cannot be read ({problem}): give the bytes of a FileDescriptorSet")]
    Unreadable {
        /// Which of the sets, counted from 1.
        nth: usize,
        /// What is wrong with the bytes.
        problem: String,
    },
    /// A file imports one that is in no set.
    #[error("{file} imports {import}, which is in no descriptor set: write the set with its imports")]
    Missing {
        /// The file.
        file: String,
        /// The file that it imports.
        import: String,
    },
    /// Two different files have one name, so an import could mean either.
    #[error("two descriptor sets have different files named {file}: compile them together, or rename one")]
    Conflict {
        /// The name.
        file: String,
    },
    /// Two files declare the same symbol.
    #[error("{symbol} is declared by {one} and by {other}: keep one of them")]
    Duplicate {
        /// The full name of the symbol.
        symbol: String,
        /// The file that is first.
        one: String,
        /// The other.
        other: String,
    },
    /// A service is to be listed that no set describes.
    #[error("the service {service} is in no descriptor set: add the set that describes it")]
    Unknown {
        /// The full name.
        service: String,
    },
}

impl ReflectionBuilder {
    /// One more set of descriptors: an encoded `google.protobuf.FileDescriptorSet`, with all imports.
    ///
    /// `wirewright_codegen::configure().file_descriptor_set_path(..)` writes one, and so do protoc
    /// (`--include_imports --descriptor_set_out`) and `buf build`. Files that several sets have are served once.
    pub fn file_descriptor_set(mut self, encoded: impl Into<Bytes>) -> Self {
        self.sets.push(encoded.into());
        self
    }

    /// Lists this service, and otherwise only those that this function has named.
    ///
    /// Unless it is called, every service of every set is listed, those of reflection too. Whatever is listed,
    /// questions about any file and symbol are answered.
    pub fn list(mut self, service: impl Into<String>) -> Self {
        self.services.get_or_insert_default().insert(service.into());
        self
    }

    /// Reads the sets.
    ///
    /// # Errors
    ///
    /// [`InvalidDescriptors`] if a set cannot be read, or the sets do not belong together.
    pub fn build(self) -> Result<Reflection, InvalidDescriptors> {
        let own = [v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET].map(Bytes::from_static);
        let mut index = Index::default();
        for (nth, set) in self.sets.into_iter().chain(own).enumerate() {
            index.add_set(nth + 1, set)?;
        }
        index.link()?;
        if let Some(services) = self.services {
            index.list_only(services)?;
        }
        Ok(Reflection::new(Arc::new(index)))
    }
}
