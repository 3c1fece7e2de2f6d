//! `skimmer`: whoever goes through a connection quickly sees what the thorough reader reads, whatever the chunks.
//!
//! The input is that of `inspect`: a byte of manners, then chunks with their direction and length.

use std::time::Duration;

use wirewright::inspect::skim::{Skim, Skimmer};
use wirewright::inspect::{ConnectionReader, Direction, What};

use crate::chunks::chunks;
use crate::inspect::parse;

/// Goes through a recording whole and in pieces, and reads it thoroughly.
pub fn skimmer(input: &[u8]) {
    let Some((how, script)) = input.split_first() else { return };
    let recording = parse(script);
    let whole = skim(&recording);
    let pieces: Vec<_> = recording
        .iter()
        .flat_map(|(direction, bytes)| chunks(bytes, *how).into_iter().map(|piece| (*direction, piece)))
        .collect();
    let cut = skim(&pieces);
    assert_eq!(cut.said, whole.said, "chunks change what is seen");
    for (way, direction) in [Direction::ToServer, Direction::ToClient].into_iter().enumerate() {
        let len: usize =
            recording.iter().filter(|chunk| chunk.0 == direction).map(|chunk| chunk.1.len()).sum();
        assert_eq!((whole.shown[way], cut.shown[way]), (len, len), "not every byte is shown once");
    }
    // A thorough reader must be told that it comes late; this one notices.
    if !whole.is_late {
        assert_eq!(whole.said, read(&recording), "the two readers disagree");
    }
}

/// What is seen in passing.
#[derive(Default)]
struct Seen {
    /// Of each direction apart: pieces change in which order the two are done.
    said: [Vec<String>; 2],
    shown: [usize; 2],
    is_late: bool,
}

fn skim(recording: &[(Direction, &[u8])]) -> Seen {
    let (mut skimmer, mut seen) = (Skimmer::new(), Seen::default());
    for (direction, bytes) in recording {
        skimmer.push(*direction, bytes, &mut |skim| seen.see(*direction, &skim));
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        skimmer.finish(direction, &mut |skim| seen.see(direction, &skim));
    }
    seen
}

impl Seen {
    fn see(&mut self, direction: Direction, skim: &Skim<'_>) {
        let way = usize::from(direction == Direction::ToClient);
        match skim {
            Skim::Preface => self.shown[way] += 24,
            Skim::JoinedLate => self.is_late = true,
            Skim::Frame { offset, bytes, .. } => {
                assert_eq!(*offset, self.shown[way], "a gap, or a frame shown twice");
                self.shown[way] += bytes.len();
            }
            Skim::Block(what) => {
                let head = what.head().expect("a block is a head, or trailers");
                assert_eq!(head.block.range.end, self.shown[way], "a block is shown after its last frame");
                self.said[way].push(format!("{what:?}"));
            }
            Skim::Part(part) if part.ends => {
                self.said[way].push(format!("message {} {} {:?}", part.flag, part.length, part.content.end));
            }
            Skim::End(stream) => self.said[way].push(format!("end {stream}")),
            Skim::Damaged { range, bytes, .. } => {
                assert!(bytes.is_empty() || range.start == self.shown[way]);
                self.shown[way] += bytes.len();
            }
            _ => {}
        }
    }
}

/// The same, by the thorough reader.
fn read(recording: &[(Direction, &[u8])]) -> [Vec<String>; 2] {
    let mut reader = ConnectionReader::new();
    let mut said = [Vec::new(), Vec::new()];
    for (direction, bytes) in recording {
        reader.push(*direction, Duration::ZERO, bytes);
    }
    while let Some(event) = reader.next_event() {
        let told = match &event.what {
            What::Message(message) => {
                format!("message {} {} {:?}", message.flag, message.length, message.range().end)
            }
            What::HalfClosed => format!("end {}", event.stream_id),
            what if what.head().is_some() => format!("{what:?}"),
            _ => continue,
        };
        said[usize::from(event.direction == Direction::ToClient)].push(told);
    }
    said
}
