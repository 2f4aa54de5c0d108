//! Which day it is at an office, and when its evening begins.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use sync_core::time::UnixMillis;

/// From when on a phone that has exchanged counts as having handed in its day: a full hour of the office's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EveningHour(i8);

impl EveningHour {
    /// Those that there are: in the afternoon, and before the day is over.
    pub const RANGE: std::ops::RangeInclusive<i8> = 12..=23;

    /// An hour; `None` out of its range.
    pub fn new(hour: i64) -> Option<Self> {
        i8::try_from(hour).ok().filter(|hour| Self::RANGE.contains(hour)).map(Self)
    }

    /// As a number.
    pub fn get(self) -> i8 {
        self.0
    }
}

impl Default for EveningHour {
    fn default() -> Self {
        Self(17)
    }
}

/// The time zone of an office; that of the whole world if its name is none any more.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The day that it is at an office.
pub fn today(time_zone: &str, now: UnixMillis) -> Date {
    let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.to_zoned(zone(time_zone)).date()
}

/// When the evening of a day begins at an office; the earlier time where clocks are put back over it.
pub fn evening(time_zone: &str, day: Date, hour: EveningHour) -> UnixMillis {
    at(time_zone, day, Time::midnight().with().hour(hour.get()).build().unwrap_or_default())
}

/// When a day begins at an office.
pub fn start(time_zone: &str, day: Date) -> UnixMillis {
    at(time_zone, day, Time::midnight())
}

/// When a day ends at an office.
pub fn end(time_zone: &str, day: Date) -> UnixMillis {
    day.tomorrow().map_or(UnixMillis(i64::MAX), |next| start(time_zone, next))
}

fn at(time_zone: &str, day: Date, time: Time) -> UnixMillis {
    let zoned = day.to_datetime(time).to_zoned(zone(time_zone));
    UnixMillis(zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_offices_own() {
        let chengdu = "Asia/Shanghai";
        let day: Date = "2026-03-05".parse().unwrap();
        let evening = evening(chengdu, day, EveningHour::default());
        assert_eq!(evening, UnixMillis("2026-03-05T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond()));
        let midnight = end(chengdu, day);
        assert_eq!(midnight.since(evening), 7 * 3_600_000);
        assert_eq!(today(chengdu, midnight.plus(-1)), day);
        assert_eq!(today(chengdu, midnight), day.tomorrow().unwrap());
        assert_eq!(today("America/New_York", midnight), day, "elsewhere it is still that day");
        assert_eq!(today("Nowhere/None", UnixMillis(0)), "1970-01-01".parse().unwrap());
    }

    #[test]
    fn the_evening_begins_at_an_hour_of_the_afternoon() {
        let day: Date = "2026-03-05".parse().unwrap();
        let hour = |hour| EveningHour::new(hour);
        let begins = |at| evening("Asia/Shanghai", day, hour(at).unwrap());
        assert_eq!(begins(20).since(begins(17)), 3 * 3_600_000);
        assert_eq!([hour(11), hour(24), hour(-1), hour(1_000)], [None; 4]);
    }

    #[test]
    fn a_day_may_have_another_length() {
        let day: Date = "2026-03-29".parse().unwrap();
        let hours =
            |day: Date| end("Europe/Berlin", day).since(end("Europe/Berlin", day.yesterday().unwrap())) / 3_600_000;
        assert_eq!((hours(day), hours(day.tomorrow().unwrap())), (23, 24));
    }
}
