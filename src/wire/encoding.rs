//! `grpc-encoding` and `grpc-accept-encoding`: how messages are compressed, and
//! how each side says what it can undo.
//!
//! In: header values and the list of encodings that this side supports. Out:
//! the encoding of a half of a call, or its refusal.
//!
//! ```text
//!   client                                            server
//!     grpc-encoding: gzip          "my messages are gzip, if flagged"
//!     grpc-accept-encoding: gzip   "and so may yours be"      ------->
//!   <------- grpc-encoding: gzip            one of those, or none
//!            grpc-accept-encoding: gzip     for your next call
//! ```
//!
//! Naming an encoding permits it and does not demand it: each message says with
//! the flag of its prefix whether it is compressed. `identity` is the name for
//! no compression; it is understood but never listed.
//!
//! Source: PROTOCOL-HTTP2 "Requests", `Message-Encoding` and
//! `Message-Accept-Encoding`; grpc's doc/compression.md, "Specification". Must
//! not know: any algorithm. What is supported is an argument.

use http::{HeaderMap, HeaderValue};

use super::quote::{VALUE_LIMIT, quote};
use super::{Frame, WireError, header};

/// The encoding of the messages in one half of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// No message of this half is compressed.
    #[default]
    Identity,
    /// Messages whose prefix is flagged are compressed in this way.
    Named(&'static str),
}

/// The encodings that a side is ready to receive besides identity.
///
/// Read from a peer, it holds those of them that this side supports too, since
/// no others can ever be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptEncoding {
    /// In the order in which they are listed.
    names: Vec<&'static str>,
}

