//! Asks a server what it has, in `grpc.reflection.v1` or, if it is older, in `v1alpha`.
//!
//! In: questions. Out: files, kept as they came, with everything that they import.
//!
//! Must not know: what the files are for.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::FileDescriptorProto;
use wirewright::services::reflection::v1::server_reflection_request::MessageRequest;
use wirewright::services::reflection::v1::server_reflection_response::MessageResponse;
use wirewright::services::reflection::v1::{
    ServerReflectionClient, ServerReflectionRequest, ServerReflectionResponse,
};
use wirewright::services::reflection::v1alpha;
use wirewright::{Code, Metadata, Request, Sender, Status, Streaming};

use crate::dial::Dialed;
use crate::failure::{Failure, exit_of};

/// A server that is asked.
pub(super) struct Reflector {
    dialed: Dialed,
    metadata: Metadata,
    version: Version,
    stream: Option<(Sender<ServerReflectionRequest>, Streaming<ServerReflectionResponse>)>,
    /// Every file so far, encoded, by its name.
    files: BTreeMap<String, Bytes>,
    /// What those import.
    imports: BTreeSet<String>,
}

/// Which version the server understands, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V1Alpha,
}

impl Reflector {
    pub(super) fn new(dialed: Dialed, metadata: Metadata) -> Reflector {
        let (files, imports) = (BTreeMap::new(), BTreeSet::new());
        Reflector { dialed, metadata, version: Version::V1, stream: None, files, imports }
    }

    /// The full names of its services, in alphabetical order.
    pub(super) async fn services(&mut self) -> Result<Vec<String>, Failure> {
        match self.ask(MessageRequest::ListServices("*".to_owned())).await? {
            MessageResponse::ListServicesResponse(list) => {
                let names: BTreeSet<_> = list.service.into_iter().map(|service| service.name).collect();
                Ok(names.into_iter().collect())
            }
            MessageResponse::ErrorResponse(error) => {
                Err(self.refused(Status::new(code(error.error_code), error.error_message)))
            }
            _ => Err(self.confused("a list of services")),
        }
    }

    /// Fetches the file that declares a symbol; `false` if there is no such symbol.
    pub(super) async fn fetch_symbol(&mut self, symbol: &str) -> Result<bool, Failure> {
        self.fetch(MessageRequest::FileContainingSymbol(symbol.to_owned())).await
    }

    /// Fetches the files that declare the extensions of a message; a server that knows of none is no trouble.
    pub(super) async fn fetch_extensions(&mut self, message: &str) -> Result<(), Failure> {
        let question = MessageRequest::AllExtensionNumbersOfType(message.to_owned());
        let MessageResponse::AllExtensionNumbersResponse(numbers) = self.ask(question).await? else {
            return Ok(());
        };
        for extension_number in numbers.extension_number {
            let containing_type = message.to_owned();
            let wanted =
                wirewright::services::reflection::v1::ExtensionRequest { containing_type, extension_number };
            self.fetch(MessageRequest::FileContainingExtension(wanted)).await?;
        }
        Ok(())
    }

    /// Adds everything that was fetched to a pool.
    pub(super) fn add_to(&self, pool: &mut DescriptorPool) -> Result<(), Failure> {
        let mut set = BytesMut::new();
        for (name, file) in &self.files {
            if pool.get_file_by_name(name).is_none() {
                // Field 1 of FileDescriptorSet, with its length.
                set.put_u8(0x0a);
                prost::encoding::encode_varint(file.len() as u64, &mut set);
                set.put_slice(file);
            }
        }
        pool.decode_file_descriptor_set(set.freeze()).map_err(|error| {
            let hint = "-proto or -protoset give descriptors that do not depend on the server";
            Failure::cannot(format!("the server's descriptors cannot be used: {error}"), hint)
        })
    }

