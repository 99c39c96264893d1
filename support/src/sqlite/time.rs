//! Instants as the database keeps them: microseconds since 1970, UTC.

use jiff::Timestamp;

/// This moment.
pub fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// An instant of the database, by RFC 3339, in UTC.
///
/// # Errors
/// When it is none: the database's fault.
pub fn rfc3339(microseconds: i64) -> Result<String, sqlx::Error> {
    Ok(format!("{:.6}", instant(microseconds)?))
}

/// An instant of the database.
///
/// # Errors
/// When it is none: the database's fault.
pub fn instant(microseconds: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_microsecond(microseconds).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The first instant that the database can keep and that is not before this one. What is kept is
/// at or after an instant, or before it, just when it is so for that one. After the last one that
/// can be kept there is none, and it stands for what comes after it.
pub fn not_before(instant: Timestamp) -> i64 {
    let whole = instant.as_nanosecond().div_euclid(1000);
    let rest = instant.as_nanosecond().rem_euclid(1000);
    // What is counted in microseconds ends with a whole second.
    let last = Timestamp::MAX.as_second() * 1_000_000;
    i64::try_from(whole + i128::from(rest > 0)).map_or(last, |microseconds| microseconds.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_kept_to_the_microsecond() {
        assert_eq!(rfc3339(1).unwrap(), "1970-01-01T00:00:00.000001Z");
        assert_eq!(rfc3339(-1).unwrap(), "1969-12-31T23:59:59.999999Z");
        assert!(rfc3339(i64::MAX).is_err());
    }

    #[test]
    fn what_lies_between_two_that_can_be_kept_is_the_later_one() {
        for (instant, kept) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.000000001Z", 1),
            ("1970-01-01T00:00:00.000001Z", 1),
            ("1969-12-31T23:59:59.999999999Z", 0),
            ("1969-12-31T23:59:59.999998999Z", -1),
        ] {
            assert_eq!(not_before(instant.parse().unwrap()), kept, "{instant}");
        }
        assert!(self::instant(not_before(Timestamp::MAX)).is_ok());
        assert!(self::instant(not_before(Timestamp::MIN)).is_ok());
    }
}