impl Encoding {
    /// Reads `grpc-encoding` from a block; absent means identity.
    ///
    /// The error holds the name, fit to be shown, of an encoding that is not
    /// among `supported`. Which status that deserves depends on the side.
    pub(super) fn parse(headers: &HeaderMap, supported: &[&'static str]) -> Result<Encoding, String> {
        Encoding::read(headers.get(&header::GRPC_ENCODING), supported)
    }

    /// `parse`, of the value alone.
    pub(super) fn read(value: Option<&HeaderValue>, supported: &[&'static str]) -> Result<Encoding, String> {
        let Some(value) = value else {
            return Ok(Encoding::Identity);
        };
        let name = value.as_bytes().trim_ascii();
        if name == IDENTITY.as_bytes() {
            return Ok(Encoding::Identity);
        }
        let known = supported.iter().find(|known| known.as_bytes() == name);
        known.map(|known| Encoding::Named(known)).ok_or_else(|| quote(name, VALUE_LIMIT))
    }

    /// The value of `grpc-encoding`; `None` for identity, which goes unsaid.
    pub const fn as_header(self) -> Option<HeaderValue> {
        match self {
            Encoding::Identity => None,
            Encoding::Named(name) => Some(HeaderValue::from_static(name)),
        }
    }

    /// Whether a message with this flag may appear in this half.
    ///
    /// # Errors
    ///
    /// [`WireError::CompressedWithoutEncoding`] if the message is flagged and
    /// nobody said how to undo it.
    pub fn admit(self, frame: &Frame) -> Result<(), WireError> {
        match self {
            Encoding::Identity if frame.compressed => Err(WireError::CompressedWithoutEncoding),
            _ => Ok(()),
        }
    }
}

impl AcceptEncoding {
    /// The offer of a side that supports these encodings.
    pub fn new(supported: &[&'static str]) -> AcceptEncoding {
        AcceptEncoding { names: supported.to_vec() }
    }

    /// Reads every `grpc-accept-encoding` of a block; absent means none.
    ///
    /// The header is a list joined by commas and may come in several lines,
    /// which add up.
    pub fn parse(headers: &HeaderMap, supported: &[&'static str]) -> AcceptEncoding {
        let mut names = Vec::new();
        if supported.is_empty() {
            return AcceptEncoding { names };
        }
        let lines = headers.get_all(&header::GRPC_ACCEPT_ENCODING).into_iter();
        for name in lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')) {
            let known = supported.iter().find(|known| known.as_bytes() == name.trim_ascii());
            if let Some(known) = known.filter(|known| !names.contains(*known)) {
                names.push(known);
            }
        }
        AcceptEncoding { names }
    }

    /// Whether messages encoded so may be sent to the side that said this.
    pub fn allows(&self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Identity => true,
            Encoding::Named(name) => self.names.contains(&name),
        }
    }

    /// The encoding to send with: the wanted one if it is allowed, else none.
    pub fn choose(&self, wanted: Encoding) -> Encoding {
        if self.allows(wanted) { wanted } else { Encoding::Identity }
    }

    /// The value of `grpc-accept-encoding`; `None` if there is nothing to list.
    pub fn as_header(&self) -> Option<HeaderValue> {
        match self.names.as_slice() {
            [] => None,
            [name] => Some(HeaderValue::from_static(name)),
            names => HeaderValue::try_from(names.join(",")).ok(),
        }
    }

    /// The value for a refusal, which must list something: identity, if nothing else.
    pub(super) fn as_refusal_header(&self) -> HeaderValue {
        self.as_header().unwrap_or(HeaderValue::from_static(IDENTITY))
    }
}

/// The name for no compression.
const IDENTITY: &str = "identity";

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const KNOWN: &[&str] = &["gzip", "zstd"];

    fn headers(name: &'static str, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn an_encoding_is_read_if_it_is_supported() {
        type Row<'a> = (&'a [&'static str], &'a [&'static str], Result<Encoding, &'a str>);
        let table: [Row<'_>; 8] = [
            (&[], KNOWN, Ok(Encoding::Identity)),
            (&["identity"], KNOWN, Ok(Encoding::Identity)),
            (&["identity"], &[], Ok(Encoding::Identity)),
            (&["gzip"], KNOWN, Ok(Encoding::Named("gzip"))),
            (&[" zstd "], KNOWN, Ok(Encoding::Named("zstd"))),
            (&["gzip"], &[], Err("gzip")),
            (&["br"], KNOWN, Err("br")),
            (&[""], KNOWN, Err("")),
        ];
        for (lines, supported, expected) in table {
            let read = Encoding::parse(&headers("grpc-encoding", lines), supported);
            assert_eq!(read, expected.map_err(str::to_owned), "{lines:?}");
        }
    }

    #[test]
    fn what_the_peer_accepts_adds_up_over_lines_and_commas() {
        let table: [(&[&str], &[&str]); 7] = [
            (&[], &[]),
            (&["gzip"], &["gzip"]),
            (&["identity,deflate, gzip"], &["gzip"]),
            (&["zstd , gzip"], &["zstd", "gzip"]),
            (&["gzip", "zstd"], &["gzip", "zstd"]),
            (&["gzip,gzip", "gzip"], &["gzip"]),
            (&[",, ,", ""], &[]),
        ];
        for (lines, names) in table {
            let headers = headers("grpc-accept-encoding", lines);
            assert_eq!(AcceptEncoding::parse(&headers, KNOWN), AcceptEncoding::new(names), "{lines:?}");
            assert_eq!(AcceptEncoding::parse(&headers, &[]), AcceptEncoding::default());
        }
    }

    #[test]
    fn nothing_is_sent_that_the_peer_does_not_accept() {
        let accept = AcceptEncoding::new(&["gzip"]);
        assert_eq!(accept.choose(Encoding::Named("gzip")), Encoding::Named("gzip"));
        assert_eq!(accept.choose(Encoding::Named("zstd")), Encoding::Identity);
        assert_eq!(accept.choose(Encoding::Identity), Encoding::Identity);
        assert_eq!(AcceptEncoding::default().choose(Encoding::Named("gzip")), Encoding::Identity);
    }

    #[test]
    fn identity_goes_unsaid_unless_a_refusal_must_say_something() {
        assert_eq!(Encoding::Identity.as_header(), None);
        assert_eq!(Encoding::Named("gzip").as_header().unwrap(), "gzip");
        assert_eq!(AcceptEncoding::default().as_header(), None);
        assert_eq!(AcceptEncoding::new(KNOWN).as_header().unwrap(), "gzip,zstd");
        assert_eq!(AcceptEncoding::new(KNOWN).as_refusal_header(), "gzip,zstd");
        assert_eq!(AcceptEncoding::default().as_refusal_header(), "identity");
    }

    #[test]
    fn a_compressed_message_needs_an_encoding_and_a_plain_one_never_does() {
        let frame = |compressed| Frame { compressed, bytes: Bytes::new() };
        let table = [
            (Encoding::Identity, false, Ok(())),
            (Encoding::Identity, true, Err(WireError::CompressedWithoutEncoding)),
            (Encoding::Named("gzip"), false, Ok(())),
            (Encoding::Named("gzip"), true, Ok(())),
        ];
        for (encoding, compressed, verdict) in table {
            assert_eq!(encoding.admit(&frame(compressed)), verdict);
        }
    }
}
