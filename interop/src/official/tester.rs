//! The hand that makes the calls of a case, and the eye that compares.
//!
//! In: flags. Out: a client to make calls with, requests and payloads as the descriptions want them, and sentences
//! for what is not as it must be.

use std::fmt::Debug;

use wirewright::transport::tls::{ClientTls, Pem, Roots, ring};
use wirewright::{CallInfo, Channel, Code, Endpoint, Gzip, Interceptor, Metadata, Stack, Status};

use super::flags::ClientFlags;
use crate::protocol::grpc::testing::{
    Payload, PayloadType, SimpleRequest, SimpleResponse, TestServiceClient, UnimplementedServiceClient,
};

/// How a case went.
pub(crate) type Outcome = Result<(), String>;

/// Makes calls for one case.
#[derive(Clone, Debug)]
pub(crate) struct Tester {
    pub(crate) channel: Channel<Interceptors>,
    pub(crate) client: TestServiceClient<Interceptors>,
    pub(super) nobody: UnimplementedServiceClient<Interceptors>,
    pub(super) flags: ClientFlags,
}

pub(crate) type Interceptors = Stack<(), Additional>;

/// Puts the metadata of `--additional_metadata` beside every request.
#[derive(Debug)]
pub(crate) struct Additional(Vec<(String, String)>);

impl Tester {
    /// A tester with a channel of its own, which connects with its first call.
    ///
    /// # Errors
    ///
    /// Says which flag makes no channel.
    pub(crate) fn new(flags: &ClientFlags) -> Result<Tester, String> {
        let host = match flags.server_host.contains(':') {
            true => format!("[{}]", flags.server_host),
            false => flags.server_host.clone(),
        };
        let target = format!("{host}:{}", flags.server_port);
        // Gzip is offered to servers, and used where a case wants it.
        let mut endpoint =
            Endpoint::new(target).map_err(|error| error.to_string())?.compression(Gzip::default());
        if let Some(name) = &flags.server_host_override {
            endpoint = endpoint.authority(name).map_err(|error| error.to_string())?;
        }
        if flags.use_tls {
            endpoint = endpoint.tls(tls(flags)?);
        }
        let additional = Additional::read(flags.additional_metadata.as_deref().unwrap_or_default())?;
        let channel: Channel<Interceptors> = endpoint.lazy().intercept(additional);
        Ok(Tester {
            client: TestServiceClient::new(channel.clone()),
            nobody: UnimplementedServiceClient::new(channel.clone()),
            channel,
            flags: flags.clone(),
        })
    }
}

impl Additional {
    fn read(list: &str) -> Result<Additional, String> {
        let pairs = list.split(';').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| match pair.split_once(':') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(format!("--additional_metadata: {pair:?} has no colon; want key:value;key:value")),
        });
        pairs.collect::<Result<_, _>>().map(Additional)
    }
}

impl Interceptor for Additional {
    async fn start(&self, _call: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        for (key, value) in &self.0 {
            metadata.append(key, value).map_err(|error| Status::internal(error.to_string()))?;
        }
        Ok(())
    }
}

/// TLS that trusts whom the flags say.
fn tls(flags: &ClientFlags) -> Result<ClientTls, String> {
    let roots = match (flags.use_test_ca, &flags.ca_file) {
        (false, None) => Roots::System,
        (true, None) => return Err("--use_test_ca: say with --ca_file where its certificate is".to_owned()),
        (_, Some(path)) => Roots::Pem(Pem::file(path).map_err(|error| error.to_string())?),
    };
    ClientTls::new(ring(), roots, None).map_err(|error| error.to_string())
}

/// A payload of this many zeros.
pub(super) fn zeros(size: usize) -> Payload {
    Payload { r#type: PayloadType::Compressable.into(), body: vec![0; size] }
}

/// A unary request that carries, and wants back, so many bytes.
pub(super) fn simple_request(size: usize, response_size: usize) -> SimpleRequest {
    SimpleRequest {
        response_size: count(response_size),
        payload: Some(zeros(size)),
        ..SimpleRequest::default()
    }
}

/// Checks that a response carries this many zeros.
pub(super) fn check_response(response: &SimpleResponse, size: usize) -> Outcome {
    check_payload(response.payload.as_ref(), size)
}

/// Checks that there is a payload of this many zeros.
pub(super) fn check_payload(payload: Option<&Payload>, size: usize) -> Outcome {
    let payload = payload.ok_or("the response has no payload")?;
    equal("the payload's type", &payload.r#type, &PayloadType::Compressable.into())?;
    equal("the payload's size", &payload.body.len(), &size)?;
    match payload.body.chunks(ZEROS.len()).all(|chunk| ZEROS.starts_with(chunk)) {
        true => Ok(()),
        false => Err("the payload has bytes other than zero".to_owned()),
    }
}

/// Checks that what was found is what was expected.
pub(super) fn equal<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: expected {expected:?}, found {found:?}")),
    }
}

/// Checks that a call failed with this code.
pub(crate) fn failed<T>(what: &str, result: Result<T, Status>, expected: Code) -> Result<Status, String> {
    match result {
        Err(status) if status.code() == expected => Ok(status),
        Err(status) => Err(format!("{what}: expected {expected}, found {status}")),
        Ok(_) => Err(format!("{what}: expected {expected}, and it went well")),
    }
}

/// A sentence for a call that should have gone well.
pub(super) fn unexpected(status: Status) -> String {
    format!("a call failed: {status}")
}

/// A size as the messages write it; all that the cases use are small.
pub(super) fn count(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Compared with a piece at a time, because a thousand large responses byte by byte take many seconds in a debug
/// build.
static ZEROS: [u8; 4096] = [0; 4096];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additional_metadata_is_a_list_of_pairs() {
        let read = |list| Additional::read(list).map(|additional| additional.0);
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(
            read("a:1;b:x:y;"),
            Ok(vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x:y".to_owned())])
        );
        assert!(read("a").is_err());
    }

    #[test]
    fn a_payload_with_a_stray_byte_is_found_out() {
        let mut payload = zeros(3);
        assert!(check_payload(Some(&payload), 3).is_ok());
        assert!(check_payload(Some(&payload), 4).is_err());
        payload.body[1] = 7;
        assert!(check_payload(Some(&payload), 3).is_err());
    }
}
