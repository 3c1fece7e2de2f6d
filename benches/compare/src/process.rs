//! What the system knows of a process: its CPU time and its memory. Linux only.
//!
//! In: nothing but `/proc`. Out: numbers of this process or of another.

use std::time::Duration;
use std::{fs, io};

/// User and system time of this process so far, all its threads together.
///
/// It is read from `schedstat`, which counts nanoseconds, and not from `stat`, which counts hundredths of a
/// second.
pub fn cpu_time() -> io::Result<Duration> {
    cpu_time_of("self")
}

/// The same of the process with this id.
pub fn cpu_time_of(process: &str) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let stat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += number(stat.split_whitespace().next())?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The memory of the process with this id that is in RAM, in bytes.
pub fn resident_of(process: &str) -> io::Result<u64> {
    status(process, "VmRSS:")
}

/// The most memory that the process with this id has had in RAM, in bytes.
pub fn peak_of(process: &str) -> io::Result<u64> {
    status(process, "VmHWM:")
}

/// A line of a process's status, which are in KiB.
fn status(process: &str, name: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    Ok(number(line.and_then(|line| line.split_whitespace().next()))? * 1024)
}

fn number(text: Option<&str>) -> io::Result<u64> {
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| io::Error::other("/proc does not say what it should: this needs Linux"))
}
