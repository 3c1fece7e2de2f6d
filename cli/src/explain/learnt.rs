//! Descriptors that a recording itself holds: what its server said when it was asked by reflection.
//!
//! In: the shares of a reflection call's answers. Out: more in the pool, and from then on messages have names:
//!
//! ```text
//!   ServerReflectionInfo <-- FileDescriptorResponse { file, file, .. }     learnt
//!   odd.Odd/Echo         --> odd.Box { counts, big, inner }                told by name
//! ```
//!
//! Tools ask before they call, so the answer mostly comes first; what came before it stays without names. Both versions
//! of the service write answers alike.
//!
//! Must not know: frames, or how messages are told.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::{FileDescriptorProto, FileDescriptorSet};
use wirewright::inspect::Part;
use wirewright::services::reflection::v1::ServerReflectionResponse;
use wirewright::services::reflection::v1::server_reflection_response::MessageResponse;

/// What has been learnt so far.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// Answers that are not whole, by connection and stream.
    coming: BTreeMap<(u32, u32), Vec<u8>>,
    /// Files whose imports may still be missing, by name.
    files: BTreeMap<String, FileDescriptorProto>,
}

impl Learnt {
    /// Whether a method is one of reflection's.
    pub(super) fn is_concerned(method: &str) -> bool {
        method.starts_with("grpc.reflection.") && method.ends_with("/ServerReflectionInfo")
    }

    /// Takes in a share of an answer; what it completes is added to the pool.
    pub(super) fn hear(
        &mut self,
        stream: (u32, u32),
        part: &Part,
        content: &[u8],
        pool: &mut Option<DescriptorPool>,
    ) {
        if self.coming.len() >= MOST_STREAMS && !self.coming.contains_key(&stream) {
            return;
        }
        let coming = self.coming.entry(stream).or_default();
        if part.flag == 0 && coming.len() + content.len() <= MOST_BYTES {
            coming.extend_from_slice(content);
        }
        if part.ends
            && let Some(answer) = self.coming.remove(&stream)
        {
            self.learn(answer.into(), pool);
        }
    }

    /// Reads an answer. One that makes no sense teaches nothing.
    fn learn(&mut self, answer: Bytes, pool: &mut Option<DescriptorPool>) {
        let Ok(answer) = ServerReflectionResponse::decode(answer) else { return };
        let Some(MessageResponse::FileDescriptorResponse(found)) = answer.message_response else { return };
        for encoded in found.file_descriptor_proto {
            if let Ok(file) = FileDescriptorProto::decode(encoded)
                && self.files.len() < MOST_FILES
            {
                self.files.insert(file.name().to_owned(), file);
            }
        }
        let mut known = pool.clone().unwrap_or_default();
        let is_new = |file: &&FileDescriptorProto| known.get_file_by_name(file.name()).is_none();
        let file = self.files.values().filter(is_new).cloned().collect();
        // As long as an import is missing none of them can be used; they wait for it.
        if known.add_file_descriptor_set(FileDescriptorSet { file }).is_ok() {
            *pool = Some(known);
            self.files.clear();
        }
    }
}

/// The largest message that gRPC's implementations take by default.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A tool asks on one stream, and many tools seldom at once; it bounds what answers that never end make us remember.
const MOST_STREAMS: usize = 16;

/// As many as a large company's service brings along; it bounds what a recording makes us remember.
const MOST_FILES: usize = 10_000;
