//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

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
    let length = duration(at.abs_diff(now));
    let relative = match at - now {
        -59..=59 => "just now".to_owned(),
        60.. => format!("in {length}"),
        _ => format!("{length} ago"),
    };
    Moment { iso: timestamp.to_string(), full, relative }
}

/// A time in its largest unit, rounded down: `3 days`.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_536_000, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
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
