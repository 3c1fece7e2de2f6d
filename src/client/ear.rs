//! `Ear`: who listens in on a channel, if anybody does.
//!
//! In: connections and decisions of a channel. Out: the same connections, with a [`Tap`](crate::Tap) around them if
//! there is one, and notes of what left no bytes. Without the feature `tap` all of it is empty and compiles to nothing.
//!
//! Must not know: what is done with what is heard.

use std::fmt;
use std::time::Duration;

use crate::call::CallInfo;
use crate::peer::Address;
use crate::policy::connectivity::ConnectivityState;
use crate::transport::Io;

/// Who listens in on a channel, if anybody does.
#[derive(Clone, Debug, Default)]
pub(super) struct Ear {
    #[cfg(feature = "tap")]
    pub(super) tap: Option<crate::Tap>,
}

/// Where the calls of one connection are noted, if anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    #[cfg(feature = "tap")]
    at: Option<(crate::Tap, u32)>,
}

#[cfg(feature = "tap")]
impl Ear {
    /// Puts the ear on a connection. A connection that nobody listens to stays as it is.
    pub(super) fn listen(&self, io: Box<dyn Io>, address: &Address, tls: bool) -> (Box<dyn Io>, Noted) {
        let Some(tap) = &self.tap else { return (io, Noted::default()) };
        let io = tap.listen(io, crate::recording::Role::Client, None, Some(address.to_string()), tls);
        let at = Some((tap.clone(), io.conn()));
        (Box::new(io), Noted { at })
    }

    /// The channel begins to dial, or gives a dial up.
    pub(super) fn dial(&self, what: &str, address: &Address, reason: Option<&dyn fmt::Display>) {
        let Some(tap) = &self.tap else { return };
        match reason {
            Some(reason) => tap.note(None, None, what, &[("address", address), ("reason", reason)]),
            None => tap.note(None, None, what, &[("address", address)]),
        }
    }

    /// The channel is in another state.
    pub(super) fn state(&self, state: ConnectivityState, failure: Option<&str>) {
        let Some(tap) = &self.tap else { return };
        let is = format!("{state:?}");
        match failure {
            Some(why) => tap.note(None, None, "state", &[("is", &is), ("why", &why)]),
            None => tap.note(None, None, "state", &[("is", &is)]),
        }
    }
}

#[cfg(feature = "tap")]
impl Noted {
    /// A call has been given the connection, and has opened a stream on it.
    pub(super) fn pick(&self, info: &CallInfo, stream: Option<u32>, left: Option<Duration>) {
        let Some((tap, conn)) = &self.at else { return };
        info.set_line(*conn, stream.unwrap_or_default());
        let (conn, path) = (Some(*conn), info.path());
        match left.map(|left| left.as_micros()) {
            Some(us) => tap.note(conn, stream, "pick", &[("path", &path), ("deadline_us", &us)]),
            None => tap.note(conn, stream, "pick", &[("path", &path)]),
        }
    }
}

#[cfg(not(feature = "tap"))]
impl Ear {
    pub(super) fn listen(&self, io: Box<dyn Io>, _: &Address, _: bool) -> (Box<dyn Io>, Noted) {
        (io, Noted::default())
    }

    pub(super) fn dial(&self, _: &str, _: &Address, _: Option<&dyn fmt::Display>) {}

    pub(super) fn state(&self, _: ConnectivityState, _: Option<&str>) {}
}

#[cfg(not(feature = "tap"))]
impl Noted {
    pub(super) fn pick(&self, _: &CallInfo, _: Option<u32>, _: Option<Duration>) {}
}
