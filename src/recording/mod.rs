//! Recordings: what crossed connections, kept in a file that a person can read and any tool can write.
//!
//! A recording is text, one JSON object a line (`docs/recording.md` has every field):
//!
//! ```text
//!  {"v":1,"k":"head","tool":"wright 0.1.0","t0_us":1763800000000000,"redact":[]}     always the first line
//!  {"k":"conn","c":1,"t":0,"role":"proxy","local":"127.0.0.1:15000","peer":".."}     a connection begins
//!  {"k":"bytes","c":1,"t":1435652,"d":">","b":"UFJJICogSFRUUC8y.."}                  bytes, as they crossed
//!  {"k":"event","c":1,"s":3,"t":1435652,"e":"pick","x":{"path":"/a.B/C"}}            what no byte tells
//!  {"k":"end","c":1,"t":90010000,"why":"eof"}                                        a connection ends
//! ```
//!
//! Bytes are the truth: nothing that was decoded is stored, so that a recording stays right when its readers learn
//! more. Lines are only ever added, and each is written in one piece, so a recorder that is killed loses nothing that
//! it has heard.
//!
//! ```text
//!   Tap, proxy --> Line --> Redactor --> Recorder --> file --> RecordingReader --> Line --> inspect
//!                                                       ^                           |
//!                          pcap, pcapng ---> packets ---+                           +---> pcapng
//! ```
//!
//! Everything here is pure: readers and writers are arguments, times are values. What bytes mean is the business of
//! [`inspect`](crate::inspect), whose readers this room borrows for redaction alone.
//!
//! Must not know: sockets, clocks, or how anything is printed.

mod assembly;
mod error;
mod hexdump;
mod letters;
mod line;
mod packets;
mod parse;
mod pcapng;
mod reader;
mod recorder;
mod redact;
mod streams;
#[cfg(feature = "tap")]
mod windows;

pub use self::error::RecordingError;
pub use self::hexdump::read_hex_dump;
pub use self::line::{Chunk, Conn, Happening, Head, Line, Role};
pub use self::packets::{PacketError, read_packets};
pub use self::pcapng::PcapngWriter;
pub use self::reader::RecordingReader;
pub use self::recorder::Recorder;
pub use self::redact::{REDACTED, Redactor};
#[cfg(feature = "tap")]
pub(crate) use self::windows::{Level, Windows};

/// The version that is written, and the latest that is read.
pub const VERSION: u32 = 1;
