//! The lens for flow control: how much may still be sent, after each frame that changes it.
//!
//! ```text
//!   DATA            takes its length from two windows: its stream's and the connection's
//!   WINDOW_UPDATE   gives room back to one of them
//!   SETTINGS        INITIAL_WINDOW_SIZE moves the windows of all streams (RFC 9113 6.9.2)
//! ```
//!
//! A window belongs to who may send; it begins with 65,535 bytes (RFC 9113 6.9.2).
//!
//! Must not know: calls.

use std::collections::BTreeMap;

use bytes::Bytes;
use wirewright::inspect::Direction;
use wirewright::inspect::content::Content;
use wirewright::inspect::frame_header::FrameKind;
use wirewright::inspect::frames::Frame;
use wirewright::inspect::skim::Skim;

use super::lens::Look;
use crate::failure::Failure;
use crate::style;
use crate::trace::conns::Place;
use crate::trace::page::Page;
use crate::trace::words;

/// The windows of all connections.
#[derive(Debug, Default)]
pub(super) struct Flow {
    windows: BTreeMap<(u32, Direction), Windows>,
    has_title: bool,
    frames: u64,
}

/// What one side may send on one connection.
#[derive(Debug)]
struct Windows {
    conn: i64,
    initial: i64,
    streams: BTreeMap<u32, i64>,
}

impl Default for Windows {
    fn default() -> Self {
        Windows { conn: INITIAL, initial: INITIAL, streams: BTreeMap::new() }
    }
}

impl Look for Flow {
    fn see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) -> Result<(), Failure> {
        let Skim::Frame { offset, header, bytes } = skim else { return Ok(()) };
        self.frames += 1;
        let (sender, receiver) = (place.direction, other(place.direction));
        let stream = header.stream_id;
        let (who, change) = match header.kind {
            FrameKind::Data => {
                let len = i64::from(header.length);
                let windows = self.windows.entry((place.conn, sender)).or_default();
                windows.conn -= len;
                *windows.streams.entry(stream).or_insert(windows.initial) -= len;
                (sender, format!("-{len}"))
            }
            FrameKind::WindowUpdate | FrameKind::Settings => {
                let frame = Frame { offset: *offset, header: *header, bytes: Bytes::copy_from_slice(bytes) };
                let windows = self.windows.entry((place.conn, receiver)).or_default();
                match frame.content() {
                    Content::WindowUpdate { increment } if stream == 0 => {
                        windows.conn += i64::from(increment);
                        (receiver, format!("+{increment}"))
                    }
                    Content::WindowUpdate { increment } => {
                        *windows.streams.entry(stream).or_insert(windows.initial) += i64::from(increment);
                        (receiver, format!("+{increment}"))
                    }
                    Content::Settings { settings, .. } => {
                        let Some(setting) =
                            settings.iter().rfind(|setting| setting.id == INITIAL_WINDOW_SIZE)
                        else {
                            return Ok(());
                        };
                        let moved = i64::from(setting.value) - windows.initial;
                        windows.initial += moved;
                        windows.streams.values_mut().for_each(|window| *window += moved);
                        (receiver, format!("initial {}", setting.value))
                    }
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        self.row(place, (header.kind, stream), (who, &change), page)
    }

    fn end(&mut self, page: &mut Page) -> Result<(), Failure> {
        if !self.has_title {
            return page.line(style::PLAIN, "no frame of this recording changes a window");
        }
        page.end_line()?;
        page.line(style::QUIET, "a window is how much may still be sent; DATA takes from the stream's and the connection's at once,")?;
        page.line(
            style::QUIET,
            "a WINDOW_UPDATE gives room to one of them; a sender whose window is 0 waits (RFC 9113 6.9)",
        )
    }
}

impl Flow {
    fn row(
        &mut self,
        place: Place,
        (kind, stream): (FrameKind, u32),
        (who, change): (Direction, &str),
        page: &mut Page,
    ) -> Result<(), Failure> {
        if !self.has_title {
            self.has_title = true;
            let title = format_args!(
                "{:<6}{:>12}      {:<14}{:>8}  {:<14}{:<10}{:>14}{:>14}",
                "frame", "at", "type", "stream", "change", "who sends", "stream's", "connection's"
            );
            page.line(style::STRONG, title)?;
        }
        let Some(windows) = self.windows.get(&(place.conn, who)) else { return Ok(()) };
        let own = if stream == 0 {
            String::new()
        } else {
            windows.streams.get(&stream).unwrap_or(&windows.initial).to_string()
        };
        let on = if stream == 0 { String::new() } else { stream.to_string() };
        let sender = if who == Direction::ToServer { "client" } else { "server" };
        page.put(style::QUIET, format_args!("#{:<5}{:>12}  ", self.frames, words::moment(place.at)));
        page.put(super::fields::speaker(place.direction), format_args!("{} ", place.direction));
        page.put(style::PLAIN, format_args!("{:<14}{on:>8}  {change:<14}{sender:<10}", kind.to_string()));
        let spent =
            windows.conn <= 0 || (stream != 0 && windows.streams.get(&stream).is_some_and(|left| *left <= 0));
        let style = if spent { style::BAD } else { style::PLAIN };
        page.line(style, format_args!("{own:>14}{:>14}", windows.conn))
    }
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::ToServer => Direction::ToClient,
        Direction::ToClient => Direction::ToServer,
    }
}

/// RFC 9113 6.9.2: what every window begins with until SETTINGS say otherwise.
const INITIAL: i64 = 65_535;

/// RFC 9113 6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 0x4;
