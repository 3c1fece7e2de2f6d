//! `Session`: the questions of one stream, and what it has been told.
//!
//! In: a question. Out: its answer. A file comes with everything it imports, directly or not, except what this stream
//! has been sent before; the file that was asked for is always sent.
//!
//! What cannot be answered is an answer too (`error_response`), and the stream goes on. Only a question that asks
//! nothing ends it. Source: gRPC `server-reflection.md`, `reflection.proto`.
//!
//! Must not know: how questions come.

use std::collections::HashSet;

use super::index::{FileId, Index};
use super::v1::server_reflection_request::MessageRequest;
use super::v1::server_reflection_response::MessageResponse;
use super::v1::{
    ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse,
    ServerReflectionRequest, ServerReflectionResponse, ServiceResponse,
};
use crate::{Code, Status};

/// One stream.
pub(super) struct Session<'a> {
    index: &'a Index,
    sent: HashSet<FileId>,
}

impl<'a> Session<'a> {
    pub(super) fn new(index: &'a Index) -> Session<'a> {
        Session { index, sent: HashSet::new() }
    }

    /// Answers a question.
    pub(super) fn answer(
        &mut self,
        request: ServerReflectionRequest,
    ) -> Result<ServerReflectionResponse, Status> {
        let answer = match &request.message_request {
            Some(MessageRequest::FileByFilename(name)) => {
                self.files(self.index.named(name), || format!("there is no file {name:?}"))
            }
            Some(MessageRequest::FileContainingSymbol(symbol)) => {
                self.files(self.index.declaring(symbol), || format!("there is no symbol {symbol:?}"))
            }
            Some(MessageRequest::FileContainingExtension(wanted)) => {
                let (message, number) = (&wanted.containing_type, wanted.extension_number);
                let found = self.index.extending(message, number);
                self.files(found, || format!("{message:?} has no extension with number {number}"))
            }
            Some(MessageRequest::AllExtensionNumbersOfType(message)) => {
                match self.index.extension_numbers(message) {
                    Some(extension_number) => {
                        let base_type_name = message.clone();
                        MessageResponse::AllExtensionNumbersResponse(ExtensionNumberResponse {
                            base_type_name,
                            extension_number,
                        })
                    }
                    None => not_found(format!("there is no message {message:?}")),
                }
            }
            Some(MessageRequest::ListServices(_)) => {
                let service = self.index.services().map(|name| ServiceResponse { name: name.to_owned() });
                MessageResponse::ListServicesResponse(ListServiceResponse { service: service.collect() })
            }
            None => return Err(Status::invalid_argument("the request asks nothing this server knows")),
        };
        Ok(ServerReflectionResponse {
            valid_host: request.host.clone(),
            original_request: Some(request),
            message_response: Some(answer),
        })
    }

    fn files(&mut self, asked: Option<FileId>, problem: impl FnOnce() -> String) -> MessageResponse {
        let Some(asked) = asked else { return not_found(problem()) };
        self.sent.remove(&asked);
        let (mut found, mut open) = (Vec::new(), vec![asked]);
        while let Some(id) = open.pop() {
            if let Some(file) = self.index.file(id).filter(|_| self.sent.insert(id)) {
                found.push(file.encoded.clone());
                open.extend(file.linked.iter().rev());
            }
        }
        MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto: found })
    }
}

fn not_found(problem: String) -> MessageResponse {
    let error_code = Code::NotFound as i32;
    MessageResponse::ErrorResponse(ErrorResponse { error_code, error_message: problem })
}
