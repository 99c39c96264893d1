//! Instants as the database keeps them: nanoseconds since 1970, UTC.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use crate::error::ApiError;

/// This moment.
pub(crate) fn now() -> i64 {
    nanoseconds(Timestamp::now())
}

/// An instant, as the database keeps it. It keeps those from 1677 to 2262; what lies beyond becomes the nearest.
pub(crate) fn nanoseconds(instant: Timestamp) -> i64 {
    let nanoseconds = instant.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// An instant of the database.
pub(crate) fn instant(nanoseconds: i64) -> Timestamp {
    // Every such number is an instant: they span fewer years than `Timestamp` does.
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An instant of the database, by RFC 3339, in UTC.
pub(crate) fn rfc3339(nanoseconds: i64) -> String {
    instant(nanoseconds).to_string()
}

/// A duration of the database, in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a duration of 104 days is exact to the nanosecond")]
pub(crate) fn milliseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}

/// An instant that a caller named: a time back from now, as `24h` or `7d`, a day, or RFC 3339.
pub(crate) fn parse(field: &str, text: &str) -> Result<i64, ApiError> {
    named(text, Timestamp::now())
        .map(nanoseconds)
        .ok_or_else(|| ApiError::invalid(field, "write a time back from now, as `24h` or `7d`, a day, or RFC 3339"))
}

fn named(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some((count, unit)) = text.split_at_checked(text.len().saturating_sub(1))
        && let Some(seconds) = seconds_of(unit)
    {
        let count = count.parse::<i64>().ok().filter(|count| *count > 0)?;
        return now.checked_sub(SignedDuration::from_secs(count.checked_mul(seconds)?)).ok();
    }
    match text.parse::<Date>() {
        // A time has a date in front of it, which alone is read as well.
        Ok(day) if text.len() == 10 => Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp()),
        _ => text.parse().ok(),
    }
}

fn seconds_of(unit: &str) -> Option<i64> {
    Some(match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_named_in_three_ways() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        for (text, instant) in [
            ("90m", Some("2026-03-01T10:30:00Z")),
            ("24h", Some("2026-02-28T12:00:00Z")),
            ("2w", Some("2026-02-15T12:00:00Z")),
            ("2026-02-28", Some("2026-02-28T00:00:00Z")),
            ("2026-02-28T01:00:00+02:00", Some("2026-02-27T23:00:00Z")),
            ("2026-02-28T01:00:00.000000001z", Some("2026-02-28T01:00:00.000000001Z")),
            // A local time is none, and neither is what is too long ago.
            ("2026-02-28T01:00:00", None),
            ("2026-02-30", None),
            ("0h", None),
            ("-1h", None),
            ("9999999999999999999w", None),
            ("999999999999w", None),
            ("h", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(named(text, now), instant.map(|instant| instant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_the_database_cannot_keep_becomes_the_nearest_that_it_can() {
        assert_eq!(rfc3339(nanoseconds(Timestamp::MAX)), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(rfc3339(nanoseconds(Timestamp::MIN)), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
