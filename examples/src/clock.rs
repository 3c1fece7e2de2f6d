//! The time of day, in the three ways in which grpc-go's examples write it.
//!
//! In: the system's clock. Out: text, in UTC. The calendar is the one of everybody's wall, computed from the days
//! since 1970 with years that begin in March, so that the leap day is a year's last.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
    nanosecond: u32,
}

impl Time {
    /// The present moment.
    pub fn now() -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::at(since.as_secs(), since.subsec_nanos())
    }

    fn at(second: u64, nanosecond: u32) -> Time {
        // Days since 1 March of the year 0: there are 719,468 of them before 1970.
        let days = second / SECONDS_A_DAY + 719_468;
        let (era, day_of_era) = (days / DAYS_AN_ERA, days % DAYS_AN_ERA);
        // An era's leap days: one every 4 years (1,460 days and one), none every 100 (36,524), one every 400.
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / (DAYS_AN_ERA - 1);
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // From March on, five months have 153 days: 31, 30, 31, 30, 31.
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = 400 * era + year_of_era + u64::from(month <= 2);
        Time { year, month, day, second_of_day: second % SECONDS_A_DAY, nanosecond }
    }

    /// `2026/01/31 12:00:00`: how Go's log package begins a line.
    pub fn log(self) -> impl fmt::Display {
        let Time { year, month, day, .. } = self;
        format!("{year:04}/{month:02}/{day:02} {}", self.time_of_day())
    }

    /// `2026-01-31T12:00:00Z`: RFC 3339.
    pub fn rfc3339(self) -> impl fmt::Display {
        let Time { year, month, day, .. } = self;
        format!("{year:04}-{month:02}-{day:02}T{}Z", self.time_of_day())
    }

    /// `Jan 31 12:00:00.123456789`: what Go calls StampNano.
    pub fn stamp(self) -> impl fmt::Display {
        let month = usize::try_from(self.month).unwrap_or_default();
        let name = MONTHS.get(month.saturating_sub(1)).unwrap_or(&"");
        format!("{name} {:>2} {}.{:09}", self.day, self.time_of_day(), self.nanosecond)
    }

    fn time_of_day(self) -> impl fmt::Display {
        let second = self.second_of_day;
        format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
    }
}

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// 400 years, after which the calendar repeats itself: 97 of them are leap years.
const DAYS_AN_ERA: u64 = 400 * 365 + 97;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_the_one_on_the_wall() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (second, want) in table {
            assert_eq!(Time::at(second, 0).rfc3339().to_string(), want);
        }
    }

    #[test]
    fn the_three_ways_to_write_a_moment() {
        let moment = Time::at(1_767_323_045, 1_002);
        assert_eq!(moment.log().to_string(), "2026/01/02 03:04:05");
        assert_eq!(moment.rfc3339().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(moment.stamp().to_string(), "Jan  2 03:04:05.000001002");
    }
}
