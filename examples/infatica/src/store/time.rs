//! Instants as the database keeps them: microseconds since 1970, UTC.

use jiff::Timestamp;

/// This moment.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// An instant of the database, by RFC 3339, in UTC.
pub(crate) fn rfc3339(microseconds: i64) -> Result<String, sqlx::Error> {
    Ok(format!("{:.6}", instant(microseconds)?))
}

/// An instant of the database.
pub(crate) fn instant(microseconds: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_microsecond(microseconds).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The first instant that the database can keep and that is not before this one. What is kept is
/// at or after an instant, or before it, just when it is so for that one. After the last one that
/// can be kept there is none, and it stands for what comes after it.
pub(crate) fn not_before(instant: Timestamp) -> i64 {
    let whole = instant.as_nanosecond().div_euclid(1000);
    let rest = instant.as_nanosecond().rem_euclid(1000);
    // What is counted in microseconds ends with a whole second.
    let last = Timestamp::MAX.as_second() * 1_000_000;
    i64::try_from(whole + i128::from(rest > 0)).map_or(last, |microseconds| microseconds.min(last))
}
