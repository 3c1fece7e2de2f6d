//! `Metadata`: the key-value pairs that travel beside the messages of a call.
//!
//! In: what an application inserts, or a header block from the wire. Out: an ordered multimap of the
//! application's pairs. Source: PROTOCOL-HTTP2, "Requests" (Custom-Metadata, ASCII-Header, Binary-Header).
//!
//! ```text
//!   key            value                      on the wire
//!   x-request-id   "4711"                     x-request-id: 4711
//!   trace-bin      [0xab, 0xcd]               trace-bin: q80           base64, unpadded out, either way in
//!   grpc-timeout                              never: the protocol's own names are reserved
//! ```
//!
//! It is a thin wrapper over an HTTP header map: what arrives is kept as it came, without a copy, and the names
//! that belong to the protocol are passed over when it is read. Reading a value decodes it; nothing is cached.
//!
//! Must not know: which names a head or trailers need (`wire`), or who sends them.

pub mod binary;
mod key;
mod value;

use std::fmt;

use bytes::Bytes;
use http::header::{Entry, HeaderMap, HeaderName, HeaderValue};

pub use self::key::is_reserved;
pub use self::value::Value;

/// An ordered multimap of metadata.
///
/// Keys are case-insensitive and travel in lower case. A key that ends in `-bin` has binary values, any other
/// key printable ASCII. Values under one key keep their order.
///
/// ```
/// use wirewright::Metadata;
///
/// # fn main() -> Result<(), wirewright::InvalidMetadata> {
/// let mut metadata = Metadata::new();
/// metadata.insert("x-request-id", "4711")?;
/// metadata.append_bin("trace-bin", &[0xab, 0xcd])?;
/// assert_eq!(metadata.get("X-Request-Id"), Some("4711"));
/// assert_eq!(metadata.get_bin("trace-bin").as_deref(), Some(&[0xab, 0xcd][..]));
/// assert!(metadata.insert("grpc-status", "0").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Metadata {
    /// All that arrived, reserved names included; readers pass over those.
    headers: HeaderMap,
}

/// A key or value that metadata cannot carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMetadata {
    /// The key is empty or has a character outside `0-9 a-z _ - .` (either case).
    #[error("metadata key {key:?} may only have letters, digits, '_', '-' and '.', and at least one of them")]
    Key {
        /// The key as it was given.
        key: String,
    },
    /// The key belongs to gRPC or HTTP itself.
    #[error("metadata key {key:?} is reserved for the protocol")]
    Reserved {
        /// The key as it was given.
        key: String,
    },
    /// A binary value for a key without `-bin`, or a text value for one with it.
    #[error(
        "metadata key {key:?}: only keys that end in \"-bin\" have binary values, and they have no others"
    )]
    Suffix {
        /// The key as it was given.
        key: String,
    },
    /// A text value has a character outside printable ASCII (0x20 to 0x7e).
    #[error("metadata value for {key:?} may only have printable ASCII; use a \"-bin\" key for anything else")]
    Value {
        /// The key whose value it is.
        key: String,
    },
}

impl Metadata {
    /// Metadata without an entry; allocates nothing.
    pub fn new() -> Metadata {
        Metadata::default()
    }

    /// The application's part of a received header block.
    ///
    /// The map is kept whole; names that belong to the protocol are hidden from readers and never sent on.
    pub fn from_headers(headers: HeaderMap) -> Metadata {
        Metadata { headers }
    }

