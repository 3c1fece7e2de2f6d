//! What a script is made of.
//!
//! Must not know: how one is written, or what becomes of it.

use std::time::Duration;

/// Steps, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    /// Its file, or what it is known by.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) lines: Vec<Line>,
}

/// Which side a script speaks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Server,
    Client,
}

/// A step, and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// As it is written, without remarks.
    pub(super) text: String,
    /// How often it is done.
    pub(super) times: u32,
    pub(super) step: Step,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A server waits for the client's 24 bytes; a client sends them.
    Preface,
    /// SETTINGS.
    Settings(Vec<(u16, u32)>),
    /// SETTINGS with ACK.
    SettingsAck,
    /// HEADERS, and CONTINUATION for what does not fit.
    Headers { fields: Fields, ends_stream: bool, ends_headers: bool, stream: Option<u32> },
    /// CONTINUATION.
    Continuation { fields: Fields, ends_headers: bool, stream: Option<u32> },
    /// DATA.
    Data { bytes: Vec<u8>, ends_stream: bool, stream: Option<u32> },
    /// DATA with a message of gRPC: flag, length, and bytes, whether they fit each other or not.
    Message { bytes: Vec<u8>, flag: u8, length: Option<u32>, ends_stream: bool, stream: Option<u32> },
    /// RST_STREAM.
    Rst { code: u32, stream: Option<u32> },
    /// GOAWAY.
    GoAway { code: u32, last: u32, debug: Vec<u8> },
    /// WINDOW_UPDATE; of the connection unless a stream is named.
    Window { increment: u32, stream: Option<u32> },
    /// PING.
    Ping { is_ack: bool, data: [u8; 8] },
    /// Any frame.
    Frame { kind: u8, flags: u8, stream: Option<u32>, bytes: Vec<u8> },
    /// Any bytes.
    Raw(Vec<u8>),
    /// Waits for something that the peer says.
    Expect { what: Expected, within: Duration },
    /// Says nothing for so long.
    Stall(Duration),
    /// From here on writes so many bytes at a time, with a pause after each; or no longer.
    Drip(Option<(usize, Duration)>),
    /// Of what the next step writes, only so many bytes; then the connection is closed.
    Cut(usize),
    /// Closes the connection.
    Close,
}

/// Names and values, as they are to be written.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// What the peer may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Headers,
    Data,
    Settings,
    SettingsAck,
    Ping,
    PingAck,
    WindowUpdate,
    RstStream,
    GoAway,
    /// The peer's half of the stream is over.
    EndStream,
    /// The connection is closed.
    Close,
}

impl Expected {
    pub(super) const ALL: [Expected; 11] = [
        Expected::Headers,
        Expected::Data,
        Expected::Settings,
        Expected::SettingsAck,
        Expected::Ping,
        Expected::PingAck,
        Expected::WindowUpdate,
        Expected::RstStream,
        Expected::GoAway,
        Expected::EndStream,
        Expected::Close,
    ];

    /// The word for it in a script.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Expected::Headers => "HEADERS",
            Expected::Data => "DATA",
            Expected::Settings => "SETTINGS",
            Expected::SettingsAck => "SETTINGS_ACK",
            Expected::Ping => "PING",
            Expected::PingAck => "PING_ACK",
            Expected::WindowUpdate => "WINDOW_UPDATE",
            Expected::RstStream => "RST_STREAM",
            Expected::GoAway => "GOAWAY",
            Expected::EndStream => "END_STREAM",
            Expected::Close => "CLOSE",
        }
    }
}
