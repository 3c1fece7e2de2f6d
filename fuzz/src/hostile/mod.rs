//! A hostile HTTP/2 peer: what it says, when, and how it goes away.
//!
//! In: an input. Out: a script that both ends of a connection can be made to play.
//!
//! ```text
//!   manner | the rest
//!     bit 0   the rest is a script of frames (else: bytes as they are)
//!     bit 1   waits an hour before it hangs up
//!     bit 2   hangs up without a word (else: closes its half, and hears the other out)
//!     bit 3   reads nothing until it has said everything
//!     bit 4   the network moves a few bytes at a time
//!     bit 5   calls have a deadline, where this side makes the calls
//!     bit 6   says its SETTINGS first, as it should
//!     bit 7   messages are long, where this side makes the calls
//! ```
//!
//! All of it happens under a paused clock, which jumps to the next timer whenever nobody has anything to do; an
//! hour costs nothing.

mod step;

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use wirewright::inspect::{ConnectionReader, Damage, Direction, Event, What};

use self::step::{Step, frame};

/// What a hostile peer does.
#[derive(Debug)]
pub(crate) struct Script {
    manner: u8,
    acts: Vec<Act>,
}

/// One thing that a peer does.
#[derive(Debug)]
enum Act {
    Say(Vec<u8>),
    Wait,
}

impl Script {
    /// The script that an input writes; `None` for an empty input.
    pub(crate) fn read(input: &[u8]) -> Option<Script> {
        let (&manner, rest) = input.split_first()?;
        let mut acts = Vec::new();
        if manner & 0x40 != 0 {
            acts.push(Act::Say(frame(0x4, 0, 0, &[])));
            acts.push(Act::Wait);
        }
        if manner & 0x01 == 0 {
            acts.push(Act::Say(rest.to_vec()));
        } else {
            let mut script = Unstructured::new(rest);
            while !script.is_empty() && acts.len() < MOST_ACTS {
                let Ok(step) = Step::arbitrary(&mut script) else { break };
                acts.push(step.act());
            }
        }
        Some(Script { manner, acts })
    }

    /// How many bytes the network moves at a time.
    pub(crate) fn step_bytes(&self) -> usize {
        if self.manner & 0x10 == 0 { usize::MAX } else { 3 }
    }

    /// Whether calls of this side have a deadline.
    pub(crate) fn has_deadline(&self) -> bool {
        self.manner & 0x20 != 0
    }

    /// How long the messages of this side are.
    pub(crate) fn upload_bytes(&self) -> usize {
        if self.manner & 0x80 == 0 { 3 } else { 9_000 }
    }

    /// All that it may say, in order.
    pub(crate) fn said(&self) -> Vec<u8> {
        let say = |act: &Act| match act {
            Act::Say(bytes) => bytes.clone(),
            Act::Wait => Vec::new(),
        };
        self.acts.iter().flat_map(say).collect()
    }

    /// Plays the script, and returns what was heard.
    pub(crate) async fn play(&self, io: impl AsyncRead + AsyncWrite + Unpin) -> Vec<u8> {
        let mut heard = Vec::new();
        let (mut reader, mut writer) = tokio::io::split(io);
        let says = async {
            for act in &self.acts {
                match act {
                    // Whoever reads nothing may find that nobody listens.
                    Act::Say(bytes) => match timeout(HOUR, writer.write_all(bytes)).await {
                        Ok(Ok(())) => {}
                        _ => return,
                    },
                    Act::Wait => sleep(MOMENT).await,
                }
            }
            if self.manner & 0x02 != 0 {
                sleep(HOUR).await;
            }
            if self.manner & 0x04 == 0 {
                let _ = writer.shutdown().await;
            }
        };
        if self.manner & 0x08 == 0 {
            let hears = async {
                let _ = timeout(2 * HOUR, reader.read_to_end(&mut heard)).await;
            };
            if self.manner & 0x04 == 0 {
                tokio::join!(says, hears);
            } else {
                tokio::select!(() = says => {}, () = hears => {});
            }
        } else {
            says.await;
            if self.manner & 0x04 == 0 {
                let _ = timeout(HOUR, reader.read_to_end(&mut heard)).await;
            }
        }
        heard
    }
}

/// What happened, as told by a reader of HTTP/2 that shares nothing with the one under test.
///
/// What was said in the direction that our side says must be whole, but for its last frame and last message, which
/// a broken connection may cut.
pub(crate) fn explain(ours: Direction, bytes: &[u8]) -> Vec<Event> {
    let mut reader = ConnectionReader::new();
    reader.push(ours, Duration::ZERO, bytes);
    reader.finish();
    let events: Vec<Event> = std::iter::from_fn(|| reader.next_event()).collect();
    for event in &events {
        let what = &event.what;
        let allowed = match what {
            What::Damaged(Damage::CutShort { .. } | Damage::MessageCut { .. }) => true,
            What::Damaged(_) | What::UnknownFrame(_) => false,
            _ => true,
        };
        assert!(allowed, "our side wrote {what:?} at {:?}", event.range);
    }
    events
}

/// A runtime of one thread whose clock stands still.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime without any I/O")
}

/// Waits until no more tasks are alive than were at the beginning.
pub(crate) async fn all_gone_but(tasks: usize) {
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for _ in 0..3 {
        for _ in 0..1000 {
            if alive() <= tasks {
                return;
            }
            tokio::task::yield_now().await;
        }
        // Whatever still waits for a timer gets it.
        sleep(HOUR).await;
    }
    panic!("{} tasks are left behind", alive() - tasks);
}

/// Longer than anything that is waited for, but for the calls of those who set no deadline.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Time for everybody else to get where they have to wait.
const MOMENT: Duration = Duration::from_millis(1);

/// Longer scripts find nothing that shorter ones do not.
const MOST_ACTS: usize = 400;
