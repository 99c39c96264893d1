//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

const DAY: u64 = 86_400;

/// A moment: for machines, in full, and seen from now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Moment {
    /// By RFC 3339.
    iso: String,
    /// In full, in UTC.
    full: String,
    /// Seen from now: `3 hours ago`, `in 12 days`.
    relative: String,
}

/// A moment in seconds since 1970, seen from another.
pub(crate) fn moment(at: i64, now: i64) -> Moment {
    let timestamp = Timestamp::from_second(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    let full = timestamp.to_zoned(TimeZone::UTC).strftime("%-d %b %Y, %H:%M UTC").to_string();
    // What was made for a year a moment ago still ends in a year, and not in 364 days.
    let seconds = at.abs_diff(now);
    let length = duration(if seconds < DAY { seconds } else { seconds.saturating_add(DAY / 2) / DAY * DAY });
    let relative = match at.saturating_sub(now) {
        -59..=59 => "just now".to_owned(),
        60.. => format!("in {length}"),
        _ => format!("{length} ago"),
    };
    Moment { iso: timestamp.to_string(), full, relative }
}

/// A time in its largest unit, rounded down: `3 days`.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] = [(365 * DAY, "year"), (DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    count(seconds / size, unit)
}

/// `1 day`, `2 days`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The day of a moment, in UTC: `2026-12-31`.
pub(crate) fn day(at: i64) -> String {
    let timestamp = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_full_and_from_now() {
        let now = 1_795_348_800;
        for (at, full, relative) in [
            (now, "22 Nov 2026, 12:00 UTC", "just now"),
            (now - 59, "22 Nov 2026, 11:59 UTC", "just now"),
            (now - 60, "22 Nov 2026, 11:59 UTC", "1 minute ago"),
            (now + 7_199, "22 Nov 2026, 13:59 UTC", "in 1 hour"),
            (now - 3 * 86_400, "19 Nov 2026, 12:00 UTC", "3 days ago"),
            (now + 86_399, "23 Nov 2026, 11:59 UTC", "in 23 hours"),
            (now + 365 * 86_400 - 9, "22 Nov 2027, 11:59 UTC", "in 1 year"),
            (now + 36 * 3_600 - 1, "23 Nov 2026, 23:59 UTC", "in 1 day"),
            (now + 36 * 3_600, "24 Nov 2026, 00:00 UTC", "in 2 days"),
            (now + 800 * 86_400, "30 Jan 2029, 12:00 UTC", "in 2 years"),
            (0, "1 Jan 1970, 00:00 UTC", "56 years ago"),
        ] {
            let Moment { iso: _, full: told, relative: seen } = moment(at, now);
            assert_eq!((told.as_str(), seen.as_str()), (full, relative));
        }
        assert_eq!(day(now), "2026-11-22");
    }

    #[test]
    fn no_time_is_beyond_telling() {
        for at in [i64::MIN, i64::MAX, -1] {
            assert!(!moment(at, 0).iso.is_empty());
            assert!(!moment(0, at).relative.is_empty());
        }
    }
}
