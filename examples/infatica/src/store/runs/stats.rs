//! The figures of the dashboard.

use std::collections::BTreeMap;

use infatica_tools::{DayCount, RunStatus, get_run_stats};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use sqlx::{Row as _, SqliteConnection};

use crate::store::StoreError;

/// How many days the dashboard looks back, today included.
const DAYS: i64 = 14;

/// The account's figures on the day that `now` is in, by UTC.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    account: &str,
    now: Timestamp,
) -> Result<get_run_stats::Output, StoreError> {
    let days = days(connection, account, now.to_zoned(TimeZone::UTC).date()).await?;
    let by_status = by_status(connection, account).await?;
    let items = sqlx::query(
        "SELECT count(*) AS total, count(*) FILTER (WHERE tasks.status = 'completed') AS completed,
                ifnull(sum(tasks.bytes) FILTER (WHERE tasks.status = 'completed'), 0) AS bytes
         FROM tasks JOIN runs ON runs.seq = tasks.run WHERE account = ?1 AND role = 'page'",
    )
    .bind(account)
    .fetch_one(connection)
    .await?;
    Ok(get_run_stats::Output {
        total_runs: by_status.values().sum(),
        days,
        by_status,
        total_items: items.try_get("total")?,
        completed_items: items.try_get("completed")?,
        bytes: items.try_get("bytes")?,
    })
}

async fn days(connection: &mut SqliteConnection, account: &str, today: Date) -> Result<Vec<DayCount>, StoreError> {
    let first = today.saturating_sub((DAYS - 1).days());
    let mut days: BTreeMap<String, DayCount> = (0..DAYS)
        .map(|back| first.saturating_add(back.days()).to_string())
        .map(|date| (date.clone(), DayCount { date, created: 0, completed: 0, failed: 0 }))
        .collect();
    // A day of UTC has 86,400 seconds of Unix time, always.
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT date(created_at / 1000000, 'unixepoch'), 'created', count(*) FROM runs
         WHERE account = ?1 AND created_at >= unixepoch(?2) * 1000000 GROUP BY 1
         UNION ALL
         SELECT date(finished_at / 1000000, 'unixepoch'), status, count(*) FROM runs
         WHERE account = ?1 AND finished_at >= unixepoch(?2) * 1000000 GROUP BY 1, 2",
    )
    .bind(account)
    .bind(first.to_string())
    .fetch_all(connection)
    .await?;
    for (date, what, count) in rows {
        let Some(day) = days.get_mut(&date) else { continue };
        match what.as_str() {
            "created" => day.created = count,
            "completed" => day.completed = count,
            "failed" => day.failed = count,
            _ => {}
        }
    }
    Ok(days.into_values().collect())
}

async fn by_status(connection: &mut SqliteConnection, account: &str) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut counts: BTreeMap<String, i64> =
        RunStatus::ALL.iter().map(|status| (status.as_str().to_owned(), 0)).collect();
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT status, count(*) FROM runs WHERE account = ?1 GROUP BY status")
            .bind(account)
            .fetch_all(connection)
            .await?;
    counts.extend(rows);
    Ok(counts)
}
