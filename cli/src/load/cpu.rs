//! What this program has taken of the processors.
//!
//! Source: proc(5), `/proc/self/stat`: fields 14 and 15, `utime` and `stime`, in ticks. Elsewhere than on Linux nothing
//! is known, and nothing is said.

use std::time::Duration;

/// The time that all threads of this process have been running.
pub(super) fn used() -> Option<Duration> {
    read(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

fn read(stat: &str) -> Option<Duration> {
    // The second field is the program's name in parentheses, which may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * MILLISECONDS_PER_TICK))
}

/// Linux tells user space in hundredths of a second, whatever its own clock does.
const MILLISECONDS_PER_TICK: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_a_name_with_parentheses() {
        let stat = "7 (a) b) R 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 4 0 1";
        assert_eq!(read(stat), Some(Duration::from_millis(1750)));
        assert_eq!(read("nonsense"), None);
    }
}
