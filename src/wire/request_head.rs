//! The head of a request: which method, for how long, in which format, and the
//! caller's metadata.
//!
//! In: a [`RequestHead`] that a client fills in, or the parts of an HTTP/2
//! request that a server received. Out: the other one, or the [`Refusal`] that
//! answers nonsense.
//!
//! ```text
//!   :method: POST                         always
//!   :scheme: http                         or https
//!   :path: /helloworld.Greeter/SayHello   / service / method
//!   :authority: localhost:50051           whom the client believes to speak to
//!   te: trailers                          "I can read trailers"; proxies that cannot show here
//!   grpc-timeout: 1500m                   absent: no deadline
//!   content-type: application/grpc        or +proto
//!   grpc-encoding: gzip                   absent: identity
//!   grpc-accept-encoding: gzip            absent: identity
//!   user-agent: grpc-rust-wirewright/0.1
//!   ---------------------------------- call definition above, custom metadata below
//!   x-request-id: 4711
//! ```
//!
//! Parsing is on the path of every call. It takes the header map as it came and
//! keeps it: the known names are looked up, `-bin` values are checked in one
//! pass, and a plain call costs no allocation.
//!
//! Source: PROTOCOL-HTTP2 "Requests"; gRFC A41 for `host`. Must not know: which
//! methods exist, clocks, compression.

use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE, HOST, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request};

use super::binary::validate_binary;
use super::quote::{VALUE_LIMIT, quote};
use super::{AcceptEncoding, ContentType, Encoding, Trailers, WireError, header, timeout};
use crate::{Metadata, Status};

/// What a request says before its first message.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// Where the call goes: scheme, authority and path.
    pub uri: Uri,
    /// The message format; the response repeats it.
    pub content_type: ContentType,
    /// How long the call may take from now; `None` for as long as it needs.
    pub timeout: Option<Duration>,
    /// How the client's messages are compressed.
    pub encoding: Encoding,
    /// How the server's messages may be compressed.
    pub accept_encoding: AcceptEncoding,
    /// The software that calls.
    pub user_agent: Option<HeaderValue>,
    /// The application's metadata.
    pub metadata: Metadata,
}

/// A request that is answered without looking for its method.
///
/// It carries both statuses: `http_status` for peers that know HTTP only, and
/// `status` for those that know gRPC.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What a peer that is not gRPC understands.
    pub http_status: StatusCode,
    /// What a gRPC peer understands.
    pub status: Status,
    /// What the client should have used, if its encoding is why it is refused.
    accept_encoding: Option<HeaderValue>,
    /// Whether there is a person or a program of HTTP to be told in words.
    is_foreign: bool,
}

impl RequestHead {
    /// The HTTP request that says this; for a client.
    ///
    /// The fields stand in the order of the specification's grammar, the call
    /// definition before custom metadata. Reserved names in the metadata, which
    /// could only have come from another call, stay behind.
    pub fn into_request(self) -> Request<()> {
        let (encoding, accept_encoding) = (self.encoding.as_header(), self.accept_encoding.as_header());
        let said = [
            self.timeout.is_some(),
            encoding.is_some(),
            accept_encoding.is_some(),
            self.user_agent.is_some(),
        ];
        // Room for what comes and no more: a map for seven fields has twice the memory of one for six.
        let fields = said.into_iter().map(usize::from).fold(ALWAYS_SAID, usize::saturating_add);
        let mut headers = HeaderMap::with_capacity(fields.saturating_add(self.metadata.headers().len()));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Some(length) = self.timeout {
            headers.insert(header::GRPC_TIMEOUT.clone(), timeout::encode(length));
        }
        headers.insert(CONTENT_TYPE, self.content_type.as_header());
        if let Some(value) = encoding {
            headers.insert(header::GRPC_ENCODING.clone(), value);
        }
        if let Some(value) = accept_encoding {
            headers.insert(header::GRPC_ACCEPT_ENCODING.clone(), value);
        }
        if let Some(value) = self.user_agent {
            headers.insert(USER_AGENT, value);
        }
        self.metadata.append_to(&mut headers);

        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        request
    }

