//! `wright view`: a page that is served to the browser on this machine, and grows with its recording.
//!
//! In: a file. Out: an address on standard output, and the page at that address until Ctrl-C. A recording is read to
//! its end before the address is printed, so that what is wrong with it is said at once; after that a thread looks
//! again and again whether it has grown.
//!
//! Must not know: HTTP.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use wirewright::recording::RecordingError;

use super::follow::{self, Follower};
use super::serve::{self, Door, Shared, Shown};
use super::story::Story;
use crate::failure::Failure;
use crate::output::{print, remark};
use crate::trace::source;

/// What can be typed after `view`.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// A recording, a pcap or pcapng file, hexadecimal digits, or - for standard input
    #[arg(value_name = "FILE|HEX|-")]
    file: String,
    /// Wait for the recording if it is not there yet, and follow it
    #[arg(long)]
    live: bool,
    /// The port on 127.0.0.1; 0 lets the system choose one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
}

/// Serves the page until Ctrl-C.
pub(crate) async fn view(args: &ViewArgs) -> Result<(), Failure> {
    let ViewArgs { file, live, port } = args;
    let path = PathBuf::from(file);
    let mut shown = Shown { name: super::name(file), story: Story::default(), is_live: *live, warning: None };
    let follower = match follow::is_recording(&path) {
        true => {
            let mut follower = Follower::open(&path).map_err(|error| source::refusal(file, &error))?;
            catch_up(&mut follower, &mut shown);
            Some(follower)
        }
        false if *live && !std::fs::metadata(&path).is_ok_and(|about| about.len() > 0) => {
            shown.warning = Some(missing(&shown.name));
            None
        }
        false => {
            let Shown { story, warning, .. } = &mut shown;
            *warning = source::read(file, &mut |line| {
                story.read(line);
                Ok(())
            })?;
            story.finish();
            None
        }
    };
    let grows = *live || follower.is_some();
    source::warn(shown.warning.clone());
    source::warn(shown.story.tale().shortage());
    let listener = TcpListener::bind(("127.0.0.1", *port)).await.map_err(|error| {
        let hint = "choose another with --port; 0 lets the system choose";
        Failure::cannot(format!("cannot listen on 127.0.0.1:{port}: {error}"), hint)
    })?;
    let door = Door::new(listener.local_addr().map_err(Failure::Runtime)?.port())?;
    print(&format!("{}\n", door.address()))?;
    remark(
        "open that address in a browser on this machine; whoever has it can read the recording. Ctrl-C ends it",
    );
    let shared = Arc::new(Shared::new(shown));
    if grows {
        let shared = shared.clone();
        // Files cannot be waited for, and reading one must not keep the browser waiting. The thread ends with us.
        std::thread::spawn(move || keep_up(&path, follower, &shared));
    }
    tokio::select! {
        failure = serve::serve(listener, Arc::new(door), shared) => Err(failure),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Reads what there is; whether that was anything.
fn catch_up(follower: &mut Follower, shown: &mut Shown) -> bool {
    let Shown { story, warning, name, .. } = shown;
    let mut has_grown = false;
    loop {
        match follower.next_line() {
            Ok(Some(line)) => story.read(&line),
            Ok(None) => return has_grown,
            Err(error) => {
                *warning = Some(format!("{name}: {error}"));
                // A file that cannot be read any more would say so again and again.
                if matches!(error, RecordingError::Io { .. }) {
                    return has_grown;
                }
            }
        }
        has_grown = true;
    }
}

/// Follows a recording for as long as the process lives; waits for it first if it is not there yet.
fn keep_up(path: &Path, follower: Option<Follower>, shared: &Shared) {
    let mut follower = follower;
    loop {
        match &mut follower {
            Some(follower) => {
                let mut shown = shared.lock();
                if catch_up(follower, &mut shown) {
                    shown.is_live = true;
                    shared.grown.notify_waiters();
                }
            }
            None => follower = awaited(path, shared),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The recording, if it has come.
fn awaited(path: &Path, shared: &Shared) -> Option<Follower> {
    let opened = Follower::open(path);
    let is_there = std::fs::metadata(path).is_ok_and(|about| about.len() > 0);
    let mut shown = shared.lock();
    shown.warning = match &opened {
        Ok(_) => None,
        Err(error) if is_there => Some(format!("{}: {error}", shown.name)),
        Err(_) => Some(missing(&shown.name)),
    };
    opened.ok()
}

fn missing(name: &str) -> String {
    format!("{name} is not there yet")
}

/// As often as a person can tell apart; looking costs one system call.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
