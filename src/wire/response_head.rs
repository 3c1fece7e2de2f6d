//! The head of a response, and the three things that may stand in its place.
//!
//! In: a [`ResponseHead`] that a server fills in, or the first HEADERS that a
//! client received. Out: an HTTP/2 response, or a [`ResponseStart`].
//!
//! ```text
//!   first HEADERS of the response           what it is
//!   --------------------------------------  -----------------------------------
//!   content-type is not application/grpc    NotGrpc: something else answered
//!   gRPC, END_STREAM, grpc-status           TrailersOnly: the call is over
//!   gRPC, :status is not 200                NotGrpc: the HTTP table decides
//!   gRPC, :status 200, END_STREAM           TrailersOnly, lacking its status
//!   gRPC, :status 200, more to come         Head, or Invalid
//! ```
//!
//! The order of the rows is the point. A page of HTML that happens to carry
//! `grpc-status: 0` is not a success. A `grpc-status` wins over any `:status`,
//! but only where it ends the stream: in a head that messages follow, it means
//! nothing, and the trailers will tell.
//!
//! Source: PROTOCOL-HTTP2 "Responses"; grpc's doc/http-grpc-status-mapping.md.
//! Must not know: deadlines, messages, what the status is used for.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, response};

use super::binary::validate_binary;
use super::quote::{VALUE_LIMIT, quote};
use super::{AcceptEncoding, ContentType, Encoding, Trailers, WireError, header, tables};
use crate::{Metadata, Status};

/// What a response says before its first message.
#[derive(Debug, Clone)]
pub struct ResponseHead {
    /// The message format: that of the request.
    pub content_type: ContentType,
    /// How the server's messages are compressed.
    pub encoding: Encoding,
    /// How the client's messages may be compressed in later calls.
    pub accept_encoding: AcceptEncoding,
    /// The application's metadata.
    pub metadata: Metadata,
}

/// What the first HEADERS of a response turned out to be.
#[derive(Debug, Clone)]
pub enum ResponseStart {
    /// A head; messages and trailers follow.
    Head(ResponseHead),
    /// The whole response in one block; nothing follows.
    TrailersOnly(Trailers),
    /// The answer of something that is not a gRPC server.
    NotGrpc(NotGrpc),
    /// A gRPC head that cannot be read, and the status the call ends with.
    Invalid(Status),
}

/// The answer of a proxy, a web server, or anything else that is not gRPC.
#[derive(Debug, Clone)]
pub struct NotGrpc {
    /// Its `:status`.
    pub http_status: StatusCode,
    /// Its `content-type`, if it had one.
    pub content_type: Option<HeaderValue>,
}

impl ResponseHead {
    /// The HTTP response that says this; for a server.
    pub fn into_response(self) -> Response<()> {
        let (encoding, accept_encoding) = (self.encoding.as_header(), self.accept_encoding.as_header());
        // Room for what comes and no more: in a head of one field, that is a fifth of what a map takes by itself.
        let said = usize::from(encoding.is_some()).saturating_add(usize::from(accept_encoding.is_some()));
        let fields = said.saturating_add(1).saturating_add(self.metadata.headers().len());
        let mut headers = HeaderMap::with_capacity(fields);
        headers.insert(CONTENT_TYPE, self.content_type.as_header());
        if let Some(value) = encoding {
            headers.insert(header::GRPC_ENCODING.clone(), value);
        }
        if let Some(value) = accept_encoding {
            headers.insert(header::GRPC_ACCEPT_ENCODING.clone(), value);
        }
        self.metadata.append_to(&mut headers);
        respond(headers)
    }

    /// Reads the first HEADERS of a response; for a client.
    ///
    /// `end_stream` says whether they had END_STREAM; `supported` names the
    /// encodings that the client offered besides identity.
    pub fn parse(parts: response::Parts, end_stream: bool, supported: &[&'static str]) -> ResponseStart {
        let response::Parts { status: http_status, headers, .. } = parts;
        let content_type = headers.get(CONTENT_TYPE).map(ContentType::parse);
        let is_whole = end_stream && headers.contains_key(&header::GRPC_STATUS);
        match content_type {
            Some(content_type) if content_type.is_grpc() => {
                if is_whole {
                    return ResponseStart::TrailersOnly(Trailers::parse(headers));
                }
                if http_status != StatusCode::OK {
                    let content_type = headers.get(CONTENT_TYPE).cloned();
                    return ResponseStart::NotGrpc(NotGrpc { http_status, content_type });
                }
                if end_stream {
                    return ResponseStart::TrailersOnly(Trailers::parse(headers));
                }
                match ResponseHead::read(content_type, headers, supported) {
                    Ok(head) => ResponseStart::Head(head),
                    Err(error) => ResponseStart::Invalid(error.into()),
                }
            }
            _ => {
                let content_type = headers.get(CONTENT_TYPE).cloned();
                ResponseStart::NotGrpc(NotGrpc { http_status, content_type })
            }
        }
    }

    /// Reads what is known to be a gRPC head.
    fn read(
        content_type: ContentType,
        headers: HeaderMap,
        supported: &[&'static str],
    ) -> Result<ResponseHead, WireError> {
        if !content_type.is_supported() {
            let shown = quote(content_type.as_header().as_bytes(), VALUE_LIMIT);
            return Err(WireError::ResponseFormat(shown));
        }
        validate_binary(&headers)?;
        let encoding = Encoding::parse(&headers, supported).map_err(WireError::ResponseEncoding)?;
        Ok(ResponseHead {
            content_type,
            encoding,
            accept_encoding: AcceptEncoding::parse(&headers, supported),
            metadata: Metadata::from_headers(headers),
        })
    }
}

impl NotGrpc {
    /// The status that the call ends with.
    ///
    /// `first_bytes` are what is at hand of the answer's content: the name of a
    /// proxy in its error page often says more than the code. More than
    /// [`EXCERPT_LIMIT_BYTES`] of it is not shown.
    pub fn into_status(self, first_bytes: &[u8]) -> Status {
        let code = tables::code_from_http(self.http_status.as_u16());
        let mut text = match &self.content_type {
            Some(value) => {
                let value = quote(value.as_bytes(), VALUE_LIMIT);
                format!("HTTP {}, content-type {value}", self.http_status.as_u16())
            }
            None => format!("HTTP {} without content-type", self.http_status.as_u16()),
        };
        if !first_bytes.is_empty() {
            text.push_str(": ");
            text.push_str(&quote(first_bytes, EXCERPT_LIMIT_BYTES));
        }
        Status::new(code, text)
    }
}

/// A response with `:status 200` and these fields.
pub(super) fn respond(headers: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.version_mut() = Version::HTTP_2;
    *response.headers_mut() = headers;
    response
}

/// How much of an answer that is not gRPC a status repeats: 1 KiB, as grpc-go.
pub const EXCERPT_LIMIT_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