    /// Reads the parts of an HTTP request; for a server.
    ///
    /// `supported` names the encodings this server can undo besides identity.
    /// A missing `te: trailers` is tolerated, as grpc-go does: the answer ends
    /// in trailers whether the client asked for them or not.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], ready to be sent, if this is not a gRPC request that this
    /// server can read. It says nothing yet of whether the method exists.
    pub fn parse(parts: request::Parts, supported: &[&'static str]) -> Result<RequestHead, Refusal> {
        RequestHead::read(parts, supported).map_err(|error| Refusal::new(error, supported))
    }

    /// The path as it stands on the wire, `/service/method`.
    ///
    /// A `?` has no meaning in gRPC and stays part of the path, so that two
    /// readers cannot disagree on where the method's name ends.
    pub fn path(&self) -> &str {
        path_of(&self.uri)
    }

    /// The service: all between the first and the last slash of the path.
    pub fn service(&self) -> &str {
        RequestHead::split(&self.uri).map_or("", |(service, _)| service)
    }

    /// The method: all after the last slash of the path.
    pub fn method(&self) -> &str {
        RequestHead::split(&self.uri).map_or("", |(_, method)| method)
    }

    /// Service and method of a request's target; `None` if its path does not name both.
    pub fn split(uri: &Uri) -> Option<(&str, &str)> {
        split_path(path_of(uri))
    }

    /// Whom the client believes to speak to: `:authority`, else `host`.
    ///
    /// gRFC A41: a `host` beside an `:authority` is dropped unread.
    pub fn authority(&self) -> Option<&str> {
        self.uri.authority().map(|authority| authority.as_str())
    }

    /// `parse`, with the fault itself as the error.
    fn read(parts: request::Parts, supported: &[&'static str]) -> Result<RequestHead, WireError> {
        let request::Parts { method, uri, headers, .. } = parts;
        if method != Method::POST {
            return Err(WireError::NotPost(quote(method.as_str().as_bytes(), VALUE_LIMIT)));
        }
        let fields = Fields::of(&headers);
        let content_type = read_content_type(fields.content_type)?;
        if headers.len() > MAX_FIELDS {
            return Err(WireError::TooManyFields { count: headers.len(), limit: MAX_FIELDS });
        }
        if split_path(path_of(&uri)).is_none() {
            return Err(WireError::BadPath(quote(path_of(&uri).as_bytes(), VALUE_LIMIT)));
        }
        if fields.hosts > 1 {
            return Err(WireError::ManyHosts(fields.hosts));
        }
        let timeout = fields.timeout.map(|value| timeout::decode(value.as_bytes())).transpose()?;
        if fields.has_binary {
            validate_binary(&headers)?;
        }
        let encoding = Encoding::read(fields.encoding, supported).map_err(WireError::RequestEncoding)?;
        let accept_encoding = match fields.has_accept_encoding {
            true => AcceptEncoding::parse(&headers, supported),
            false => AcceptEncoding::default(),
        };
        let user_agent = fields.user_agent.cloned();
        let uri = if uri.authority().is_none() { with_host(uri, &headers) } else { uri };
        let metadata = Metadata::from_headers(headers);
        Ok(RequestHead { uri, content_type, timeout, encoding, accept_encoding, user_agent, metadata })
    }
}

/// The URI of a request without `:authority`, with its `host` for one (gRFC A41), if that can be one.
fn with_host(uri: Uri, headers: &HeaderMap) -> Uri {
    let host = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let Some(host) = host else { return uri };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(host);
    // A URI with an authority must have a scheme. One that came without has lost it on the way here.
    parts.scheme.get_or_insert(Scheme::HTTP);
    Uri::from_parts(parts).unwrap_or(uri)
}

/// What a server looks at in the head of every request, found in one walk.
///
/// A header map hashes a name for each question, and most of the names are mostly absent.
#[derive(Default)]
struct Fields<'a> {
    content_type: Option<&'a HeaderValue>,
    timeout: Option<&'a HeaderValue>,
    encoding: Option<&'a HeaderValue>,
    user_agent: Option<&'a HeaderValue>,
    hosts: usize,
    has_accept_encoding: bool,
    has_binary: bool,
}

impl<'a> Fields<'a> {
    /// The first value of each name, as the map would give it.
    fn of(headers: &'a HeaderMap) -> Fields<'a> {
        let mut fields = Fields::default();
        for (name, value) in headers {
            match name.as_str() {
                "content-type" => _ = fields.content_type.get_or_insert(value),
                "grpc-timeout" => _ = fields.timeout.get_or_insert(value),
                "grpc-encoding" => _ = fields.encoding.get_or_insert(value),
                "user-agent" => _ = fields.user_agent.get_or_insert(value),
                "host" => fields.hosts = fields.hosts.saturating_add(1),
                "grpc-accept-encoding" => fields.has_accept_encoding = true,
                name => fields.has_binary |= name.ends_with("-bin"),
            }
        }
        fields
    }
}

impl Refusal {
    /// The answer to this fault.
    fn new(error: WireError, supported: &[&'static str]) -> Refusal {
        // compression.md: a server that refuses an encoding says which ones it takes. The refused one is not
        // among them, or it would not have been refused.
        let accept_encoding = matches!(error, WireError::RequestEncoding(_))
            .then(|| AcceptEncoding::new(supported).as_refusal_header());
        let is_foreign = match &error {
            // RFC 9110 section 9.3.2: what answers HEAD has no content.
            WireError::NotPost(method) => method != "HEAD",
            WireError::NotGrpc(_) => true,
            _ => false,
        };
        Refusal { http_status: error.http_status(), status: error.into(), accept_encoding, is_foreign }
    }

    /// The sentence for a peer that does not speak gRPC, such as curl or a browser; to be sent as DATA with
    /// END_STREAM. `None` if the head says all.
    pub fn explanation(&self) -> Option<String> {
        self.is_foreign.then(|| format!("{}; this server speaks gRPC\n", self.status.message()))
    }

    /// The head of the response; whole, and to be sent with END_STREAM, unless there is an
    /// [`explanation`](Refusal::explanation).
    pub fn into_response(self) -> Response<()> {
        let trailers = Trailers { end: Err(self.status), metadata: Metadata::new() };
        let mut response = trailers.into_response(ContentType::Grpc);
        *response.status_mut() = self.http_status;
        let headers = response.headers_mut();
        if let Some(value) = self.accept_encoding {
            headers.insert(header::GRPC_ACCEPT_ENCODING.clone(), value);
        }
        if self.is_foreign {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        if self.http_status == StatusCode::METHOD_NOT_ALLOWED {
            // RFC 9110 section 15.5.6 asks for the list of what is allowed.
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// The content-type of a request that can be answered in its own format.
fn read_content_type(value: Option<&HeaderValue>) -> Result<ContentType, WireError> {
    let Some(value) = value else {
        return Err(WireError::NotGrpc("(absent)".to_owned()));
    };
    let content_type = ContentType::parse(value);
    let shown = || quote(value.as_bytes(), VALUE_LIMIT);
    if !content_type.is_grpc() {
        return Err(WireError::NotGrpc(shown()));
    }
    if !content_type.is_supported() {
        return Err(WireError::RequestFormat(shown()));
    }
    Ok(content_type)
}

/// The path with what HTTP would call its query.
fn path_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |path| path.as_str())
}

/// Service and method of a path, neither of them empty.
///
/// The last slash divides, because the specification lets a service name have
/// slashes of its own and a method name none.
fn split_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix('/')?;
    // A method's name is short and stands at the end, so a plain walk back finds its slash soonest.
    let slash = rest.bytes().rposition(|byte| byte == b'/')?;
    let (service, method) = (rest.get(..slash)?, rest.get(slash.saturating_add(1)..)?);
    (!service.is_empty() && !method.is_empty()).then_some((service, method))
}

/// The fields of a call definition that are always there: te and content-type.
const ALWAYS_SAID: usize = 2;

/// How many header fields a request may have.
///
/// Fields cost memory beyond their bytes, so a limit on bytes alone can be
/// abused: with HPACK, one byte on the wire repeats a whole field. 128 is ten
/// times what calls with tracing and authentication carry.
const MAX_FIELDS: usize = 128;

#[cfg(test)]
mod tests;