    /// Fetches the file that answers a question, and all that it imports.
    async fn fetch(&mut self, question: MessageRequest) -> Result<bool, Failure> {
        if !self.take_in(question).await? {
            return Ok(false);
        }
        // Most servers send imports along; those that do not are asked for each, once.
        let mut asked = BTreeSet::new();
        let missing = |this: &Reflector, asked: &BTreeSet<String>| {
            let unknown = |name: &&String| !this.files.contains_key(*name) && !asked.contains(*name);
            this.imports.iter().find(unknown).cloned()
        };
        while let Some(name) = missing(self, &asked) {
            asked.insert(name.clone());
            self.take_in(MessageRequest::FileByFilename(name)).await?;
        }
        Ok(true)
    }

    async fn take_in(&mut self, question: MessageRequest) -> Result<bool, Failure> {
        match self.ask(question).await? {
            MessageResponse::FileDescriptorResponse(found) => {
                for encoded in found.file_descriptor_proto {
                    let file = FileDescriptorProto::decode(encoded.clone());
                    let file = file.map_err(|_| self.confused("a file descriptor"))?;
                    self.imports.extend(file.dependency.iter().cloned());
                    self.files.insert(file.name().to_owned(), encoded);
                }
                Ok(true)
            }
            // Some servers say UNKNOWN or INVALID_ARGUMENT of a symbol that they do not have.
            MessageResponse::ErrorResponse(_) => Ok(false),
            _ => Err(self.confused("a file")),
        }
    }

    /// Asks a question, of the older service if the server does not know the newer one.
    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse, Failure> {
        match self.ask_once(question.clone()).await {
            Err(status) if status.code() == Code::Unimplemented && self.version == Version::V1 => {
                (self.version, self.stream) = (Version::V1Alpha, None);
                self.ask_once(question).await
            }
            answer => answer,
        }
        .map_err(|status| self.refused(status))
    }

    async fn ask_once(&mut self, question: MessageRequest) -> Result<MessageResponse, Status> {
        let (mut questions, mut answers) = match self.stream.take() {
            Some(stream) => stream,
            None => self.open().await?,
        };
        let host = String::new();
        // If the stream has ended, the reading half says why.
        let _ = questions.send(ServerReflectionRequest { host, message_request: Some(question) }).await;
        let answer = answers.message().await?;
        self.stream = Some((questions, answers));
        let answer = answer.and_then(|answer| answer.message_response);
        answer.ok_or_else(|| Status::internal("the server's reflection did not answer a question"))
    }

    async fn open(
        &self,
    ) -> Result<(Sender<ServerReflectionRequest>, Streaming<ServerReflectionResponse>), Status> {
        let mut head = Request::new(());
        *head.metadata_mut() = self.metadata.clone();
        if let Some(deadline) = self.dialed.deadline {
            head = head.with_deadline(deadline);
        }
        let channel = self.dialed.channel.clone();
        match self.version {
            Version::V1 => ServerReflectionClient::new(channel).server_reflection_info(head).await,
            Version::V1Alpha => {
                v1alpha::ServerReflectionClient::new(channel).server_reflection_info(head).await
            }
        }
    }

    fn refused(&self, status: Status) -> Failure {
        let address = &self.dialed.address;
        let (what, hint) = match status.code() {
            Code::Unimplemented => (
                format!("{address} does not say what it has: it has no reflection service"),
                "-proto FILE or -protoset FILE tell instead",
            ),
            Code::Unauthenticated | Code::PermissionDenied => (
                format!("{address} does not say what it has: {status}"),
                "-H 'authorization: Bearer TOKEN' or -reflect-header may help; so do -proto and -protoset",
            ),
            Code::DeadlineExceeded => (
                format!("{address} did not say what it has: {status}"),
                "-max-time sets how long it may take",
            ),
            _ => (
                format!("{address} does not say what it has: {status}"),
                "-proto and -protoset do without it",
            ),
        };
        Failure::Cannot { what, hint: hint.to_owned(), exit: exit_of(status.code()) }
    }

    fn confused(&self, wanted: &str) -> Failure {
        let what = format!("{} was asked for {wanted} and answered with something else", self.dialed.address);
        Failure::cannot(what, "-proto and -protoset do without its reflection")
    }
}

fn code(number: i32) -> Code {
    u32::try_from(number).map_or(Code::Unknown, Code::from_u32)
}