    /// The header block as it came, reserved names included.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first text value under this key.
    ///
    /// `None` also for a `-bin` key, and for a value with bytes outside printable ASCII: see
    /// [`iter`](Metadata::iter) for those.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key).next()
    }

    /// Every text value under this key, in order.
    pub fn get_all(&self, key: &str) -> impl Iterator<Item = &str> {
        let readable = !key::is_hidden(key) && !key::is_binary(key);
        let values = readable.then(|| self.headers.get_all(key));
        values.into_iter().flatten().filter_map(|value| value.to_str().ok())
    }

    /// The first binary value under this key, decoded.
    pub fn get_bin(&self, key: &str) -> Option<Bytes> {
        self.get_all_bin(key).next()
    }

    /// Every binary value under this key, decoded, in order.
    ///
    /// One header line may hold several values joined by commas, and several lines may come under one key
    /// (PROTOCOL-HTTP2: implementations must split Binary-Headers on ","): both read the same.
    pub fn get_all_bin(&self, key: &str) -> impl Iterator<Item = Bytes> {
        let readable = !key::is_hidden(key) && key::is_binary(key);
        let values = readable.then(|| self.headers.get_all(key));
        values.into_iter().flatten().flat_map(value::split_binary).filter_map(|value| match value {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// Sets the text value of a key, in place of all it had.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`] if the key or the value cannot travel; the metadata is then unchanged.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), InvalidMetadata> {
        let (name, value) = (key::parse(key, key::Suffix::Text)?, value::parse_text(key, value)?);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Sets the binary value of a `-bin` key, in place of all it had.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`] if the key cannot travel; the metadata is then unchanged.
    pub fn insert_bin(&mut self, key: &str, value: &[u8]) -> Result<(), InvalidMetadata> {
        let name = key::parse(key, key::Suffix::Binary)?;
        self.headers.insert(name, value::from_binary(value));
        Ok(())
    }

    /// Adds a text value after those that the key has.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`] if the key or the value cannot travel; the metadata is then unchanged.
    pub fn append(&mut self, key: &str, value: &str) -> Result<(), InvalidMetadata> {
        let (name, value) = (key::parse(key, key::Suffix::Text)?, value::parse_text(key, value)?);
        self.headers.append(name, value);
        Ok(())
    }

    /// Adds a binary value after those that the `-bin` key has.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadata`] if the key cannot travel; the metadata is then unchanged.
    pub fn append_bin(&mut self, key: &str, value: &[u8]) -> Result<(), InvalidMetadata> {
        let name = key::parse(key, key::Suffix::Binary)?;
        self.headers.append(name, value::from_binary(value));
        Ok(())
    }

    /// Removes a key with all its values; says whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        if key::is_hidden(key) {
            return false;
        }
        match self.headers.try_entry(key) {
            Ok(Entry::Occupied(entry)) => {
                entry.remove_entry_mult();
                true
            }
            _ => false,
        }
    }

    /// Marks a key's values as secrets: they enter no compression table of HTTP/2 and no debug output.
    ///
    /// Source: RFC 7541, section 7.1.3, "Never-Indexed Literals". It costs the bytes of the whole value on
    /// every call. Does nothing if the key is absent.
    pub fn set_sensitive(&mut self, key: &str) {
        if let Ok(Entry::Occupied(mut entry)) = self.headers.try_entry(key) {
            entry.iter_mut().for_each(|value| value.set_sensitive(true));
        }
    }

    /// Every key with each of its values, the values of one key together and in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.pairs().flat_map(|(name, value)| {
            value::read(name.as_str(), value).map(move |value| (name.as_str(), value))
        })
    }

    /// Whether no key is there.
    pub fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// Whether the key has a value, of either form.
    pub fn contains_key(&self, key: &str) -> bool {
        !key::is_hidden(key) && self.headers.contains_key(key)
    }

    /// Moves every pair of the application to the end of `headers`.
    ///
    /// Names that belong to the protocol stay behind, so that metadata received from one peer can be sent on to
    /// another.
    pub fn append_to(self, headers: &mut HeaderMap) {
        if self.headers.is_empty() {
            return;
        }
        let mut current: Option<HeaderName> = None;
        for (name, value) in self.headers {
            // The map gives the name with the first of its values and `None` with the others.
            if name.is_some() {
                current = name;
            }
            if let Some(name) = current.as_ref().filter(|name| !is_reserved(name.as_str())) {
                headers.append(name.clone(), value);
            }
        }
    }

    /// Takes over every pair of `other`, in place of all that its keys had.
    #[cfg(feature = "client")]
    pub(crate) fn replace_with(&mut self, other: Metadata) {
        // The map replaces with the first value of a key, and appends the others.
        self.headers.extend(other.headers);
    }

    /// The application's pairs as they travel.
    fn pairs(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().filter(|(name, _)| !key::is_hidden(name.as_str()))
    }
}

/// Secrets are left out: `authorization`, cookies, values marked sensitive, and the content of binary values.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.pairs() {
            if value.is_sensitive() || key::is_secret(name.as_str()) {
                map.entry(&name.as_str(), &format_args!("<secret>"));
            } else if key::is_binary(name.as_str()) {
                map.entry(&name.as_str(), &format_args!("<{} base64 characters>", value.len()));
            } else {
                map.entry(&name.as_str(), value);
            }
        }
        map.finish()
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Metadata) -> bool {
        let keys = |m: &Metadata| m.headers.keys().filter(|n| !key::is_hidden(n.as_str())).count();
        keys(self) == keys(other)
            && self
                .pairs()
                .all(|(name, _)| self.headers.get_all(name).iter().eq(other.headers.get_all(name).iter()))
    }
}

impl Eq for Metadata {}

#[cfg(test)]
mod tests;
