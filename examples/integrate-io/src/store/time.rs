//! Instants as the database keeps them: microseconds since 1970, UTC.

use jiff::Timestamp;

/// This moment.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// An instant of the database, by RFC 3339, in UTC.
pub(crate) fn rfc3339(microseconds: i64) -> Result<String, sqlx::Error> {
    let instant = Timestamp::from_microsecond(microseconds).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(format!("{instant:.6}"))
}
