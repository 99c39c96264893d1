//! Adding events up.

use std::collections::BTreeMap;

use infatica_tools::{DayUsage, KindUsage, Usage, get_usage_summary};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::store::{StoreError, time, word};

/// How many days can be added up at a time.
const MAX_DAYS: i32 = 366;

/// How many days are added up when nobody says how many.
const DEFAULT_DAYS: i32 = 30;

/// A stretch of time that can be added up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// The first moment that counts.
    since: Timestamp,
    /// The first moment that does not count any more.
    until: Timestamp,
}

/// Why a stretch of time cannot be added up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RangeError {
    #[error("it must lie before `until`, which is {until}")]
    Empty { until: Timestamp },
    #[error("from there to `until` there are {days} days in UTC, and at most {MAX_DAYS} can be added up")]
    TooLong { days: i32 },
}

impl Range {
    /// The stretch before `until`; without a `since`, its last 30 days.
    pub(crate) fn new(since: Option<Timestamp>, until: Timestamp) -> Result<Self, RangeError> {
        let last = last_day(until);
        let since = since.unwrap_or_else(|| midnight(last.saturating_sub((DEFAULT_DAYS - 1).days())));
        if since >= until {
            return Err(RangeError::Empty { until });
        }
        let days = (last - day(since)).get_days() + 1;
        if days > MAX_DAYS {
            return Err(RangeError::TooLong { days });
        }
        Ok(Self { since, until })
    }

    /// Every day that it touches.
    fn days(self) -> impl Iterator<Item = Date> {
        let last = last_day(self.until);
        day(self.since).series(1.day()).take_while(move |day| *day <= last)
    }
}

fn day(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}

/// The first moment that is not in the same day any more, by UTC.
pub(crate) fn end_of_day(instant: Timestamp) -> Timestamp {
    midnight(day(instant).saturating_add(1.day()))
}

/// The last day with a moment before this one.
fn last_day(until: Timestamp) -> Date {
    day(until.saturating_sub(1.nanosecond()).unwrap_or(Timestamp::MIN))
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

/// What the account used in a stretch of time.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    account: &str,
    range: Range,
) -> Result<get_usage_summary::Output, StoreError> {
    let days = days(connection, account, range).await?;
    let kinds = kinds(connection, account, range).await?;
    let total = days.iter().fold(NOTHING, |sum, day| Usage {
        requests: sum.requests + day.usage.requests,
        bytes: sum.bytes + day.usage.bytes,
        credits: sum.credits + day.usage.credits,
    });
    let since = time::rfc3339(time::not_before(range.since))?;
    let until = time::rfc3339(time::not_before(range.until))?;
    Ok(get_usage_summary::Output { since, until, total, days, kinds })
}

const NOTHING: Usage = Usage { requests: 0, bytes: 0, credits: 0 };

async fn days(connection: &mut SqliteConnection, account: &str, range: Range) -> Result<Vec<DayUsage>, StoreError> {
    // A day of UTC has 86,400 seconds of Unix time, always.
    let rows = sums(connection, account, range, "date(at / 1000000, 'unixepoch')").await?;
    let mut days: BTreeMap<Date, Usage> = range.days().map(|day| (day, NOTHING)).collect();
    for row in &rows {
        let day: &str = row.try_get(0)?;
        let day = day.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        days.insert(day, usage(row)?);
    }
    Ok(days.into_iter().map(|(day, usage)| DayUsage { date: day.to_string(), usage }).collect())
}

async fn kinds(connection: &mut SqliteConnection, account: &str, range: Range) -> Result<Vec<KindUsage>, StoreError> {
    let rows = sums(connection, account, range, "kind, engine").await?;
    let kinds = rows.iter().map(|row| {
        let engine = row.try_get::<Option<&str>, _>("engine")?.map(word).transpose()?;
        Ok::<_, sqlx::Error>(KindUsage { kind: word(row.try_get("kind")?)?, engine, usage: usage(row)? })
    });
    Ok(kinds.collect::<Result<_, _>>()?)
}

/// The sums of each group of the account's events.
async fn sums(
    connection: &mut SqliteConnection,
    account: &str,
    range: Range,
    group: &'static str,
) -> Result<Vec<SqliteRow>, StoreError> {
    let query = format!(
        "SELECT {group}, count(*) AS requests, sum(bytes) AS bytes, sum(credits) AS credits FROM usage
         WHERE account = ?1 AND at >= ?2 AND at < ?3 GROUP BY {group} ORDER BY {group}"
    );
    let rows = sqlx::query(AssertSqlSafe(query))
        .bind(account)
        .bind(time::not_before(range.since))
        .bind(time::not_before(range.until))
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

fn usage(row: &SqliteRow) -> Result<Usage, sqlx::Error> {
    Ok(Usage { requests: row.try_get("requests")?, bytes: row.try_get("bytes")?, credits: row.try_get("credits")? })
}
